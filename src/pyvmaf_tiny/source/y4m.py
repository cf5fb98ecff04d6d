"""YUV4MPEG2 (.y4m): raw planar YUV that says what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from pyvmaf_tiny.errors import EmptyInputError, PixelFormatError, SourceError
from pyvmaf_tiny.frames import Plane

from .base import as_plane, check_bit_depth, check_size
from .cursors import ByteCursor, truncated
from .layout import FrameLayout

#: The first bytes of every stream.
MAGIC = b"YUV4MPEG2"

_MARKER = b"FRAME"
_LONGEST_LINE = 4096

# The part of C before the depth; 4:2:0 comes with three sitings of chroma, all the same to luma.
_COLOUR_SPACE = re.compile(
    r"(?P<chroma>420(?:jpeg|mpeg2|paldv)?|411|422|444|444alpha|mono)(?:p?(?P<bits>\d+))?"
)


@dataclass(frozen=True, slots=True)
class Header:
    """What the first line of a stream says."""

    width: int
    height: int
    bit_depth: int
    chroma: str  #: a key of ``layout.SUBSAMPLING``
    alpha: bool
    frame_rate: Fraction | None


def parse_header(line: bytes, name: str) -> Header:
    """Read the header line, with or without its newline.

    W and H are needed, C defaults to 420jpeg, F to an unknown frame rate; interlacing (I), pixel
    aspect (A) and private (X) parameters do not matter to luma. Frames of interlaced streams
    are taken as they are. Raises SourceError, PixelFormatError, BitDepthError, FrameSizeError.
    """
    words = line.decode("ascii", "replace").split()
    if not line.startswith(MAGIC + b" ") or not line.endswith(b"\n"):
        raise SourceError(
            f"{name}: not a YUV4MPEG2 header",
            given=repr(line[:40]),
            expected="a line like 'YUV4MPEG2 W1920 H1080 F25:1 Ip A1:1 C420jpeg'",
        )
    parameters = {word[0]: word[1:] for word in words[1:] if word[0] != "X"}
    width = _number(parameters.get("W"), "W", name)
    height = _number(parameters.get("H"), "H", name)
    check_size(width, height, name)
    colour_space = parameters.get("C") or _private_colour_space(words) or "420jpeg"
    match = _COLOUR_SPACE.fullmatch(colour_space)
    if match is None:
        raise PixelFormatError(
            f"{name}: unknown colour space in the YUV4MPEG2 header",
            given=f"C{colour_space}",
            expected="C420, C420jpeg, C420mpeg2, C420paldv, C411, C422, C444, C444alpha, Cmono, "
            "or C420p10 and the like",
        )
    bit_depth = int(match["bits"] or 8)
    check_bit_depth(bit_depth, f"{name}: C{colour_space}")
    kind = match["chroma"]
    return Header(
        width,
        height,
        bit_depth,
        chroma="400" if kind == "mono" else kind[:3],
        alpha=kind == "444alpha",
        frame_rate=_rate(parameters.get("F"), name),
    )


def _private_colour_space(words: list[str]) -> str | None:
    """FFmpeg's ``XYSCSS=420P10``, which tools before C420p10 wrote instead of C."""
    for word in words:
        if word.startswith("XYSCSS="):
            return word.removeprefix("XYSCSS=").lower()
    return None


def _number(text: str | None, letter: str, name: str) -> int:
    if text is None or not (text.isascii() and text.isdigit()):
        raise SourceError(
            f"{name}: broken YUV4MPEG2 header",
            given=f"no {letter}" if text is None else repr(letter + text),
            expected=f"{letter} and a number of pixels",
        )
    return int(text)


def _rate(text: str | None, name: str) -> Fraction | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+):(\d+)", text, re.ASCII)
    if match is None:
        raise SourceError(
            f"{name}: broken YUV4MPEG2 header",
            given=repr("F" + text),
            expected="a frame rate like F30000:1001",
        )
    numerator, denominator = int(match[1]), int(match[2])
    # 0:0 says that the rate is not known.
    return Fraction(numerator, denominator) if numerator and denominator else None


class Y4MSource:
    """Luma of a YUV4MPEG2 stream.

    ``cursor`` stands at the first byte and is closed together with the source. Frames before an
    incomplete or broken one are delivered, then TruncatedInputError or SourceError is raised.
    """

    bitrate: float | None = None

    def __init__(self, cursor: ByteCursor) -> None:
        """Reads the header; raises what :func:`parse_header` does."""
        self.name = cursor.name
        header = parse_header(cursor.line(len(MAGIC), _LONGEST_LINE), self.name)
        self.width = header.width
        self.height = header.height
        self.bit_depth = header.bit_depth
        self.frame_rate = header.frame_rate
        self._cursor = cursor
        self._layout = FrameLayout(
            header.width, header.height, header.bit_depth, header.chroma, alpha=header.alpha
        )
        self._index = 0
        self.frame_count = self._count(cursor.remaining())

    def _count(self, remaining: int | None) -> int | None:
        """Frames that are left if no marker has parameters, which few writers give them."""
        if remaining is None:
            return None
        count, rest = divmod(remaining, len(_MARKER) + 1 + self._layout.frame_bytes)
        return count if rest == 0 else None

    def __iter__(self) -> Iterator[Plane]:
        while self._marker():
            luma = self._cursor.luma(self._layout, self._index)
            if luma is None:
                raise truncated(self.name, self._index, 0, self._layout.frame_bytes)
            self._index += 1
            yield as_plane(luma, bit_depth=self.bit_depth, name=self.name, index=self._index - 1)

    def skip(self, frames: int) -> None:
        """Drop ``frames`` frames; only their FRAME lines are read (a pipe is read through)."""
        frame_bytes = self._layout.frame_bytes
        for done in range(frames):
            if not self._marker():
                raise EmptyInputError(
                    f"{self.name}: no frame is left", given=f"{frames} to skip, {done} there"
                )
            there = self._cursor.skip(frame_bytes)
            if there < frame_bytes:
                raise truncated(self.name, self._index, there, frame_bytes)
            self._index += 1

    def close(self) -> None:
        """Close the file or mapping; what the caller opened stays open."""
        self._cursor.close()

    def _marker(self) -> bool:
        """Step over a FRAME line; False at the end of the stream."""
        line = self._cursor.line(len(_MARKER) + 1, _LONGEST_LINE)
        if line == b"FRAME\n":
            return True
        if not line:
            return False
        if line.startswith(b"FRAME ") and line.endswith(b"\n"):
            return True
        if line in (b"F", b"FR", b"FRA", b"FRAM", _MARKER) or (
            line.startswith(b"FRAME ") and len(line) < _LONGEST_LINE
        ):
            raise truncated(self.name, self._index, 0, self._layout.frame_bytes)
        raise SourceError(
            f"{self.name}: no FRAME line before frame {self._index}",
            given=repr(line[:16]),
            expected=repr(_MARKER),
            hint="the stream is damaged, or its header says another size or colour space",
        )
