"""Frames that a CUDA device copies from where they are, in the order of their streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyvmaf_tiny.errors import EngineError, FrameTypeError
from pyvmaf_tiny.frames import DevicePlane

from .backend import Place
from .driver import Events, Held, answer, call, fail


class PlaneCopies:
    """Copies of planes in one stream of ours. The planes' owners are kept until they are made."""

    def __init__(self, held: Held, copies: Any, events: Events) -> None:
        self._cuda, self._copies, self._events = held.cuda, copies, events
        self._lent = held.lent

    def upload(self, places: Sequence[Place]) -> None:
        """See :meth:`.backend.Backend.upload_planes`; FrameTypeError for a stream of no use."""
        self.let_go()
        cuda, copies = self._cuda, self._copies
        for stream in {plane.stream for plane, _, _ in places if plane.stream is not None}:
            self._follow(cuda.CUstream(stream))
        try:
            for plane, target, offset in places:
                _copy(cuda, plane, target + offset, copies)
            done = self._events.take()
            call(cuda, "cuEventRecord", done, copies)
        except EngineError:
            # The copies before may be on their way, from memory that ``places`` alone may keep.
            answer(cuda, "cuStreamSynchronize", copies)
            raise
        self._lent.append((done, [plane.owner for plane, _, _ in places]))
        for follower in {plane.stream for plane, _, _ in places if plane.ordered}:
            call(cuda, "cuStreamWaitEvent", cuda.CUstream(follower), done, 0)

    def _follow(self, stream: Any) -> None:
        """Let the copies wait for what somebody's stream has been asked for so far."""
        cuda, event = self._cuda, self._events.take()
        status, _ = answer(cuda, "cuEventRecord", event, stream)
        results = cuda.CUresult
        if status in (results.CUDA_ERROR_INVALID_HANDLE, results.CUDA_ERROR_INVALID_CONTEXT):
            self._events.give_back(event)
            raise FrameTypeError(
                "a frame's stream is of another CUDA context than the device's primary one",
                given=status.name,
                expected="a stream of the primary context, which PyTorch, CuPy, JAX and Numba use",
                hint="wait for that stream and pass an array that names none (stream None)",
            )
        if status != results.CUDA_SUCCESS:
            fail(cuda, "cuEventRecord", status)
        call(cuda, "cuStreamWaitEvent", self._copies, event, 0)
        self._events.give_back(event)

    def let_go(self) -> None:
        """Let go of the owners of planes that have been copied."""
        lent, cuda = self._lent, self._cuda
        while lent:
            status, _ = answer(cuda, "cuEventQuery", lent[0][0])
            if status == cuda.CUresult.CUDA_ERROR_NOT_READY:
                return
            event, _ = lent.popleft()
            # An event that cannot be asked must not be asked for ever: it is out before the error.
            if status != cuda.CUresult.CUDA_SUCCESS:
                fail(cuda, "cuEventQuery", status)
            self._events.give_back(event)

    def let_go_of_all(self) -> None:
        """The stream has nothing left to do."""
        while self._lent:
            self._events.give_back(self._lent.popleft()[0])


class Captures:
    """Knows whether a stream is being captured into a CUDA graph; asked for every frame.

    What we record on such a stream would become part of the graph, and its work is not under way.
    """

    def __init__(self, cuda: Any) -> None:
        self._cuda = cuda
        none = cuda.CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE
        self._fine = cuda.CUresult.CUDA_SUCCESS, none

    def check(self, handle: int) -> None:
        """FrameTypeError for a stream that is."""
        cuda = self._cuda
        asked = cuda.cuStreamIsCapturing(cuda.CUstream(handle))
        if asked == self._fine:
            return
        status, _ = asked
        implied = status == cuda.CUresult.CUDA_ERROR_STREAM_CAPTURE_IMPLICIT
        if status != cuda.CUresult.CUDA_SUCCESS and not implied:
            fail(cuda, "cuStreamIsCapturing", status)
        raise FrameTypeError(
            "a frame was pushed while its stream is being captured into a CUDA graph",
            given="CUDA's default stream, which streams that are captured wait for"
            if implied
            else "a stream that is captured",
            hint="nothing is computed during the capture: push the frame behind the graph's replay",
        )


def _copy(cuda: Any, plane: DevicePlane, target: int, stream: Any) -> None:
    """Copy a plane to an address, without gaps."""
    (height, width), on_host = plane.shape, plane.kind == "host"
    row = width * plane.itemsize
    if plane.strides[0] == row:
        function = "cuMemcpyHtoDAsync" if on_host else "cuMemcpyDtoDAsync"
        call(cuda, function, target, plane.address, row * height, stream)
        return
    copy, kinds = cuda.CUDA_MEMCPY2D(), cuda.CUmemorytype
    if on_host:
        copy.srcMemoryType, copy.srcHost = kinds.CU_MEMORYTYPE_HOST, plane.address
    else:
        copy.srcMemoryType, copy.srcDevice = kinds.CU_MEMORYTYPE_DEVICE, plane.address
    copy.srcPitch = plane.strides[0]
    copy.dstMemoryType, copy.dstDevice = kinds.CU_MEMORYTYPE_DEVICE, target
    copy.dstPitch = copy.WidthInBytes = row
    copy.Height = height
    call(cuda, "cuMemcpy2DAsync", copy, stream)
