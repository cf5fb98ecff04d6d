"""Distorted versions of a clip: real encodes through PyAV, scaled ladders, and plain filters.

Everything is single-threaded inside the codecs and seeded, so that a corpus can be rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import av.filter
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from .clips import Clip, Luma

# Encoder, its options, and the decoder that reads it back. x264 stays below AVX-512: with it, the
# same frames at 320x136 give another stream on every other run (core 165, unless mbtree is off).
_X264 = ("libx264", {"preset": "medium", "threads": "1", "x264-params": "asm=AVX2"}, "h264")
_X265 = (
    "libx265",
    {"preset": "fast", "x265-params": "pools=none:frame-threads=1:wpp=0:log-level=none"},
    "hevc",
)
_AV1 = ("libsvtav1", {"preset": "8", "svtav1-params": "lp=1"}, "libdav1d")
_VP9 = ("libvpx-vp9", {"b": "0", "cpu-used": "4", "deadline": "good", "threads": "1"}, "vp9")
_MPEG2 = ("mpeg2video", {"threads": "1", "b": "100M"}, "mpeg2video")

Codec = tuple[str, dict[str, str], str]


@dataclass(frozen=True)
class Distortion:
    """One way to distort a clip: called with a :class:`Clip`, gives distorted luma, (N, H, W).

    ``codec`` names the encoder for tables ("none": no encoder takes part).
    """

    codec: str
    function: Callable[..., Luma]
    settings: dict[str, Any]

    def __call__(self, clip: Clip) -> Luma:
        """Distort the clip."""
        return self.function(clip, **self.settings)

    @property
    def recipe(self) -> dict[str, Any]:
        """What is done, as plain JSON values."""
        return {"function": self.function.__name__, **self.settings}


def transcode(yuv: NDArray[np.uint8], codec: Codec, **rate: str) -> NDArray[np.uint8]:
    """Encode and decode planar 4:2:0 frames, uint8 (N, H * 3 / 2, W), paired by index.

    RuntimeError when the decoder gives another number of frames.
    """
    encoder_name, options, decoder_name = codec
    encoder = av.Codec(encoder_name, "w").create("video")
    encoder.width = yuv.shape[2]
    encoder.height = yuv.shape[1] * 2 // 3
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.framerate = Fraction(25)
    encoder.options = {**options, **rate}
    packets = []
    for index, planes in enumerate(yuv):
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = index
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder = av.Codec(decoder_name, "r").create("video")
    decoder.thread_count = 1
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    frames += decoder.decode(None)
    if len(frames) != len(yuv):
        raise RuntimeError(f"{encoder_name}: {len(yuv)} frames in, {len(frames)} out")
    return np.stack([frame.to_ndarray(format="yuv420p") for frame in frames])


def scale(yuv: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scale planar 4:2:0 frames to another (even) size, bicubic."""
    return np.stack(
        [
            av.VideoFrame.from_ndarray(planes, format="yuv420p")
            .reformat(width, height, interpolation=Interpolation.BICUBIC)
            .to_ndarray()
            for planes in yuv
        ]
    )


def _identical(clip: Clip) -> Luma:
    return clip.luma


def _encode(clip: Clip, codec: Codec, rate: dict[str, str]) -> Luma:
    decoded = transcode(clip.yuv, codec, **rate)
    return decoded[:, : clip.luma.shape[1]]


def _ladder(clip: Clip, factor: float, codec: Codec, rate: dict[str, str]) -> Luma:
    """Scale down, encode, decode, scale up: one rung of an adaptive streaming ladder."""
    _, height, width = clip.luma.shape
    small = scale(clip.yuv, round(width * factor) & ~1, round(height * factor) & ~1)
    return scale(transcode(small, codec, **rate), width, height)[:, :height]


def _filtered(
    clip: Clip, change: Callable[[NDArray[np.float64], int], NDArray[np.float64]]
) -> Luma:
    distorted = np.empty_like(clip.luma)
    for index, plane in enumerate(clip.luma):
        distorted[index] = np.clip(np.rint(change(plane.astype(np.float64), index)), 0, 255)
    return distorted


