"""Hostile use of the public API from one thread: a typed error, and the stream goes on unharmed."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from oracle.cases import Case
from oracle.compare import assert_same_features
from oracle.libvmaf import libvmaf_features

import pyvmaf_tiny
from pyvmaf_tiny import Scorer, errors
from pyvmaf_tiny.frames import FrameScore, Plane

WIDTH, HEIGHT = 70, 50


def clip(frames: int = 4, bit_depth: int = 8) -> tuple[Plane, Plane]:
    """Reference and distorted, each (frames, HEIGHT, WIDTH)."""
    return Case(WIDTH, HEIGHT, bit_depth, "texture", "grain", seed=8, frames=frames).planes()


# ---- calls in the wrong order ---------------------------------------------------------------


@pytest.mark.parametrize("call", ["push", "flush", "reset"])
def test_a_closed_scorer_refuses_every_call(call: str) -> None:
    ref, dis = clip()
    scorer = Scorer(WIDTH, HEIGHT, model=False)
    scorer.push(ref[0], dis[0])
    scorer.close()
    scorer.close()
    with pytest.raises(errors.EngineStateError):
        getattr(scorer, call)(*((ref[0], dis[0]) if call == "push" else ()))


def test_the_result_survives_closing() -> None:
    ref, dis = clip()
    with Scorer(WIDTH, HEIGHT, model=False, keep_frames=True) as scorer:
        scorer.push(ref[0], dis[0])
        scorer.push(ref[1], dis[1])
    expected = libvmaf_features(ref[:2], dis[:2])[:1]
    assert_same_features(scorer.result().features, expected, "result of a closed scorer")


def test_a_push_after_flush_is_refused_until_reset() -> None:
    ref, dis = clip()
    with Scorer(WIDTH, HEIGHT, model=False) as scorer:
        scorer.push(ref[0], dis[0])
        (last,) = scorer.flush()
        with pytest.raises(errors.EngineStateError, match="reset"):
            scorer.push(ref[1], dis[1])
        assert scorer.flush() == []
        scorer.reset()
        assert scorer.push(ref[0], dis[0]) == []
        assert scorer.flush() == [last]


def test_an_empty_stream_flushes_to_nothing() -> None:
    with Scorer(WIDTH, HEIGHT, model=False) as scorer:
        assert scorer.flush() == []
        scorer.reset()
        assert scorer.flush() == []


def test_leaving_the_block_by_an_exception_closes() -> None:
    ref, dis = clip()
    scorer = Scorer(WIDTH, HEIGHT, model=False)
    with pytest.raises(errors.FrameTypeError), scorer:
        scorer.push(ref[0], dis[:1])
    with pytest.raises(errors.EngineStateError):
        scorer.flush()


def test_a_scorer_cannot_be_pickled() -> None:
    with Scorer(WIDTH, HEIGHT, model=False) as scorer, pytest.raises(TypeError):
        pickle.dumps(scorer)


# ---- frames that do not fit, in mid-stream ---------------------------------------------------

GOOD = np.full((HEIGHT, WIDTH), 100, np.uint8)

BAD_FRAMES: dict[str, Any] = {
    "none": None,
    "number": 5,
    "text": "frame",
    "object": object(),
    "bytes": bytes(WIDTH * HEIGHT),
    "empty": np.zeros((0, 0), np.uint8),
    "scalar": np.uint8(3),
    "one row": GOOD[0],
    "three dimensions": GOOD[None],
    "rgb": np.zeros((HEIGHT, WIDTH, 3), np.uint8),
    "transposed": GOOD.T,
    "one column short": GOOD[:, :-1],
    "one row short": GOOD[:-1],
    "too wide": np.zeros((HEIGHT, WIDTH + 1), np.uint8),
    "16 bit": GOOD.astype(np.uint16),
    "signed": GOOD.astype(np.int8),
    "32 bit": GOOD.astype(np.uint32),
    "64 bit": GOOD.astype(np.int64),
    "float": GOOD.astype(np.float32),
    "nan": np.full((HEIGHT, WIDTH), np.nan),
    "bool": GOOD > 50,
    "complex": GOOD.astype(np.complex64),
    "objects": GOOD.astype(object),
    "text array": GOOD.astype(str),
    "structured": GOOD.view([("a", np.uint8)]),
    "masked": np.ma.masked_less(GOOD, 5),
    "mirrored rows": GOOD[:, ::-1],
    "upside down": GOOD[::-1],
    "every second sample": np.zeros((HEIGHT, 2 * WIDTH), np.uint8)[:, ::2],
    "column order": np.asfortranarray(GOOD),
}


@pytest.mark.parametrize("bad", BAD_FRAMES.values(), ids=BAD_FRAMES)
def test_a_refused_frame_leaves_the_stream_as_it_was(bad: Any) -> None:
    ref, dis = clip()
    scored: list[FrameScore] = []
    with Scorer(WIDTH, HEIGHT, model=False) as scorer:
        for ref_plane, dis_plane in zip(ref, dis, strict=True):
            for pair in ((bad, dis_plane), (ref_plane, bad), (bad, bad)):
                with pytest.raises(errors.InputError):
                    scorer.push(*pair)
            scored += scorer.push(ref_plane, dis_plane)
        scored += scorer.flush()
    features = np.array([frame.features for frame in scored])
    assert_same_features(features, libvmaf_features(ref, dis), "after refused frames")


def test_foreign_byte_order_is_refused() -> None:
    ref, dis = clip(bit_depth=10)
    swapped = ref[0].astype(ref.dtype.newbyteorder("S"))
    with Scorer(WIDTH, HEIGHT, bit_depth=10, model=False) as scorer:
        with pytest.raises(errors.InputError):
            scorer.push(swapped, dis[0])
        assert scorer.push(ref[0], dis[0]) == []


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("bit_depth", [10, 12])
@pytest.mark.parametrize("side", ["ref", "dis"])
def test_one_sample_out_of_range_anywhere(side: str, bit_depth: int, threads: int) -> None:
    rng = np.random.default_rng(bit_depth)
    ref, dis = clip(bit_depth=bit_depth)
    corners = [(0, 0), (0, WIDTH - 1), (HEIGHT - 1, 0), (HEIGHT - 1, WIDTH - 1)]
    places = corners + [(int(rng.integers(HEIGHT)), int(rng.integers(WIDTH))) for _ in range(30)]
    scored: list[FrameScore] = []
    with Scorer(WIDTH, HEIGHT, bit_depth=bit_depth, model=False, threads=threads) as scorer:
        for ref_plane, dis_plane in zip(ref, dis, strict=True):
            for number, (y, x) in enumerate(places):
                value = (1 << bit_depth, 65535)[number % 2]
                pair = {"ref": ref_plane.copy(), "dis": dis_plane.copy()}
                pair[side][y, x] = value
                with pytest.raises(errors.SampleRangeError, match=f"{value} at x={x}, y={y}"):
                    scorer.push(pair["ref"], pair["dis"])
            scored += scorer.push(ref_plane, dis_plane)
        scored += scorer.flush()
    features = np.array([frame.features for frame in scored])
    expected = libvmaf_features(ref, dis, bit_depth=bit_depth)
    assert_same_features(features, expected, "after samples out of range")


# ---- arguments --------------------------------------------------------------------------------

HUGE = [2**31 - 1, 2**31, 2**32 + 64, 2**63, 2**64 + 64, 10**30]
BAD_ARGUMENTS: dict[str, list[Any]] = {
    "w": [0, 1, 32, -1, -70, 16385, *HUGE, -(2**40), 70.5, "70", None, float("nan"), (70,)],
    "h": [0, 1, 32, -1, -50, 16385, *HUGE, -(2**40), 50.5, "50", None, float("inf"), [50]],
    "bit_depth": [0, 1, 7, 9, 14, 17, 32, -8, 8.5, "8", None, *HUGE],
    "threads": [0, -1, 257, *HUGE, -(2**40), 1.5, "2"],
    "gain_limit": [0.0, 0.999, -1.0, float("nan"), float("inf"), -float("inf"), "x", 10**400],
    "cpu_mask": [-2, 1.5, "8"],
    "subsample": [0, -1, 1.5, "2", None],
    "batch": [0, -1, 1.5, "2", None],
    "engine": ["", "Native", "gpu", None, 1],
    "model": ["no-such-model", "/nowhere/model.onnx", "", 7],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in BAD_ARGUMENTS.items() for value in values],
    ids=repr,
)
def test_arguments_out_of_range(name: str, value: Any) -> None:
    arguments: dict[str, Any] = {"w": WIDTH, "h": HEIGHT, "model": False, name: value}
    with pytest.raises(errors.VmafTinyError):
        Scorer(**arguments)


def test_neg_and_another_gain_limit_contradict() -> None:
    with pytest.raises(errors.OptionError):
        Scorer(WIDTH, HEIGHT, model=False, neg=True, gain_limit=2.0)


# ---- iterators that fail ----------------------------------------------------------------------


class Unexpected(Exception):
    """An error of the caller's own."""


