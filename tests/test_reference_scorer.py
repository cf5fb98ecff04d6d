"""The stream of several renditions: latency, interrupts, failures, and engines of one lane."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from clips import video_frame
from conftest import OpenFake, RunPython
from fakevmaf.library import VERSIONS
from oracle.fetch_libvmaf import LIBRARY
from test_score_many import FRAMES, HEIGHT, WIDTH, ladder, same

import pyvmaf_tiny
from pyvmaf_tiny import EngineStateError, FrameScore, OptionError, ReferenceScorer, Scorer, errors
from pyvmaf_tiny.engine import EngineSpec
from pyvmaf_tiny.engine.base import Rows
from pyvmaf_tiny.engine.native import NativeEngine
from pyvmaf_tiny.engine.split import SplitEngine
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.pooling import Pooling


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("subsample", [1, 2])
@pytest.mark.parametrize("neg", [False, "both"])
def test_every_rendition_comes_as_from_a_scorer_of_its_own(
    neg: Any, subsample: int, batch: int
) -> None:
    """The same frames with the same push, whatever their number."""
    ref, renditions = ladder()
    options: dict[str, Any] = {"neg": neg, "subsample": subsample, "batch": batch}
    alone = [Scorer(WIDTH, HEIGHT, **options) for _ in renditions]
    with ReferenceScorer(WIDTH, HEIGHT, 3, **options) as scorer:
        for index, plane in enumerate(ref):
            versions = [dis[index] for dis in renditions]
            expected = [one.push(plane, dis) for one, dis in zip(alone, versions, strict=True)]
            assert scorer.push(plane, versions) == expected
            assert scorer.means == [one.mean for one in alone]
        assert scorer.flush() == [one.flush() for one in alone]
        assert scorer.flush() == [[], [], []]
        results = scorer.results()
    assert results.names == ("rendition 0", "rendition 1", "rendition 2")
    for result, one in zip(results, alone, strict=True):
        assert dict(result.pooled) == dict(one.result().pooled)
        assert (result.neg is None) == (neg is False)


def test_frames_of_pyav() -> None:
    ref, renditions = ladder(2, frames=3)
    with ReferenceScorer(WIDTH, HEIGHT, ["a", "b"], keep_frames=True) as scorer:
        for index, plane in enumerate(ref):
            scorer.push(video_frame(plane), [video_frame(dis[index]) for dis in renditions])
        scorer.flush()
        results = scorer.results()
    for result, dis in zip(results, renditions, strict=True):
        same(result, pyvmaf_tiny.score(ref, dis))


def test_a_refused_frame_changes_nothing() -> None:
    ref, renditions = ladder(2, bit_depth=10, frames=4)
    good = list(zip(*renditions, strict=True))
    hot = good[1][1].copy()
    hot[7, 9] = 4095
    bad: list[tuple[Sequence[Any], type[Exception], str, int | None]] = [
        (good[1][:1], OptionError, "frame 1: .*given 1, expected 2", None),
        ((good[1][0], hot), errors.SampleRangeError, "low, frame 1.*x=9, y=7", 1),
        ((good[1][0][:, 1:], hot), errors.FrameSizeError, "high, frame 1", 0),
        ((good[1][0], hot.astype(np.uint8)), errors.BitDepthError, "low, frame 1", 1),
    ]
    names = ["high", "low"]
    with ReferenceScorer(WIDTH, HEIGHT, names, bit_depth=10, keep_frames=True) as scorer:
        for index, plane in enumerate(ref):
            if index == 1:
                for frames, error, said, rendition in bad:
                    with pytest.raises(error, match=said) as raised:
                        scorer.push(plane, frames)
                    assert raised.value.rendition == rendition  # type: ignore[attr-defined]
            scorer.push(plane, good[index])
        scorer.flush()
        results = scorer.results()
    for result, dis in zip(results, renditions, strict=True):
        same(result, pyvmaf_tiny.score(ref, dis, bit_depth=10))


def test_frames_go_by_name_too() -> None:
    ref, (high, low) = ladder(2, frames=3)
    with ReferenceScorer(WIDTH, HEIGHT, ["high", "low"], keep_frames=True) as scorer:
        scorer.push(ref[0], {"high": high[0], "low": low[0]})
        scorer.push(ref[1], {"low": low[1], "high": high[1]})
        for names in ({"high"}, {"high", "low", "other"}, {"high", "other"}, set[str]()):
            frames = dict.fromkeys(names, ref[2])
            said = "frame 2: other names .*expected 'high', 'low'"
            with pytest.raises(OptionError, match=said):
                scorer.push(ref[2], frames)
        stacked: Any = np.stack([high[2], low[2]])
        scorer.push(ref[2], stacked)
        scorer.flush()
        results = scorer.results()
    same(results["high"], pyvmaf_tiny.score(ref, high))
    same(results["low"], pyvmaf_tiny.score(ref, low))


@pytest.mark.parametrize("frames", [iter([]), None, 5, {1, 2}, video_frame(ladder(0)[0][0])])
def test_frames_that_are_no_list(frames: Any) -> None:
    with ReferenceScorer(WIDTH, HEIGHT, 2, model=False) as scorer:
        with pytest.raises(OptionError, match="frame 0: the distorted frames are not a list"):
            scorer.push(np.zeros((HEIGHT, WIDTH), np.uint8), frames)
        assert scorer.flush() == [[], []]


@pytest.mark.parametrize("neg", [None, 1, "neither", np.int64(1)])
def test_neg_is_refused_with_all_that_it_may_be(neg: Any) -> None:
    with pytest.raises(OptionError, match='expected True, False or "both"'):
        ReferenceScorer(WIDTH, HEIGHT, 2, neg=neg)


@pytest.mark.parametrize("neg", [np.True_, np.False_])
def test_neg_may_be_numpys(neg: Any) -> None:
    with ReferenceScorer(WIDTH, HEIGHT, 2, neg=neg) as scorer:
        assert scorer.results()[0].info.neg is bool(neg)


@pytest.mark.parametrize("engine", ["native", f"libvmaf:{LIBRARY}"])
def test_numbers_beyond_a_c_int(engine: str) -> None:
    """Said as they were given, or followed."""
    ref, dis = ladder(2, frames=3)
    huge = 10**12
    eight: Any = "8"
    with pytest.raises(OptionError, match=f"threads out of range: given {huge}, expected 1 to 256"):
        ReferenceScorer(WIDTH, HEIGHT, 2, engine=engine, threads=huge)
    with ReferenceScorer(WIDTH, HEIGHT, 2, engine=engine, batch=huge) as scorer:
        push_all(scorer, ref, dis)
        assert [len(frames) for frames in scorer.flush()] == [3, 3]
    if engine != "native":
        with pytest.raises(OptionError, match=f"subsample out of range: given {huge}, expected 1"):
            ReferenceScorer(WIDTH, HEIGHT, 2, engine=engine, subsample=huge)
        with pytest.raises(OptionError, match=r"bit_depth is not a whole number.*given '8'"):
            ReferenceScorer(WIDTH, HEIGHT, 2, engine=engine, bit_depth=eight)


def push_all(scorer: ReferenceScorer, ref: list[Plane], renditions: list[list[Plane]]) -> None:
    for plane, versions in zip(ref, zip(*renditions, strict=True), strict=True):
        scorer.push(plane, versions)


@pytest.mark.parametrize("keep_frames", [True, False])
@pytest.mark.parametrize("where", ["engine", "figures"])
def test_an_interrupt_tears_all_renditions_at_one_frame(
    where: str, keep_frames: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C between engine and scorer, or between the figures of two renditions."""
    ref, renditions = ladder(frames=6)
    push, add = NativeEngine.push, Pooling.add
    added = 0

    def interrupted_push(self: NativeEngine, ref: Plane, dis: Sequence[Plane]) -> Rows:
        rows = push(self, ref, dis)
        if self._frames == 5:
            raise KeyboardInterrupt
        return rows

    def interrupted_add(self: Pooling, *arguments: Any) -> None:
        nonlocal added
        added += 1
        if added == 3 * 3 + 2:  # the fourth frame, between its first and its second rendition
            raise KeyboardInterrupt
        add(self, *arguments)

    if where == "engine":
        monkeypatch.setattr(NativeEngine, "push", interrupted_push)
    else:
        monkeypatch.setattr(Pooling, "add", interrupted_add)
    with ReferenceScorer(WIDTH, HEIGHT, 3, model=False, keep_frames=keep_frames) as scorer:
        with pytest.raises(KeyboardInterrupt):
            push_all(scorer, ref, renditions)
        monkeypatch.undo()
        with pytest.raises(EngineStateError, match="interrupt"):
            scorer.push(ref[0], [ref[0]] * 3)
        assert scorer.flush() == [[], [], []]
        if keep_frames:
            results = scorer.results()
            assert [len(result) for result in results] == [3, 3, 3]
            for result, dis in zip(results, renditions, strict=True):
                whole = pyvmaf_tiny.features(ref, dis)
                np.testing.assert_array_equal(result.features, whole[:3])
        else:
            with pytest.raises(EngineStateError, match="interrupt"):
                scorer.results()
        scorer.reset()
        scorer.push(ref[0], [dis[0] for dis in renditions])
        assert [[frame.index for frame in frames] for frames in scorer.flush()] == [[0], [0], [0]]


