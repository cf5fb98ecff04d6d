"""A distorted clip beside its reference, and the features of the two."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

import pyvmaf_tiny


class CorpusLayoutError(ValueError):
    """The folder is not laid out as the corpus is handed out."""


@dataclass(frozen=True)
class Pair(ABC):
    """What the corpus says about one distorted clip.

    ``source`` is the content: the unit of every split, the same for all sizes and versions of it.
    ``subset`` is the part of the corpus ("" when it has none), ``clip`` the reference's name,
    ``name`` the distorted clip's, unique within the source.
    """

    corpus: str
    subset: str
    source: str
    clip: str
    name: str
    reference: Path

    @property
    @abstractmethod
    def distortion(self) -> str:
        """What was done to the reference."""

    @property
    @abstractmethod
    def codec(self) -> str:
        """The encoder's name for tables; "unknown" where the corpus does not say."""

    @abstractmethod
    def features(self, *, neg: bool = False) -> NDArray[np.float64]:
        """Extract the six features of every frame, float64 (N, 6); ``neg``: libvmaf's NEG ones.

        Raises what :func:`pyvmaf_tiny.features` raises.
        """

    @abstractmethod
    def recipe(self) -> dict[str, Any]:
        """What the features depend on, as plain JSON values: a cache entry of another is stale."""


@dataclass(frozen=True)
class FilePair(Pair):
    """Two raw planar YUV files of one size; ``distorted`` is the second."""

    distorted: Path
    width: int
    height: int

    @property
    def distortion(self) -> str:
        """The distorted file's name without the source: what the corpus calls the encode."""
        return self.name.removeprefix(f"{self.source}_")

    @property
    def codec(self) -> str:
        """Not in the file's name."""
        return "unknown"

    def features(self, *, neg: bool = False) -> NDArray[np.float64]:
        """Extract from both files, frame by frame."""
        return pyvmaf_tiny.features(
            self.reference, self.distorted, self.width, self.height, neg=neg
        )

    def recipe(self) -> dict[str, Any]:
        """Both files' sizes and times of change (their bytes would take minutes to hash)."""
        return {
            "size": [self.width, self.height],
            "files": [
                [path.name, path.stat().st_size, path.stat().st_mtime_ns]
                for path in (self.reference, self.distorted)
            ],
        }


@dataclass(frozen=True)
class EncodedPair(Pair):
    """A video file, and its own encode by x264 at ``crf``, of the same depth; nothing is kept."""

    crf: int

    @property
    def distortion(self) -> str:
        """Encoder and rate factor."""
        return f"x264_crf{self.crf}"

    @property
    def codec(self) -> str:
        """Always the same here."""
        return "x264"

    def features(self, *, neg: bool = False) -> NDArray[np.float64]:
        """Decode, encode and extract side by side: memory does not grow with the clip."""
        return pyvmaf_tiny.features(self.reference, encoded(self.reference, self.crf), neg=neg)

    def recipe(self) -> dict[str, Any]:
        """The file, the encoder's settings and its version."""
        stat = self.reference.stat()
        return {
            "crf": self.crf,
            "x264": [_PRESET, list(av.library_versions["libavcodec"])],
            "file": [self.reference.name, stat.st_size, stat.st_mtime_ns],
        }


#: What x264 takes as it is: no conversion may come between a reference and its encode.
PIXEL_FORMATS = ("yuv420p", "yuvj420p", "yuv420p10le")

_PRESET = "medium"


def encoded(path: Path, crf: int) -> Iterator[av.VideoFrame]:
    """Yield the frames of a video after x264, one for one, in order.

    Frames are counted, not timed: time stamps of the file (which may be uneven) play no part.
    CorpusLayoutError for a pixel format that would have to be converted.
    """
    with av.open(str(path), "r") as container:
        stream = container.streams.video[0]
        stream.thread_count = 1  # what the encoder gets must not depend on the machine
        encoder = av.Codec("libx264", "w").create("video")
        encoder.width, encoder.height = stream.width, stream.height
        encoder.pix_fmt = stream.codec_context.pix_fmt
        if encoder.pix_fmt not in PIXEL_FORMATS:
            raise CorpusLayoutError(
                f"{path}: pixel format {encoder.pix_fmt}, expected {', '.join(PIXEL_FORMATS)}"
            )
        encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
        encoder.options = {"crf": str(crf), "preset": _PRESET, "threads": "1"}
        decoder = av.Codec("h264", "r").create("video")
        decoder.thread_count = 1
        for index, frame in enumerate(container.decode(stream)):
            frame.pts, frame.time_base = index, encoder.time_base
            frame.pict_type = PictureType.NONE  # the encoder picks its own
            for packet in encoder.encode(frame):
                yield from decoder.decode(packet)
        for packet in encoder.encode(None):
            yield from decoder.decode(packet)
        yield from decoder.decode(None)
