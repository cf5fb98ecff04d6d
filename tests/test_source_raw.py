"""Raw planar YUV from files and from memory."""

from __future__ import annotations

import gc
import mmap
import os
import textwrap
from pathlib import Path
from typing import Any

import clips
import numpy as np
import pytest
from conftest import RunPython

from pyvmaf_tiny.errors import (
    BitDepthError,
    EmptyInputError,
    FrameLayoutError,
    FrameSizeError,
    OptionError,
    PixelFormatError,
    SourceError,
    TruncatedInputError,
)
from pyvmaf_tiny.source import open_source
from pyvmaf_tiny.source.opening import RAW_SUFFIXES
from pyvmaf_tiny.source.raw import RawSource

PLANES = clips.moving_planes(3, 35, 37)
FRAME = 35 * 37 + 2 * 18 * 19


def raw(data: Any, **options: Any) -> Any:
    return open_source(data, 35, 37, **options)


def is_open(path: Path) -> bool:
    """Whether a file descriptor or a mapping of this process refers to ``path``."""
    links = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links.append(os.readlink(entry))
        except FileNotFoundError:
            continue  # the descriptor of this listing
    return str(path) in links + Path("/proc/self/maps").read_text().split()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "clip.yuv"
    target.write_bytes(clips.yuv_bytes(PLANES))
    return target


@pytest.mark.parametrize("pixel_format", ["400", "420", "422", "444"])
@pytest.mark.parametrize("bit_depth", [8, 10, 12, 16])
@pytest.mark.parametrize("size", [(34, 34), (35, 37), (34, 35), (67, 34)])
def test_frames_of_a_file(
    tmp_path: Path, pixel_format: str, bit_depth: int, size: tuple[int, int]
) -> None:
    planes = clips.moving_planes(3, *size, bit_depth=bit_depth)
    path = tmp_path / "clip.yuv"
    path.write_bytes(clips.yuv_bytes(planes, pixel_format))
    source = open_source(path, *size, bit_depth=bit_depth, pixel_format=pixel_format)
    assert (source.width, source.height, source.bit_depth) == (*size, bit_depth)
    assert (source.frame_count, source.frame_rate, source.name) == (3, None, str(path))
    for plane, expected in zip(source, planes, strict=True):
        np.testing.assert_array_equal(plane, expected)
        assert plane.dtype == expected.dtype
    source.close()


@pytest.mark.parametrize("suffix", [*RAW_SUFFIXES, ".YUV", ".I420"])
def test_suffixes_and_kinds_of_path(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(clips.yuv_bytes(PLANES))
    for given in (path, str(path)):
        assert isinstance(raw(given), RawSource)


@pytest.mark.parametrize(
    ("name", "pixel_format", "bit_depth"),
    [
        ("yuv420p", "420", 8),
        ("yuvj420p", "420", 8),
        ("yuv422p", "422", 8),
        ("yuv444p", "444", 8),
        ("yuv420p10le", "420", 10),
        ("yuv420p10", "420", 10),
        ("yuv422p12le", "422", 12),
        ("yuv444p16le", "444", 16),
        ("gray", "400", 8),
        ("gray10le", "400", 10),
        ("gray12le", "400", 12),
        ("gray16le", "400", 16),
        ("nv12", "420", 8),
        ("nv21", "420", 8),
        ("nv16", "422", 8),
        ("nv24", "444", 8),
    ],
)
def test_names_of_ffmpeg_imply_the_depth(name: str, pixel_format: str, bit_depth: int) -> None:
    planes = clips.moving_planes(2, 35, 37, bit_depth=bit_depth)
    data = clips.yuv_bytes(planes, pixel_format)
    for given in (None, bit_depth):
        source = raw(data, pixel_format=name, bit_depth=given)
        assert source.bit_depth == bit_depth
        for plane, expected in zip(source, planes, strict=True):
            np.testing.assert_array_equal(plane, expected)


def test_a_name_that_contradicts_the_depth() -> None:
    data = clips.yuv_bytes(PLANES)
    with pytest.raises(OptionError, match="bit_depth=10"):
        raw(data, pixel_format="yuv420p", bit_depth=10)
    with pytest.raises(OptionError, match="contradict"):
        raw(data, pixel_format="yuv420p10le", bit_depth=8)


@pytest.mark.parametrize(
    "name",
    [
        "421",
        "yuv420p10be",
        "gray16be",
        "rgb24",
        "yuyv422",
        "p010le",
        "yuv440p",
        "",
        "4:2:0",
        "420p",
    ],
)
def test_unknown_pixel_formats(name: str) -> None:
    with pytest.raises(PixelFormatError, match="yuv420p"):
        raw(clips.yuv_bytes(PLANES), pixel_format=name)


@pytest.mark.parametrize("name", ["yuv420p9le", "yuv420p14le", "gray14le", "gray9"])
def test_depths_that_only_ffmpeg_has(name: str) -> None:
    with pytest.raises(BitDepthError, match="8, 10, 12 or 16"):
        raw(clips.yuv_bytes(PLANES), pixel_format=name)


@pytest.mark.parametrize("bit_depth", [9, 14, 0, -1, 32])
def test_unsupported_depths(bit_depth: Any) -> None:
    with pytest.raises(BitDepthError):
        raw(clips.yuv_bytes(PLANES), bit_depth=bit_depth)


@pytest.mark.parametrize("bit_depth", ["8", True, 8.0, np.array([8, 8]), np.array([8])])
def test_a_bit_depth_is_a_whole_number(bit_depth: Any) -> None:
    for given in (clips.yuv_bytes(PLANES), PLANES):
        with pytest.raises(OptionError, match="bit_depth is not a whole number"):
            raw(given, bit_depth=bit_depth)


def test_integers_of_numpy_are_bit_depths() -> None:
    source = raw(clips.yuv_bytes(PLANES), bit_depth=np.int64(8))
    assert (source.bit_depth, type(source.bit_depth)) == (8, int)


def test_a_pixel_format_is_a_string() -> None:
    with pytest.raises(OptionError, match="420"):
        raw(clips.yuv_bytes(PLANES), pixel_format=420)


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, np.reshape, mmap.mmap])
def test_bytes_like_objects_are_used_in_place(wrap: Any) -> None:
    data: Any = clips.yuv_bytes(PLANES)
    if wrap is mmap.mmap:
        mapping = mmap.mmap(-1, len(data))
        mapping[:] = data
        data = mapping
    elif wrap is np.reshape:
        data = np.frombuffer(data, np.uint8).reshape(3, FRAME).data
    else:
        data = wrap(data)
    source = raw(data)
    start = np.frombuffer(data, np.uint8).ctypes.data
    for index, plane in enumerate(source):
        assert plane.ctypes.data == start + index * FRAME
        np.testing.assert_array_equal(plane, PLANES[index])
    assert source.name.startswith("<")


