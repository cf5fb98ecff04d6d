"""A stand-in for the CUDA driver, so that its whole call sequence runs without a GPU.

It has the functions of ``cuda.bindings.driver`` that the engine calls. Memory is real, and kernels
are run for real: by the same source text on the SYCL CPU device. Streams are what a driver may
make of them: work that nobody waits for is done as late as possible (``lazy``), or all uploads at
once and everything else late (``uploads_first``), or what other users of the GPU do at once and
everything of ours late (``others_first``), or everything at once (``eager``). The results are the
same only if host and streams wait where they have to.

Whatever a driver would not forgive is an answer other than success, and is kept in ``misuse``.
"""

from __future__ import annotations

import ctypes
import enum
import functools
import itertools
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from pyvmaf_tiny.engine.gpu.source import ITEMS, KERNELS
from pyvmaf_tiny.engine.gpu.sycl import SyclBackend, part_of

Order = Literal["lazy", "uploads_first", "others_first", "eager"]

#: Parameters of the kernels, all pointers.
_PARAMETERS = {
    "vif": 9,
    "adm": 8,
    "motion": 4,
    "samples": 3,
    "totals": 3,
    "features": 7,
    "model": 5,
}

#: Where device memory seems to lie, from allocation to allocation.
_SPACING = 1 << 40


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


OK = Result.CUDA_SUCCESS

#: After these a context answers nothing else any more.
STICKY = (Result.CUDA_ERROR_ILLEGAL_ADDRESS, Result.CUDA_ERROR_LAUNCH_FAILED)
_STILL_ANSWERED = ("cuInit", "cuD", "cuCtxPopCurrent")

Answer = tuple[Any, ...]


class _Stream:
    def __init__(self, eager: bool) -> None:
        self.eager = eager
        self.work: list[Callable[[], None]] = []
        self.done = 0

    def run(self, until: int) -> None:
        while self.done < until:
            self.done += 1
            self.work[self.done - 1]()


