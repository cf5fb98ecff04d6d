"""Runs that end early: nothing scored is lost, nothing that is not sure is delivered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

import pyvmaf_tiny
from pyvmaf_tiny import EngineStateError, ModelError, Scorer
from pyvmaf_tiny.engine.base import Rows
from pyvmaf_tiny.engine.native import NativeEngine
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.model import Model

FRAMES = 24


@pytest.fixture(scope="module")
def clip() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Frames that all differ, so that a row under a wrong number shows."""
    noise = np.random.default_rng(7)
    ref = noise.integers(0, 256, (FRAMES, 48, 64), dtype=np.uint8)
    keep = np.linspace(0.2, 0.9, FRAMES)[:, None, None]
    return ref, (ref * keep + 20).astype(np.uint8)


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> int:
    """Ctrl-C as CPython delivers it: the C call has taken the frame, nobody has seen the row."""
    at = 19
    push = NativeEngine.push
    calls = 0

    def push_and_interrupt(self: NativeEngine, ref: Plane, dis: Sequence[Plane]) -> Rows:
        nonlocal calls
        calls += 1
        rows = push(self, ref, dis)
        if calls == at:
            raise KeyboardInterrupt
        return rows

    monkeypatch.setattr(NativeEngine, "push", push_and_interrupt)
    return at


def test_interrupt_delivers_only_right_rows(
    clip: tuple[NDArray[np.uint8], NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = pyvmaf_tiny.score(*clip)
    with monkeypatch.context() as patched:
        interrupted_push = NativeEngine.push

        def push(self: NativeEngine, ref: Plane, dis: Sequence[Plane]) -> Rows:
            rows = interrupted_push(self, ref, dis)
            if self._frames == 19:
                raise KeyboardInterrupt
            return rows

        patched.setattr(NativeEngine, "push", push)
        with pytest.raises(KeyboardInterrupt) as raised:
            pyvmaf_tiny.score(*clip)
    partial = raised.value.result  # type: ignore[attr-defined]
    assert len(partial) == 17  # 19 taken, one due to the engine, one lost with the interrupt
    np.testing.assert_array_equal(partial.indices, np.arange(17))
    np.testing.assert_array_equal(partial.features, full.features[:17])
    np.testing.assert_array_equal(partial.scores, full.scores[:17])
    assert not partial.info.complete
    assert partial.info.ended_by == "KeyboardInterrupt"
    assert partial.to_dict()["pyvmaf_tiny"]["complete"] is False
    assert full.info.complete
    assert full.info.ended_by is None


def test_torn_stream_is_refused_until_reset(
    clip: tuple[NDArray[np.uint8], NDArray[np.uint8]], interrupted: int
) -> None:
    ref, dis = clip
    with Scorer(64, 48, model=False, keep_frames=True) as scorer:
        for index in range(interrupted - 1):
            scorer.push(ref[index], dis[index])
        with pytest.raises(KeyboardInterrupt):
            scorer.push(ref[interrupted - 1], dis[interrupted - 1])
        with pytest.raises(EngineStateError, match="interrupt"):
            scorer.push(ref[0], dis[0])
        assert scorer.flush() == []
        assert len(scorer.result()) == interrupted - 2
        scorer.reset()
        scorer.push(ref[0], dis[0])
        assert [frame.index for frame in scorer.flush()] == [0]


def test_torn_stream_without_frames_has_no_result(
    clip: tuple[NDArray[np.uint8], NDArray[np.uint8]], interrupted: int
) -> None:
    ref, dis = clip
    with Scorer(64, 48, model=False) as scorer:
        for index in range(interrupted - 1):
            scorer.push(ref[index], dis[index])
        with pytest.raises(KeyboardInterrupt):
            scorer.push(ref[-1], dis[-1])
        with pytest.raises(EngineStateError, match="interrupt"):
            scorer.result()


def test_score_that_is_not_finite_keeps_those_before(
    clip: tuple[NDArray[np.uint8], NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = pyvmaf_tiny.score(*clip)
    predict = Model.predict
    seen = 0

    def broken(self: Model, features: NDArray[np.float64]) -> NDArray[np.float64]:
        nonlocal seen
        scores = predict(self, features)
        numbers = np.arange(seen, seen + len(scores))
        seen += len(scores)
        return np.where(numbers == 18, np.nan, scores)

    monkeypatch.setattr(Model, "predict", broken)
    with pytest.raises(ModelError, match="frame 18") as raised:
        pyvmaf_tiny.score(*clip)
    partial = raised.value.result
    assert partial is not None
    np.testing.assert_array_equal(partial.scores, full.scores[:18])
    assert partial.info.ended_by is not None
    assert "frame 18" in partial.info.ended_by


def test_exception_of_an_iterable_carries_the_frames(
    clip: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    ref, dis = clip

    def failing() -> Iterator[NDArray[np.uint8]]:
        yield from dis[:5]
        raise RuntimeError("the camera fell over")

    full = pyvmaf_tiny.features(ref[:5], dis[:5])
    with pytest.raises(RuntimeError, match="camera") as raised:
        pyvmaf_tiny.score(ref, failing())
    partial = raised.value.result  # type: ignore[attr-defined]
    np.testing.assert_array_equal(partial.features, full)
    assert partial.info.ended_by == "the camera fell over"


@pytest.mark.parametrize("neg", ["no", 1, None])
def test_neg_is_a_boolean(neg: object) -> None:
    with pytest.raises(pyvmaf_tiny.OptionError, match="neg"):
        Scorer(64, 48, neg=neg)  # type: ignore[arg-type]


def test_progress_is_callable() -> None:
    frame = np.zeros((48, 64), np.uint8)
    with pytest.raises(pyvmaf_tiny.OptionError, match="progress"):
        pyvmaf_tiny.score(frame, frame, progress=3)  # type: ignore[arg-type]
