"""YUV4MPEG2: the header, the frames, and what can be wrong with them."""

from __future__ import annotations

import io
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import clips
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyvmaf_tiny.errors import (
    BitDepthError,
    EmptyInputError,
    FrameSizeError,
    InputError,
    PixelFormatError,
    SourceError,
    TruncatedInputError,
)
from pyvmaf_tiny.source import open_source
from pyvmaf_tiny.source.y4m import Y4MSource, parse_header

PLANES = clips.moving_planes(3, 35, 37)
DATA = clips.y4m_bytes(PLANES)
HEADER, NEWLINE, _ = DATA.partition(b"\n")
HEADER_BYTES = len(HEADER) + 1
FRAME = 35 * 37 + 2 * 18 * 19


class Pipe(io.RawIOBase):
    """A file object that cannot seek and gives a few bytes at a time."""

    def __init__(self, data: bytes, piece: int = 1000) -> None:
        self._data = memoryview(data)
        self._piece = piece

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        count = min(self._piece, len(target), len(self._data))
        target[:count] = self._data[:count]
        self._data = self._data[count:]
        return count


def as_kind(kind: str, data: bytes, tmp_path: Path) -> Any:
    if kind == "path":
        path = tmp_path / "clip.y4m"
        path.write_bytes(data)
        return path
    return {"bytes": bytes, "file": io.BytesIO, "pipe": Pipe}[kind](data)


KINDS = pytest.mark.parametrize("kind", ["path", "bytes", "file", "pipe"])


@KINDS
@pytest.mark.parametrize(
    ("colour_space", "pixel_format", "bit_depth"),
    [
        (None, "420", 8),
        ("420", "420", 8),
        ("420jpeg", "420", 8),
        ("420mpeg2", "420", 8),
        ("420paldv", "420", 8),
        ("422", "422", 8),
        ("444", "444", 8),
        ("mono", "400", 8),
        ("420p10", "420", 10),
        ("422p10", "422", 10),
        ("444p10", "444", 10),
        ("420p12", "420", 12),
        ("422p12", "422", 12),
        ("444p12", "444", 12),
        ("420p16", "420", 16),
        ("422p16", "422", 16),
        ("444p16", "444", 16),
        ("mono10", "400", 10),
        ("mono12", "400", 12),
        ("mono16", "400", 16),
    ],
)
def test_colour_spaces(
    tmp_path: Path, kind: str, colour_space: str | None, pixel_format: str, bit_depth: int
) -> None:
    planes = clips.moving_planes(3, 35, 37, bit_depth=bit_depth)
    data = clips.y4m_bytes(planes, colour_space, pixel_format=pixel_format)
    source = open_source(as_kind(kind, data, tmp_path))
    assert isinstance(source, Y4MSource)
    assert (source.width, source.height, source.bit_depth) == (35, 37, bit_depth)
    assert source.frame_rate == 25
    assert source.frame_count == (None if kind == "pipe" else 3)
    for plane, expected in zip(source, planes, strict=True):
        np.testing.assert_array_equal(plane, expected)
        assert plane.dtype == expected.dtype
    source.close()


def test_four_planes_of_444alpha() -> None:
    alpha = bytes([7]) * (35 * 37)
    frames = [b"FRAME\n" + clips.yuv_bytes([plane], "444") + alpha for plane in PLANES]
    data = b"YUV4MPEG2 W35 H37 F25:1 C444alpha\n" + b"".join(frames)
    for plane, expected in zip(open_source(data), PLANES, strict=True):
        np.testing.assert_array_equal(plane, expected)


def test_quarter_width_chroma() -> None:
    frames = [b"FRAME\n" + plane.tobytes() + bytes(2 * 9 * 37) for plane in PLANES]
    data = b"YUV4MPEG2 W35 H37 F25:1 C411\n" + b"".join(frames)
    for plane, expected in zip(open_source(data), PLANES, strict=True):
        np.testing.assert_array_equal(plane, expected)


@pytest.mark.parametrize("colour_space", ["420p9", "420p14", "mono9", "mono14", "444p8x"])
def test_unsupported_depths(colour_space: str) -> None:
    wanted = PixelFormatError if colour_space.endswith("x") else BitDepthError
    with pytest.raises(wanted, match=colour_space):
        open_source(clips.y4m_bytes(PLANES, colour_space))


@pytest.mark.parametrize("colour_space", ["440", "rgb", "420q10", "42010be", "YUV", "p10"])
def test_unknown_colour_spaces(colour_space: str) -> None:
    with pytest.raises(PixelFormatError, match=f"given C{colour_space}"):
        open_source(clips.y4m_bytes(PLANES, colour_space))


