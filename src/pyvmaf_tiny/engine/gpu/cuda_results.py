"""Results in a CUDA device's memory (see :class:`.results.ResultMemory`)."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import VmafTinyError

from .driver import Events, Held, allocated, call


class CudaResults:
    """Has the device's context for itself, so that it may outlive the backend. Marks are events."""

    queue = None  # streams wait for each other

    def __init__(self, backend_held: Held, compute: Any, device: str) -> None:
        """``compute`` is the stream whose kernels write the results."""
        self.device = device
        self._driver = cuda = backend_held.cuda
        context = call(cuda, "cuDevicePrimaryCtxRetain", backend_held.device)
        self._held = Held(cuda, backend_held.device, context)
        # Not at the interpreter's end: others may hold results even then.
        self._release = weakref.finalize(self, self._held.release)
        self._release.atexit = False
        self._compute = compute
        with self._held.entered():
            try:
                # CUDA's default stream would wait for all that the user has queued there.
                self._copies = self._held.stream()
            except VmafTinyError:
                self._release()
                raise
        self._events = Events(self._held)

    def allocate(self, nbytes: int) -> Any:
        """Device memory."""
        with self._held.entered():
            buffer = allocated(self._driver, "cuMemAlloc", nbytes)
            self._held.buffers.append(buffer)
        return int(buffer)

    def address(self, buffer: Any) -> int:
        """Addresses are buffers."""
        return int(buffer)

    def written(self) -> Any:
        """An event behind the kernels so far."""
        return self._record(self._compute)

    def left(self, stream: int) -> Any:
        """An event behind what is on somebody's stream."""
        return self._record(self._driver.CUstream(stream))

    def _record(self, stream: Any) -> Any:
        with self._held.entered():
            event = self._events.take()
            call(self._driver, "cuEventRecord", event, stream)
        return event

    def hold(self, stream: int, mark: Any) -> None:
        """Somebody's stream waits on the device."""
        with self._held.entered():
            call(self._driver, "cuStreamWaitEvent", self._driver.CUstream(stream), mark, 0)

    def follow(self, mark: Any) -> None:
        """Our kernels wait on the device."""
        with self._held.entered():
            call(self._driver, "cuStreamWaitEvent", self._compute, mark, 0)
        self._events.give_back(mark)

    def spend(self, mark: Any) -> None:
        """The event is used again."""
        self._events.give_back(mark)

    def read(self, target: NDArray[np.uint8], buffer: Any, offset: int, mark: Any) -> None:
        """The host waits for the event, without the GIL, and for the copy."""
        cuda, copies = self._driver, self._copies
        with self._held.entered():
            call(cuda, "cuEventSynchronize", mark)
            ends = target.ctypes.data, buffer + offset
            call(cuda, "cuMemcpyDtoHAsync", *ends, target.nbytes, copies)
            call(cuda, "cuStreamSynchronize", copies)
