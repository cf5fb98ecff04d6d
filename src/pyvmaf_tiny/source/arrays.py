"""Frames that are already in memory: NumPy arrays, and iterables of arrays or PyAV frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from fractions import Fraction
from typing import Any, cast

import numpy as np

from pyvmaf_tiny.errors import BitDepthError, EmptyInputError, FrameTypeError, SourceError
from pyvmaf_tiny.frames import AnyArray, Plane

from .base import as_plane, check_same_size
from .devicearrays import device_plane, is_on_device
from .videoframe import LumaReader, is_video_frame

_NOTHING = object()
_ARRAY_PROTOCOLS = ("__array__", "__array_interface__", "__dlpack__")


def is_array_like(value: object) -> bool:
    """Whether NumPy can use the memory of ``value`` (tensors on the CPU, for example)."""
    return any(hasattr(value, protocol) for protocol in _ARRAY_PROTOCOLS) or is_on_device(value)


def to_array(value: Any, where: str) -> AnyArray:
    """``value`` as an array, without a copy where it has memory of its own.

    Raises FrameTypeError when it cannot be one, or has a mask.
    """
    if type(value) is np.ndarray:
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise FrameTypeError(f"{where}: a masked array", hint="fill it first with frame.filled()")
    try:
        if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
            return np.from_dlpack(value)
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise FrameTypeError(
            f"{where}: not an array",
            given=f"{type(value).__name__} ({error})",
            expected="a NumPy array, or something that NumPy can use in place",
            hint="of a tensor on another device pass tensor.cpu()",
        ) from error


def to_luma(value: Any, where: str) -> AnyArray:
    """``value`` as an array, or where it is as a :class:`DevicePlane` if that is a GPU."""
    if type(value) is np.ndarray:
        return value
    if is_on_device(value):
        return cast(AnyArray, device_plane(value, where))
    return to_array(value, where)


def array_frames(value: Any, name: str) -> Iterable[Any]:
    """The frames of an array (N, height, width) or (height, width), N or 1 of them.

    Foreign arrays of several frames are taken frame by frame, so that one that lives on disk
    is never loaded as a whole. Raises FrameTypeError (colour, other dimensions), EmptyInputError.
    """
    shape = getattr(value, "shape", None)
    if len(shape or ()) == 2 and is_on_device(value):
        return [value]
    if shape is None or len(shape) != 3 or not hasattr(value, "__iter__"):
        value = to_array(value, name)
        shape = value.shape
    colour = len(shape) in (3, 4) and shape[-1] in (3, 4)
    if colour or len(shape) not in (2, 3):
        raise FrameTypeError(
            f"{name}: only planes of luma can be scored",
            given=f"shape {tuple(shape)}",
            expected="(frames, height, width) or (height, width)",
            hint="this looks like RGB or packed YUV, channels last: convert it to planar YUV and "
            "pass luma alone"
            if colour
            else None,
        )
    if 0 in shape:
        raise EmptyInputError(f"{name}: no frame", given=f"shape {tuple(shape)}")
    return cast(Iterable[Any], value if len(shape) == 3 else [value])


class FrameSource:
    """Luma of the items of an iterable: 2-D arrays, PyAV frames, or both.

    The first item is taken at once, for size and bit depth; every other one only when it is
    asked for, so a generator may fill the same array again and again.
    """

    frame_rate: Fraction | None = None
    bitrate: float | None = None

    def __init__(self, frames: Iterable[Any], name: str, *, bit_depth: int | None = None) -> None:
        """``bit_depth``: of uint16 arrays; 8 bit goes without saying for uint8.

        Raises FrameTypeError, FrameSizeError, FrameLayoutError, BitDepthError, PixelFormatError,
        EmptyInputError. What the iterable itself raises passes through.
        """
        self.name = name
        self.frame_count = len(frames) if isinstance(frames, Sized) else None
        self._items: Iterator[Any] | None = iter(frames)
        self._index = 0
        self._luma_reader = LumaReader(name)
        first = next(self._items, _NOTHING)
        if first is _NOTHING:
            raise EmptyInputError(f"{name}: no frame", given="an iterable without items")
        luma, implied_depth = self._luma(first)
        if bit_depth is None and implied_depth is None and luma.dtype == np.uint16:
            raise BitDepthError(
                f"{name}: the bit depth of uint16 samples is not known",
                given="uint16 samples without bit_depth",
                expected="bit_depth=10, 12 or 16",
            )
        self.bit_depth = bit_depth or implied_depth or 8
        self._first: Plane | None = self._checked(luma, implied_depth)
        self.height, self.width = self._first.shape

    def __iter__(self) -> Iterator[Plane]:
        if self._first is not None:
            yield self._take_first()
        for item in self._open():
            self._index += 1
            plane = self._checked(*self._luma(item))
            check_same_size(plane, self.width, self.height, name=self.name, index=self._index)
            yield plane

    def skip(self, frames: int) -> None:
        """Take ``frames`` items from the iterable and drop them unseen."""
        items = self._open()
        for done in range(frames):
            if self._first is not None:
                self._take_first()
                continue
            self._index += 1
            if next(items, _NOTHING) is _NOTHING:
                raise EmptyInputError(
                    f"{self.name}: no frame is left", given=f"{frames} to skip, {done} there"
                )

    def close(self) -> None:
        """Drop the iterator; a generator ends when nobody else holds it."""
        self._items = None
        self._first = None

    def _take_first(self) -> Plane:
        first, self._first = self._first, None
        assert first is not None
        return first

    def _luma(self, item: Any) -> tuple[AnyArray, int | None]:
        """The item's luma, and its bit depth where the item says it."""
        if is_video_frame(item):
            return self._luma_reader.read(item, self._index)
        return to_luma(item, f"{self.name}, frame {self._index}"), None

    def _checked(self, luma: AnyArray, implied_depth: int | None) -> Plane:
        if implied_depth not in (None, self.bit_depth):
            raise BitDepthError(
                f"{self.name}, frame {self._index}: another bit depth than expected",
                given=f"{implied_depth} bit",
                expected=f"{self.bit_depth} bit",
            )
        return as_plane(luma, bit_depth=self.bit_depth, name=self.name, index=self._index)

    def _open(self) -> Iterator[Any]:
        if self._items is None:
            raise SourceError(f"{self.name}: the input is closed")
        return self._items