def test_a_second_thread_is_turned_away() -> None:
    frame = np.random.default_rng(1).integers(0, 256, (360, 640), dtype=np.uint8)
    counts = {"taken": 0, "refused": 0, "delivered": 0}
    end = time.monotonic() + 0.4
    lock = threading.Lock()

    def work(scorer: ReferenceScorer) -> None:
        while time.monotonic() < end:
            try:
                ready = scorer.push(frame, [frame, frame])
            except EngineStateError:
                with lock:
                    counts["refused"] += 1
            else:
                assert len({len(frames) for frames in ready}) == 1
                with lock:
                    counts["taken"] += 1
                    counts["delivered"] += len(ready[0])

    with ReferenceScorer(640, 360, 2, model=False) as scorer:
        threads = [threading.Thread(target=work, args=(scorer,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts["delivered"] += len(scorer.flush()[0])
    assert counts["taken"] == counts["delivered"] > 0
    assert counts["refused"] > 0


def test_an_endless_stream(run_python: RunPython) -> None:
    code = """
from oracle.child import *
from pyvmaf_tiny import ReferenceScorer

ref, dis = Case(33, 33, 8, "texture", "grain", seed=1, frames=50).planes()
with ReferenceScorer(33, 33, 3, neg="both", threads=1) as scorer:
    for number in range(8000):
        scorer.push(ref[number % 50], [dis[number % 50]] * 3)
        if number == 2000:
            before = process_status("VmRSS")
    scorer.flush()
    assert [len(result) for result in scorer.results()] == [8000] * 3
print(process_status("VmRSS") - before)
"""
    assert int(run_python(code)) < 1024


@pytest.mark.parametrize("renditions", [0, -1, 65, True, 2.5, "ab", [], ["a", 3], None])
def test_what_is_no_number_of_renditions(renditions: Any) -> None:
    with pytest.raises(OptionError, match="rendition"):
        ReferenceScorer(WIDTH, HEIGHT, renditions, model=False)


# ---- engines of one lane ------------------------------------------------------------------------


@pytest.mark.parametrize("bit_depth", [8, 10])
def test_libvmaf_has_a_context_per_lane(bit_depth: int) -> None:
    ref, renditions = ladder(2, bit_depth=bit_depth)
    options: dict[str, Any] = {
        "engine": f"libvmaf:{LIBRARY}",
        "teacher": "vmaf_v0.6.1",
        "bit_depth": bit_depth,
        "subsample": 2,
        "cpu_mask": 0xFFFFFFFF,
    }
    results = pyvmaf_tiny.score_many(ref, renditions, neg="both", **options)
    for result, dis in zip(results, renditions, strict=True):
        assert result.info.engine == "libvmaf"
        alone = pyvmaf_tiny.score(ref, dis, **options)
        same(result, alone)
        np.testing.assert_array_equal(result.series("teacher"), alone.series("teacher"))
        assert result.neg is not None
        same(result.neg, pyvmaf_tiny.score(ref, dis, neg=True, **options))
        ours = pyvmaf_tiny.features(ref, dis, bit_depth=bit_depth, subsample=2)
        np.testing.assert_array_equal(result.features, ours)


def test_a_sample_out_of_range_reaches_no_lane(open_fake: OpenFake) -> None:
    fake = open_fake(VERSIONS[-1])
    ref, renditions = ladder(2, bit_depth=10, frames=4)
    hot = ref[1].copy()
    hot[3, 4] = 1024
    options: dict[str, Any] = {"bit_depth": 10, "engine": f"libvmaf:{fake.path}", "model": False}
    with ReferenceScorer(WIDTH, HEIGHT, 2, keep_frames=True, **options) as scorer:
        for index, plane in enumerate(ref):
            with pytest.raises(errors.SampleRangeError, match="rendition 1, frame") as raised:
                scorer.push(plane, [renditions[0][index], hot])
            assert raised.value.rendition == 1
            scorer.push(plane, [dis[index] for dis in renditions])
        scorer.flush()
        results = scorer.results()
    for result, dis in zip(results, renditions, strict=True):
        same(result, pyvmaf_tiny.score(ref, dis, **options))


class Failing(NativeEngine):
    """The one with that number fails at its third frame."""

    made = 0
    failing = 2

    def __init__(self, spec: EngineSpec) -> None:
        super().__init__(spec)
        Failing.made += 1
        self._number = Failing.made
        self.closed = False

    def push(self, ref: Plane, dis: Sequence[Plane]) -> Rows:
        if self._number == self.failing and self._frames == 2:
            raise errors.EngineError("scripted")
        return super().push(ref, dis)

    def close(self) -> None:
        self.closed = True
        super().close()


def stopping(frames: int) -> list[Plane]:
    """A reference that moves, and stands still from the third frame on: its motion falls to 0."""
    ref = ladder(0, frames=2)[0]
    return ref + ref[-1:] * (frames - 2)


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_lane_that_fails_breaks_the_stream(failing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frames before are given as if they had been all; a reset makes the lanes one again."""
    monkeypatch.setattr(Failing, "made", 0)
    monkeypatch.setattr(Failing, "failing", failing)
    ref = stopping(4)
    _, renditions = ladder(3, frames=4)
    spec = EngineSpec(width=WIDTH, height=HEIGHT, renditions=("a", "b", "c"))
    engine = SplitEngine(spec, Failing)
    whole = NativeEngine(spec)
    groups = list(zip(ref, zip(*renditions, strict=True), strict=True))
    assert engine.push(*groups[0]) == whole.push(*groups[0]) == ()
    assert engine.push(*groups[1]) == whole.push(*groups[1])
    with pytest.raises(errors.EngineError, match="scripted"):
        engine.push(*groups[2])
    if failing > 1:  # some have taken the frame
        with pytest.raises(EngineStateError, match="reset"):
            engine.push(*groups[3])
        with pytest.raises(EngineStateError, match="reset"):
            engine.skip(ref[3])
    last = engine.flush()
    assert last == whole.flush()
    assert last[0][0].motion2 > 0  # with the frame that failed it would be 0
    assert engine.flush() == ()
    engine.reset()
    whole.reset()
    assert engine.push(*groups[0]) == whole.push(*groups[0])
    assert engine.flush() == whole.flush() != ()
    engine.close()
    engine.close()


@pytest.mark.parametrize(
    ("teacher", "ref", "scored"),
    [
        (None, stopping(5), 2),
        ("vmaf_v0.6.1", ladder(0, frames=5)[0], 2),
        ("vmaf_v0.6.1", stopping(5), 1),  # one lane's teacher has seen another motion
    ],
)
def test_libvmaf_failing_in_mid_frame_loses_no_frame(
    open_fake: OpenFake, teacher: str | None, ref: list[Plane], scored: int
) -> None:
    """The third frame reaches the first rendition and not the second."""
    fake = open_fake(VERSIONS[-1])
    _, renditions = ladder(2, frames=5)
    options: dict[str, Any] = {"engine": f"libvmaf:{fake.path}", "teacher": teacher, "threads": 1}
    whole = pyvmaf_tiny.score_many(ref[:2], [dis[:2] for dis in renditions], **options)
    fake.reset()
    fake.fail("vmaf_read_pictures", 6, -12)
    with pytest.raises(errors.EngineError, match="vmaf_read_pictures") as raised:
        pyvmaf_tiny.score_many(ref, renditions, **options)
    assert raised.value.results is not None
    for result, complete in zip(raised.value.results, whole, strict=True):
        assert list(result.frames) == list(complete.frames)[:scored]


def test_two_lanes_that_fail_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """One error, and a second flush has what is complete; a call for whole clips asks for it."""
    ref, renditions = ladder(2, frames=3)
    wanted = pyvmaf_tiny.score_many(ref, renditions)
    flush, failed = NativeEngine.flush, set[int]()

    def fails_once(self: NativeEngine) -> Rows:
        if id(self) not in failed:
            failed.add(id(self))
            raise errors.EngineError("scripted")
        return flush(self)

    monkeypatch.setattr(NativeEngine, "flush", fails_once)
    monkeypatch.setattr(
        "pyvmaf_tiny.scorer.stream.open_engine", lambda _, spec: SplitEngine(spec, NativeEngine)
    )
    with ReferenceScorer(WIDTH, HEIGHT, 2) as scorer:
        push_all(scorer, ref, renditions)
        with pytest.raises(errors.EngineError, match="scripted"):
            scorer.flush()
        assert [frames[0].index for frames in scorer.flush()] == [2, 2]
    failed.clear()
    with pytest.raises(KeyboardInterrupt) as raised:
        pyvmaf_tiny.score_many(ref, renditions, progress=interrupt)
    partial = raised.value.results  # type: ignore[attr-defined]
    for result, whole in zip(partial, wanted, strict=True):
        assert list(result.frames) == list(whole.frames)


def interrupt(done: int, *_: object) -> None:
    if done == 3:
        raise KeyboardInterrupt


def test_lanes_that_cannot_all_be_opened_are_closed() -> None:
    opened: list[Failing] = []

    def create(spec: EngineSpec) -> Failing:
        if len(opened) == 2:
            raise errors.OutOfMemoryError("scripted")
        opened.append(Failing(spec))
        return opened[-1]

    spec = EngineSpec(width=WIDTH, height=HEIGHT, renditions=("a", "b"), gain_limits=(100.0, 1.0))
    with pytest.raises(errors.OutOfMemoryError):
        SplitEngine(spec, create)
    assert [engine.closed for engine in opened] == [True, True]


def test_one_frame_score_holds_both() -> None:
    ref, (dis,) = ladder(1, frames=3)
    with Scorer(WIDTH, HEIGHT, neg="both") as scorer:
        frames = [frame for pair in zip(ref, dis, strict=True) for frame in scorer.push(*pair)]
        frames += scorer.flush()
    plain = list(pyvmaf_tiny.score(ref, dis).frames)
    neg = list(pyvmaf_tiny.score(ref, dis, neg=True).frames)
    wanted = [
        FrameScore(one.index, one.score, one.features, neg=other)
        for one, other in zip(plain, neg, strict=True)
    ]
    assert frames == wanted
    assert list(pyvmaf_tiny.score(ref, dis, neg="both").frames) == wanted
    assert len(frames) == 3 < FRAMES


def test_kept_frames_are_packed() -> None:
    """Under a hundred bytes for a frame of a rendition: films of a hundred thousand frames fit."""
    frame = np.random.default_rng(2).integers(0, 256, (33, 33), dtype=np.uint8)
    with ReferenceScorer(33, 33, 4, neg="both", model=False, threads=1, keep_frames=True) as scorer:
        for _ in range(513):  # pooled in blocks of 512 frames; the last one is still due
            scorer.push(frame, [frame] * 4)
        tracemalloc.start()
        for _ in range(1024):
            scorer.push(frame, [frame] * 4)
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        scorer.flush()
        assert [len(result.frames) for result in scorer.results()] == [1537] * 4
    assert grown < 1537 * 8 * 100  # a list that grows is traced as a whole
