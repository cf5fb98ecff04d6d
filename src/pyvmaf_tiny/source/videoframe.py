"""The luma plane of a PyAV ``VideoFrame``, in place where its pixel format allows it."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import numpy as np

from pyvmaf_tiny.errors import FrameLayoutError, PixelFormatError
from pyvmaf_tiny.frames import AnyArray

from .base import check_bit_depth, sample_type

if TYPE_CHECKING:
    import av

# Plane 0 is luma and nothing else, in the low bits of little-endian samples.
_LUMA_PLANE = re.compile(r"(?:yuv[aj]?4\d\dp|nv\d\d|gray)(?:\d+)?(?:le)?")

# The same, but the samples are left-aligned in 16 bits.
_LEFT_ALIGNED = re.compile(r"p[024]1[026]le|yuv444p1[02]msble")


class LumaFormat(NamedTuple):
    """How luma lies in plane 0 of a pixel format."""

    bit_depth: int
    shift: int  #: how far samples are to be shifted right


def is_video_frame(value: object) -> TypeGuard[av.VideoFrame]:
    """Whether ``value`` is a PyAV frame; PyAV is not imported to find out."""
    module = sys.modules.get("av")
    return module is not None and isinstance(value, module.VideoFrame)


def luma_format(pixel_format: av.VideoFormat, name: str) -> LumaFormat:
    """Raises PixelFormatError (no luma plane of its own), BitDepthError (9 or 14 bit)."""
    left_aligned = _LEFT_ALIGNED.fullmatch(pixel_format.name)
    if left_aligned is None and _LUMA_PLANE.fullmatch(pixel_format.name) is None:
        raise PixelFormatError(
            f"{name}: no luma plane that can be used in place",
            given=f"pixel format {pixel_format.name}",
            expected="planar YUV or grey, little-endian (yuv4xxp, yuva4xxp, gray, nv12, p010le)",
            hint='convert it, for example with frame.reformat(format="yuv420p") or '
            "ffmpeg -pix_fmt yuv420p",
        )
    bit_depth = pixel_format.components[0].bits
    check_bit_depth(bit_depth, f"{name}: pixel format {pixel_format.name}")
    return LumaFormat(bit_depth, 16 - bit_depth if left_aligned else 0)


class LumaReader:
    """Takes luma from the frames of one input; reuses one buffer where samples are shifted."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._format_name = ""
        self._format = LumaFormat(8, 0)
        self._shifted: AnyArray | None = None

    def read(self, frame: av.VideoFrame, index: int) -> tuple[AnyArray, int]:
        """The luma of ``frame``, (height, width), and its bit depth.

        A view that keeps the frame alive; for left-aligned formats (p010le) a buffer that the
        next call overwrites. Raises PixelFormatError, BitDepthError, FrameLayoutError.
        """
        pixel_format = frame.format
        if pixel_format.name != self._format_name:
            self._format = luma_format(pixel_format, f"{self._name}, frame {index}")
            self._format_name = pixel_format.name
        plane = frame.planes[0]
        stride = plane.line_size
        if stride < 0:
            raise FrameLayoutError(
                f"{self._name}, frame {index}: the frame is stored upside down",
                given=f"a line size of {stride} bytes",
                expected="a positive one",
                hint="make a copy, for example with VideoFrame.from_ndarray(frame.to_ndarray(), "
                "format=frame.format.name)",
            )
        dtype = sample_type(self._format.bit_depth)
        shape, strides = (frame.height, frame.width), (stride, dtype.itemsize)
        luma: AnyArray = np.ndarray(shape, dtype, memoryview(plane), 0, strides)
        if self._format.shift:
            if self._shifted is None or self._shifted.shape != luma.shape:
                self._shifted = np.empty_like(luma, order="C")
            luma = np.right_shift(luma, self._format.shift, out=self._shifted)
        return luma, self._format.bit_depth
