"""What counts as a luma plane: ``as_plane``, and the size and bit depth checks."""

from __future__ import annotations

import timeit
from typing import Any

import numpy as np
import pytest

from pyvmaf_tiny.errors import (
    BitDepthError,
    FrameLayoutError,
    FrameSizeError,
    FrameTypeError,
    InputError,
)
from pyvmaf_tiny.source.base import as_plane, check_bit_depth, check_size


def plane_of(array: Any, bit_depth: int = 8) -> Any:
    return as_plane(array, bit_depth=bit_depth, name="clip", index=7)


def strided(row_stride: int, dtype: str = "u1") -> Any:
    """A 33x40 view with the given row stride in bytes."""
    itemsize = np.dtype(dtype).itemsize
    buffer = np.zeros(33 * max(row_stride, 1) + 40 * itemsize, np.uint8)
    return np.ndarray((33, 40), dtype, buffer, 0, (row_stride, itemsize))


@pytest.mark.parametrize(
    ("array", "bit_depth"),
    [
        (np.zeros((33, 33), np.uint8), 8),
        (np.zeros((33, 16384), np.uint8), 8),
        (np.zeros((40, 50), np.uint16), 10),
        (np.zeros((40, 50), np.uint16), 12),
        (np.zeros((40, 50), np.uint16), 16),
        (np.zeros((80, 100), np.uint8)[::2, 7:57], 8),
        (np.zeros((40, 50), np.uint8, order="C")[3:, 2:-3], 8),
        (strided(0), 8),  # one row again and again
        (strided(1), 8),  # rows that overlap
        (strided(41), 8),
        (strided(81, "u2"), 16),  # rows at odd addresses
        (np.broadcast_to(np.zeros(40, np.uint8), (40, 40)), 8),
    ],
)
def test_planes_are_used_in_place(array: Any, bit_depth: int) -> None:
    assert plane_of(array, bit_depth) is array


def test_unaligned_samples_are_accepted() -> None:
    array = np.ndarray((40, 50), np.uint16, bytes(4001), 1)
    assert not array.flags.aligned
    assert plane_of(array, 10) is array


@pytest.mark.parametrize(
    ("array", "hint"),
    [
        (np.zeros((40, 50), np.float32), "np.rint"),
        (np.full((40, 50), np.nan), "np.rint"),
        (np.zeros((40, 50), np.float16), "np.rint"),
        (np.zeros((40, 50), bool), "astype(np.uint8) * 255"),
        (np.zeros((40, 50), np.int8), "astype"),
        (np.zeros((40, 50), np.int16), "astype"),
        (np.zeros((40, 50), np.int64), "astype"),
        (np.zeros((40, 50), np.uint32), "astype"),
        (np.zeros((40, 50), ">u2"), "astype(np.uint16)"),
        (np.zeros((40, 50), object), "arrays of numbers"),
        (np.zeros((40, 50), np.complex64), "astype"),
        (np.zeros((40, 50), "U1"), "astype"),
        (np.zeros((40, 50), [("y", "u1")]), "astype"),
    ],
)
@pytest.mark.parametrize("bit_depth", [8, 10])
def test_other_sample_types_are_refused(array: Any, hint: str, bit_depth: int) -> None:
    with pytest.raises(FrameTypeError) as caught:
        plane_of(array, bit_depth)
    assert hint in str(caught.value)
    assert "clip, frame 7" in str(caught.value)
    assert "expected uint8" in str(caught.value)


def test_nan_and_byte_order_are_named() -> None:
    with pytest.raises(FrameTypeError, match="NaN"):
        plane_of(np.full((40, 50), np.nan, np.float32))
    with pytest.raises(FrameTypeError, match="byte order"):
        plane_of(np.zeros((40, 50), ">u2"), 16)


@pytest.mark.parametrize("shape", [(), (40,), (0,), (2, 40, 50), (40, 50, 3), (1, 1, 40, 50)])
def test_other_dimensions_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(FrameTypeError) as caught:
        plane_of(np.zeros(shape, np.uint8))
    assert f"given shape {shape}" in str(caught.value)
    assert ("RGB" in str(caught.value)) == (shape == (40, 50, 3))


@pytest.mark.parametrize(
    ("dtype", "bit_depth"), [("u1", 10), ("u1", 12), ("u1", 16), ("u2", 8), ("u2", 0)]
)
def test_sample_type_and_bit_depth_belong_together(dtype: str, bit_depth: int) -> None:
    if bit_depth == 0:
        bit_depth = 8
    with pytest.raises(BitDepthError) as caught:
        plane_of(np.zeros((40, 50), dtype), bit_depth)
    assert f"bit_depth={bit_depth}" in str(caught.value)
    assert "expected uint8 at 8 bit, uint16 at 10, 12 or 16 bit" in str(caught.value)


@pytest.mark.parametrize(
    "shape", [(32, 50), (50, 32), (0, 50), (50, 0), (0, 0), (1, 1), (33, 16385), (16385, 33)]
)
def test_sizes_out_of_range_are_refused(shape: tuple[int, int]) -> None:
    height, width = shape
    with pytest.raises(FrameSizeError) as caught:
        plane_of(np.broadcast_to(np.zeros((), np.uint8), shape))
    assert f"given {width}x{height}, expected 33x33 to 16384x16384" in str(caught.value)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((40, 50), np.uint8)[::-1],
        np.zeros((40, 50), np.uint8)[:, ::-1],
        np.zeros((40, 100), np.uint8)[:, ::2],
        np.zeros((50, 40), np.uint8).T,
        np.zeros((40, 50), np.uint8, order="F"),
        np.zeros((40, 50, 3), np.uint8)[:, :, 0],
        np.broadcast_to(np.zeros((40, 1), np.uint8), (40, 50)),
    ],
)
def test_strides_that_cannot_be_walked_are_refused(array: Any) -> None:
    with pytest.raises(FrameLayoutError) as caught:
        plane_of(array)
    assert str(array.strides) in str(caught.value)
    assert "np.ascontiguousarray" in str(caught.value)
    copy = np.ascontiguousarray(array)
    assert plane_of(copy) is copy


def test_errors_are_input_errors_and_value_errors() -> None:
    with pytest.raises(InputError) as caught:
        plane_of(np.zeros((40, 50)))
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, TypeError)


def test_the_check_costs_next_to_nothing() -> None:
    array = np.zeros((1080, 1920), np.uint8)
    best = min(timeit.repeat(lambda: plane_of(array), number=2000, repeat=5)) / 2000
    assert best < 5e-6  # measured 0.2 us; the rest is for slow and busy machines


@pytest.mark.parametrize("bit_depth", [9, 14, 0, -8, 7, 11, 32, None, "8"])
def test_unsupported_bit_depths(bit_depth: Any) -> None:
    with pytest.raises(BitDepthError, match="8, 10, 12 or 16"):
        check_bit_depth(bit_depth, "clip")


def test_size_limits() -> None:
    check_size(33, 16384, "clip")
    with pytest.raises(FrameSizeError, match="too small"):
        check_size(32, 20000, "clip")
    with pytest.raises(FrameSizeError, match="too large"):
        check_size(16385, 33, "clip")
