"""Reference clips: a shot of a film, a camera over a photograph, or a synthetic pattern.

``settings`` are those of a manifest's entry, ``data`` the file that it names.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import islice
from typing import Any

import av
import av.filter
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from .manifest import ClipEntry

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


def make_clip(entry: ClipEntry, data: bytes | None, frames: int) -> Clip:
    """Make a manifest's clip; ``data`` is None for synthetic ones.

    ValueError when the material does not last for ``frames`` frames or is too small.
    """
    if entry.kind == "synthetic":
        yuv = synthetic(entry.settings, frames)
    else:
        assert data is not None, entry
        yuv = {"film": film, "photo": photo}[entry.kind](entry.settings, data, frames)
    if len(yuv) != frames:
        raise ValueError(
            f"clip {entry.name}: its material ends after {len(yuv)} of {frames} frames"
        )
    return Clip(entry.name, entry.source, yuv)


def film(settings: dict[str, Any], data: bytes, frames: int) -> NDArray[np.uint8]:
    """Cut ``frames`` frames out of a video file, counted by index, scaled to ``size``.

    ``start`` is the first frame. With a ``step`` of s every s-th frame is taken, which makes s
    times as much motion. Fewer frames come back when the file ends early.
    """
    width, height = settings["size"]
    with av.open(io.BytesIO(data), "r") as container:
        # One thread: what the decoder gives must not depend on the machine.
        container.streams.video[0].thread_count = 1
        decoded = container.decode(video=0)
        first, step = settings["start"], settings["step"]
        shot = islice(decoded, first, first + frames * step, step)
        planes = [
            frame.reformat(
                width, height, "yuv420p", interpolation=Interpolation.BICUBIC
            ).to_ndarray()
            for frame in shot
        ]
    return np.stack(planes) if planes else np.empty((0, height * 3 // 2, width), np.uint8)


def photo(settings: dict[str, Any], data: bytes, frames: int) -> NDArray[np.uint8]:
    """Move a camera over a photograph: sub-pixel pan and zoom, then grain. Chroma is neutral.

    The photograph is scaled so that the camera's way just fits in; with ``native`` true it keeps
    its own size (screen content: text stays sharp), ValueError when the way does not fit then.
    """
    width, height = settings["size"]
    step = np.arange(frames) - frames / 2
    scales = settings["zoom"] ** -step
    # The camera must stay inside the picture: its widest view, and the way that it travels.
    reach = (
        np.abs(np.outer(step, settings["pan"])).max(axis=0)
        + scales.max() * np.array([width, height]) / 2
    )
    with av.open(io.BytesIO(data), "r") as container:
        picture = next(container.decode(video=0))
        room = 2.02 * max(reach[0] / picture.width, reach[1] / picture.height)
        if settings.get("native", False):
            if room > 1.01:
                raise ValueError(
                    f"a camera of {width}x{height} that moves {settings['pan']} a frame leaves a "
                    f"picture of {picture.width}x{picture.height} within {frames} frames"
                )
            room = 1.0
        still = (
            picture.reformat(
                round(picture.width * room) & ~1,
                round(picture.height * room) & ~1,
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
        corner = centre + step[index] * np.array(settings["pan"][::-1])
        corner -= scale * np.array([height, width]) / 2
        view = affine_transform(
            still, [scale, scale], corner, (height, width), order=3, mode="nearest"
        )
        view += noise.normal(0.0, settings["grain"], view.shape)
        yuv[index, :height] = np.clip(np.rint(view), 0, 255)
    return yuv


def synthetic(settings: dict[str, Any], frames: int) -> NDArray[np.uint8]:
    """Draw a pattern with ffmpeg's filters: ``graph`` is a chain of [name, arguments]."""
    graph = av.filter.Graph()
    graph.threads = 1
    nodes = [graph.add(name, arguments) for name, arguments in settings["graph"]]
    nodes += [graph.add("format", "yuv420p"), graph.add("buffersink")]
    graph.link_nodes(*nodes).configure()
    drawn = []
    for _ in range(frames):
        frame = graph.vpull()
        assert isinstance(frame, av.VideoFrame)
        drawn.append(frame.to_ndarray())
    return np.stack(drawn)
