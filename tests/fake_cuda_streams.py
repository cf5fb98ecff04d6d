"""The stand-in for the CUDA driver, its streams and events: see ``fake_cuda``."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Literal

Order = Literal["lazy", "uploads_first", "others_first", "eager"]


class Result(enum.Enum):
    """The driver's answers."""

    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_OUT_OF_MEMORY = 2
    CUDA_ERROR_NOT_INITIALIZED = 3
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_INVALID_IMAGE = 200
    CUDA_ERROR_INVALID_CONTEXT = 201
    CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222
    CUDA_ERROR_INVALID_HANDLE = 400
    CUDA_ERROR_NOT_READY = 600
    CUDA_ERROR_ILLEGAL_ADDRESS = 700
    CUDA_ERROR_LAUNCH_FAILED = 719
    CUDA_ERROR_SYSTEM_DRIVER_MISMATCH = 803
    CUDA_ERROR_STREAM_CAPTURE_IMPLICIT = 906


OK = Result.CUDA_SUCCESS

#: After these a context answers nothing else any more.
STICKY = (Result.CUDA_ERROR_ILLEGAL_ADDRESS, Result.CUDA_ERROR_LAUNCH_FAILED)
_STILL_ANSWERED = ("cuInit", "cuD", "cuCtxPopCurrent")

Answer = tuple[Any, ...]

#: The handles of the device's primary context, and of one that somebody else has made.
PRIMARY, ANOTHER = 4096, 4097

#: CUDA's default stream.
DEFAULT = 1


class Stream:
    """Work in order; what is ``eager`` does it at once."""

    capturing = False  # into a graph
    context = PRIMARY

    def __init__(self, eager: bool) -> None:
        self.eager = eager
        self.work: list[Callable[[], None]] = []
        self.done = 0

    def run(self, until: int) -> None:
        while self.done < until:
            self.done += 1
            self.work[self.done - 1]()


class Event:
    """A place in a stream, once it has been recorded."""

    stream: Stream | None = None
    position = 0

    def __init__(self, blocking: bool) -> None:
        self.blocking = blocking