class FakeDriver:
    """One GPU. ``live`` is what has not been given back, ``calls`` the names of all calls."""

    CUDA_VERSION = 13050  # of the packages
    CUresult = Result
    CUstream_flags = SimpleNamespace(CU_STREAM_NON_BLOCKING=SimpleNamespace(value=1))
    CUevent_flags = SimpleNamespace(
        CU_EVENT_DISABLE_TIMING=SimpleNamespace(value=2),
        CU_EVENT_BLOCKING_SYNC=SimpleNamespace(value=1),
    )
    CUdevice_attribute = SimpleNamespace(
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR="major",
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR="minor",
    )

    CUmemorytype = SimpleNamespace(CU_MEMORYTYPE_HOST="host", CU_MEMORYTYPE_DEVICE="device")
    CUpointer_attribute = SimpleNamespace(
        CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL="ordinal", CU_POINTER_ATTRIBUTE_MEMORY_TYPE="type"
    )
    CUDA_MEMCPY2D = SimpleNamespace

    def __init__(self, order: Order = "lazy", capability: tuple[int, int] = (9, 0)) -> None:
        self.capability = dict(zip(("major", "minor"), capability, strict=True))
        self.devices = 1
        self.version = 13000  # of the driver
        self.fail: dict[str, tuple[int, Result]] = {}  # function -> calls that succeed, answer
        self.broken: Result | None = None
        self.calls: list[str] = []
        self.misuse: list[str] = []
        self.live: dict[Any, Any] = {}
        self._order = order
        self._threads = threading.local()
        self.lock = threading.RLock()
        self._addresses = itertools.count(_SPACING, _SPACING)
        self._backends: dict[bytes, SyclBackend] = {}
        self._memory_owner = SyclBackend(None, 1)
        #: Streams of other users of the GPU, by their handles; 1 is CUDA's default stream.
        at_once = order in ("eager", "others_first")
        self.streams = {handle: _Stream(at_once) for handle in (1, 77)}
        self.kept: list[Any] = []  # memory of the host that copies under way read from
        self.ordinals: dict[int, int] = {}  # allocation -> another device than 0

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
        if needs_context and self._contexts[-1:] != ["primary"]:
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

    # ---- device and context ---------------------------------------------------------------------

    def cuInit(self, flags: int) -> Answer:  # noqa: N802
        return (self._begin("cuInit", needs_context=False),)

    def cuDriverGetVersion(self) -> Answer:  # noqa: N802
        return self._begin("cuDriverGetVersion", needs_context=False), self.version

    def cuDeviceGetCount(self) -> Answer:  # noqa: N802
        return self._begin("cuDeviceGetCount", needs_context=False), self.devices

    def cuDeviceGet(self, index: int) -> Answer:  # noqa: N802
        return self._begin("cuDeviceGet", needs_context=False), index

    def cuDeviceGetName(self, length: int, device: int) -> Answer:  # noqa: N802
        return self._begin("cuDeviceGetName", needs_context=False), b"Stand-in GPU\0\0"

    def cuDeviceGetPCIBusId(self, length: int, device: int) -> Answer:  # noqa: N802
        return self._begin("cuDeviceGetPCIBusId", needs_context=False), b"0000:01:00.0\0\0"

    def cuDeviceGetAttribute(self, attribute: str, device: int) -> Answer:  # noqa: N802
        answer = self._begin("cuDeviceGetAttribute", needs_context=False)
        return answer, self.capability[attribute]

    def cuDevicePrimaryCtxRetain(self, device: int) -> Answer:  # noqa: N802
        answer = self._begin("cuDevicePrimaryCtxRetain", needs_context=False)
        if answer is OK:
            self.live["primary"] = self.live.get("primary", 0) + 1
        return answer, "primary"

    def cuDevicePrimaryCtxRelease(self, device: int) -> Answer:  # noqa: N802
        answer = self._begin("cuDevicePrimaryCtxRelease", needs_context=False)
        self.live["primary"] -= 1
        if not self.live["primary"]:
            del self.live["primary"]
            if self.broken is not None:  # the context takes everything with it
                self.live.clear()
        return (answer,)

    def cuCtxPushCurrent(self, context: object) -> Answer:  # noqa: N802
        answer = self._begin("cuCtxPushCurrent", needs_context=False)
        if answer is OK:
            self._contexts.append(context)
        return (answer,)

    def cuCtxPopCurrent(self) -> Answer:  # noqa: N802
        return self._begin("cuCtxPopCurrent"), self._contexts.pop()

    # ---- memory ---------------------------------------------------------------------------------

    def cuMemGetInfo(self) -> Answer:  # noqa: N802
        return self._begin("cuMemGetInfo"), 3 << 19, 3 << 20

    def cuMemAlloc(self, nbytes: int) -> Answer:  # noqa: N802
        answer = self._begin("cuMemAlloc")
        if answer is not OK:
            return answer, 0
        memory = self._memory_owner.allocate(nbytes)
        zeros = np.zeros(nbytes, np.uint8)  # has to outlive the copy
        self._memory_owner.upload(memory, 0, zeros)
        self._memory_owner.finish()
        return OK, self._take(next(self._addresses), memory)

    def cuMemFree(self, address: int) -> Answer:  # noqa: N802
        return self._free("cuMemFree", address)

    def cuMemHostAlloc(self, nbytes: int, flags: int) -> Answer:  # noqa: N802
        answer = self._begin("cuMemHostAlloc")
        memory = (ctypes.c_uint8 * nbytes)()
        address = ctypes.addressof(memory)
        if answer is OK:
            self._take(address, memory)
        return answer, address

    def cuMemFreeHost(self, address: int) -> Answer:  # noqa: N802
        return self._free("cuMemFreeHost", address)

    def _piece(self, address: int, nbytes: int = 1) -> Any:
        """Device memory at an address, or None when it is not all one allocation's."""
        start = address // _SPACING * _SPACING
        memory = self.live.get(start)
        if memory is None or address - start + nbytes > memory.nbytes:
            return None
        return part_of(memory, address - start, nbytes)

    def _copy(self, function: str, stream: Any, nbytes: int, *ends: Any) -> Answer:
        """Queue a copy; an end is a piece of device memory or an address of the host's."""
        answer = self._begin(function)
        if any(end is None for end in ends):
            answer = self._misused(f"{function} beyond the memory")
        if answer is OK:
            queue = self._memory_owner._copies
            sides = [_host(end, nbytes) if isinstance(end, int) else end for end in ends]
            self._enqueue(stream, lambda: queue.memcpy_async(*sides, nbytes).wait())
        return (answer,)

    def cuMemcpyHtoDAsync(self, to: int, source: int, nbytes: int, stream: Any) -> Answer:  # noqa: N802
        stream.eager = stream.eager or self._order == "uploads_first"
        return self._copy("cuMemcpyHtoDAsync", stream, nbytes, self._piece(to, nbytes), source)

    def cuMemcpyHtoD(self, to: int, source: int, nbytes: int) -> Answer:  # noqa: N802
        return self._copy("cuMemcpyHtoD", _Stream(True), nbytes, self._piece(to, nbytes), source)

    def cuMemcpyDtoH(self, to: int, source: int, nbytes: int) -> Answer:  # noqa: N802
        return self._copy("cuMemcpyDtoH", _Stream(True), nbytes, to, self._piece(source, nbytes))

    def cuMemcpyDtoHAsync(self, to: int, source: int, nbytes: int, stream: Any) -> Answer:  # noqa: N802
        return self._copy("cuMemcpyDtoHAsync", stream, nbytes, to, self._piece(source, nbytes))

    def cuMemcpyDtoDAsync(self, to: int, source: int, nbytes: int, stream: Any) -> Answer:  # noqa: N802
        ends = self._piece(to, nbytes), self._piece(source, nbytes)
        return self._copy("cuMemcpyDtoDAsync", stream, nbytes, *ends)

    def cuMemcpy2DAsync(self, copy: Any, stream: Any) -> Answer:  # noqa: N802
        answer = self._begin("cuMemcpy2DAsync")
        from_host = copy.srcMemoryType == "host"
        if (not from_host and copy.srcMemoryType != "device") or copy.dstMemoryType != "device":
            answer = self._misused("a copy to a device that is none")
        for y in range(copy.Height if answer is OK else 0):
            to, nbytes, step = copy.dstDevice + y * copy.dstPitch, copy.WidthInBytes, copy.srcPitch
            if from_host:
                source = copy.srcHost + y * step
                self._copy("cuMemcpy2DAsync", stream, nbytes, self._piece(to, nbytes), source)
            else:
                self.cuMemcpyDtoDAsync(to, copy.srcDevice + y * step, nbytes, stream)
        return (answer,)

    def cuPointerGetAttribute(self, attribute: str, address: int) -> Answer:  # noqa: N802
        answer = self._begin("cuPointerGetAttribute")
        there, pinned = self._piece(address) is not None, self._is_pinned(address)
        if answer is OK and not (there or pinned):
            answer = Result.CUDA_ERROR_INVALID_VALUE
        if attribute == "type":
            return answer, "host" if pinned else "device"
        return answer, self.ordinals.get(address // _SPACING * _SPACING, 0)

    def _is_pinned(self, address: int) -> bool:
        return any(
            start <= address < start + ctypes.sizeof(memory)
            for start, memory in self.live.items()
            if isinstance(memory, ctypes.Array)
        )

    # ---- streams and events ---------------------------------------------------------------------

    def _enqueue(self, stream: _Stream, work: Callable[[], None]) -> None:
        stream.work.append(work)
        if stream.eager:
            stream.run(len(stream.work))

    def CUstream(self, handle: int) -> _Stream:  # noqa: N802
        """The stream of that number."""
        return self.streams[handle]

    def cuCtxGetStreamPriorityRange(self) -> Answer:  # noqa: N802
        return self._begin("cuCtxGetStreamPriorityRange"), 0, -5

    def cuStreamCreateWithPriority(self, flags: int, priority: int) -> Answer:  # noqa: N802
        answer = self._begin("cuStreamCreateWithPriority")
        if flags != 1 or not -5 <= priority <= 0:
            answer = self._misused("a stream that blocks, or of no priority")
        return self._made(answer, _Stream(self._order == "eager"), "stream")

    def cuStreamDestroy(self, stream: _Stream) -> Answer:  # noqa: N802
        if stream.done < len(stream.work):
            self._misused("a stream is destroyed at work")
        return self._free("cuStreamDestroy", stream)

    def cuStreamSynchronize(self, stream: _Stream) -> Answer:  # noqa: N802
        stream.run(len(stream.work))
        return (self._begin("cuStreamSynchronize"),)

    def cuStreamWaitEvent(self, stream: _Stream, event: Any, flags: int) -> Answer:  # noqa: N802
        other, position = event.stream, event.position
        self._enqueue(stream, lambda: other.run(position))
        return (self._begin("cuStreamWaitEvent"),)

    def cuEventCreate(self, flags: int) -> Answer:  # noqa: N802
        answer = self._begin("cuEventCreate")
        if flags != 3:
            answer = self._misused("an event that times, or that spins")
        return self._made(answer, _Event(), "event")

    def cuEventDestroy(self, event: Any) -> Answer:  # noqa: N802
        return self._free("cuEventDestroy", event)

    def cuEventRecord(self, event: Any, stream: _Stream) -> Answer:  # noqa: N802
        event.stream, event.position = stream, len(stream.work)
        return (self._begin("cuEventRecord"),)

    def cuEventQuery(self, event: Any) -> Answer:  # noqa: N802
        answer = self._begin("cuEventQuery")
        if answer is OK and event.stream.done < event.position:
            answer = Result.CUDA_ERROR_NOT_READY
        return (answer,)

    def cuEventSynchronize(self, event: Any) -> Answer:  # noqa: N802
        if event.stream is not None:
            event.stream.run(event.position)
        return (self._begin("cuEventSynchronize"),)

    # ---- kernels --------------------------------------------------------------------------------

    def cuModuleLoadData(self, data: bytes) -> Answer:  # noqa: N802
        """``data`` is what the tests' ``kernels_for`` makes: a sample's bytes, gain limits."""
        if not data.replace(b" ", b"").isdigit():
            return Result.CUDA_ERROR_INVALID_IMAGE, None
        if data not in self._backends:
            self._backends[data] = SyclBackend(None, *map(int, data.split()))
        answer = self._begin("cuModuleLoadData")
        return self._made(answer, _Module(self._backends[data]), "module")

    def cuModuleUnload(self, module: Any) -> Answer:  # noqa: N802
        return self._free("cuModuleUnload", module)

    def cuModuleGetFunction(self, module: Any, name: bytes) -> Answer:  # noqa: N802
        answer = self._begin("cuModuleGetFunction")
        if name.decode() not in KERNELS:
            answer = self._misused(f"no kernel {name!r}")
        return answer, (module, name.decode())

    def cuLaunchKernel(self, function: Any, *arguments: Any) -> Answer:  # noqa: N802
        answer = self._begin("cuLaunchKernel")
        *grid, block_x, block_y, block_z, shared, stream, parameters, extra = arguments
        module, name = function
        if (block_x, block_y, block_z, shared, extra) != (ITEMS, 1, 1, 0, 0):
            answer = self._misused(f"{name}: another block than the kernels are made for")
        if not (0 < grid[0] < 2**31 and 0 < grid[1] < 65536 and 0 < grid[2] < 65536):
            answer = self._misused(f"{name}: no grid {grid}")
        count = _PARAMETERS[name.partition("_")[0]]
        addresses = (ctypes.c_void_p * count).from_address(parameters)
        pieces = [self._rest(ctypes.c_uint64.from_address(each or 0).value) for each in addresses]
        if any(piece is None for piece in pieces):
            answer = self._misused(f"{name}: a parameter is no memory of the device")
        if answer is OK:
            self._enqueue(stream, lambda: _run(module.backend, name, tuple(grid), pieces))
        return (answer,)

    def _rest(self, address: int) -> Any:
        """Memory from an address on."""
        memory = self.live.get(address // _SPACING * _SPACING)
        return None if memory is None else self._piece(address, memory.nbytes - address % _SPACING)


def _alone(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(driver: FakeDriver, *arguments: Any) -> Any:
        with driver.lock:
            return function(driver, *arguments)

    return call


# A driver may be called by several threads; this one does one thing after the other.
for _name, _function in list(vars(FakeDriver).items()):
    if _name.startswith("cu"):
        setattr(FakeDriver, _name, _alone(_function))


class _Event:
    """A place in a stream, once it has been recorded."""

    stream: _Stream | None = None
    position = 0


class _Module:
    def __init__(self, backend: SyclBackend) -> None:
        self.backend = backend


def _host(address: int, nbytes: int) -> Any:
    return np.frombuffer(memoryview((ctypes.c_uint8 * nbytes).from_address(address)), np.uint8)


def _run(backend: SyclBackend, name: str, grid: tuple[int, int, int], buffers: list[Any]) -> None:
    backend.launch(name, grid, buffers)
    backend.finish()
