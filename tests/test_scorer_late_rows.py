"""An engine may learn its rows late and several at a time: the scorer still gives them right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

import pyvmaf_tiny
from pyvmaf_tiny import FrameScore, ModelError, Scorer
from pyvmaf_tiny.engine.base import Rows
from pyvmaf_tiny.engine.native import NativeEngine
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.model import Model

FRAMES = 11
Clip = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(scope="module")
def clip() -> Clip:
    """Frames that all differ, so that a row under a wrong number shows."""
    noise = np.random.default_rng(5)
    ref = noise.integers(0, 256, (FRAMES, 48, 64), dtype=np.uint8)
    keep = np.linspace(0.3, 0.9, FRAMES)[:, None, None]
    return ref, (ref * keep + 20).astype(np.uint8)


def hold_rows(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Makes the native engine keep its rows until it has that many, or the stream ends."""
    push, skip, flush = NativeEngine.push, NativeEngine.skip, NativeEngine.flush
    kept: Rows = ()

    def deliver(rows: Rows, least: int) -> Rows:
        nonlocal kept
        kept += rows
        if len(kept) < least:
            return ()
        rows, kept = kept, ()
        return rows

    def late_push(self: NativeEngine, ref: Plane, dis: Sequence[Plane]) -> Rows:
        return deliver(push(self, ref, dis), most)

    def late_skip(self: NativeEngine, ref: Plane) -> Rows:
        return deliver(skip(self, ref), most)

    def late_flush(self: NativeEngine) -> Rows:
        return deliver(flush(self), 0)

    monkeypatch.setattr(NativeEngine, "push", late_push)
    monkeypatch.setattr(NativeEngine, "skip", late_skip)
    monkeypatch.setattr(NativeEngine, "flush", late_flush)


def stream(scorer: Scorer, clip: Clip) -> list[FrameScore]:
    frames = [frame for pair in zip(*clip, strict=True) for frame in scorer.push(*pair)]
    return frames + scorer.flush()


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("subsample", [1, 2, 3])
@pytest.mark.parametrize("most", [3, FRAMES + 1])
def test_late_rows_keep_their_numbers(
    clip: Clip, most: int, subsample: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = pyvmaf_tiny.score(*clip, subsample=subsample)
    hold_rows(monkeypatch, most)
    with Scorer(64, 48, subsample=subsample, batch=batch) as scorer:
        frames = stream(scorer, clip)
        again = scorer.flush()
    assert frames == list(at_once.frames)
    assert again == []


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("most", [3, FRAMES + 1])
def test_one_bad_score_costs_one_frame(
    clip: Clip, most: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frames before it and those after it, known with the same call, are still delivered."""
    at_once = pyvmaf_tiny.score(*clip)
    hold_rows(monkeypatch, most)
    predict, bad = Model.predict, at_once.scores[4]

    def broken(self: Model, features: NDArray[np.float64]) -> NDArray[np.float64]:
        scores = predict(self, features)
        return np.where(scores == bad, np.nan, scores)

    monkeypatch.setattr(Model, "predict", broken)
    frames: list[FrameScore] = []
    errors: list[str] = []
    with Scorer(64, 48, batch=batch) as scorer:
        calls: list[Callable[[], list[FrameScore]]]
        calls = [partial(scorer.push, *pair) for pair in zip(*clip, strict=True)]
        for call in (*calls, scorer.flush, scorer.flush):
            try:
                frames += call()
            except ModelError as error:
                errors.append(error.message)
    assert len(errors) == 1
    assert "frame 4" in errors[0]
    assert frames == [frame for frame in at_once.frames if frame.index != 4]
