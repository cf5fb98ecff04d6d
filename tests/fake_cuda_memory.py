"""The stand-in for the CUDA driver, its memory and copies: see ``fake_cuda``."""

from __future__ import annotations

import ctypes
import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
from fake_cuda_streams import OK, PRIMARY, Answer, Order, Result, Stream, StreamCalls

from pyvmaf_tiny.engine.gpu.sycl import SyclBackend, part_of

#: Where device memory seems to lie, from allocation to allocation.
SPACING = 1 << 40


class MemoryCalls(StreamCalls):
    """What a driver is asked for memory; that of the device is the SYCL CPU device's."""

    CUmemorytype = SimpleNamespace(CU_MEMORYTYPE_HOST="host", CU_MEMORYTYPE_DEVICE="device")
    CUpointer_attribute = SimpleNamespace(
        CU_POINTER_ATTRIBUTE_CONTEXT="context",
        CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL="ordinal",
        CU_POINTER_ATTRIBUTE_MEMORY_TYPE="type",
    )
    CUDA_MEMCPY2D = SimpleNamespace

    def __init__(self, order: Order) -> None:
        super().__init__(order)
        self._addresses = itertools.count(SPACING, SPACING)
        self._memory_owner = SyclBackend(None, 1)
        self.kept: list[Any] = []  # memory of the host that copies under way read from
        self.ordinals: dict[int, int] = {}  # allocation -> another device than 0
        self.owners: dict[int, int | None] = {}  # allocation -> another context, or none

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
        start = address // SPACING * SPACING
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
        self._wait_for_default_stream()
        return self._copy("cuMemcpyHtoD", Stream(True), nbytes, self._piece(to, nbytes), source)

    def cuMemcpyDtoH(self, to: int, source: int, nbytes: int) -> Answer:  # noqa: N802
        self._wait_for_default_stream()
        return self._copy("cuMemcpyDtoH", Stream(True), nbytes, to, self._piece(source, nbytes))

    def _wait_for_default_stream(self) -> None:
        """What names no stream is done there, behind all that has been asked for."""
        self.streams[1].run(len(self.streams[1].work))

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
        if not copy.WidthInBytes <= min(copy.srcPitch, copy.dstPitch) < 1 << 31:
            answer = self._misused(f"rows of {copy.WidthInBytes} bytes, {copy.srcPitch} apart")
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
        allocation = address // SPACING * SPACING
        if attribute == "context":
            context = self.owners.get(allocation, PRIMARY)
            return (Result.CUDA_ERROR_INVALID_VALUE if context is None else answer), context
        return answer, self.ordinals.get(allocation, 0)

    def _is_pinned(self, address: int) -> bool:
        return any(
            start <= address < start + ctypes.sizeof(memory)
            for start, memory in self.live.items()
            if isinstance(memory, ctypes.Array)
        )


def _host(address: int, nbytes: int) -> Any:
    return np.frombuffer(memoryview((ctypes.c_uint8 * nbytes).from_address(address)), np.uint8)
