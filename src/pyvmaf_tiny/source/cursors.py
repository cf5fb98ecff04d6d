"""A forward walk over the bytes of uncompressed video: in memory, mapped, or from a file object.

Both cursors hand out luma and step over chroma without reading it. In memory (bytes, a mapped
file) a plane is a view of that memory; from a file object it is read into one buffer that the
next frame overwrites. Chroma is stepped over by seeking where the file object can, and read
into a small scratch buffer where it cannot (pipes).
"""

from __future__ import annotations

import io
import mmap
import os
from typing import Any, Protocol

import numpy as np

from pyvmaf_tiny.errors import EmptyInputError, FrameLayoutError, SourceError, TruncatedInputError
from pyvmaf_tiny.frames import AnyArray, Plane

from .layout import FrameLayout
from .streams import BinaryReader, read_some, span

#: Chroma of a pipe is thrown away in pieces of this many bytes.
_SCRATCH_BYTES = 1 << 16

#: Where the system takes it: that a part of a mapped file will be wanted soon.
_ADVICE: int | None = getattr(mmap, "MADV_WILLNEED", None)


class ByteCursor(Protocol):
    """Bytes from here to the end of the input."""

    name: str

    def remaining(self) -> int | None:
        """Bytes that are left; None when that is not known (a pipe)."""

    def line(self, shortest: int, longest: int) -> bytes:
        """The bytes up to and with the next newline; without one at the end, or if too long.

        The first ``shortest`` bytes are taken in one go, newline or not.
        """

    def luma(self, layout: FrameLayout, index: int) -> AnyArray | None:
        """The luma plane of the next frame, stepping over its chroma; None at the end.

        Raises TruncatedInputError when only a part of the frame is there.
        """

    def skip(self, count: int) -> int:
        """Step over up to ``count`` bytes; the number that was there."""

    def close(self) -> None:
        """Let go of the bytes; may be called twice."""


def truncated(name: str, index: int, given: int, expected: int) -> TruncatedInputError:
    """The error for frame ``index`` of which only ``given`` bytes are there."""
    return TruncatedInputError(
        f"{name}: the input ends in the middle of frame {index}",
        given=f"{given} bytes of that frame",
        expected=f"{expected} bytes",
        hint="a cut-off file; for raw YUV check width, height, bit depth and pixel format",
    )


class MemoryCursor:
    """Over a bytes-like object, used in place."""

    def __init__(self, data: object, name: str) -> None:
        """Raises EmptyInputError (no bytes), FrameLayoutError (not contiguous)."""
        self.name = name
        view = memoryview(data)  # type: ignore[arg-type]  # any object with a buffer
        if not view.c_contiguous:
            raise FrameLayoutError(
                f"{name}: a bytes-like object must be contiguous",
                given=f"strides {view.strides} bytes",
                hint="pass bytes(...) of it",
            )
        if view.nbytes == 0:
            raise EmptyInputError(f"{name}: no frame", given="0 bytes")
        self._data: memoryview | None = view.cast("B")
        self._end = view.nbytes
        self._position = 0

    def remaining(self) -> int:
        return self._end - self._position

    def line(self, shortest: int, longest: int) -> bytes:
        data, start = self._open(), self._position
        head = bytes(data[start : start + shortest])
        if not head.endswith(b"\n"):
            more = bytes(data[start + shortest : start + longest])
            head += more[: more.find(b"\n") + 1] or more
        self._position += len(head)
        return head

    def starts_with(self, magic: bytes) -> bool:
        """Whether the bytes from here on are ``magic``."""
        return self._open()[self._position : self._position + len(magic)] == magic

    def luma(self, layout: FrameLayout, index: int) -> AnyArray | None:
        data = self._open()
        left = self._end - self._position
        if left < layout.frame_bytes:
            if left == 0:
                return None
            raise truncated(self.name, index, left, layout.frame_bytes)
        plane = np.ndarray(layout.shape, layout.dtype, data, self._position)
        self._position += layout.frame_bytes
        return plane

    def skip(self, count: int) -> int:
        count = min(count, self._end - self._position)
        self._position += count
        return count

    def close(self) -> None:
        # Planes that are still in use keep the memory alive: it goes with the last of them.
        # Releasing or unmapping it here would pull it from under them.
        self._data = None

    def _open(self) -> memoryview:
        if self._data is None:
            raise SourceError(f"{self.name}: the input is closed")
        return self._data