def failing(planes: Plane, after: int, failure: type[BaseException]) -> Iterator[Plane]:
    """The first ``after`` planes, then an exception."""
    yield from planes[:after]
    raise failure


@pytest.mark.parametrize("failure", [Unexpected, KeyboardInterrupt, MemoryError, GeneratorExit])
@pytest.mark.parametrize("side", ["ref", "dis"])
def test_exceptions_of_an_iterator_come_through(side: str, failure: type[BaseException]) -> None:
    ref, dis = clip()
    for after in range(4):
        inputs: dict[str, Any] = {"ref": iter(ref), "dis": iter(dis)}
        inputs[side] = failing({"ref": ref, "dis": dis}[side], after, failure)
        with pytest.raises(failure):
            pyvmaf_tiny.features(**inputs, bit_depth=8)
    expected = libvmaf_features(ref, dis)
    assert_same_features(pyvmaf_tiny.features(ref, dis, bit_depth=8), expected, "afterwards")


@pytest.mark.parametrize("failure", [Unexpected, KeyboardInterrupt])
def test_what_was_scored_before_an_exception_is_delivered(failure: type[BaseException]) -> None:
    ref, dis = clip()
    with pytest.raises(failure) as caught:
        pyvmaf_tiny.features(failing(ref, 3, failure), dis, bit_depth=8)
    delivered = caught.value.result  # type: ignore[attr-defined]
    assert_same_features(delivered.features, libvmaf_features(ref[:3], dis[:3]), "delivered")