def test_a_mapped_file_is_used_in_place(path: Path) -> None:
    source = raw(path)
    planes = list(source)
    addresses = [plane.ctypes.data for plane in planes]
    assert np.diff(addresses).tolist() == [FRAME, FRAME]
    assert not planes[0].flags.writeable
    assert not planes[0].flags.owndata


def test_chroma_of_a_mapped_file_is_never_touched(tmp_path: Path, run_python: RunPython) -> None:
    # Luma and chroma of 512x512 are whole pages. Reading a byte of chroma ends the process.
    planes = clips.moving_planes(3, 512, 512)
    path = tmp_path / "clip.yuv"
    path.write_bytes(clips.yuv_bytes(planes, "444"))
    sums = run_python(
        textwrap.dedent(f"""
        import ctypes, mmap
        from pyvmaf_tiny.source import open_source

        libc = ctypes.CDLL(None, use_errno=True)
        source = open_source({str(path)!r}, 512, 512, pixel_format="444")
        for plane in source:
            chroma = ctypes.c_void_p(plane.ctypes.data + plane.size)
            assert libc.mprotect(chroma, ctypes.c_size_t(2 * plane.size), 0) == 0
            print(int(plane.sum()))
        """)
    )
    assert [int(each) for each in sums.split()] == [int(plane.sum()) for plane in planes]


def test_little_endian_samples() -> None:
    samples = np.arange(40 * 40, dtype="<u2").reshape(40, 40)
    (plane,) = open_source(samples.tobytes(), 40, 40, bit_depth=16, pixel_format="400")
    np.testing.assert_array_equal(plane, samples)
    assert plane.dtype.isnative


@pytest.mark.parametrize("kind", ["path", "bytes"])
@pytest.mark.parametrize("missing", [1, 2 * 18 * 19, 2 * 18 * 19 + 1, FRAME - 1])
def test_a_truncated_last_frame(path: Path, kind: str, missing: int) -> None:
    data = clips.yuv_bytes(PLANES)[:-missing]
    path.write_bytes(data)
    source = raw(path if kind == "path" else data)
    assert source.frame_count == 2
    frames = iter(source)
    for expected in PLANES[:2]:
        np.testing.assert_array_equal(next(frames), expected)
    with pytest.raises(TruncatedInputError) as caught:
        next(frames)
    assert f"given {FRAME - missing} bytes of that frame, expected {FRAME} bytes" in str(
        caught.value
    )
    assert "frame 2" in str(caught.value)
    source.close()


