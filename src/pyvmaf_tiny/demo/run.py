"""Runs every rendition of a scene side by side and collects what is worth showing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pyvmaf_tiny.errors import EmptyInputError, InputError
from pyvmaf_tiny.report import Curve, Thumbnail

from .rendition import Rendition
from .scene import Scene

if TYPE_CHECKING:
    import av

#: Pictures of the scene, evenly spaced, for the film strip of the plot.
_THUMBNAILS = 8
_THUMBNAIL_WIDTH = 240

#: Without a known length, a picture is taken every so many frames.
_THUMBNAIL_EVERY = 50

Watch = Callable[[int, Sequence[Rendition]], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One curve per CRF, in the order asked for, and pictures of the scene.

    ``cut_short`` is what ended it before the scene's end (damaged input, Ctrl-C), or None.
    """

    curves: list[Curve]
    thumbnails: list[Thumbnail]
    cut_short: InputError | KeyboardInterrupt | None


def encode_and_score(
    scene: Scene,
    crfs: Sequence[int],
    folder: Path,
    *,
    preset: str = "medium",
    watch: Watch | None = None,
) -> Outcome:
    """Encode the scene at every CRF and score each frame as it leaves its decoder.

    One source frame at a time goes to all encoders, on all cores: PyAV and the engine release
    the interpreter lock. ``watch(frames_read, renditions)`` is called after each. The encodes
    stay in ``folder`` as ``crf-N.h264``.

    Raises EmptyInputError for a scene without frames, and what encoding and scoring raise.
    """
    cut_short: InputError | KeyboardInterrupt | None = None
    film = _Film(scene.count)
    read = 0
    with ExitStack() as stack:
        renditions = [stack.enter_context(Rendition(scene, crf, preset, folder)) for crf in crfs]
        try:
            # Leaving the pool waits for every push that is under way.
            with ThreadPoolExecutor() as pool:
                for frame in scene.frames:
                    _prepare(frame, read, scene)
                    for push in [pool.submit(each.push, frame) for each in renditions]:
                        push.result()
                    film.add(frame, read)
                    read += 1
                    if watch is not None:
                        watch(read, renditions)
        except (InputError, KeyboardInterrupt) as error:
            if not read:
                raise
            cut_short = error
        if not read:
            raise EmptyInputError(f"{scene.name}: no frame to encode")
        with ThreadPoolExecutor() as pool:
            results = list(pool.map(Rendition.finish, renditions))
        curves = [
            Curve(
                label=f"CRF {each.crf}", result=result, bitrate=each.bitrate, group=f"x264 {preset}"
            )
            for each, result in zip(renditions, results, strict=True)
        ]
    return Outcome(curves, film.thumbnails, cut_short)


def _prepare(frame: av.VideoFrame, number: int, scene: Scene) -> None:
    """Give the frame its number as time stamp, and leave the frame type to the encoder."""
    from av.video.frame import PictureType

    frame.pts = number
    frame.time_base = 1 / scene.rate
    # x264 obeys the type that a decoded frame brings from its source.
    frame.pict_type = PictureType.NONE


class _Film:
    """Picks frames of the scene, evenly spaced, as small pictures."""

    def __init__(self, count: int | None) -> None:
        self._spacing = max(count // _THUMBNAILS, 1) if count else _THUMBNAIL_EVERY
        self.thumbnails: list[Thumbnail] = []

    def add(self, frame: av.VideoFrame, number: int) -> None:
        if number % self._spacing != self._spacing // 2 or len(self.thumbnails) == _THUMBNAILS:
            return
        height = max(frame.height * _THUMBNAIL_WIDTH // frame.width, 1)
        small = frame.reformat(_THUMBNAIL_WIDTH, height, "rgb24", interpolation="AREA")
        image = small.to_ndarray().astype(np.uint8, copy=False)
        self.thumbnails.append(Thumbnail(number, image))