# ---- any order of calls -----------------------------------------------------------------------


def do_and_predict(scorer: Scorer, rng: np.random.Generator) -> None:
    """One random call sequence; what each call does follows from the calls before it."""
    ref, dis = clip(frames=12, bit_depth=10)
    too_large = np.full_like(ref[0], 1024)
    pushed: list[int] = []
    scored: list[FrameScore] = []
    flushed = False
    for _ in range(40):
        call = str(rng.choice(["push", "push", "push", "shape", "range", "flush", "reset"]))
        bad = {"shape": ref[0][:, 1:], "range": too_large}.get(call)
        if call == "flush":
            scored += scorer.flush()
            if pushed:
                expected = libvmaf_features(ref[pushed], dis[pushed], bit_depth=10)
                features = np.array([frame.features for frame in scored])
                assert_same_features(features, expected, f"pushed {pushed}")
            flushed = True
        elif call == "reset":
            scorer.reset()
            pushed, scored, flushed = [], [], False
        elif flushed or bad is not None:
            with pytest.raises((errors.EngineStateError, errors.InputError)):
                scorer.push(ref[0], dis[0] if bad is None else bad)
        else:
            pushed.append(int(rng.integers(len(ref))))
            scored += scorer.push(ref[pushed[-1]], dis[pushed[-1]])


@pytest.mark.parametrize("seed", range(12))
def test_random_call_sequences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    threads = 1 + seed % 3
    with Scorer(WIDTH, HEIGHT, bit_depth=10, model=False, threads=threads) as scorer:
        do_and_predict(scorer, rng)


@pytest.mark.parametrize("make", [Scorer, pyvmaf_tiny.score], ids=["Scorer", "score"])
def test_a_mistyped_option_is_refused(make: Callable[..., object]) -> None:
    with pytest.raises(TypeError):
        make(GOOD, GOOD, gain_limt=1.0)
