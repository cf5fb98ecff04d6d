"""Buffers of results that others read: who has them, and when they may be written again."""

from __future__ import annotations

import contextlib
import weakref
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import OutOfMemoryError, VmafTinyError

#: CUDA's default stream: where its users work who name none, and what all their streams but
#: those that were asked not to wait for.
DEFAULT_STREAM = 1


class ResultMemory(Protocol):
    """A device's memory for results. It outlives the backend and is freed with the last result.

    Streams are other people's. Marks stand for work that has been asked for, ours or theirs;
    they are None where one queue does everything in order.
    """

    device: str  # its kind and number: "cuda:0"
    queue: Any  # where all work on results belongs, if there is such a thing

    def allocate(self, nbytes: int) -> Any:
        """Make a buffer; raises OutOfMemoryError."""

    def address(self, buffer: Any) -> int:
        """Where it lies."""

    def written(self) -> Any:
        """Mark what the backend has been asked for so far."""

    def hold(self, stream: int, mark: Any) -> None:
        """Let a stream go on only when the mark is reached."""

    def left(self, stream: int) -> Any:
        """Mark what a stream has been asked for so far."""

    def follow(self, mark: Any) -> None:
        """Let the backend begin its work from now on when the mark is reached; it is spent then."""

    def spend(self, mark: Any) -> None:
        """The mark is not needed any more."""

    def read(self, target: NDArray[np.uint8], buffer: Any, offset: int, mark: Any) -> None:
        """Copy to the host when the mark is reached, and wait for that."""


@dataclass
class _Buffer:
    """A buffer and its history since it was written."""

    place: Any
    written: Any = None
    streams: set[int] = field(default_factory=set)  # that may use it until it is given back
    left: list[Any] = field(default_factory=list)  # marks behind those that are done
    is_lost: bool = False  # nobody knows what may still read it


class Result:
    """A buffer with results. It is used again when nobody refers to this object any more."""

    def __init__(self, pool: ResultPool, buffer: _Buffer) -> None:
        self.memory = pool.memory
        self._buffer = buffer
        weakref.finalize(self, pool.give_back, buffer).atexit = False

    @property
    def buffer(self) -> Any:
        """For the kernels that fill it."""
        return self._buffer.place

    @property
    def address(self) -> int:
        """Where it lies in the device's memory."""
        return self.memory.address(self._buffer.place)

    def fill(self) -> None:
        """The kernels that fill it have been launched."""
        self._buffer.written = self.memory.written()

    def lend(self, stream: int | None) -> None:
        """Let a stream wait for the results; None: whoever reads them has waited already."""
        if stream is not None:
            self.memory.hold(stream, self._buffer.written)

    def use_until_given_back(self, stream: int) -> None:
        """Let a stream wait for the results, and use them as long as this object lives."""
        self._buffer.streams.add(stream)
        self.lend(stream)

    def take_back(self, stream: int) -> None:
        """What a stream has been asked for so far is the last that it does with the results."""
        try:
            self._buffer.left.append(self.memory.left(stream))
        except VmafTinyError:
            self._buffer.is_lost = True

    def read(self, target: NDArray[np.uint8], offset: int) -> None:
        """Copy to the host, from so many bytes on; waits."""
        self.memory.read(target, self._buffer.place, offset, self._buffer.written)


class ResultPool:
    """Buffers of one size. There are as many as are in use at a time, and a few more."""

    def __init__(self, memory: ResultMemory, nbytes: int) -> None:
        self.memory = memory
        self._nbytes = nbytes
        self._free: deque[_Buffer] = deque()  # other threads and the garbage collector give back

    def take(self) -> Result:
        """A buffer to be written by what is launched from now on.

        Raises OutOfMemoryError, EngineError.
        """
        try:
            buffer = self._free.popleft()
        except IndexError:
            buffer = _Buffer(self._allocate())
        result = Result(self, buffer)
        while buffer.left:
            self.memory.follow(buffer.left[-1])
            buffer.left.pop()  # only then: the next to take it has to wait if this failed
        if buffer.written is not None:
            self.memory.spend(buffer.written)
            buffer.written = None
        return result

    def _allocate(self) -> Any:
        try:
            return self.memory.allocate(self._nbytes)
        except OutOfMemoryError as error:
            error.hint = "let go of earlier results, or take smaller frames or a smaller batch"
            raise

    def give_back(self, buffer: _Buffer) -> None:
        """Nobody refers to it any more."""
        with contextlib.suppress(VmafTinyError):
            while buffer.streams:
                buffer.left.append(self.memory.left(buffer.streams.pop()))
            if not buffer.is_lost:
                self._free.append(buffer)
