"""Calls of the CUDA driver, and what has to be given back to it."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from pyvmaf_tiny.errors import EngineError, OutOfMemoryError

from .backend import Process


class Held:
    """Everything that has to be given back to the driver."""

    def __init__(self, cuda: Any, device: Any, context: Any) -> None:
        self.cuda, self.device, self.context = cuda, device, context
        self.process = Process()
        self.buffers: list[Any] = []
        self.pinned: list[int] = []
        self.modules: list[Any] = []
        self.streams: list[Any] = []
        self.events: list[Any] = []
        #: Events behind copies, and the owners of the memory that they read from.
        self.lent: deque[tuple[Any, Sequence[object]]] = deque()

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Make the context the thread's own for a while; not in a forked process."""
        self.process.check()
        call(self.cuda, "cuCtxPushCurrent", self.context)
        try:
            yield
        finally:
            self.cuda.cuCtxPopCurrent()  # repeats at most what another call has said

    def stream(self, priority: int = 0) -> Any:
        flags = self.cuda.CUstream_flags.CU_STREAM_NON_BLOCKING.value
        self.streams.append(call(self.cuda, "cuStreamCreateWithPriority", flags, priority))
        return self.streams[-1]

    def event(self, *, spin: bool = False) -> Any:
        """For the order of work. A host that waits for it sleeps; with ``spin`` it does not."""
        kinds = self.cuda.CUevent_flags
        flags = kinds.CU_EVENT_DISABLE_TIMING.value
        if not spin:
            flags |= kinds.CU_EVENT_BLOCKING_SYNC.value
        self.events.append(call(self.cuda, "cuEventCreate", flags))
        return self.events[-1]

    def release(self) -> None:
        """Give everything back. Answers are not looked at: there is nothing left to be done.

        A process that was forked has nothing to give back, and its driver does not work.
        """
        if not self.process.is_this():
            return
        cuda = self.cuda
        (entered,) = cuda.cuCtxPushCurrent(self.context)
        for stream in self.streams:
            cuda.cuStreamSynchronize(stream)
        for event in self.events:  # others may be reading results
            cuda.cuEventSynchronize(event)
        self.lent.clear()
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
        if entered == cuda.CUresult.CUDA_SUCCESS:
            cuda.cuCtxPopCurrent()
        cuda.cuDevicePrimaryCtxRelease(self.device)


class Events:
    """Events of one kind, each to be used again and again; by several threads, too."""

    def __init__(self, held: Held, *, spin: bool = False) -> None:
        self._held, self._spin = held, spin
        self._spare: list[Any] = []

    def take(self) -> Any:
        """One that nobody waits for."""
        try:
            return self._spare.pop()
        except IndexError:
            return self._held.event(spin=self._spin)

    def give_back(self, event: Any) -> None:
        """Whoever is to wait for it has been told so, or has waited."""
        self._spare.append(event)


def call(cuda: Any, function: str, *arguments: Any) -> Any:
    """Call the driver; what it returned, less the status. Raises for any failure."""
    status, value = answer(cuda, function, *arguments)
    if status != cuda.CUresult.CUDA_SUCCESS:
        fail(cuda, function, status)
    return value


def answer(cuda: Any, function: str, *arguments: Any) -> tuple[Any, Any]:
    """Call the driver; its status, and what it returned besides, or None.

    Raises EngineError when this driver has no such function.
    """
    try:
        status, *values = getattr(cuda, function)(*arguments)
    except RuntimeError as error:  # the bindings' answer for a function that they did not find
        raise EngineError(
            f"the CUDA driver lacks {function} ({error})", hint="a newer driver has it"
        ) from error
    return status, values[0] if len(values) == 1 else tuple(values) or None


def fail(cuda: Any, function: str, status: Any) -> NoReturn:
    """Raise for a status that is no success."""
    if status == cuda.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
        raise OutOfMemoryError(_NO_MEMORY, hint=_SMALLER)
    raise EngineError(
        f"the CUDA driver failed in {function}", given=status.name, hint=_HINTS.get(status.name)
    )


def allocated(cuda: Any, function: str, nbytes: int, *arguments: Any) -> int:
    """An address from cuMemAlloc or cuMemHostAlloc; OutOfMemoryError says how much is missing."""
    status, address = answer(cuda, function, nbytes, *arguments)
    if status == cuda.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
        told, memory = answer(cuda, "cuMemGetInfo")
        free = f", {_mib(memory[0])} of {_mib(memory[1])} are free" if not told.value else ""
        on_host = function == "cuMemHostAlloc"
        raise OutOfMemoryError(
            "the system gives no more pinned memory" if on_host else _NO_MEMORY,
            given=f"{_mib(nbytes)} more{'' if on_host else free}",
            hint="other programs hold pinned memory, too; a smaller batch" if on_host else _SMALLER,
        )
    if status != cuda.CUresult.CUDA_SUCCESS:
        fail(cuda, function, status)
    return int(address)


def _mib(nbytes: int) -> str:
    return f"{nbytes / 2**20:.1f} MiB"


_NO_MEMORY = "the GPU has not enough memory"
_SMALLER = "smaller frames, fewer renditions, a smaller batch, or fewer streams at a time"

_NEW_PROCESS = (
    "after this the GPU takes no more work of this process: start a new one; "
    "what comes again is worth a report"
)

#: What to do after a failure, where there is something. Work is done late: the function that
#: reports a failure is seldom the one that caused it.
_HINTS = {
    **dict.fromkeys(
        (
            "CUDA_ERROR_ILLEGAL_ADDRESS",
            "CUDA_ERROR_ILLEGAL_INSTRUCTION",
            "CUDA_ERROR_MISALIGNED_ADDRESS",
            "CUDA_ERROR_INVALID_ADDRESS_SPACE",
            "CUDA_ERROR_INVALID_PC",
            "CUDA_ERROR_HARDWARE_STACK_ERROR",
            "CUDA_ERROR_LAUNCH_FAILED",
            "CUDA_ERROR_ASSERT",
        ),
        _NEW_PROCESS,
    ),
    "CUDA_ERROR_LAUNCH_TIMEOUT": "the GPU also drives a screen, which limits how long work may "
    "take: a smaller batch; this process has to be started again",
    "CUDA_ERROR_ECC_UNCORRECTABLE": "the GPU's memory is damaged: nvidia-smi -q tells more",
    "CUDA_ERROR_DEVICE_UNAVAILABLE": "another process has the GPU to itself (compute mode)",
    "CUDA_ERROR_DEVICES_UNAVAILABLE": "another process has the GPU to itself (compute mode)",
    "CUDA_ERROR_NOT_INITIALIZED": "the process was forked from one that used the GPU: start "
    'processes with "spawn"',
}
