"""What the pipeline asks of a GPU runtime, and nothing more."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import weakref
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import DeviceError, EngineStateError
from pyvmaf_tiny.frames import DevicePlane, Plane

from .results import ResultMemory

#: A plane on the device, and the buffer and the byte in it where it is to lie.
Place: TypeAlias = tuple[DevicePlane, Any, int]


class Backend(Protocol):
    """A device with the kernels loaded and two ordered lines of work: uploads and all the rest.

    Calls return before the work is done. Either line is worked off in the order of the calls, and
    the rest waits for the uploads that were asked for before it; uploads wait for nothing.
    ``wait`` blocks until all work of a line up to a mark is done. Buffers and marks are the
    backend's own business; a mark is waited for once, or spent.

    Raises OutOfMemoryError when an allocation fails and EngineError when the device does.
    """

    device: str  # its kind and number: "cuda:0"
    memory: str | None  # kind of the DevicePlanes that it takes; None: frames come from the host

    def entered(self) -> contextlib.AbstractContextManager[None]:
        """Every other call, up to ``close``, is made within this."""

    def allocate(self, nbytes: int) -> Any:
        """Make a buffer in the device's memory; its contents are undefined."""

    def allocate_host(self, nbytes: int) -> NDArray[np.uint8]:
        """Host memory that the device can copy from and to while the host goes on."""

    def upload(self, target: Any, offset: int, source: NDArray[np.uint8]) -> None:
        """Copy a piece of :meth:`allocate_host`'s memory to ``offset`` bytes into a buffer."""

    def check_plane(self, plane: DevicePlane) -> None:
        """FrameTypeError when it is in memory that the device cannot reach."""

    def pinned(self, plane: Plane) -> DevicePlane | None:
        """A plane of the host's as one for :meth:`upload_planes`; None where it has to be staged.

        Its ``kind`` is "host".
        """

    def upload_planes(self, places: Sequence[Place]) -> None:
        """Copy planes that are on the device, each to so many bytes into a buffer, without gaps.

        The copies wait for what the planes' streams have still to do, and the streams of planes
        that are ``ordered`` wait for the copies; of other planes nobody knows that they are read.
        Their owners are kept until that is done.
        """

    def place(self, plane: Plane) -> DevicePlane:
        """A copy of a plane of the host's in the device's memory."""

    def download(
        self, target: NDArray[np.uint8], source: Any, *, with_uploads: bool = False
    ) -> None:
        """Copy the first bytes of a buffer to the host; on request in the line of uploads."""

    def copy(self, target: Any, to: int, source: Any, offset: int, nbytes: int) -> None:
        """Copy from ``offset`` bytes into one buffer to ``to`` bytes into another."""

    def piece(self, buffer: Any, offset: int, nbytes: int) -> Any:
        """A part of a buffer as a buffer, for kernels; the whole stays alive with it."""

    def launch(
        self,
        kernel: str,
        groups: tuple[int, int, int],
        buffers: Sequence[Any],
        *,
        with_uploads: bool = False,
    ) -> None:
        """Run a kernel over so many work groups; on request in the line of uploads.

        Its arguments are buffers.
        """

    def mark(self, *, with_uploads: bool = False) -> Any:
        """Remember this point of a line."""

    def wait(self, mark: Any) -> None:
        """Block until everything before the mark in its line is done."""

    def spend(self, mark: Any) -> None:
        """Nobody will wait for the mark: a later one of its line has been waited for."""

    def finish(self) -> None:
        """Block until nothing is left to do."""

    def results(self) -> ResultMemory:
        """Memory for results that others read on the device; only where :attr:`memory` is told."""

    def close(self) -> None:
        """Give all memory back; may be called twice."""


class Process:
    """The process that opened a device. One that is forked from it cannot use what it had."""

    def __init__(self) -> None:
        self._id = os.getpid()

    def is_this(self) -> bool:
        """Whether it is the one that asks."""
        return self._id == os.getpid()

    def check(self) -> None:
        """Raises EngineStateError in another process."""
        if not self.is_this():
            raise EngineStateError(
                "the engine belongs to the process that this one was forked from", hint=_SPAWN
            )


_SPAWN = 'start processes with "spawn": a forked one cannot use a device that its parent used'


def opened_here(kind: str) -> Process:
    """The calling process, for a runtime with threads of its own, which no fork copies.

    Raises DeviceError in a process forked from one that has opened a device of this kind.
    """
    first = _first_user(kind)
    if not first.is_this():
        raise DeviceError(
            "this process was forked from one that used the device", given=kind, hint=_SPAWN
        )
    return first


@functools.cache
def _first_user(kind: str) -> Process:
    return Process()


def keep_in_forks(thing: object) -> None:
    """See to it that a forked process never frees it: that can wait for ever, or crash.

    A runtime's locks may be held, at the time of the fork, by threads that no fork copies.
    """
    _kept_in_forks.add(thing)


_kept_in_forks: weakref.WeakSet[object] = weakref.WeakSet()


def _keep_what_the_parent_has() -> None:
    for thing in list(_kept_in_forks):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))  # which nothing takes back


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_keep_what_the_parent_has)


def constant(backend: Backend, values: NDArray[Any]) -> Any:
    """A buffer that holds these values for good."""
    data = np.frombuffer(values.tobytes(), np.uint8)
    staged = backend.allocate_host(data.size)
    staged[:] = data
    buffer = backend.allocate(data.size)
    backend.upload(buffer, 0, staged)
    backend.finish()
    return buffer