def test_the_private_parameter_of_ffmpeg() -> None:
    planes = clips.moving_planes(1, 35, 37, bit_depth=10)
    frame = b"FRAME\n" + clips.yuv_bytes(planes)
    source = open_source(b"YUV4MPEG2 W35 H37 XYSCSS=420P10\n" + frame)
    assert source.bit_depth == 10
    np.testing.assert_array_equal(next(iter(source)), planes[0])
    both = open_source(b"YUV4MPEG2 W35 H37 C420p10 XYSCSS=420JPEG XCOLORRANGE=FULL\n" + frame)
    assert both.bit_depth == 10


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("F30000:1001", Fraction(30000, 1001)),
        ("F50:2", 25),
        ("F0:0", None),
        ("F25:0", None),
        ("F0:1", None),
        ("", None),
    ],
)
def test_frame_rates(text: str, rate: Fraction | None) -> None:
    assert parse_header(f"YUV4MPEG2 W35 H37 {text}\n".encode(), "clip").frame_rate == rate


@pytest.mark.parametrize("interlacing", ["p", "t", "b", "m", "?"])
def test_frames_of_interlaced_streams_are_taken_as_they_are(interlacing: str) -> None:
    data = DATA.replace(b" Ip ", f" I{interlacing} ".encode())
    for plane, expected in zip(open_source(data), PLANES, strict=True):
        np.testing.assert_array_equal(plane, expected)


@KINDS
@pytest.mark.parametrize("parameters", [" Ip", " XFOO=bar Ixyz", " " + "X" * 1000, " "])
def test_parameters_of_frames(tmp_path: Path, kind: str, parameters: str) -> None:
    data = clips.y4m_bytes(PLANES, frame_parameters=parameters)
    source = open_source(as_kind(kind, data, tmp_path))
    for plane, expected in zip(source, PLANES, strict=True):
        np.testing.assert_array_equal(plane, expected)
    source.close()


def test_markers_of_different_lengths() -> None:
    markers = [b"FRAME\n", b"FRAME Xa\n", b"FRAME Ip Xlonger\n"]
    data = (
        HEADER
        + b"\n"
        + b"".join(
            marker + clips.yuv_bytes([plane]) for marker, plane in zip(markers, PLANES, strict=True)
        )
    )
    source = open_source(data)
    assert source.frame_count is None
    assert len(list(source)) == 3
    source = open_source(data)
    source.skip(2)
    np.testing.assert_array_equal(next(iter(source)), PLANES[2])


def test_samples_at_odd_addresses_are_used_in_place() -> None:
    planes = clips.moving_planes(2, 36, 34, bit_depth=10)
    seen = set()
    for comment in ("X", "Xa"):
        data = f"YUV4MPEG2 W36 H34 C420p10 {comment}\nFRAME\n".encode() + clips.yuv_bytes(
            planes[:1]
        )
        (plane,) = open_source(data)
        assert not plane.flags.owndata
        np.testing.assert_array_equal(plane, planes[0])
        seen.add(bool(plane.flags.aligned))
    assert seen == {True, False}


@pytest.mark.parametrize(
    "header",
    [
        "YUV4MPEG2",
        "YUV4MPEG2 ",
        "YUV4MPEG2 W35",
        "YUV4MPEG2 H37 F25:1",
        "YUV4MPEG2 W H37",
        "YUV4MPEG2 Wx H37",
        "YUV4MPEG2 W-35 H37",
        "YUV4MPEG2 W3_5 H37",
        "YUV4MPEG2 W35.0 H37",
        "YUV4MPEG2 W³5 H37",
        "YUV4MPEG2 W35 H37 F25",
        "YUV4MPEG2 W35 H37 F25:",
        "YUV4MPEG2 W35 H37 F-25:1",
        "YUV4MPEG2 W35 H37 Fx:y",
        "YUV4MPEG22 W35 H37",
        "YUV4MPEG2\tW35 H37",
        "YUV4MPEG2 W35 H37 " + "X" * 5000,
    ],
)
@KINDS
def test_broken_headers(tmp_path: Path, kind: str, header: str) -> None:
    data = header.encode() + b"\nFRAME\n" + clips.yuv_bytes(PLANES)
    with pytest.raises(SourceError, match="YUV4MPEG2"):
        open_source(as_kind(kind, data, tmp_path))


@KINDS
@pytest.mark.parametrize("cut", [9, 12, HEADER_BYTES - 1])
def test_a_header_that_ends_early(tmp_path: Path, kind: str, cut: int) -> None:
    with pytest.raises(SourceError, match="YUV4MPEG2 header"):
        open_source(as_kind(kind, DATA[:cut], tmp_path))