def _blur(clip: Clip, sigma: float) -> Luma:
    return _filtered(clip, lambda plane, _: gaussian_filter(plane, sigma))


def _sharpen(clip: Clip, amount: float) -> Luma:
    return _filtered(clip, lambda plane, _: plane + amount * (plane - gaussian_filter(plane, 1.0)))


def _noise(clip: Clip, sigma: float) -> Luma:
    def change(plane: NDArray[np.float64], index: int) -> NDArray[np.float64]:
        return plane + np.random.default_rng(index).normal(0.0, sigma, plane.shape)

    return _filtered(clip, change)


def _contrast(clip: Clip, gain: float) -> Luma:
    return _filtered(clip, lambda plane, _: 128 + gain * (plane - 128))


def _denoise(clip: Clip, name: str, arguments: str) -> Luma:
    """Run one of ffmpeg's spatial denoisers over every frame."""
    _, height, width = clip.luma.shape
    graph = av.filter.Graph()
    graph.threads = 1
    gray = av.VideoFormat("gray", width, height)
    source = graph.add_buffer(width=width, height=height, format=gray, time_base=Fraction(1, 25))
    graph.link_nodes(source, graph.add(name, arguments), graph.add("buffersink")).configure()
    distorted = np.empty_like(clip.luma)
    for index, plane in enumerate(clip.luma):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(plane), format="gray")
        frame.pts = index
        graph.vpush(frame)
        filtered = graph.vpull()
        assert isinstance(filtered, av.VideoFrame)
        distorted[index] = filtered.to_ndarray(format="gray")
    return distorted


def _frame_drop(clip: Clip, keep: int) -> Luma:
    """Show every ``keep``-th frame ``keep`` times."""
    return clip.luma[np.arange(len(clip.luma)) // keep * keep]


def _encodes(label: str, codec: Codec, option: str, *values: str) -> dict[str, Distortion]:
    return {
        f"{label}_{option}{value}": Distortion(
            label, _encode, {"codec": codec, "rate": {option: value}}
        )
        for value in values
    }


def _rung(label: str, codec: Codec, factor: float, crf: str) -> Distortion:
    return Distortion(label, _ladder, {"factor": factor, "codec": codec, "rate": {"crf": crf}})


#: Every distortion of the corpus by name.
DISTORTIONS: dict[str, Distortion] = {
    "identical": Distortion("none", _identical, {}),
    **_encodes("x264", _X264, "crf", "18", "24", "30", "36", "42", "48"),
    **_encodes("x265", _X265, "crf", "24", "32", "40"),
    **_encodes("av1", _AV1, "crf", "35", "55", "63"),
    **_encodes("vp9", _VP9, "crf", "36", "50"),
    **{
        f"mpeg2_q{q}": Distortion(
            "mpeg2", _encode, {"codec": _MPEG2, "rate": {"qmin": q, "qmax": q}}
        )
        for q in ("6", "20")
    },
    "half_x264_crf24": _rung("x264", _X264, 1 / 2, "24"),
    "half_x264_crf32": _rung("x264", _X264, 1 / 2, "32"),
    "two_thirds_x265_crf28": _rung("x265", _X265, 2 / 3, "28"),
    "third_x264_crf26": _rung("x264", _X264, 1 / 3, "26"),
    "blur": Distortion("none", _blur, {"sigma": 1.2}),
    "sharpen": Distortion("none", _sharpen, {"amount": 0.4}),
    "noise": Distortion("none", _noise, {"sigma": 6.0}),
    "denoise": Distortion(
        "none", _denoise, {"name": "bilateral", "arguments": "sigmaS=3:sigmaR=0.08"}
    ),
    "contrast": Distortion("none", _contrast, {"gain": 0.8}),
    "frame_drop": Distortion("none", _frame_drop, {"keep": 3}),
}
