"""What every input has in common: the :class:`LumaSource` protocol and the checks of a plane."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol, cast

import numpy as np

from pyvmaf_tiny.errors import (
    BitDepthError,
    FrameLayoutError,
    FrameSizeError,
    FrameTypeError,
    InputError,
)
from pyvmaf_tiny.frames import BIT_DEPTHS, MAX_SIZE, MIN_SIZE, AnyArray, Plane

_UINT8 = np.dtype(np.uint8)
_UINT16 = np.dtype(np.uint16)


class LumaSource(Protocol):
    """One pass over the luma planes of an input, in display order.

    A source owns what it opened itself (files, mappings, decoders) and lets go of it in
    :meth:`close`; file objects, buffers and arrays stay the caller's. Samples are not looked at:
    whether they fit the bit depth is the engine's check.
    """

    name: str  #: for messages: a path, ``<array>``, ``<stdin>``
    width: int
    height: int
    bit_depth: int
    frame_count: int | None  #: frames in the whole input, when known without reading everything
    frame_rate: Fraction | None  #: frames per second, when the input says so

    @property
    def bitrate(self) -> float | None:
        """Of encoded video, kbit/s of its video stream; best asked for when all has been read."""

    def __iter__(self) -> Iterator[Plane]:
        """The planes that are left; each is valid until the next one is asked for."""

    def skip(self, frames: int) -> None:
        """Drop ``frames`` frames before iterating.

        Raises EmptyInputError when the input has fewer.
        """

    def close(self) -> None:
        """Let go of everything; may be called twice. Planes handed out stay readable."""


def sample_type(bit_depth: int) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
    """The dtype of samples of ``bit_depth`` bits: uint8 at 8 bit, native uint16 above."""
    return _UINT8 if bit_depth == 8 else _UINT16


def check_bit_depth(bit_depth: int, name: str) -> None:
    """Raise BitDepthError unless the engines take ``bit_depth``."""
    if bit_depth not in BIT_DEPTHS:
        raise BitDepthError(
            f"{name}: unsupported bit depth",
            given=f"{bit_depth} bit",
            expected="8, 10, 12 or 16 bit",
            hint="convert it, for example with ffmpeg -pix_fmt yuv420p10le",
        )


def check_size(width: int, height: int, name: str) -> None:
    """Raise FrameSizeError unless the engines take frames of ``width`` x ``height`` pixels."""
    if not (MIN_SIZE <= width <= MAX_SIZE and MIN_SIZE <= height <= MAX_SIZE):
        too_small = width < MIN_SIZE or height < MIN_SIZE
        raise FrameSizeError(
            f"{name}: frames are too {'small' if too_small else 'large'}",
            given=f"{width}x{height}",
            expected=f"{MIN_SIZE}x{MIN_SIZE} to {MAX_SIZE}x{MAX_SIZE}",
            hint="VMAF's four pyramid levels need that much" if too_small else None,
        )


def check_same_size(plane: AnyArray, width: int, height: int, *, name: str, index: int) -> None:
    """Raise FrameSizeError when a frame is not as large as the first one of its input."""
    if plane.shape != (height, width):
        raise FrameSizeError(
            f"{name}: the size changes at frame {index}",
            given=f"{plane.shape[1]}x{plane.shape[0]}",
            expected=f"{width}x{height} like the first frame",
            hint="score the parts one by one, or scale them to one size",
        )


def as_plane(array: AnyArray, *, bit_depth: int, name: str, index: int) -> Plane:
    """``array`` itself when it is a luma plane that the engines can use in place.

    Wanted: (height, width), native uint8 at 8 bit and uint16 at 10, 12 and 16 bit, 33 to 16384
    pixels a side, the samples of a row contiguous, a row stride of at least 0 bytes. ``name``
    and ``index`` say in messages which frame of which input it is.

    Raises FrameTypeError (not 2-D, another dtype), BitDepthError (dtype and ``bit_depth`` do not
    belong together), FrameSizeError, FrameLayoutError (strides). Takes well under a microsecond
    per frame, so it may be called for every one.
    """
    if array.ndim == 2 and array.dtype == (_UINT8 if bit_depth == 8 else _UINT16):
        height, width = array.shape
        row_stride, column_stride = array.strides
        if (
            column_stride == array.itemsize
            and row_stride >= 0
            and MIN_SIZE <= height <= MAX_SIZE
            and MIN_SIZE <= width <= MAX_SIZE
        ):
            return cast(Plane, array)
    raise _plane_error(array, bit_depth, f"{name}, frame {index}")


def _plane_error(array: AnyArray, bit_depth: int, where: str) -> InputError:
    """Why ``array`` is not a plane of ``bit_depth`` bits; the slow half of :func:`as_plane`."""
    if array.ndim != 2:
        hint = None
        if array.ndim == 3 and array.shape[-1] in (3, 4):
            hint = "this looks like RGB, or like packed YUV: convert to planar YUV, pass plane 0"
        return FrameTypeError(
            f"{where}: a frame is one 2-D plane of luma",
            given=f"shape {array.shape}",
            expected="(height, width)",
            hint=hint,
        )
    if array.dtype not in (_UINT8, _UINT16):
        return FrameTypeError(
            f"{where}: unsupported sample type",
            given=_type_name(array),
            expected="uint8, or native-endian uint16 above 8 bit",
            hint=_conversion_hint(array),
        )
    if array.dtype != sample_type(bit_depth):
        return BitDepthError(
            f"{where}: sample type and bit depth do not belong together",
            given=f"{array.dtype} samples with bit_depth={bit_depth}",
            expected="uint8 at 8 bit, uint16 at 10, 12 or 16 bit",
            hint=(
                "say bit_depth=10, 12 or 16"
                if array.dtype == _UINT16
                else "shift the samples up into uint16, or say bit_depth=8"
            ),
        )
    height, width = array.shape
    try:
        check_size(width, height, where)
    except FrameSizeError as error:
        return error
    return FrameLayoutError(
        f"{where}: these strides cannot be walked in place",
        given=f"strides {array.strides} bytes",
        expected=f"(any non-negative number, {array.itemsize})",
        hint="make a copy with np.ascontiguousarray(frame)",
    )


def _type_name(array: AnyArray) -> str:
    if array.dtype == _UINT16.newbyteorder():
        return f"uint16 in foreign byte order ({array.dtype.str})"
    if array.dtype.kind == "f" and type(array) is np.ndarray and np.isnan(array).any():
        return f"{array.dtype} with NaN in it"
    return str(array.dtype)


def _conversion_hint(array: AnyArray) -> str:
    kind = array.dtype.kind
    if kind == "f":
        return (
            "scale to the full range and round, for example "
            "np.rint(frame * 255).clip(0, 255).astype(np.uint8) for frames in 0..1"
        )
    if kind == "b":
        return "make samples of it, for example frame.astype(np.uint8) * 255"
    if kind == "O":
        return "pass NumPy arrays of numbers"
    if array.dtype == _UINT16.newbyteorder():
        return "convert with frame.astype(np.uint16)"
    return "convert with frame.astype(np.uint8), or np.uint16 together with bit_depth"
