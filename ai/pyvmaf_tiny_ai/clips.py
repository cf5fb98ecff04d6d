"""Reference clips: a shot of a film, or a slow camera over a photograph."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import islice
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

Luma = NDArray[np.uint8]


@dataclass(frozen=True)
class Clip:
    """Reference frames. ``yuv`` is uint8 (N, H * 3 / 2, W): planar 4:2:0, height and width even.

    ``source`` names the content: splits keep all clips of a source together.
    """

    name: str
    source: str
    yuv: NDArray[np.uint8]

    @property
    def luma(self) -> Luma:
        """The luma planes, (N, H, W)."""
        return self.yuv[:, : self.yuv.shape[1] * 2 // 3]


def film_clip(entry: dict[str, Any], data: bytes, frames: int) -> Clip:
    """Cut ``frames`` frames out of a video file, counted by index, scaled to ``entry["size"]``.

    With a step of s every s-th frame is taken, which makes s times as much motion.
    ValueError when the file ends before the last one.
    """
    width, height = entry["size"]
    with av.open(io.BytesIO(data), "r") as container:
        # One thread: what the decoder gives must not depend on the machine.
        container.streams.video[0].thread_count = 1
        decoded = container.decode(video=0)
        first, step = entry["start"], entry["step"]
        shot = islice(decoded, first, first + frames * step, step)
        planes = [
            frame.reformat(
                width, height, "yuv420p", interpolation=Interpolation.BICUBIC
            ).to_ndarray()
            for frame in shot
        ]
    if len(planes) != frames:
        raise ValueError(f"{entry['name']}: the file ends after {len(planes)} of {frames} frames")
    return Clip(entry["name"], entry["source"], np.stack(planes))


def photo_clip(entry: dict[str, Any], data: bytes, frames: int) -> Clip:
    """Move a camera over a photograph: sub-pixel pan and zoom, then grain. Chroma is neutral."""
    width, height = entry["size"]
    step = np.arange(frames) - frames / 2
    scales = entry["zoom"] ** -step
    # The camera must stay inside the picture: its widest view, and the way that it travels.
    reach = (
        np.abs(np.outer(step, entry["pan"])).max(axis=0)
        + scales.max() * np.array([width, height]) / 2
    )
    with av.open(io.BytesIO(data), "r") as container:
        photo = next(container.decode(video=0))
        room = 2.02 * max(reach[0] / photo.width, reach[1] / photo.height)
        still = (
            photo.reformat(
                round(photo.width * room) & ~1,
                round(photo.height * room) & ~1,
                "gray",
                interpolation=Interpolation.AREA,
            )
            .to_ndarray()
            .astype(np.float32)
        )
    noise = np.random.default_rng(0)
    yuv = np.full((frames, height * 3 // 2, width), 128, np.uint8)
    centre = np.array(still.shape) / 2
    for index, scale in enumerate(scales):
        corner = centre + step[index] * np.array(entry["pan"][::-1])
        corner -= scale * np.array([height, width]) / 2
        view = affine_transform(
            still, [scale, scale], corner, (height, width), order=3, mode="nearest"
        )
        view += noise.normal(0.0, entry["grain"], view.shape)
        yuv[index, :height] = np.clip(np.rint(view), 0, 255)
    return Clip(entry["name"], entry["source"], yuv)
