"""Small test clips: luma planes, and the same planes as raw YUV, YUV4MPEG2 and encoded video.

Chroma is filled with a value that never occurs by accident (``CHROMA``), so a reader that
strays out of the luma plane is seen at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
import numpy as np

from pyvmaf_tiny.frames import Plane

#: Every chroma byte of a raw or YUV4MPEG2 clip.
CHROMA = 0xA5

#: Horizontal and vertical chroma subsampling; None: no chroma at all.
SUBSAMPLING: dict[str, tuple[int, int] | None] = {
    "400": None,
    "420": (2, 2),
    "422": (2, 1),
    "444": (1, 1),
}


def moving_planes(
    count: int, width: int = 64, height: int = 48, *, bit_depth: int = 8, seed: int = 1
) -> list[Plane]:
    """``count`` planes (height, width) of one grainy texture that drifts by (2, 1) pixels.

    uint8 at 8 bit, uint16 above. The same arguments give the same planes; another ``seed``
    gives another texture.
    """
    rng = np.random.default_rng(seed)
    peak = 2**bit_depth - 1
    rows = np.arange(height + count)[:, None]
    columns = np.arange(width + 2 * count)[None, :]
    waves = np.sin(rows / 7.0 + seed) + np.cos(columns / 11.0) + np.sin((rows + columns) / 3.0)
    texture = waves / 8 + 0.5 + rng.uniform(-0.1, 0.1, waves.shape)
    samples = np.rint(np.clip(texture, 0, 1) * peak).astype(np.uint8 if bit_depth == 8 else "=u2")
    return [
        np.ascontiguousarray(samples[index : index + height, 2 * index : 2 * index + width])
        for index in range(count)
    ]


def noisy(planes: Iterable[Plane], *, bit_depth: int = 8, strength: float = 0.03) -> list[Plane]:
    """The planes with uniform noise of ``strength`` times full scale: a distorted version."""
    rng = np.random.default_rng(99)
    peak = 2**bit_depth - 1
    result = []
    for plane in planes:
        noise = rng.uniform(-strength, strength, plane.shape) * peak
        result.append(np.clip(np.rint(plane + noise), 0, peak).astype(plane.dtype))
    return result


def chroma_size(width: int, height: int, pixel_format: str) -> int:
    """Samples of both chroma planes together; odd luma sizes round up."""
    subsampling = SUBSAMPLING[pixel_format]
    if subsampling is None:
        return 0
    across, down = subsampling
    return 2 * -(-width // across) * -(-height // down)


def yuv_bytes(planes: Iterable[Plane], pixel_format: str = "420") -> bytes:
    """Raw planar YUV, little-endian above 8 bit: the planes, each followed by its chroma."""
    return b"".join(_frame_bytes(plane, pixel_format) for plane in planes)


def y4m_bytes(
    planes: Sequence[Plane],
    colour_space: str | None = "420jpeg",
    *,
    pixel_format: str = "420",
    rate: str = "25:1",
    frame_parameters: str = "",
) -> bytes:
    """A YUV4MPEG2 stream whose header says ``C{colour_space}`` (None: no C at all)."""
    height, width = planes[0].shape
    header = f"YUV4MPEG2 W{width} H{height} F{rate} Ip A1:1"
    header += f" C{colour_space}" if colour_space is not None else ""
    marker = f"FRAME{frame_parameters}\n".encode()
    frames = (marker + _frame_bytes(plane, pixel_format) for plane in planes)
    return header.encode() + b"\n" + b"".join(frames)


def _frame_bytes(plane: Plane, pixel_format: str) -> bytes:
    luma = plane.astype(plane.dtype.newbyteorder("<")).tobytes()
    height, width = plane.shape
    return luma + bytes([CHROMA]) * (chroma_size(width, height, pixel_format) * plane.itemsize)


def write_video(
    target: str | Path | IO[bytes],
    planes: Sequence[Plane],
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    rate: int | Fraction = 25,
    container: str | None = None,
) -> None:
    """Encode luma ``planes`` (grey chroma) with PyAV; lossless with the default options.

    ``pixel_format`` is FFmpeg's and must have the planes' bit depth; 4:2:0 and 4:2:2 want even
    sizes with x264. For other depths and odd sizes take ``codec="ffv1"`` in Matroska.
    """
    if options is None:
        options = {"qp": "0", "preset": "ultrafast"} if codec == "libx264" else {}
    name = target if not isinstance(target, Path) else str(target)
    with av.open(name, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = planes[0].shape
        stream.pix_fmt = pixel_format
        for index, plane in enumerate(planes):
            frame = video_frame(plane, pixel_format)
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def video_frame(plane: Plane, pixel_format: str = "yuv420p") -> av.VideoFrame:
    """A PyAV frame with ``plane`` as luma (plane 0) and mid-grey everywhere else."""
    height, width = plane.shape
    frame = av.VideoFrame(width, height, pixel_format)
    bits = frame.format.components[0].bits
    for number, target in enumerate(frame.planes):
        samples = np.frombuffer(memoryview(target), np.uint8 if bits == 8 else np.uint16)
        rows = samples.reshape(target.height, -1)
        rows[:] = 1 << (bits - 1)
        if number == 0:
            rows[:, :width] = plane
    return frame
