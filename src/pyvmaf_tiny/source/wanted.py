"""What the caller says about an input: needed where the input does not say it, else checked."""

from __future__ import annotations

from dataclasses import dataclass

from pyvmaf_tiny.errors import BitDepthError, FrameSizeError, OptionError
from pyvmaf_tiny.options import whole_number

from .base import LumaSource, check_size
from .cursors import ByteCursor
from .layout import PixelFormat, parse_pixel_format
from .raw import RawSource


@dataclass(frozen=True, slots=True)
class Wanted:
    """Width and height (pixels, both or none) and the pixel format with its bit depth."""

    width: int | None
    height: int | None
    pixel_format: PixelFormat

    @classmethod
    def of(
        cls, width: int | None, height: int | None, bit_depth: int | None, pixel_format: str
    ) -> Wanted:
        """Raises OptionError, FrameSizeError and BitDepthError for what no input can be."""
        wanted = cls(
            None if width is None else whole_number("width", width),
            None if height is None else whole_number("height", height),
            parse_pixel_format(pixel_format, bit_depth),
        )
        if (width is None) != (height is None):
            raise OptionError(
                "width and height belong together",
                given=f"width={width}, height={height}",
                expected="both or none",
            )
        if wanted.width is not None and wanted.height is not None:
            check_size(wanted.width, wanted.height, "width and height")
        return wanted

    def raw(self, cursor: ByteCursor) -> RawSource:
        """A raw input. Raises OptionError when its size was not given."""
        if self.width is None or self.height is None:
            raise OptionError(
                f"{cursor.name}: raw video does not say its own size",
                given="no width and height",
                expected="both",
                hint="say w and h (-w and -h on the command line); encoded video in memory goes "
                "into a file object, io.BytesIO(data)",
            )
        return RawSource(
            cursor,
            self.width,
            self.height,
            bit_depth=self.pixel_format.bit_depth or 8,
            chroma=self.pixel_format.chroma,
        )

    def check(self, source: LumaSource) -> None:
        """Raise FrameSizeError or BitDepthError when ``source`` is something else."""
        if self.width is not None and (source.width, source.height) != (self.width, self.height):
            raise FrameSizeError(
                f"{source.name}: another size than the width and height that were given",
                given=f"{self.width}x{self.height}",
                expected=f"{source.width}x{source.height}",
                hint="leave width and height away for inputs that say their own size",
            )
        bit_depth = self.pixel_format.bit_depth
        if bit_depth not in (None, source.bit_depth):
            raise BitDepthError(
                f"{source.name}: another bit depth than the one that was given",
                given=f"{bit_depth} bit",
                expected=f"{source.bit_depth} bit",
            )
