"""What is measured on: a drawn moving scene, and a real x264 encode of it as the distorted clip.

Film grain, clouds, sharp edges and parallax in, block noise and blur out: with flat or random
frames the engines would skip work, or have more of it, than with real video.

PyAV is loaded when it is needed: under valgrind, importing it would take longer than the frames.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plan import Format

from pyvmaf_tiny.demo.drawn import drawn_scene
from pyvmaf_tiny.source import open_source

_CACHE = Path(__file__).resolve().parents[1] / ".cache" / "benchmarks"

#: x264's CRF of the distorted version, where there is one; and of a ladder, best first.
CRF = 30
LADDER = (CRF, 20, 24, 34, 38, 42)

#: FFmpeg's names.
PIXEL_FORMATS = {8: "yuv420p", 10: "yuv420p10le"}


@dataclass(frozen=True, slots=True)
class Clip:
    """Luma of both versions in memory: (frames, height, width), uint8 at 8 bit, else uint16."""

    format: Format
    ref: NDArray[Any]
    dis: NDArray[Any]

    def first(self, frames: int) -> Clip:
        """The first frames, without a copy."""
        return Clip(self.format, self.ref[:frames], self.dis[:frames])


def make_clip(kind: Format, frames: int) -> Clip:
    """The reference and one distorted version."""
    return next(make_ladder(kind, frames))


def make_ladder(kind: Format, frames: int) -> Iterator[Clip]:
    """Draw the reference; it, and a version of it per CRF, the one of a single clip first.

    A version is encoded unless that very reference was encoded so before.
    """
    scene = drawn_scene(kind.width, kind.height, frames, bit_depth=kind.bit_depth)
    ref = np.stack(list(scene))
    for crf in LADDER:
        yield Clip(kind, ref, _encoded(ref, kind, crf))


def _encoded(ref: NDArray[Any], kind: Format, crf: int) -> NDArray[Any]:
    options = {"crf": str(crf), "preset": "veryfast"}
    key = hashlib.sha256(ref.data)
    key.update(repr((options, ref.shape)).encode())
    encode = _CACHE / f"{key.hexdigest()[:16]}.mkv"
    if not encode.exists():
        _encode(encode, ref, kind.bit_depth, options)
    source = open_source(str(encode))
    dis = np.stack([plane.copy() for plane in source])
    source.close()
    assert dis.shape == ref.shape, f"{encode} is not an encode of this scene"
    return dis


def _encode(path: Path, ref: NDArray[Any], bit_depth: int, options: dict[str, str]) -> None:
    from clips import write_video

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        write_video(unfinished, list(ref), pixel_format=PIXEL_FORMATS[bit_depth], options=options)
        os.replace(unfinished, path)


def write_raw(clip: Clip, folder: Path, frames: int) -> tuple[Path, Path]:
    """Both versions as raw 4:2:0 files, repeated until there are so many frames."""
    from clips import yuv_bytes

    paths = folder / "ref.yuv", folder / "dis.yuv"
    for path, planes in zip(paths, (clip.ref, clip.dis), strict=True):
        with path.open("wb") as output:
            for index in range(frames):
                output.write(yuv_bytes([planes[index % len(planes)]]))
    return paths


@contextmanager
def planes_file(kind: Format, frames: int) -> Iterator[Path]:
    """A ``.npy`` with a clip for another process: (2, frames, height, width), ref and dis."""
    clip = make_clip(kind, frames)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "planes.npy"
        np.save(path, np.stack([clip.ref, clip.dis]))
        yield path


def load_planes(path: str, bit_depth: int) -> Clip:
    """The clip in such a file."""
    ref, dis = np.load(path)
    return Clip(Format(ref.shape[2], ref.shape[1], bit_depth), ref, dis)
