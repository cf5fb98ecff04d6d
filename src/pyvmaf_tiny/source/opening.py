"""From whatever the caller has to a :class:`LumaSource`: which kind of input is it?"""

from __future__ import annotations

import io
import mmap
import os
import stat
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from pyvmaf_tiny.errors import EmptyInputError, OptionError, PixelFormatError, SourceError

from .arrays import FrameSource, array_frames, is_array_like
from .base import LumaSource
from .cursors import MappedCursor, MemoryCursor, StreamCursor
from .streams import STDIN, BinaryReader, peek, span, standard_input, stream_name
from .video import VideoSource, is_url
from .videoframe import is_video_frame
from .wanted import Wanted
from .y4m import MAGIC, Y4MSource

#: Raw video, luma first and in the low bits, without asking FFmpeg what else it could be.
RAW_SUFFIXES = (
    *(".yuv", ".raw", ".i420", ".yuv420p", ".yv12", ".nv12", ".cif", ".qcif"),
    *(".gray", ".y", ".y8"),
)


def open_source(
    obj: object,
    width: int | None = None,
    height: int | None = None,
    *,
    bit_depth: int | None = None,
    pixel_format: str = "420",
) -> LumaSource:
    """Open any kind of input; what it is decides how it is read.

    - a path: YUV4MPEG2 is known by its first bytes, raw planar YUV by its suffix
      (:data:`RAW_SUFFIXES`); anything else (and every ``scheme://`` URL) is a video for FFmpeg. A
      file that FFmpeg does not know is raw if ``width`` and ``height`` are given and it is a
      whole number of such frames. ``"-"`` is standard input; it, named pipes, devices and binary
      file objects are YUV4MPEG2 by their first bytes, else raw if ``width`` and ``height`` are
      given, else a video for FFmpeg
    - bytes, bytearray, memoryview, mmap: YUV4MPEG2 by its first bytes, else raw
    - an array (N, H, W) or (H, W), uint8 or uint16 with ``bit_depth``; whatever NumPy can use as
      such; an iterable of (H, W) arrays and PyAV ``VideoFrame``s, or one such frame

    ``width``, ``height`` (pixels, both or none) are needed for raw YUV alone, ``bit_depth`` (8,
    10, 12, 16) for raw YUV above 8 bit and for uint16 arrays; given elsewhere they must be
    right. ``pixel_format`` is "400", "420", "422", "444" or FFmpeg's name, which says the bit
    depth, too; its chroma matters to raw YUV alone.

    Raises OptionError and every kind of InputError; nothing stays open then.
    """
    return open_wanted(obj, Wanted.of(width, height, bit_depth, pixel_format))


def open_wanted(obj: object, wanted: Wanted) -> LumaSource:
    """:func:`open_source`, when what the caller says about the input has been checked."""
    source = _open(obj, wanted)
    with ExitStack() as undo:
        undo.callback(source.close)
        wanted.check(source)
        undo.pop_all()
    return source


def _open(obj: Any, wanted: Wanted) -> LumaSource:
    """The one place that tells kinds of input apart."""
    bit_depth = wanted.pixel_format.bit_depth
    if isinstance(obj, (str, os.PathLike)):
        return _open_path(os.fsdecode(obj), wanted)
    if isinstance(obj, (bytes, bytearray, memoryview, mmap.mmap)):
        return _open_bytes(MemoryCursor(obj, f"<{type(obj).__name__}>"), wanted)
    if is_video_frame(obj):
        return FrameSource([obj], "<frame>", bit_depth=bit_depth)
    if is_array_like(obj):
        return FrameSource(array_frames(obj, "<array>"), "<array>", bit_depth=bit_depth)
    if hasattr(obj, "read"):
        return _open_stream(obj, stream_name(obj), wanted)
    if isinstance(obj, Iterable):
        return FrameSource(obj, f"<{type(obj).__name__}>", bit_depth=bit_depth)
    raise OptionError(
        f"<{type(obj).__name__}>: not an input that frames can come from",
        given=repr(obj),
        expected='a path, "-", bytes, a binary file object, an array of luma, '
        "or an iterable of arrays or PyAV frames",
        hint="of a file descriptor pass open(fd, 'rb')" if isinstance(obj, int) else None,
    )


