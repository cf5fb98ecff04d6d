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
import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from fake_cuda_memory import SPACING, MemoryCalls
from fake_cuda_streams import ANOTHER, DEFAULT, OK, PRIMARY, Answer, Order, Result

from pyvmaf_tiny.engine.gpu.source import ITEMS, KERNELS
from pyvmaf_tiny.engine.gpu.sycl import SyclBackend

__all__ = ["ANOTHER", "DEFAULT", "PRIMARY", "FakeDriver", "Order", "Result"]

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


class FakeDriver(MemoryCalls):
    """One GPU. ``live`` is what has not been given back, ``calls`` the names of all calls."""

    CUDA_VERSION = 13050  # of the packages
    CUdevice_attribute = SimpleNamespace(
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR="major",
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR="minor",
    )

    def __init__(self, order: Order = "lazy", capability: tuple[int, int] = (9, 0)) -> None:
        super().__init__(order)
        self.capability = dict(zip(("major", "minor"), capability, strict=True))
        self.devices = 1
        self.version = 13000  # of the driver
        self._backends: dict[bytes, SyclBackend] = {}

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
        return answer, PRIMARY

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
        memory = self.live.get(address // SPACING * SPACING)
        return None if memory is None else self._piece(address, memory.nbytes - address % SPACING)


def _alone(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(driver: FakeDriver, *arguments: Any) -> Any:
        with driver.lock:
            return function(driver, *arguments)

    return call


# A driver may be called by several threads; this one does one thing after the other.
for _name in dir(FakeDriver):
    if _name.startswith("cu"):
        setattr(FakeDriver, _name, _alone(getattr(FakeDriver, _name)))


class _Module:
    def __init__(self, backend: SyclBackend) -> None:
        self.backend = backend


def _run(backend: SyclBackend, name: str, grid: tuple[int, int, int], buffers: list[Any]) -> None:
    backend.launch(name, grid, buffers)
    backend.finish()
