"""Real encodes: the native engine and libvmaf's scalar path give the same doubles.

A scene is rendered, encoded in process and decoded again. The same frames go to libvmaf as arrays
and to the native engine as arrays, as files, and frame by frame as they leave the decoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
import pytest
from clips import moving_planes, write_video
from numpy.typing import NDArray
from oracle.compare import assert_same_features
from oracle.libvmaf import libvmaf_features

import pyvmaf_tiny
from pyvmaf_tiny.frames import FrameScore, Plane

Features: TypeAlias = NDArray[np.float64]

WIDTH, HEIGHT, FRAMES = 322, 182, 12

DEPTHS = {"yuv420p": 8, "yuv420p10le": 10, "yuv420p12le": 12}


@dataclass(frozen=True)
class Encode:
    """What is rendered, and what is done to it."""

    scene: str
    codec: str
    pixel_format: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        chosen = "-".join(f"{key}{value}" for key, value in self.options.items() if key in SHOWN)
        return f"{self.scene}-{self.codec}-{self.pixel_format}-{chosen}"


SHOWN = ("crf", "qscale", "b")
QUIET = {"preset": "ultrafast", "x265-params": "log-level=error"}

ENCODES = [
    *(Encode("testsrc2", "libx264", options={"crf": crf}) for crf in ("18", "32", "45")),
    *(Encode("texture", "libx264", options={"crf": crf}) for crf in ("23", "40")),
    Encode("mandelbrot", "libx264", "yuv420p10le", {"crf": "30"}),
    Encode("mandelbrot", "libx265", "yuv420p", {"crf": "28", **QUIET}),
    *(
        Encode(scene, "libx265", "yuv420p10le", {"crf": crf, **QUIET})
        for scene in ("testsrc2", "texture")
        for crf in ("22", "38")
    ),
    Encode("texture", "libx265", "yuv420p12le", {"crf": "30", **QUIET}),
    Encode("texture", "mpeg2video", options={"b": "300000"}),
    Encode("testsrc2", "libvpx-vp9", options={"crf": "40", "b": "0", "cpu-used": "8"}),
]


def render(scene: str, pixel_format: str) -> list[Plane]:
    """Luma of a moving scene: one of FFmpeg's generators, or a drifting texture of ours."""
    if scene == "texture":
        return moving_planes(FRAMES, WIDTH, HEIGHT, bit_depth=DEPTHS[pixel_format])
    graph = av.filter.Graph()
    source = graph.add(scene, f"size={WIDTH}x{HEIGHT}:rate=25")
    convert, sink = graph.add("format", f"pix_fmts={pixel_format}"), graph.add("buffersink")
    source.link_to(convert)
    convert.link_to(sink)
    graph.configure()
    frames = (graph.pull() for _ in range(FRAMES))
    return [luma(frame) for frame in frames if isinstance(frame, av.VideoFrame)]


def luma(frame: av.VideoFrame) -> Plane:
    """A copy of plane 0."""
    plane = frame.planes[0]
    samples = np.frombuffer(memoryview(plane), np.uint8)
    if frame.format.components[0].bits > 8:
        return samples.view(np.uint16).reshape(plane.height, -1)[:, : frame.width].copy()
    return samples.reshape(plane.height, -1)[:, : frame.width].copy()


def decode(path: Path) -> Iterator[av.VideoFrame]:
    """The frames of a video file in display order."""
    with av.open(str(path)) as container:
        yield from container.decode(video=0)


@pytest.mark.parametrize("encode", ENCODES, ids=str)
def test_encode(encode: Encode, tmp_path: Path) -> None:
    ref_file, dis_file = tmp_path / "ref.mkv", tmp_path / "dis.mkv"
    rendered = render(encode.scene, encode.pixel_format)
    write_video(ref_file, rendered, codec="ffv1", pixel_format=encode.pixel_format)
    write_video(
        dis_file,
        rendered,
        codec=encode.codec,
        pixel_format=encode.pixel_format,
        options=encode.options,
    )
    ref, dis = ([luma(frame) for frame in decode(path)] for path in (ref_file, dis_file))
    np.testing.assert_array_equal(ref, rendered)
    assert np.shape(dis) == (FRAMES, HEIGHT, WIDTH)
    assert (np.asarray(ref) != np.asarray(dis)).any()
    depth = DEPTHS[encode.pixel_format]

    for neg, gain_limit in ((False, 100.0), (True, 1.0)):
        expected = libvmaf_features(ref, dis, bit_depth=depth, gain_limit=gain_limit)
        arrays = pyvmaf_tiny.features(ref, dis, bit_depth=depth, neg=neg)
        assert_same_features(arrays, expected, f"{encode} from arrays, neg={neg}")
        files = pyvmaf_tiny.features(ref_file, dis_file, neg=neg)
        assert_same_features(files, expected, f"{encode} from files, neg={neg}")
        assert_same_features(
            streamed(ref_file, dis_file, depth, neg=neg), expected, f"{encode} streamed, neg={neg}"
        )


def streamed(ref_file: Path, dis_file: Path, bit_depth: int, *, neg: bool) -> Features:
    """Features from a Scorer that is fed each decoded frame as it comes."""
    scored: list[FrameScore] = []
    with pyvmaf_tiny.Scorer(WIDTH, HEIGHT, bit_depth=bit_depth, model=False, neg=neg) as scorer:
        for ref_frame, dis_frame in zip(decode(ref_file), decode(dis_file), strict=True):
            scored += scorer.push(ref_frame, dis_frame)
        scored += scorer.flush()
    return np.array([frame.features for frame in scored], dtype=np.float64)