@pytest.mark.parametrize("size", ["W32 H40", "W40 H32", "W0 H0", "W16385 H40", "W99999999999 H40"])
def test_sizes_out_of_range(size: str) -> None:
    with pytest.raises(FrameSizeError, match="33x33 to 16384x16384"):
        open_source(f"YUV4MPEG2 {size}\nFRAME\n".encode())


@KINDS
def test_a_header_without_frames(tmp_path: Path, kind: str) -> None:
    source = open_source(as_kind(kind, HEADER + b"\n", tmp_path))
    assert list(source) == []
    source.close()


def test_a_suffix_alone_is_not_enough(tmp_path: Path) -> None:
    path = tmp_path / "clip.y4m"
    path.write_bytes(clips.yuv_bytes(PLANES))
    with pytest.raises(SourceError, match="not a YUV4MPEG2 header"):
        open_source(path)


@KINDS
@pytest.mark.parametrize("junk", [b"FRAMES\n", b"FRAMEFRAME\n", b"frame\n", b"\n", b"\0" * 5000])
def test_a_missing_frame_line(tmp_path: Path, kind: str, junk: bytes) -> None:
    data = DATA[: HEADER_BYTES + 6 + FRAME] + junk + clips.yuv_bytes(PLANES[1:2])
    frames = iter(open_source(as_kind(kind, data, tmp_path)))
    np.testing.assert_array_equal(next(frames), PLANES[0])
    with pytest.raises(SourceError, match="no FRAME line before frame 1"):
        next(frames)


@KINDS
@pytest.mark.parametrize(
    "left", [1, 5, 6, 7, 6 + 35 * 37 - 1, 6 + 35 * 37, 6 + 35 * 37 + 1, 6 + FRAME - 1]
)
def test_a_truncated_last_frame(tmp_path: Path, kind: str, left: int) -> None:
    whole = HEADER_BYTES + 2 * (6 + FRAME)
    source = open_source(as_kind(kind, DATA[: whole + left], tmp_path))
    assert source.frame_count is None
    frames = iter(source)
    for expected in PLANES[:2]:
        np.testing.assert_array_equal(next(frames), expected)
    given = max(0, left - 6)
    with pytest.raises(TruncatedInputError, match=rf"frame 2: given {given} bytes .* {FRAME} byt"):
        next(frames)
    source.close()


def test_a_frame_line_that_ends_early() -> None:
    frames = iter(open_source(DATA + b"FRAME Ip Xunfinished"))
    assert [next(frames).shape for _ in range(3)] == [(37, 35)] * 3
    with pytest.raises(TruncatedInputError, match="frame 3"):
        next(frames)


@KINDS
def test_skipping(tmp_path: Path, kind: str) -> None:
    source = open_source(as_kind(kind, DATA, tmp_path))
    source.skip(2)
    np.testing.assert_array_equal(next(iter(source)), PLANES[2])
    source.close()
    source = open_source(as_kind(kind, DATA, tmp_path))
    source.skip(3)
    assert list(source) == []
    with pytest.raises(EmptyInputError, match="1 to skip, 0 there"):
        source.skip(1)
    source.close()
    source = open_source(as_kind(kind, DATA[:-1], tmp_path))
    with pytest.raises(TruncatedInputError, match="frame 2"):
        source.skip(3)
    source.close()


def test_a_file_that_becomes_shorter(tmp_path: Path) -> None:
    path = as_kind("path", DATA, tmp_path)
    frames = iter(open_source(path))
    next(frames)
    os.truncate(path, HEADER_BYTES + 6 + FRAME)
    with pytest.raises(TruncatedInputError, match="became shorter"):
        next(frames)


@settings(max_examples=150, deadline=None)
@given(
    position=st.integers(0, len(DATA) - 1),
    change=st.binary(max_size=30),
    end=st.integers(0, len(DATA)),
    piece=st.integers(1, 3000),
)
def test_damage_is_a_typed_error_and_the_same_in_memory_and_in_a_pipe(
    position: int, change: bytes, end: int, piece: int
) -> None:
    damaged = (DATA[:position] + change + DATA[position + len(change) :])[:end]

    def outcome(given: Any) -> tuple[int, str]:
        count = 0
        try:
            for _ in open_source(given, 35, 37):
                count += 1
        except InputError as error:
            return count, type(error).__name__
        return count, ""

    assert outcome(damaged) == outcome(Pipe(damaged, piece))