class MappedCursor(MemoryCursor):
    """Over a regular file that is mapped into memory; chroma pages are never touched.

    The size at the time of opening counts: what is appended later is not read. A file that
    becomes shorter is noticed when the next plane is asked for; memory behind a plane that is
    in use cannot be guarded.
    """

    def __init__(self, path: str, name: str) -> None:
        """Raises SourceError (cannot be opened), EmptyInputError (size 0)."""
        self.name = name
        try:
            with open(path, "rb") as file:
                self._end = os.fstat(file.fileno()).st_size
                if self._end == 0:
                    raise EmptyInputError(f"{name}: no frame", given="an empty file")
                self._map: mmap.mmap | None = mmap.mmap(
                    file.fileno(), self._end, access=mmap.ACCESS_READ
                )
        except OSError as error:
            raise SourceError(f"{name}: cannot be opened", given=error.strerror) from error
        self._data = memoryview(self._map)
        self._position = 0

    def luma(self, layout: FrameLayout, index: int) -> AnyArray | None:
        self._check_size(index)
        plane = super().luma(layout, index)
        self._announce(layout.luma_bytes)
        return plane

    def line(self, shortest: int, longest: int) -> bytes:
        self._check_size(None)
        return super().line(shortest, longest)

    def close(self) -> None:
        super().close()
        self._map = None

    def _announce(self, length: int) -> None:
        """Have the system read the next plane while this one is worked on."""
        start = self._position - self._position % mmap.PAGESIZE
        if self._map is not None and _ADVICE is not None and start < self._end:
            self._map.madvise(_ADVICE, start, min(self._position + length, self._end) - start)

    def _check_size(self, index: int | None) -> None:
        if self._map is not None and (size := self._map.size()) < self._end:
            raise TruncatedInputError(
                f"{self.name}: the file became shorter while it was read"
                + (f", at frame {index}" if index is not None else ""),
                given=f"{size} bytes",
                expected=f"{self._end} bytes as when it was opened",
                hint="let the program that writes it finish first",
            )


class StreamCursor:
    """Over a binary file object, from its current position on."""

    def __init__(self, file: BinaryReader, name: str, *, owned: bool = False) -> None:
        """``owned``: close the file object together with the cursor. Raises SourceError."""
        self.name = name
        self._file: Any = file
        self._owned = owned
        self._luma: Plane | None = None
        self._scratch = memoryview(bytearray(_SCRATCH_BYTES))
        extent = span(file, name)
        self._left = None if extent is None else extent.stop - extent.start

    def remaining(self) -> int | None:
        return self._left

    def line(self, shortest: int, longest: int) -> bytes:
        head = self._bytes(shortest)
        while head and not head.endswith(b"\n") and len(head) < longest:
            byte = self._bytes(1)
            if not byte:
                break
            head += byte
        return head

    def luma(self, layout: FrameLayout, index: int) -> AnyArray | None:
        self._open()
        if self._left is not None and self._left < layout.frame_bytes:
            if self._left == 0:
                return None
            raise truncated(self.name, index, self._left, layout.frame_bytes)
        if self._luma is None:
            self._luma = np.empty(layout.shape, layout.dtype)
        got = self._fill(self._luma.data.cast("B"))
        if got == layout.luma_bytes:
            got += self.skip(layout.chroma_bytes)
        if got == 0:
            return None
        if got < layout.frame_bytes:
            raise truncated(self.name, index, got, layout.frame_bytes)
        return self._luma

    def skip(self, count: int) -> int:
        file = self._open()
        if self._left is not None:
            count = min(count, self._left)
            if count:
                file.seek(count, io.SEEK_CUR)
                self._left -= count
            return count
        done = 0
        while done < count:
            got = self._fill(self._scratch[: count - done])
            if got == 0:
                break
            done += got
        return done

    def close(self) -> None:
        if self._file is not None and self._owned:
            self._file.close()
        self._file = None

    def _bytes(self, count: int) -> bytes:
        return bytes(self._scratch[: self._fill(self._scratch[:count])])

    def _fill(self, target: memoryview) -> int:
        """Read until ``target`` is full or the input ends; the number of bytes read."""
        file = self._open()
        done = 0
        while done < len(target):
            got = read_some(file, target[done:], self.name)
            if got == 0:
                break
            done += got
        if self._left is not None:
            self._left = self._left - done if done == len(target) else 0
        return done

    def _open(self) -> Any:
        if self._file is None:
            raise SourceError(f"{self.name}: the input is closed")
        return self._file