@pytest.mark.parametrize("kind", ["path", "bytes"])
def test_less_than_one_frame(path: Path, kind: str) -> None:
    path.write_bytes(b"x")
    source = raw(path if kind == "path" else b"x")
    assert source.frame_count == 0
    with pytest.raises(TruncatedInputError, match=r"frame 0.*given 1 bytes"):
        next(iter(source))
    source.close()


def test_nothing_at_all(tmp_path: Path) -> None:
    path = tmp_path / "empty.yuv"
    path.touch()
    for given in (path, b"", bytearray(), memoryview(b"")):
        with pytest.raises(EmptyInputError, match="no frame"):
            raw(given)
    for name in ("empty.y4m", "empty.mp4"):
        (tmp_path / name).touch()
        with pytest.raises(EmptyInputError, match=name):
            open_source(tmp_path / name)


@pytest.mark.parametrize("kind", ["path", "bytes"])
def test_skipping(path: Path, kind: str) -> None:
    given = path if kind == "path" else clips.yuv_bytes(PLANES)
    source = raw(given)
    source.skip(0)
    source.skip(2)
    np.testing.assert_array_equal(next(iter(source)), PLANES[2])
    assert next(iter(source), None) is None
    source = raw(given)
    source.skip(3)
    assert list(source) == []
    source = raw(given)
    with pytest.raises(EmptyInputError, match="4 to skip, 3 there"):
        source.skip(4)


def test_skipping_into_a_truncated_frame() -> None:
    source = raw(clips.yuv_bytes(PLANES)[:-5])
    with pytest.raises(TruncatedInputError, match="frame 2"):
        source.skip(3)


@pytest.mark.parametrize("size", [(32, 40), (40, 32), (0, 40), (-40, 40), (16385, 40)])
def test_sizes_out_of_range(size: tuple[int, int]) -> None:
    with pytest.raises(FrameSizeError, match=f"{size[0]}x{size[1]}"):
        open_source(bytes(100), *size)


@pytest.mark.parametrize(
    ("width", "height"), [(None, 37), (35, None), ("35", "37"), (35.0, 37.0), (b"35", 37)]
)
def test_sizes_that_are_none(width: Any, height: Any) -> None:
    with pytest.raises(OptionError):
        open_source(clips.yuv_bytes(PLANES), width, height)


def test_integers_of_numpy_are_sizes() -> None:
    source = open_source(clips.yuv_bytes(PLANES), np.int64(35), np.uint8(37))  # type: ignore[arg-type]
    assert len(list(source)) == 3
    assert type(source.width) is int


def test_raw_video_needs_a_size(path: Path) -> None:
    for given in (path, clips.yuv_bytes(PLANES)):
        with pytest.raises(OptionError, match="width and height"):
            open_source(given)
    assert not is_open(path)


def test_a_memoryview_must_be_contiguous() -> None:
    with pytest.raises(FrameLayoutError, match="contiguous"):
        raw(memoryview(clips.yuv_bytes(PLANES))[::2])


def test_closing_releases_file_and_mapping(path: Path) -> None:
    source = raw(path)
    assert next(iter(source)).shape == (37, 35)
    assert is_open(path)
    source.close()
    source.close()
    assert not is_open(path)


def test_planes_outlive_the_source(path: Path) -> None:
    source = raw(path)
    planes = list(source)
    source.close()
    del source
    gc.collect()
    for plane, expected in zip(planes, PLANES, strict=True):
        np.testing.assert_array_equal(plane, expected)
    del plane
    planes.clear()
    assert not is_open(path)


def test_closing_gives_a_bytearray_back() -> None:
    data = bytearray(clips.yuv_bytes(PLANES))
    source = raw(data)
    with pytest.raises(BufferError):
        data.append(0)
    source.close()
    data.append(0)


def test_a_closed_source_says_so(path: Path) -> None:
    for given in (path, clips.yuv_bytes(PLANES)):
        source = raw(given)
        frames = iter(source)
        next(frames)
        source.close()
        with pytest.raises(SourceError, match="closed"):
            next(frames)


def test_a_file_that_becomes_shorter(path: Path) -> None:
    source = raw(path)
    frames = iter(source)
    next(frames)
    os.truncate(path, 2 * FRAME)
    with pytest.raises(TruncatedInputError) as caught:
        next(frames)
    assert f"given {2 * FRAME} bytes, expected {3 * FRAME} bytes" in str(caught.value)
    source.close()


def test_what_is_appended_while_reading_does_not_count(path: Path) -> None:
    source = raw(path)
    frames = iter(source)
    next(frames)
    with path.open("ab") as file:
        file.write(clips.yuv_bytes(PLANES))
    assert len(list(frames)) == 2
    source.close()


def test_a_second_iterator_goes_on(path: Path) -> None:
    source = raw(path)
    next(iter(source))
    np.testing.assert_array_equal(next(iter(source)), PLANES[1])
    source.close()