def _open_path(path: str, wanted: Wanted) -> LumaSource:
    if path == STDIN:
        return _open_stream(standard_input(), "<stdin>", wanted)
    if is_url(path):
        return VideoSource(path, path)
    mode = _stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise SourceError(f"{path}: a directory", expected="a file")
    if not stat.S_ISREG(mode):
        return _open_pipe(path, wanted)
    # Refuses an empty file, whatever its name says.
    cursor = MappedCursor(path, path)
    with ExitStack() as undo:
        undo.callback(cursor.close)
        suffix = os.path.splitext(path)[1].lower()
        source: LumaSource
        if cursor.starts_with(MAGIC) or suffix == ".y4m":
            source = Y4MSource(cursor)
        elif suffix in RAW_SUFFIXES:
            source = wanted.raw(cursor)
        else:
            try:
                return _open_video(
                    path,
                    path,
                    hint="raw video needs width and height, and under a name that does not end in "
                    f"{', '.join(RAW_SUFFIXES)} a whole number of such frames",
                )
            except (SourceError, PixelFormatError) as error:
                if wanted.width is None or not _unknown_to_ffmpeg(error):
                    raise
                source = raw = wanted.raw(cursor)
                if not raw.whole:
                    raise
        undo.pop_all()
    return source


def _unknown_to_ffmpeg(error: SourceError | PixelFormatError) -> bool:
    """Whether a file that failed to open as a video may be raw.

    Not when FFmpeg only misses the frame size: that is packed raw video (``.rgb``, ``.v210``). A
    pixel format is no evidence: FFmpeg takes whatever ends in ``.bin`` for text in colours.
    """
    from av.error import InvalidDataError

    return isinstance(error, PixelFormatError) or isinstance(error.__cause__, InvalidDataError)


def _stat(path: str) -> os.stat_result:
    try:
        return os.stat(path)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise SourceError(f"{path}: cannot be opened", given=reason) from error


def _open_pipe(path: str, wanted: Wanted) -> LumaSource:
    """A named pipe, a shell's ``<(command)``, a character device."""
    try:
        pipe = io.FileIO(path)  # the source closes it
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened", given=error.strerror) from error
    with ExitStack() as undo:
        undo.callback(pipe.close)
        source = _open_stream(pipe, path, wanted, owned=True)
        undo.pop_all()
    return source


def _open_bytes(cursor: MemoryCursor, wanted: Wanted) -> LumaSource:
    return Y4MSource(cursor) if cursor.starts_with(MAGIC) else wanted.raw(cursor)


def _open_stream(
    file: BinaryReader, name: str, wanted: Wanted, *, owned: bool = False
) -> LumaSource:
    head, file = peek(file, len(MAGIC), name)
    if not head:
        raise EmptyInputError(
            f"{name}: no frame",
            given="a stream at its end",
            hint="of a file object that was just written call seek(0) first",
        )
    if head == MAGIC:
        return Y4MSource(StreamCursor(file, name, owned=owned))
    if wanted.width is not None:
        return wanted.raw(StreamCursor(file, name, owned=owned))
    extent = span(file, name)
    if extent is not None and extent.start != 0:
        raise SourceError(
            f"{name}: a video is read from its beginning",
            given=f"a file object at position {extent.start}",
            hint="call seek(0) first",
        )
    hint = "raw YUV in a stream needs width and height"
    if extent is None and head[4:8] == b"ftyp":
        hint = (
            "an MP4 whose index is at its end cannot be read from a pipe: pass its path, write it "
            "with -movflags +faststart, or use Matroska"
        )
    return _open_video(file, name, owned=owned, hint=hint)


def _open_video(
    file: str | BinaryReader, name: str, *, hint: str, owned: bool = False
) -> VideoSource:
    try:
        return VideoSource(file, name, owned=owned)
    except SourceError as error:
        # Without a cause FFmpeg could read the file, but there is no video in it.
        if error.__cause__ is not None:
            error.hint = error.hint or hint
        raise
