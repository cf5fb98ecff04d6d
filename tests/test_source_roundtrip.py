"""The same frames through every kind of input give the same planes, whatever their format."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import clips
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyvmaf_tiny.source import open_source

NAMES = {
    ("400", 8): "gray",
    ("400", 10): "gray10le",
    ("400", 12): "gray12le",
    ("400", 16): "gray16le",
    **{
        (chroma, depth): f"yuv{chroma}p{'' if depth == 8 else f'{depth}le'}"
        for chroma in ("420", "422", "444")
        for depth in (8, 10, 12, 16)
    },
}


def colour_space(chroma: str, depth: int) -> str:
    if chroma == "400":
        return "mono" if depth == 8 else f"mono{depth}"
    return chroma if depth == 8 else f"{chroma}p{depth}"


class Trickle:
    """A pipe that gives ``piece`` bytes at a time."""

    def __init__(self, data: bytes, piece: int) -> None:
        self._file = io.BytesIO(data)
        self._piece = piece

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, self._piece))


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(33, 80),
    height=st.integers(33, 80),
    depth=st.sampled_from([8, 10, 12, 16]),
    chroma=st.sampled_from(["400", "420", "422", "444"]),
    count=st.integers(1, 4),
    skipped=st.integers(0, 3),
    seed=st.integers(0, 1000),
    piece=st.integers(1, 20_000),
)
@example(33, 33, 8, "420", 1, 0, 0, 1)
@example(33, 35, 16, "422", 2, 1, 0, 7)
def test_every_kind_of_input_gives_the_same_planes(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, depth: int, chroma: str,
    count: int, skipped: int, seed: int, piece: int,
) -> None:  # fmt: skip
    folder = tmp_path_factory.getbasetemp()
    rng = np.random.default_rng(seed)
    planes: Any = [
        rng.integers(0, 2**depth, (height, width), np.uint8 if depth == 8 else np.uint16)
        for _ in range(count)
    ]
    raw = clips.yuv_bytes(planes, chroma)
    y4m = clips.y4m_bytes(planes, colour_space(chroma, depth), pixel_format=chroma)
    name = NAMES[chroma, depth]
    raw_path, y4m_path, video = folder / "clip.yuv", folder / "clip.y4m", folder / "clip.mkv"
    raw_path.write_bytes(raw)
    y4m_path.write_bytes(y4m)
    clips.write_video(video, planes, codec="ffv1", pixel_format=name)
    frames = [clips.video_frame(plane, name) for plane in planes]
    size: dict[str, Any] = {"width": width, "height": height}
    plain = {**size, "bit_depth": depth, "pixel_format": chroma}
    named = {**size, "pixel_format": name}
    inputs: list[tuple[Any, dict[str, Any]]] = [
        (raw_path, plain),
        (raw, named),
        (bytearray(raw), plain),
        (io.BytesIO(raw), named),
        (Trickle(raw, piece), plain),
        (y4m_path, {}),
        (y4m, plain),
        (io.BytesIO(y4m), named),
        (Trickle(y4m, piece), {}),
        (video, {}),
        (video.open("rb"), {}),
        (np.stack(planes), {"bit_depth": depth}),
        (planes, named),
        (iter(planes), plain),
        (frames, {}),
        (iter(frames), plain),
    ]
    skipped = min(skipped, count)
    for given_input, options in inputs:
        source = open_source(given_input, **options)
        assert (source.width, source.height, source.bit_depth) == (width, height, depth)
        assert source.frame_count in (count, None)
        source.skip(skipped)
        for plane, expected in zip(source, planes[skipped:], strict=True):
            assert plane.dtype == expected.dtype
            np.testing.assert_array_equal(plane, expected)
        source.close()
        if isinstance(given_input, io.BufferedReader):
            given_input.close()


@pytest.mark.parametrize(
    ("depth", "pixel_format", "suffix"),
    [(8, "yuv420p", "mp4"), (10, "yuv420p10le", "mp4"), (8, "yuv422p", "mov"),
     (8, "yuv444p", "mkv"), (8, "gray", "mp4"), (10, "gray10le", "mkv")],
)  # fmt: skip
def test_lossless_h264_gives_the_same_planes(
    tmp_path: Path, depth: int, pixel_format: str, suffix: str
) -> None:
    planes = clips.moving_planes(6, 70, 46, bit_depth=depth)
    path = tmp_path / f"clip.{suffix}"
    clips.write_video(path, planes, pixel_format=pixel_format)
    for plane, expected in zip(open_source(path), planes, strict=True):
        np.testing.assert_array_equal(plane, expected)