class StreamCalls:
    """What a driver is asked for streams and events, and how every call begins."""

    CUresult = Result
    CUstream_flags = SimpleNamespace(CU_STREAM_NON_BLOCKING=SimpleNamespace(value=1))
    CUevent_flags = SimpleNamespace(
        CU_EVENT_DISABLE_TIMING=SimpleNamespace(value=2),
        CU_EVENT_BLOCKING_SYNC=SimpleNamespace(value=1),
    )
    CUstreamCaptureStatus = SimpleNamespace(CU_STREAM_CAPTURE_STATUS_NONE="none")

    def __init__(self, order: Order) -> None:
        self.fail: dict[str, tuple[int, Result]] = {}  # function -> calls that succeed, answer
        self.broken: Result | None = None
        self.calls: list[str] = []
        self.misuse: list[str] = []
        self.live: dict[Any, Any] = {}
        self._order = order
        self._threads = threading.local()
        self.lock = threading.RLock()
        at_once = order in ("eager", "others_first")
        #: Streams of other users of the GPU, by their handles; 1 is CUDA's default stream.
        self.streams = {handle: Stream(at_once) for handle in (DEFAULT, 77)}
        self.waits: list[bool] = []  # of the host's for events: whether it slept

    # ---- how every call begins ------------------------------------------------------------------

    @property
    def _contexts(self) -> list[object]:
        """The thread's own stack of contexts."""
        stack: list[object] = self._threads.__dict__.setdefault("contexts", [])
        return stack

    def _begin(self, function: str, *, needs_context: bool = True) -> Result:
        self.calls.append(function)
        if self.broken is not None and not function.startswith(_STILL_ANSWERED):
            return self.broken
        if function in self.fail:
            left, answer = self.fail[function]
            if left == 0:
                self.broken = answer if answer in STICKY else None
                return answer
            self.fail[function] = (left - 1, answer)
        if needs_context and self._contexts[-1:] != [PRIMARY]:
            return self._misused(f"{function} without a context", Result.CUDA_ERROR_INVALID_CONTEXT)
        return OK

    def _misused(self, what: str, answer: Result = Result.CUDA_ERROR_INVALID_VALUE) -> Result:
        self.misuse.append(what)
        return answer

    def _take(self, thing: Any, what: Any) -> Any:
        self.live[thing] = what
        return thing

    def _made(self, answer: Result, thing: Any, what: str) -> Answer:
        return answer, self._take(thing, what) if answer is OK else None

    def _free(self, function: str, thing: Any) -> Answer:
        answer = self._begin(function)
        if answer is OK and self.live.pop(thing, None) is None:
            answer = self._misused(f"{function} of what is not alive")
        return (answer,)

    # ---- streams and events ---------------------------------------------------------------------

    def _enqueue(self, stream: Stream, work: Callable[[], None]) -> None:
        stream.work.append(work)
        if stream.eager:
            stream.run(len(stream.work))

    def CUstream(self, handle: int) -> Stream:  # noqa: N802
        """The stream of that number."""
        return self.streams[handle]

    def cuCtxGetStreamPriorityRange(self) -> Answer:  # noqa: N802
        return self._begin("cuCtxGetStreamPriorityRange"), 0, -5

    def cuStreamCreateWithPriority(self, flags: int, priority: int) -> Answer:  # noqa: N802
        answer = self._begin("cuStreamCreateWithPriority")
        if flags != 1 or not -5 <= priority <= 0:
            answer = self._misused("a stream that blocks, or of no priority")
        return self._made(answer, Stream(self._order == "eager"), "stream")

    def cuStreamDestroy(self, stream: Stream) -> Answer:  # noqa: N802
        if stream.done < len(stream.work):
            self._misused("a stream is destroyed at work")
        return self._free("cuStreamDestroy", stream)

    def cuStreamSynchronize(self, stream: Stream) -> Answer:  # noqa: N802
        stream.run(len(stream.work))
        return (self._begin("cuStreamSynchronize"),)

    def cuStreamWaitEvent(self, stream: Stream, event: Any, flags: int) -> Answer:  # noqa: N802
        answer = self._begin("cuStreamWaitEvent")
        if answer is OK and stream.capturing:
            answer = self._misused("a stream that is captured is made to wait")
        if answer is OK:
            other, position = event.stream, event.position
            self._enqueue(stream, lambda: other.run(position))
        return (answer,)

    def cuStreamIsCapturing(self, stream: Stream) -> Answer:  # noqa: N802
        answer = self._begin("cuStreamIsCapturing")
        captured = any(each.capturing for each in self.streams.values())
        if answer is OK and stream is self.streams[DEFAULT] and captured:
            answer = Result.CUDA_ERROR_STREAM_CAPTURE_IMPLICIT
        return answer, "active" if stream.capturing else "none"

    def cuEventCreate(self, flags: int) -> Answer:  # noqa: N802
        answer = self._begin("cuEventCreate")
        if flags not in (2, 3):
            answer = self._misused("an event that times")
        return self._made(answer, Event(flags == 3), "event")

    def cuEventDestroy(self, event: Any) -> Answer:  # noqa: N802
        return self._free("cuEventDestroy", event)

    def cuEventRecord(self, event: Any, stream: Stream) -> Answer:  # noqa: N802
        answer = self._begin("cuEventRecord")
        if answer is OK and stream.capturing:
            answer = self._misused("an event is recorded into a graph")
        if answer is OK and stream.context != PRIMARY:
            answer = Result.CUDA_ERROR_INVALID_HANDLE
        if answer is OK:
            event.stream, event.position = stream, len(stream.work)
        return (answer,)

    def cuEventQuery(self, event: Any) -> Answer:  # noqa: N802
        answer = self._begin("cuEventQuery")
        if answer is OK and event.stream is not None and event.stream.done < event.position:
            answer = Result.CUDA_ERROR_NOT_READY
        return (answer,)

    def cuEventSynchronize(self, event: Any) -> Answer:  # noqa: N802
        self.waits.append(event.blocking)
        if event.stream is not None:
            event.stream.run(event.position)
        return (self._begin("cuEventSynchronize"),)
