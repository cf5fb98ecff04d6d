"""How frames come in changes nothing: threads, strides, alignment, sequence length, streaming."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from oracle.cases import Case, random_case
from oracle.compare import assert_same_features
from oracle.libvmaf import libvmaf_features

import pyvmaf_tiny
from pyvmaf_tiny.frames import BIT_DEPTHS, FrameScore, Plane


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_thread_counts(threads: int) -> None:
    sizes = [(33, 33), (64, 200), (131, 77), (350, 251), (640, 61)]
    for seed, (width, height) in enumerate(sizes):
        for bit_depth in BIT_DEPTHS:
            case = Case(width, height, bit_depth, "texture", "sharpen", seed, frames=3)
            ref, dis = case.planes()
            actual = pyvmaf_tiny.features(ref, dis, bit_depth=bit_depth, threads=threads)
            assert_same_features(actual, libvmaf_features(ref, dis, bit_depth=bit_depth), case)


def test_more_threads_than_rows() -> None:
    case = Case(97, 33, 8, "noise", "blur", seed=5)
    ref, dis = case.planes()
    actual = pyvmaf_tiny.features(ref, dis, bit_depth=8, threads=64)
    assert_same_features(actual, libvmaf_features(ref, dis), case)


# The same samples in other memory: (frames, height, width) in and out.


def _padded_rows(planes: Plane) -> Plane:
    """Rows far apart, the padding full of another value."""
    frames, height, width = planes.shape
    memory = np.full((frames, height, width + 45), np.iinfo(planes.dtype).max, planes.dtype)
    memory[:, :, 3 : 3 + width] = planes
    return memory[:, :, 3 : 3 + width]


def _every_second_row(planes: Plane) -> Plane:
    """One field of interlaced memory."""
    frames, height, width = planes.shape
    memory = np.full((frames, 2 * height, width), np.iinfo(planes.dtype).max, planes.dtype)
    memory[:, 1::2] = planes
    return memory[:, 1::2]


def _odd_address(planes: Plane) -> Plane:
    """Samples at an odd address: 16-bit ones are unaligned."""
    memory = np.zeros(planes.nbytes + 1, np.uint8)
    view = memory[1:].view(planes.dtype).reshape(planes.shape)
    assert view.ctypes.data % 2 == 1
    view[:] = planes
    return view


def _odd_stride(planes: Plane) -> Plane:
    """An odd number of bytes from row to row: every second row of 16-bit samples is unaligned."""
    frames, height, width = planes.shape
    row = width * planes.itemsize + 3
    memory = np.zeros((frames, height, row), np.uint8)
    view = memory[:, :, : width * planes.itemsize].view(planes.dtype)
    view[:] = planes
    return view


def _read_only(planes: Plane) -> Plane:
    result = planes.copy()
    result.flags.writeable = False
    return result


def _frames_backwards(planes: Plane) -> Plane:
    """Frames in reverse memory order; each is an ordinary plane."""
    return planes[::-1].copy()[::-1]


LAYOUTS = (
    _padded_rows,
    _every_second_row,
    _odd_address,
    _odd_stride,
    _read_only,
    _frames_backwards,
)


@pytest.mark.parametrize("bit_depth", BIT_DEPTHS)
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__.strip("_"))
def test_memory_layouts(layout: Callable[[Plane], Plane], bit_depth: int) -> None:
    for seed, (width, height) in enumerate([(33, 33), (70, 41), (131, 77)]):
        case = Case(width, height, bit_depth, "texture", "grain", seed)
        ref, dis = case.planes()
        expected = libvmaf_features(ref, dis, bit_depth=bit_depth)
        actual = pyvmaf_tiny.features(layout(ref), layout(dis), bit_depth=bit_depth)
        assert_same_features(actual, expected, case)
        mixed = pyvmaf_tiny.features(layout(ref), dis, bit_depth=bit_depth)
        assert_same_features(mixed, expected, case)


def test_rows_that_share_memory() -> None:
    """A stride of zero: every row is the same memory."""
    row = np.random.default_rng(3).integers(0, 256, 80, dtype=np.uint8)
    repeated = np.broadcast_to(row, (2, 50, 80))
    expected = libvmaf_features(repeated.copy(), repeated.copy())
    assert_same_features(pyvmaf_tiny.features(repeated, repeated, bit_depth=8), expected, "row")


def test_one_array_as_reference_and_distorted() -> None:
    ref, _ = Case(70, 41, 8, "texture", "grain", seed=1, frames=3).planes()
    expected = libvmaf_features(ref, ref)
    assert_same_features(pyvmaf_tiny.features(ref, ref, bit_depth=8), expected, "same array")


@pytest.mark.parametrize("neg", [False, True], ids=["default", "neg"])
@pytest.mark.parametrize("frames", [1, 2, 3, 5, 9])
def test_a_stream_and_a_whole_call_and_libvmaf(frames: int, neg: bool) -> None:
    for seed, bit_depth in enumerate(BIT_DEPTHS):
        case = Case(91, 66, bit_depth, "edges", "grain", seed, frames=frames)
        ref, dis = case.planes()
        expected = libvmaf_features(ref, dis, bit_depth=bit_depth, gain_limit=1 if neg else 100)
        whole = pyvmaf_tiny.features(ref, dis, bit_depth=bit_depth, neg=neg)
        assert_same_features(whole, expected, case)
        streamed = stream(ref, dis, bit_depth=bit_depth, neg=neg)
        assert_same_features(streamed, expected, case)


def stream(ref: Plane, dis: Plane, *, bit_depth: int, neg: bool) -> NDArray[np.float64]:
    """Features from a Scorer, one push a frame into memory that is overwritten afterwards."""
    _, height, width = ref.shape
    scored: list[FrameScore] = []
    with pyvmaf_tiny.Scorer(width, height, bit_depth=bit_depth, model=False, neg=neg) as scorer:
        for count, (ref_plane, dis_plane) in enumerate(zip(ref, dis, strict=True)):
            ref_memory, dis_memory = ref_plane.copy(), dis_plane.copy()
            scored += scorer.push(ref_memory, dis_memory)
            assert len(scored) == count
            ref_memory[:], dis_memory[:] = 0, 0
        scored += scorer.flush()
    assert [frame.index for frame in scored] == list(range(len(ref)))
    return np.array([frame.features for frame in scored], dtype=np.float64)


@pytest.mark.parametrize("subsample", [2, 3, 5])
def test_subsampled_streams(subsample: int) -> None:
    """Frames left out count for the motion of their neighbours, as in libvmaf."""
    for frames in (1, 2, 6, 7, 8):
        ref, dis = Case(64, 48, 8, "edges", "grain", seed=frames, frames=frames).planes()
        expected = libvmaf_features(ref, dis, subsample=subsample)
        whole = pyvmaf_tiny.features(ref, dis, bit_depth=8, subsample=subsample)
        assert_same_features(whole, expected, f"{frames} frames, every {subsample}.")
        with pyvmaf_tiny.Scorer(64, 48, model=False, subsample=subsample) as scorer:
            scored = [frame for pair in zip(ref, dis, strict=True) for frame in scorer.push(*pair)]
            scored += scorer.flush()
        assert [frame.index for frame in scored] == list(range(0, frames, subsample))
        streamed = np.array([frame.features for frame in scored], dtype=np.float64)
        assert_same_features(streamed, expected, f"{frames} frames, every {subsample}.")


#: Bits of instruction sets that must not be used: none, AVX-512 VNNI, all AVX-512, everything.
CPU_MASKS = (0, 32, 16 | 32, 255)


@pytest.mark.parametrize("cpu_mask", CPU_MASKS)
def test_every_instruction_set_of_this_machine(cpu_mask: int) -> None:
    for seed in range(40):
        case = random_case(7000 + seed)
        ref, dis = case.planes()
        actual = pyvmaf_tiny.features(ref, dis, bit_depth=case.bit_depth, cpu_mask=cpu_mask)
        assert_same_features(actual, libvmaf_features(ref, dis, bit_depth=case.bit_depth), case)


def test_a_reset_scorer_starts_from_the_beginning() -> None:
    size = (64, 48)
    clips = [Case(*size, 8, "texture", "blur", seed, frames=4).planes() for seed in (1, 2)]
    with pyvmaf_tiny.Scorer(*size, model=False) as scorer:
        for ref, dis in clips:
            scored = [frame for pair in zip(ref, dis, strict=True) for frame in scorer.push(*pair)]
            scored += scorer.flush()
            features = np.array([frame.features for frame in scored])
            assert_same_features(features, libvmaf_features(ref, dis), "after a reset")
            scorer.reset()


def test_a_reset_in_mid_stream_leaves_no_trace() -> None:
    ref, dis = Case(64, 48, 8, "texture", "blur", seed=1, frames=4).planes()
    with pyvmaf_tiny.Scorer(64, 48, model=False) as scorer:
        for pair in zip(dis, ref, strict=True):
            scorer.push(*pair)
        scorer.reset()
        scored = [frame for pair in zip(ref, dis, strict=True) for frame in scorer.push(*pair)]
        scored += scorer.flush()
    features = np.array([frame.features for frame in scored])
    assert_same_features(features, libvmaf_features(ref, dis), "after a reset")
