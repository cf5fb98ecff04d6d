"""Where luma and chroma lie in a frame of planar YUV, and the names of such formats."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from pyvmaf_tiny.errors import OptionError, PixelFormatError
from pyvmaf_tiny.options import whole_number

from .base import check_bit_depth

#: Horizontal and vertical chroma subsampling; None: luma only.
SUBSAMPLING: dict[str, tuple[int, int] | None] = {
    "400": None,
    "411": (4, 1),
    "420": (2, 2),
    "422": (2, 1),
    "444": (1, 1),
}

#: What ``pixel_format`` may say about raw files without saying the bit depth, too.
PLAIN_FORMATS = ("400", "420", "422", "444")

#: Two-plane formats of 8 bit: luma, then interleaved chroma of the same size as planar chroma.
_SEMI_PLANAR = {"nv12": "420", "nv21": "420", "nv16": "422", "nv24": "444", "nv42": "444"}

_PLANAR_NAME = re.compile(r"(?:yuvj?(?P<chroma>420|422|444)p|gray)(?P<bits>\d+)?(?:le)?")


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """Chroma subsampling, a key of :data:`SUBSAMPLING`, and the bit depth if the name has one."""

    chroma: str
    bit_depth: int | None


def parse_pixel_format(pixel_format: str, bit_depth: int | None) -> PixelFormat:
    """Read ``420`` and the like, or FFmpeg's name (``yuv420p10le``), which implies the depth.

    ``bit_depth`` is what the caller said; it is taken over when the name has none.
    Raises PixelFormatError (unknown, big-endian), BitDepthError (unsupported), OptionError (no
    string, no whole number, or the name says another depth than ``bit_depth``).
    """
    if not isinstance(pixel_format, str):
        raise OptionError(
            "pixel_format must be a string",
            given=repr(pixel_format),
            expected='"420" or a name like "yuv420p10le"',
        )
    if bit_depth is not None:
        bit_depth = whole_number("bit_depth", bit_depth)
        check_bit_depth(bit_depth, "bit_depth")
    if pixel_format in PLAIN_FORMATS:
        return PixelFormat(pixel_format, bit_depth)
    if pixel_format in _SEMI_PLANAR:
        chroma, implied = _SEMI_PLANAR[pixel_format], 8
    else:
        match = _PLANAR_NAME.fullmatch(pixel_format)
        if match is None:
            raise PixelFormatError(
                "unknown pixel format of raw video",
                given=repr(pixel_format),
                expected="400, 420, 422, 444, or FFmpeg's name of such a format, "
                "like yuv420p, yuv422p10le, gray12le, nv12",
                hint="big-endian and packed formats have no luma plane to use in place, convert "
                "with ffmpeg -pix_fmt yuv420p (or yuv420p10le)",
            )
        chroma, implied = match["chroma"] or "400", int(match["bits"] or 8)
    check_bit_depth(implied, f"pixel format {pixel_format}")
    if bit_depth is not None and bit_depth != implied:
        raise OptionError(
            "pixel_format and bit_depth contradict each other",
            given=f"pixel_format={pixel_format!r}, bit_depth={bit_depth}",
            expected=f"bit_depth={implied}, or none",
        )
    return PixelFormat(chroma, implied)


class FrameLayout:
    """Sizes in bytes of one frame: luma first, then chroma that is only ever skipped.

    Samples above 8 bit take two bytes, little-endian. Odd luma sizes have chroma of
    ceil(width / 2) x ceil(height / 2). ``alpha`` adds a fourth plane as large as luma.
    """

    def __init__(
        self, width: int, height: int, bit_depth: int, chroma: str, *, alpha: bool = False
    ) -> None:
        sample_bytes = 1 if bit_depth == 8 else 2
        self.shape = (height, width)
        self.dtype: np.dtype[np.uint8] | np.dtype[np.uint16] = (
            np.dtype(np.uint8) if bit_depth == 8 else np.dtype("<u2")
        )
        self.luma_bytes = width * height * sample_bytes
        self.chroma_bytes = self.luma_bytes if alpha else 0
        subsampling = SUBSAMPLING[chroma]
        if subsampling is not None:
            across, down = subsampling
            self.chroma_bytes += 2 * -(-width // across) * -(-height // down) * sample_bytes
        self.frame_bytes = self.luma_bytes + self.chroma_bytes
