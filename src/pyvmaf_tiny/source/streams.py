"""Binary file objects and pipes: what may be read from, and looking at the first bytes."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import stat
import sys
from typing import Any, Protocol

from pyvmaf_tiny.errors import SourceError

#: What ``open_source`` takes for standard input.
STDIN = "-"

#: Bytes that a pipe is asked to hold: the most that Linux grants without privileges.
_PIPE_BYTES = 1 << 20


class BinaryReader(Protocol):
    """A binary file object; readinto, seek, tell and seekable are used where it has them."""

    def read(self, size: int, /) -> Any:
        """Up to ``size`` bytes; none at the end."""


def standard_input() -> BinaryReader:
    """The binary side of ``sys.stdin``. Raises SourceError when there is none."""
    buffer: BinaryReader | None = getattr(sys.stdin, "buffer", None)
    if buffer is None:
        raise SourceError("<stdin>: the program has no binary standard input")
    return buffer


def stream_name(file: object) -> str:
    """A name for messages: that of the file, or its type."""
    name = getattr(file, "name", None)
    return name if isinstance(name, str) and name else f"<{type(file).__name__}>"


def span(file: Any, name: str) -> range | None:
    """Current position and end of a file object; None for pipes, sockets and devices.

    Raises SourceError when the file object is closed.
    """
    if not (hasattr(file, "seek") and hasattr(file, "tell")):
        return None
    try:
        if (hasattr(file, "seekable") and not file.seekable()) or _is_device(file):
            return None
        here = file.tell()
        file.seek(0, io.SEEK_END)
        end = file.tell()
        file.seek(here)
    except (OSError, ValueError) as error:
        raise SourceError(f"{name}: cannot be read", given=str(error)) from error
    return range(here, max(here, end))


def _is_device(file: Any) -> bool:
    """Whether it is a character device, such as /dev/zero: they seek, but have no end."""
    try:
        return stat.S_ISCHR(os.fstat(file.fileno()).st_mode)
    except (AttributeError, TypeError, io.UnsupportedOperation):  # not a file of the system
        return False


def widen_pipe(file: Any) -> None:
    """Let a pipe hold more than 64 KiB, so that its writer works on while a frame is measured.

    Does nothing for anything else, and where the system does not allow it.
    """
    # io.UnsupportedOperation, which a file object without a descriptor raises, is an OSError.
    with contextlib.suppress(AttributeError, TypeError, OSError, ValueError):
        descriptor = file.fileno()
        if (
            stat.S_ISFIFO(os.fstat(descriptor).st_mode)
            and fcntl.fcntl(descriptor, fcntl.F_GETPIPE_SZ) < _PIPE_BYTES
        ):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def read_some(file: BinaryReader, target: memoryview, name: str) -> int:
    """Read up to ``len(target)`` bytes into ``target``; 0 at the end.

    Raises SourceError when reading fails, the file object is closed, non-blocking or in text
    mode.
    """
    readinto = getattr(file, "readinto", None)
    try:
        if readinto is not None:
            count = readinto(target)
            if count is not None:
                return int(count)
            data = None
        else:
            data = file.read(len(target))
    except SourceError:
        raise
    except (OSError, ValueError) as error:
        raise SourceError(f"{name}: reading failed", given=str(error)) from error
    if data is None:
        raise SourceError(
            f"{name}: no data at the moment",
            given="a non-blocking file object",
            expected="one that waits for data",
        )
    if isinstance(data, str) or len(data) > len(target):
        raise SourceError(
            f"{name}: read({len(target)}) must return at most that many bytes",
            given=f"{len(data)} items of {type(data).__name__}",
        )
    target[: len(data)] = data
    return len(data)


def peek(file: BinaryReader, count: int, name: str) -> tuple[bytes, BinaryReader]:
    """The first ``count`` bytes (fewer at the end), and a file object that still has them."""
    if isinstance(file, io.TextIOBase):
        raise SourceError(
            f"{name}: a file object in text mode",
            expected="a binary one",
            hint='open it with mode "rb"; of sys.stdin pass sys.stdin.buffer',
        )
    extent = span(file, name)
    head = memoryview(bytearray(count))
    done = 0
    while done < count and (got := read_some(file, head[done:], name)):
        done += got
    first = bytes(head[:done])
    if extent is None:
        widen_pipe(file)
        return first, _Rejoined(first, file, name)
    seekable: Any = file
    seekable.seek(extent.start)
    return first, file


class _Rejoined:
    """A pipe with the bytes that were already taken from it put back in front."""

    def __init__(self, head: bytes, file: BinaryReader, name: str) -> None:
        self._head = memoryview(head)
        self._file: Any = file
        self.name = name

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        target = memoryview(bytearray(size))
        return bytes(target[: self.readinto(target)])

    def readinto(self, target: memoryview) -> int:
        """Fill a part of ``target``; 0 at the end."""
        if self._head:
            count = min(len(self._head), len(target))
            target[:count] = self._head[:count]
            self._head = self._head[count:]
            return count
        return read_some(self._file, target, self.name)

    def close(self) -> None:
        """Close the pipe."""
        self._file.close()
