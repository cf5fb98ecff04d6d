"""Arrays in the stand-in driver's memory, as the libraries that users have would show them."""

from __future__ import annotations

import ctypes
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from fake_cuda import PRIMARY, FakeDriver
from numpy.typing import NDArray

from pyvmaf_tiny import dlpack
from pyvmaf_tiny.frames import Plane

#: A stream of the stand-in that is not CUDA's default one and does not wait for it.
OWN_STREAM = 77


def whole(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """All bytes of a plane, gaps included, from its first sample on."""
    base = plane if plane.base is None or plane.flags.c_contiguous else plane.base
    return np.frombuffer(np.ascontiguousarray(base).tobytes(), np.uint8)


def padded(plane: Plane) -> Plane:
    """The same samples with a gap behind every row."""
    memory = np.zeros((plane.shape[0], plane.shape[1] + 13), plane.dtype)
    memory[:, : plane.shape[1]] = plane
    return memory[:, : plane.shape[1]]


def on_cuda(driver: FakeDriver, plane: Plane, stream: int | None) -> int:
    """Put a plane into the stand-in's memory; with a stream, some time later on that stream."""
    driver.cuCtxPushCurrent(PRIMARY)
    _, address = driver.cuMemAlloc(whole(plane).size)
    driver.cuCtxPopCurrent()
    write(driver, address, plane, stream or 1)
    if stream is None:
        driver.CUstream(1).run(len(driver.CUstream(1).work))
    return int(address)


def write(driver: FakeDriver, address: int, plane: Plane, stream: int) -> None:
    """Write a plane to an address as the next thing that a stream does."""
    data = whole(plane)
    driver.kept.append(data)
    driver.cuCtxPushCurrent(PRIMARY)
    driver.cuMemcpyHtoDAsync(address, data.ctypes.data, data.size, driver.CUstream(stream))
    driver.cuCtxPopCurrent()


class CudaArray:
    """What CuPy looks like; ``stream`` as in version 3 of the protocol."""

    def __init__(self, address: int, like: NDArray[Any], stream: int | None = None) -> None:
        self.shape = like.shape
        dense = like.flags.c_contiguous
        self.__cuda_array_interface__: dict[str, Any] = {
            "data": (address, False),
            "shape": like.shape,
            "typestr": like.dtype.str,
            "strides": None if dense else like.strides,
            "stream": stream,
            "version": 3,
        }


class OldArray(CudaArray):
    """The protocol as it was before it had streams."""

    def __init__(self, address: int, like: NDArray[Any]) -> None:
        super().__init__(address, like)
        del self.__cuda_array_interface__["stream"]
        self.__cuda_array_interface__["version"] = 2


class DlpackArray:
    """The other protocol; the capsule's memory is the array's.

    Its library works on ``stream`` of a driver, and never on another.
    """

    def __init__(self, driver: FakeDriver, address: int, like: NDArray[Any], stream: int) -> None:
        self._driver, self._stream = driver, stream
        self._shape = (ctypes.c_int64 * like.ndim)(*like.shape)
        steps = [step // like.itemsize for step in like.strides]
        self._strides = (ctypes.c_int64 * like.ndim)(*steps)
        self._tensor = dlpack.Tensor(
            address - 64, 2, 0, like.ndim, 1, 8 * like.itemsize, 1, self._shape, self._strides, 64
        )

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    def __dlpack__(self, *, stream: int) -> Any:
        if stream != self._stream:
            own, theirs = map(self._driver.CUstream, (self._stream, stream))
            so_far = len(own.work)
            self._driver._enqueue(theirs, lambda: own.run(so_far))
        make = ctypes.pythonapi.PyCapsule_New
        make.restype, make.argtypes = (
            ctypes.py_object,
            (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p),
        )
        return make(ctypes.addressof(self._tensor), b"dltensor", None)


class OldDlpackArray(DlpackArray, OldArray):
    """Both, as arrays of libraries that never came to version 3."""

    def __init__(self, driver: FakeDriver, address: int, like: NDArray[Any], stream: int) -> None:
        OldArray.__init__(self, address, like)
        DlpackArray.__init__(self, driver, address, like, stream)


class TorchTensor(OldArray):
    """A tensor as PyTorch has it. Its ``__dlpack__`` is not to be needed."""

    device = "cuda:0"


def torch_working_on(stream: int) -> ModuleType:
    """A PyTorch whose current stream this is; that of number 0 is CUDA's default one."""

    def current_stream(device: str) -> SimpleNamespace:
        assert device == TorchTensor.device
        return SimpleNamespace(cuda_stream=0 if stream == 1 else stream)

    torch: Any = ModuleType("torch")
    torch.Tensor = TorchTensor
    torch.cuda = SimpleNamespace(current_stream=current_stream)
    made: ModuleType = torch
    return made
