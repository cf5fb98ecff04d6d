"""``open_source``: telling kinds of input apart, and refusing what makes no sense."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import clips
import numpy as np
import pytest

from pyvmaf_tiny.errors import (
    BitDepthError,
    FrameSizeError,
    OptionError,
    PixelFormatError,
    SourceError,
    TruncatedInputError,
    VmafTinyError,
)
from pyvmaf_tiny.source import open_source
from pyvmaf_tiny.source.arrays import FrameSource
from pyvmaf_tiny.source.raw import RawSource
from pyvmaf_tiny.source.video import VideoSource
from pyvmaf_tiny.source.y4m import Y4MSource

PLANES = clips.moving_planes(2, 40, 36)
YUV = clips.yuv_bytes(PLANES)
Y4M = clips.y4m_bytes(PLANES)
DEEP_Y4M = clips.y4m_bytes(clips.moving_planes(2, 40, 36, bit_depth=10), "420p10")


def mp4() -> bytes:
    file = io.BytesIO()
    clips.write_video(file, PLANES, container="mp4")
    return file.getvalue()


MP4 = mp4()


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.yuv", YUV, RawSource),
        ("a.raw", YUV, RawSource),
        ("a.gray", YUV, RawSource),
        ("a.y4m", Y4M, Y4MSource),
        ("a.Y4M", Y4M, Y4MSource),
        ("a.yuv", Y4M, Y4MSource),
        ("a.mp4", Y4M, Y4MSource),
        ("a", Y4M, Y4MSource),
        ("a.mp4", MP4, VideoSource),
        ("a", MP4, VideoSource),
        ("a.bin", MP4, VideoSource),
    ],
)
def test_kinds_of_files(tmp_path: Path, name: str, data: bytes, kind: type) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    size = (40, 36) if kind is RawSource else ()
    for given in (path, str(path)):
        source = open_source(given, *size)
        assert type(source) is kind
        assert source.name == str(path)
        for plane, expected in zip(source, PLANES, strict=True):
            np.testing.assert_array_equal(plane, expected)
        source.close()


@pytest.mark.parametrize(
    ("given", "kind", "name"),
    [
        (YUV, RawSource, "<bytes>"),
        (bytearray(YUV), RawSource, "<bytearray>"),
        (memoryview(Y4M), Y4MSource, "<memoryview>"),
        (Y4M, Y4MSource, "<bytes>"),
        (io.BytesIO(YUV), RawSource, "<BytesIO>"),
        (io.BytesIO(Y4M), Y4MSource, "<BytesIO>"),
        (np.stack(PLANES), FrameSource, "<array>"),
        (PLANES, FrameSource, "<list>"),
        (tuple(PLANES), FrameSource, "<tuple>"),
        (iter(PLANES), FrameSource, "<list_iterator>"),
        ((each for each in PLANES), FrameSource, "<generator>"),
        ((clips.video_frame(each) for each in PLANES), FrameSource, "<generator>"),
    ],
)
def test_kinds_of_objects(given: Any, kind: type, name: str) -> None:
    source = open_source(given, 40, 36)
    assert (type(source), source.name) == (kind, name)
    for plane, expected in zip(source, PLANES, strict=True):
        np.testing.assert_array_equal(plane, expected)


@pytest.mark.parametrize("name", ["ref", "ref.planar", "ref.bin", "ref.mp4", "ref.10bit"])
@pytest.mark.parametrize("content", ["texture", "black", "noise"])
def test_raw_files_of_any_name(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    noise = np.random.default_rng(3).bytes(len(YUV))
    path.write_bytes({"texture": YUV, "black": bytes(len(YUV)), "noise": noise}[content])
    source = open_source(path, 40, 36)
    assert (type(source), source.frame_count) == (RawSource, 2)
    assert next(iter(source)).tobytes() == path.read_bytes()[: 40 * 36]
    source.close()
    with pytest.raises((SourceError, PixelFormatError)):
        open_source(path)
    path.write_bytes(YUV[:-1])
    with pytest.raises((SourceError, PixelFormatError)):
        open_source(path, 40, 36)
    assert str(path) not in Path("/proc/self/maps").read_text()


@pytest.mark.parametrize("name", ["ref.rgb", "ref.v210"])
def test_packed_raw_video_is_not_taken_for_planar(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(YUV)
    with pytest.raises(SourceError, match="cannot be opened as a video"):
        open_source(path, 40, 36)


def test_a_damaged_video_is_not_taken_for_raw(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    index = MP4.find(b"moov")
    for length in (300, index - 4, index + 100):
        path.write_bytes(MP4[:length])
        with pytest.raises((SourceError, TruncatedInputError)):
            open_source(path, 40, 36)


def test_a_file_object_with_video() -> None:
    assert type(open_source(io.BytesIO(MP4))) is VideoSource


@pytest.mark.parametrize("given", [0, 3, True, None, 1.5, object(), len])
def test_no_input_at_all(given: Any) -> None:
    with pytest.raises(OptionError, match="a path"):
        open_source(given, 40, 36)


def test_an_integer_is_no_file_descriptor() -> None:
    with pytest.raises(OptionError, match=r"open\(fd, 'rb'\)"):
        open_source(3, 40, 36)


@pytest.mark.parametrize(
    "name", ["missing.yuv", "missing.y4m", "missing.mp4", "", "no/where", "a\0b"]
)
def test_paths_that_do_not_exist(tmp_path: Path, name: str) -> None:
    given = str(tmp_path / name) if name and "\0" not in name else name
    with pytest.raises(SourceError, match="cannot be opened") as caught:
        open_source(given, 40, 36)
    assert ("No such file" in str(caught.value)) == ("\0" not in name)


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="a directory: expected a file"):
        open_source(tmp_path)


@pytest.mark.parametrize("name", ["a.yuv", "a.y4m", "a.mp4"])
def test_a_file_that_may_not_be_read(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(YUV)

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    # Root may read everything, so the refusal is made up.
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(SourceError, match="Permission denied"):
        open_source(path, 40, 36)


def test_paths_as_objects(tmp_path: Path) -> None:
    path = tmp_path / "a.y4m"
    path.write_bytes(Y4M)

    class BytesPath:
        def __fspath__(self) -> bytes:
            return os.fsencode(path)

    assert len(list(open_source(BytesPath()))) == 2


@pytest.mark.parametrize("given", [Y4M, np.stack(PLANES), PLANES[0], clips.video_frame(PLANES[0])])
@pytest.mark.parametrize("size", [(40, 38), (41, 36), (36, 40)])
def test_a_size_that_is_not_the_inputs_own(given: Any, size: tuple[int, int]) -> None:
    with pytest.raises(FrameSizeError, match=f"given {size[0]}x{size[1]}, expected 40x36"):
        open_source(given, *size)
    open_source(given, 40, 36).close()


@pytest.mark.parametrize("data", [Y4M, MP4])
def test_a_size_that_is_not_the_files_own(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "clip"
    path.write_bytes(data)
    with pytest.raises(FrameSizeError, match="expected 40x36"):
        open_source(path, 36, 40)
    assert str(path) not in Path("/proc/self/maps").read_text()
    assert str(path) not in [os.readlink(each) for each in open_descriptors()]


def open_descriptors() -> list[Path]:
    return [each for each in Path("/proc/self/fd").iterdir() if each.exists()]


@pytest.mark.parametrize("size", [(40, None), (None, 36), (40, 0)])
def test_half_a_size(size: tuple[Any, Any]) -> None:
    with pytest.raises((OptionError, FrameSizeError)):
        open_source(YUV, *size)
    with pytest.raises((OptionError, FrameSizeError)):
        open_source(PLANES, *size)


def test_a_depth_that_is_not_the_inputs_own() -> None:
    with pytest.raises(BitDepthError, match="given 10 bit, expected 8 bit"):
        open_source(Y4M, bit_depth=10)
    with pytest.raises(BitDepthError, match="given 8 bit, expected 10 bit"):
        open_source(DEEP_Y4M, bit_depth=8)
    with pytest.raises(BitDepthError, match="given 10 bit, expected 8 bit"):
        open_source(Y4M, pixel_format="yuv420p10le")
    assert open_source(DEEP_Y4M, bit_depth=10).bit_depth == 10
    assert open_source(DEEP_Y4M, pixel_format="yuv420p10le").bit_depth == 10


@pytest.mark.parametrize("given", [YUV, Y4M, PLANES, io.BytesIO(MP4)])
def test_options_are_checked_for_every_kind(given: Any) -> None:
    with pytest.raises(PixelFormatError):
        open_source(given, 40, 36, pixel_format="420x")
    with pytest.raises(BitDepthError):
        open_source(given, 40, 36, bit_depth=9)


def test_chroma_matters_to_raw_video_alone() -> None:
    assert len(list(open_source(Y4M, pixel_format="444"))) == 2
    assert len(list(open_source(PLANES, pixel_format="422"))) == 2


def test_nothing_is_left_open_after_an_error(tmp_path: Path) -> None:
    broken = {
        "a.yuv": (YUV, (None, None)),
        "b.y4m": (b"YUV4MPEG2 W40\n", (None, None)),
        "c.y4m": (Y4M, (44, 44)),
        "d.mp4": (MP4, (44, 44)),
        "e.mp4": (MP4[:300], (None, None)),
        "f.mp4": (YUV, (None, None)),
    }
    for name, (data, size) in broken.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(VmafTinyError) as caught:
            open_source(path, *size)
        # Even while the error, and with it every frame of the stack, is held on to.
        assert str(path) not in Path("/proc/self/maps").read_text(), caught.value
        assert str(path) not in [os.readlink(each) for each in open_descriptors()]
