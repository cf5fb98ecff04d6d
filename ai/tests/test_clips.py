"""Reference clips and their distorted versions."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from pyvmaf_tiny_ai.clips import Clip, film, make_clip, photo, synthetic
from pyvmaf_tiny_ai.distort import _AV1, _MPEG2, _VP9, _X264, _X265, DISTORTIONS, Codec, transcode
from pyvmaf_tiny_ai.manifest import ClipEntry

FILM: dict[str, Any] = {"start": 3, "step": 2, "size": [96, 64]}
PHOTO: dict[str, Any] = {"size": [64, 48], "zoom": 1.0, "grain": 0.0}

Frames = NDArray[np.uint8]


def counted(frames: int, height: int = 64, width: int = 96) -> Frames:
    """Planar 4:2:0 frames whose brightness counts the frames, over a fixed texture."""
    texture = np.random.default_rng(0).integers(0, 20, (height, width))
    yuv = np.full((frames, height * 3 // 2, width), 128, np.uint8)
    for index in range(frames):
        yuv[index, :height] = texture + 16 * index + 10
    return yuv


def video(yuv: Frames) -> bytes:
    """An MP4 of the frames."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(30), options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = yuv.shape[2], yuv.shape[1] * 2 // 3, "yuv420p"
        for planes in yuv:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    return file.getvalue()


def jpeg(height: int, width: int) -> bytes:
    """A photograph of diagonal waves."""
    y, x = np.mgrid[:height, :width]
    grey = (128 + 60 * np.sin(x / 9) + 60 * np.sin(y / 7)).astype(np.uint8)
    codec = av.Codec("mjpeg", "w").create("video")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuvj420p"
    codec.time_base = Fraction(1)
    frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuvj420p")
    return b"".join(bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)])


def brightness(frames: Frames) -> list[int]:
    """Each frame's number, read from its brightness (see ``counted``)."""
    return [round((float(frame.mean()) - 19.5) / 16) for frame in frames]


def entry(kind: str, **settings: Any) -> ClipEntry:
    return ClipEntry(kind, "a", "b", False, None, settings)


def test_film_is_cut_by_frame_number() -> None:
    clip = make_clip(entry("film", **FILM), video(counted(14)), 5)
    assert (clip.name, clip.source) == ("a", "b")
    assert clip.yuv.shape == (5, 96, 96)
    assert clip.luma.shape == (5, 64, 96)
    assert brightness(clip.luma) == [3, 5, 7, 9, 11]


@pytest.mark.parametrize(("there", "found"), [(10, 4), (3, 0)])
def test_film_that_is_too_short(there: int, found: int) -> None:
    data = video(counted(there))
    assert len(film(FILM, data, 5)) == found
    with pytest.raises(ValueError, match=f"after {found} of 5 frames"):
        make_clip(entry("film", **FILM), data, 5)


def test_photo_pans_at_its_speed() -> None:
    data = jpeg(200, 300)
    still = photo({**PHOTO, "pan": [0.0, 0.0]}, data, 6)
    assert (still == still[0]).all()
    moving = photo({**PHOTO, "pan": [2.0, 1.0]}, data, 6)
    np.testing.assert_allclose(
        moving[0, 1:48, 2:].astype(int), moving[1, :47, :-2].astype(int), atol=1
    )
    assert (moving[:, 48:] == 128).all()


def test_photo_grain_is_seeded() -> None:
    settings = {**PHOTO, "pan": [0.0, 0.0], "grain": 3.0}
    first, second = (photo(settings, jpeg(200, 300), 4)[:, :48] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert 2 < np.std(first[0].astype(float) - first[1]) < 6


def test_native_photo_keeps_its_samples() -> None:
    data = jpeg(200, 300)
    settings = {**PHOTO, "pan": [0.0, 4.0], "native": True}
    scrolled = photo(settings, data, 6)[:, :48]
    np.testing.assert_array_equal(scrolled[0, 4:], scrolled[1, :-4])
    with av.open(io.BytesIO(data), "r") as container:
        whole = next(container.decode(video=0)).to_ndarray(format="gray")
    np.testing.assert_array_equal(scrolled[3], whole[76 : 76 + 48, 118 : 118 + 64])
    with pytest.raises(ValueError, match="leaves a picture of 300x200 within 90 frames"):
        photo(settings, data, 90)


def test_synthetic_patterns_move_and_repeat() -> None:
    settings = {"graph": [["life", "size=32x24:random_seed=5"], ["scale", "64:48:flags=neighbor"]]}
    first, second = (synthetic(settings, 3) for _ in range(2))
    assert first.shape == (3, 72, 64)
    np.testing.assert_array_equal(first, second)
    assert (first[0] != first[1]).any()
    assert make_clip(entry("synthetic", **settings), None, 2).luma.shape == (2, 48, 64)


@pytest.mark.parametrize(
    ("codec", "rate"),
    [
        (_X264, {"crf": "20"}),
        (_X265, {"crf": "20"}),
        (_AV1, {"crf": "20"}),
        (_VP9, {"crf": "20"}),
        (_MPEG2, {"qmin": "2", "qmax": "2"}),
    ],
    ids=["x264", "x265", "av1", "vp9", "mpeg2"],
)
def test_encodes_come_back_in_order(codec: Codec, rate: dict[str, str]) -> None:
    frames = counted(12)
    decoded = transcode(frames, codec, **rate)
    assert decoded.shape == frames.shape
    assert brightness(decoded[:, :64]) == list(range(12))


def test_a_coarser_quantiser_is_worse() -> None:
    frames = counted(8)
    errors = [
        float(np.abs(transcode(frames, _MPEG2, qmin=q, qmax=q).astype(int) - frames).mean())
        for q in ("2", "8", "31")
    ]
    assert errors == sorted(errors)
    assert errors[0] < errors[1] < errors[2]


@pytest.mark.parametrize("name", DISTORTIONS)
def test_distortions_keep_the_shape_and_repeat(name: str) -> None:
    rng = np.random.default_rng(2)
    clip = Clip("a", "b", rng.integers(16, 240, (4, 96, 96)).astype(np.uint8))
    distorted = DISTORTIONS[name](clip)
    assert distorted.shape == clip.luma.shape
    assert distorted.dtype == np.uint8
    np.testing.assert_array_equal(DISTORTIONS[name](clip), distorted)
    assert (name == "identical") == np.array_equal(distorted, clip.luma)


def test_recipes_tell_distortions_apart() -> None:
    recipes = {json.dumps(distortion.recipe) for distortion in DISTORTIONS.values()}
    assert len(recipes) == len(DISTORTIONS)
