"""Raw planar YUV: frames without any header, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from pyvmaf_tiny.errors import EmptyInputError
from pyvmaf_tiny.frames import Plane

from .base import as_plane, check_size
from .cursors import ByteCursor, truncated
from .layout import FrameLayout


class RawSource:
    """Luma of raw planar YUV, 8 bit or little-endian 10, 12 and 16 bit.

    ``cursor`` stands at the first byte and is closed together with the source. Frames before an
    incomplete last one are delivered, then TruncatedInputError is raised.
    """

    frame_rate: Fraction | None = None
    bitrate: float | None = None

    def __init__(
        self,
        cursor: ByteCursor,
        width: int,
        height: int,
        *,
        bit_depth: int = 8,
        chroma: str = "420",
    ) -> None:
        """``chroma`` is "400", "420", "422" or "444". Raises FrameSizeError."""
        self.name = cursor.name
        check_size(width, height, self.name)
        self.width = width
        self.height = height
        self.bit_depth = bit_depth
        self._cursor = cursor
        self._layout = FrameLayout(width, height, bit_depth, chroma)
        self._index = 0
        remaining = cursor.remaining()
        self.frame_count = None if remaining is None else remaining // self._layout.frame_bytes

    @property
    def whole(self) -> bool:
        """Whether the bytes that are left are a whole number of frames; False if not known."""
        remaining = self._cursor.remaining()
        return remaining is not None and remaining % self._layout.frame_bytes == 0

    def __iter__(self) -> Iterator[Plane]:
        while (luma := self._cursor.luma(self._layout, self._index)) is not None:
            self._index += 1
            yield as_plane(luma, bit_depth=self.bit_depth, name=self.name, index=self._index - 1)

    def skip(self, frames: int) -> None:
        """Drop ``frames`` frames without reading them (a pipe is read and thrown away)."""
        frame_bytes = self._layout.frame_bytes
        whole, part = divmod(self._cursor.skip(frames * frame_bytes), frame_bytes)
        self._index += whole
        if part:
            raise truncated(self.name, self._index, part, frame_bytes)
        if whole < frames:
            raise EmptyInputError(
                f"{self.name}: no frame is left", given=f"{frames} to skip, {whole} there"
            )

    def close(self) -> None:
        """Close the file or mapping; what the caller opened stays open."""
        self._cursor.close()
