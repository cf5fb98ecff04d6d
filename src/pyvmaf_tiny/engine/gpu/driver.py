"""Calls of the CUDA driver, and what has to be given back to it."""

from __future__ import annotations

from typing import Any

from pyvmaf_tiny.errors import EngineError, OutOfMemoryError


class Held:
    """Everything that has to be given back to the driver."""

    def __init__(self, cuda: Any, device: Any, context: Any) -> None:
        self.cuda, self.device, self.context = cuda, device, context
        self.buffers: list[Any] = []
        self.pinned: list[int] = []
        self.modules: list[Any] = []
        self.streams: list[Any] = []
        self.events: list[Any] = []

    def stream(self) -> Any:
        flags = self.cuda.CUstream_flags.CU_STREAM_NON_BLOCKING
        self.streams.append(call(self.cuda, "cuStreamCreate", flags))
        return self.streams[-1]

    def event(self) -> Any:
        kinds = self.cuda.CUevent_flags
        flags = kinds.CU_EVENT_DISABLE_TIMING.value | kinds.CU_EVENT_BLOCKING_SYNC.value
        self.events.append(call(self.cuda, "cuEventCreate", flags))
        return self.events[-1]

    def release(self) -> None:
        """Give everything back. Answers are not looked at: there is nothing left to be done."""
        cuda = self.cuda
        cuda.cuCtxPushCurrent(self.context)
        for stream in self.streams:
            cuda.cuStreamSynchronize(stream)
        for free, things in (
            (cuda.cuMemFree, self.buffers),
            (cuda.cuMemFreeHost, self.pinned),
            (cuda.cuEventDestroy, self.events),
            (cuda.cuStreamDestroy, self.streams),
            (cuda.cuModuleUnload, self.modules),
        ):
            for thing in things:
                free(thing)
            things.clear()
        cuda.cuCtxPopCurrent()
        cuda.cuDevicePrimaryCtxRelease(self.device)


def call(cuda: Any, function: str, *arguments: Any) -> Any:
    """Call the driver; what it returned, less the status. Raises for any failure."""
    status, *values = getattr(cuda, function)(*arguments)
    if status != cuda.CUresult.CUDA_SUCCESS:
        _raise(cuda, function, status)
    return values[0] if values else None


def _raise(cuda: Any, function: str, status: Any) -> None:
    if status == cuda.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
        raise OutOfMemoryError(
            "the GPU has not enough memory",
            hint="smaller frames, fewer renditions, a smaller batch, or fewer streams at a time",
        )
    raise EngineError(f"the CUDA driver failed in {function}", given=status.name)
