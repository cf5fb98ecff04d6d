"""Distorted versions of a clip: real encodes through PyAV, scaled ladders, and plain filters.

Everything is single-threaded inside the codecs and seeded, so that a corpus can be rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

import av
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


def _encode(clip: Clip, codec: Codec, **rate: str) -> Luma:
    decoded = transcode(clip.yuv, codec, **rate)
    return decoded[:, : clip.luma.shape[1]]


def _ladder(clip: Clip, factor: float, codec: Codec, **rate: str) -> Luma:
    """Scale down, encode, decode, scale up: one rung of an adaptive streaming ladder."""
    _, height, width = clip.luma.shape
    small = scale(clip.yuv, round(width * factor) & ~1, round(height * factor) & ~1)
    return scale(transcode(small, codec, **rate), width, height)[:, :height]


def _filtered(
    clip: Clip, change: Callable[[NDArray[np.float64], int], NDArray[np.float64]]
) -> Luma:
    frames = [change(plane.astype(np.float64), index) for index, plane in enumerate(clip.luma)]
    return np.clip(np.rint(np.stack(frames)), 0, 255).astype(np.uint8)


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


def _frame_drop(clip: Clip, keep: int) -> Luma:
    """Show every ``keep``-th frame ``keep`` times."""
    return clip.luma[np.arange(len(clip.luma)) // keep * keep]


#: Every distortion of the corpus by name: a function from the clip to distorted luma, (N, H, W).
DISTORTIONS: dict[str, Callable[[Clip], Luma]] = {
    "identical": lambda clip: clip.luma,
    **{
        f"x264_crf{crf}": partial(_encode, codec=_X264, crf=crf)
        for crf in ("18", "26", "34", "42", "50")
    },
    **{f"x265_crf{crf}": partial(_encode, codec=_X265, crf=crf) for crf in ("24", "32", "40")},
    **{f"av1_crf{crf}": partial(_encode, codec=_AV1, crf=crf) for crf in ("35", "55")},
    **{f"vp9_crf{crf}": partial(_encode, codec=_VP9, crf=crf) for crf in ("36", "52")},
    **{f"mpeg2_q{q}": partial(_encode, codec=_MPEG2, qmin=q, qmax=q) for q in ("6", "20")},
    "half_x264_crf24": partial(_ladder, factor=1 / 2, codec=_X264, crf="24"),
    "two_thirds_x265_crf28": partial(_ladder, factor=2 / 3, codec=_X265, crf="28"),
    "third_x264_crf26": partial(_ladder, factor=1 / 3, codec=_X264, crf="26"),
    "blur": partial(_blur, sigma=1.2),
    "sharpen": partial(_sharpen, amount=0.4),
    "noise": partial(_noise, sigma=6.0),
    "contrast": partial(_contrast, gain=0.8),
    "frame_drop": partial(_frame_drop, keep=3),
}
