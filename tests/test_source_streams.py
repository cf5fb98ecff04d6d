"""File objects, pipes and standard input: what is read of them, and how much."""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import clips
import numpy as np
import pytest
from conftest import TESTS

from pyvmaf_tiny.errors import EmptyInputError, SourceError, TruncatedInputError
from pyvmaf_tiny.source import open_source
from pyvmaf_tiny.source.raw import RawSource
from pyvmaf_tiny.source.video import VideoSource
from pyvmaf_tiny.source.y4m import Y4MSource

WIDTH, HEIGHT = 200, 150
PLANES = clips.moving_planes(4, WIDTH, HEIGHT)
LUMA = WIDTH * HEIGHT
RAW = clips.yuv_bytes(PLANES, "444")
Y4M = clips.y4m_bytes(PLANES, "444", pixel_format="444")


class Counting(io.BytesIO):
    """A file in memory that counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data

    def readinto(self, target: Any, /) -> int:
        count = super().readinto(target)
        self.count += count
        return count


class OnlyRead:
    """The least that a file object can be; ``piece`` bytes at a time."""

    def __init__(self, data: bytes, piece: int = 7777) -> None:
        self._file = io.BytesIO(data)
        self._piece = piece

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, self._piece))


def feed(data: bytes) -> tuple[Any, threading.Thread]:
    """The reading end of a pipe into which a thread writes ``data``."""
    read_end, write_end = os.pipe()

    def write() -> None:
        with open(write_end, "wb", buffering=0) as pipe:
            view = memoryview(data)
            try:
                while view:
                    view = view[pipe.write(view[:10_000]) :]
            except BrokenPipeError:
                return

    thread = threading.Thread(target=write)
    thread.start()
    return open(read_end, "rb", buffering=0), thread


def raw(file: Any, **options: Any) -> Any:
    return open_source(file, WIDTH, HEIGHT, pixel_format="444", **options)


def check(source: Any, skipped: int = 0) -> None:
    for plane, expected in zip(source, PLANES[skipped:], strict=True):
        np.testing.assert_array_equal(plane, expected)


@pytest.mark.parametrize("data", [RAW, Y4M])
def test_only_luma_is_read_where_the_file_can_seek(data: bytes) -> None:
    file = Counting(data)
    source = raw(file)
    assert source.frame_count == 4
    check(source)
    overhead = file.count - len(PLANES) * LUMA
    assert 0 <= overhead <= 150  # the first bytes, header and FRAME lines
    assert file.count < len(data) / 2


@pytest.mark.parametrize("data", [RAW, Y4M])
def test_skipping_does_not_read_where_the_file_can_seek(data: bytes) -> None:
    file = Counting(data)
    source = raw(file)
    source.skip(3)
    assert file.count <= 150
    check(source, 3)


@pytest.mark.parametrize("make", [OnlyRead, io.BytesIO, lambda data: OnlyRead(data, 1000)])
@pytest.mark.parametrize("data", [RAW, Y4M])
def test_kinds_of_file_objects(make: Any, data: bytes) -> None:
    source = raw(make(data))
    assert isinstance(source, RawSource if data is RAW else Y4MSource)
    check(source)
    source = raw(make(data))
    source.skip(2)
    check(source, 2)


@pytest.mark.parametrize("data", [RAW, Y4M])
@pytest.mark.parametrize("buffered", [False, True])
def test_pipes(data: bytes, buffered: bool) -> None:
    pipe, thread = feed(data)
    if buffered:
        pipe = io.BufferedReader(pipe)
    with pipe:
        source = raw(pipe)
        assert source.frame_count is None
        check(source)
        source.close()
        assert not pipe.closed
    thread.join()


def test_video_in_a_pipe() -> None:
    file = io.BytesIO()
    clips.write_video(file, PLANES, codec="ffv1", pixel_format="gray", container="matroska")
    pipe, thread = feed(file.getvalue())
    with pipe:
        source = open_source(pipe)
        assert isinstance(source, VideoSource)
        check(source)
        source.close()
    thread.join()


def test_an_mp4_in_a_pipe_with_its_index_at_the_end() -> None:
    file = io.BytesIO()
    clips.write_video(file, clips.moving_planes(40, 320, 240), container="mp4")
    data = file.getvalue()
    # Longer than what FFmpeg keeps in memory of what it has read.
    assert data.find(b"moov") > 1 << 17
    with pytest.raises(SourceError, match=r"cannot be read from a pipe.*\+faststart"):
        open_source(OnlyRead(data))
    file.seek(0)
    assert open_source(file).width == 320


@pytest.mark.parametrize("as_path", [True, False])
def test_devices_have_no_end(as_path: bool) -> None:
    with open("/dev/zero", "rb") as file:
        source = open_source("/dev/zero" if as_path else file, 64, 48)
        assert source.frame_count is None
        planes = iter(source)
        assert [int(next(planes).max()) for _ in range(3)] == [0, 0, 0]
        source.skip(2)
        source.close()
    with pytest.raises(EmptyInputError):
        open_source("/dev/null", 64, 48)


def test_reading_begins_at_the_current_position() -> None:
    for data in (RAW, Y4M):
        file = io.BytesIO(b"prefix" + data)
        file.seek(6)
        source = raw(file)
        assert source.frame_count == 4
        check(source)


def test_planes_of_a_stream_share_one_buffer() -> None:
    planes = list(raw(io.BytesIO(RAW)))
    assert len({plane.ctypes.data for plane in planes}) == 1


@pytest.mark.parametrize("kind", ["seekable", "pipe"])
@pytest.mark.parametrize("missing", [1, 2 * LUMA, 2 * LUMA + 1, 3 * LUMA - 1])
def test_a_truncated_last_frame(kind: str, missing: int) -> None:
    data = RAW[:-missing]
    frames = iter(raw(io.BytesIO(data) if kind == "seekable" else OnlyRead(data)))
    for expected in PLANES[:3]:
        np.testing.assert_array_equal(next(frames), expected)
    with pytest.raises(TruncatedInputError) as caught:
        next(frames)
    assert f"frame 3: given {3 * LUMA - missing} bytes of that frame" in str(caught.value)


@pytest.mark.parametrize("kind", ["seekable", "pipe"])
def test_skipping_too_far(kind: str) -> None:
    make: Any = io.BytesIO if kind == "seekable" else OnlyRead
    with pytest.raises(EmptyInputError, match="5 to skip, 4 there"):
        raw(make(RAW)).skip(5)
    with pytest.raises(TruncatedInputError, match="frame 3"):
        raw(make(RAW[:-1])).skip(4)


def test_a_stream_at_its_end() -> None:
    file = io.BytesIO()
    file.write(RAW)
    with pytest.raises(EmptyInputError, match=r"seek\(0\)"):
        raw(file)
    with pytest.raises(EmptyInputError):
        raw(OnlyRead(b""))


def test_a_video_must_begin_at_the_beginning() -> None:
    file = io.BytesIO()
    clips.write_video(file, PLANES, container="mp4")
    file.seek(100)
    with pytest.raises(SourceError, match=r"position 100.*seek\(0\)"):
        open_source(file)
    file.seek(0)
    check(open_source(file))


@pytest.mark.parametrize("file", [io.StringIO("text"), io.TextIOWrapper(io.BytesIO(RAW))])
def test_text_mode(file: Any) -> None:
    with pytest.raises(SourceError, match="text mode"):
        raw(file)


class Answers:
    """A file object whose ``read`` gives whatever it was told to."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def read(self, size: int) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("text", "items of str"),
        (None, "non-blocking"),
        (bytes(10_000), "at most"),
        (OSError(5, "no such luck"), "no such luck"),
        (ValueError("closed"), "reading failed"),
    ],
)
def test_file_objects_that_misbehave(answer: Any, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        raw(Answers(answer))


def test_errors_of_other_kinds_pass_through() -> None:
    with pytest.raises(ZeroDivisionError):
        raw(Answers(ZeroDivisionError()))


def test_a_non_blocking_pipe() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    with (
        open(write_end, "wb"),
        open(read_end, "rb", buffering=0) as pipe,
        pytest.raises(SourceError, match="non-blocking"),
    ):
        raw(pipe)


def test_a_closed_file_object() -> None:
    file = io.BytesIO(RAW)
    file.close()
    with pytest.raises(SourceError, match="closed"):
        raw(file)


def test_a_file_object_that_is_closed_meanwhile() -> None:
    file = io.BytesIO(RAW)
    frames = iter(raw(file))
    next(frames)
    file.close()
    with pytest.raises(SourceError, match="closed"):
        next(frames)


def test_a_failing_disk_comes_after_the_frames_before() -> None:
    class Failing(OnlyRead):
        def read(self, size: int) -> bytes:
            data = super().read(size)
            if not data:
                raise OSError(5, "Input/output error")
            return data

    frames = iter(raw(Failing(RAW[: 6 * LUMA])))
    assert [next(frames).shape for _ in range(2)] == [(HEIGHT, WIDTH)] * 2
    with pytest.raises(SourceError, match="Input/output error"):
        next(frames)


def test_closing_leaves_the_callers_file_open(tmp_path: Path) -> None:
    path = tmp_path / "clip.bin"
    path.write_bytes(RAW)
    with path.open("rb") as file:
        source = raw(file)
        next(iter(source))
        source.close()
        source.close()
        assert not file.closed
        with pytest.raises(SourceError, match="is closed"):
            next(iter(source))


@pytest.mark.parametrize("kind", ["raw", "y4m", "video"])
def test_named_pipes(tmp_path: Path, kind: str) -> None:
    file = io.BytesIO()
    clips.write_video(file, PLANES, codec="ffv1", pixel_format="gray", container="matroska")
    data = {"raw": RAW, "y4m": Y4M, "video": file.getvalue()}[kind]
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = threading.Thread(target=path.write_bytes, args=(data,))
    thread.start()
    source = raw(path) if kind == "raw" else open_source(path)
    check(source)
    source.close()
    thread.join()
    links = [os.readlink(each) for each in Path("/proc/self/fd").iterdir() if each.is_fifo()]
    assert str(path) not in links


def test_a_named_pipe_with_nothing_in_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = threading.Thread(target=path.write_bytes, args=(b"",))
    thread.start()
    with pytest.raises(EmptyInputError):
        open_source(path)
    thread.join()
    links = [os.readlink(each) for each in Path("/proc/self/fd").iterdir() if each.is_fifo()]
    assert str(path) not in links


SCRIPT = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from pyvmaf_tiny.errors import VmafTinyError
from pyvmaf_tiny.source import open_source
try:
    source = open_source("-", *(int(each) for each in sys.argv[1:3]), pixel_format="444")
    print(type(source).__name__, source.name, *(int(plane.sum()) for plane in source))
except VmafTinyError as error:
    print(type(error).__name__, error)
"""


def run_with_stdin(data: bytes | Path, *size: int) -> str:
    arguments = [sys.executable, "-c", SCRIPT, *(str(each) for each in size)]
    if isinstance(data, Path):
        with data.open("rb") as file:
            done = subprocess.run(arguments, stdin=file, capture_output=True, check=True, text=True)
            return done.stdout.strip()
    done_bytes = subprocess.run(arguments, input=data, capture_output=True, check=True)
    return done_bytes.stdout.decode().strip()


SUMS = " ".join(str(int(plane.sum())) for plane in PLANES)


def test_standard_input(tmp_path: Path) -> None:
    assert run_with_stdin(Y4M) == f"Y4MSource <stdin> {SUMS}"
    assert run_with_stdin(RAW, WIDTH, HEIGHT) == f"RawSource <stdin> {SUMS}"
    path = tmp_path / "clip"
    path.write_bytes(RAW)
    assert run_with_stdin(path, WIDTH, HEIGHT) == f"RawSource <stdin> {SUMS}"


def test_standard_input_without_video() -> None:
    assert run_with_stdin(b"").startswith("EmptyInputError <stdin>")
    given = run_with_stdin(RAW)
    assert given.startswith("SourceError <stdin>")
    assert "raw YUV in a stream needs width and height" in given


def test_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SourceError, match="standard input"):
        open_source("-")


def test_a_pipe_is_made_to_hold_more() -> None:
    """So that whoever writes into it works on while a frame is measured."""
    most = int(Path("/proc/sys/fs/pipe-max-size").read_text())
    pipe, thread = feed(Y4M)
    with pipe:
        before = fcntl.fcntl(pipe.fileno(), fcntl.F_GETPIPE_SZ)
        source = open_source(pipe)
        assert fcntl.fcntl(pipe.fileno(), fcntl.F_GETPIPE_SZ) >= min(1 << 20, most)
        for plane, expected in zip(source, PLANES, strict=True):
            np.testing.assert_array_equal(plane, expected)
        thread.join()
    assert before < 1 << 20
