"""NVIDIA GPUs through the driver, by way of NVIDIA's ``cuda.bindings``."""

from __future__ import annotations

import contextlib
import ctypes
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import FrameTypeError, VmafTinyError
from pyvmaf_tiny.frames import DevicePlane, Plane

from .cuda_devices import choose, device_name, initialised, load_kernels
from .driver import Held, call
from .source import ITEMS, KERNELS


class CudaBackend:
    """One CUDA device (see :class:`.backend.Backend`): a stream for kernels, one for uploads."""

    memory: str | None = "cuda"

    def __init__(self, index: int | None, sample_bytes: int, limits: int = 1) -> None:
        """Take the device of that number, or the first.

        Raises DeviceError: no package, no driver, no device, one too old; OutOfMemoryError.
        """
        self._driver = cuda = initialised()
        handle = choose(cuda, index)
        self.device = f"cuda:{index or 0}"
        context = call(cuda, "cuDevicePrimaryCtxRetain", handle)
        self._held = Held(cuda, handle, context)
        self._release = weakref.finalize(self, self._held.release)
        try:
            with self.entered():
                self._compute = self._held.stream()
                self._copies = self._held.stream()
                loaded = load_kernels(cuda, handle, sample_bytes, limits)
                self._held.modules.append(loaded)
                self._kernels = {
                    name: call(cuda, "cuModuleGetFunction", loaded, name.encode())
                    for name in KERNELS
                }
                self._uploaded = self._held.event()
        except VmafTinyError:
            self._release()
            raise
        self._copying = False  # whether uploads have begun that no kernel has waited for
        self._spare: list[Any] = []  # events to be used again

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Make the device's context the thread's own for a while."""
        self._held.process.check()
        call(self._driver, "cuCtxPushCurrent", self._held.context)
        try:
            yield
        finally:
            call(self._driver, "cuCtxPopCurrent")

    def allocate(self, nbytes: int) -> Any:
        """Device memory."""
        buffer = call(self._driver, "cuMemAlloc", nbytes)
        self._held.buffers.append(buffer)
        return int(buffer)

    def allocate_host(self, nbytes: int) -> NDArray[np.uint8]:
        """Pinned memory of the host."""
        address = int(call(self._driver, "cuMemHostAlloc", nbytes, 0))
        self._held.pinned.append(address)
        memory = (ctypes.c_uint8 * nbytes).from_address(address)
        return np.frombuffer(memoryview(memory), np.uint8)

    def upload(self, target: Any, offset: int, source: NDArray[np.uint8]) -> None:
        """Host to device, beside kernels that are at work."""
        self._copying = True
        address = source.ctypes.data
        call(
            self._driver, "cuMemcpyHtoDAsync", target + offset, address, source.nbytes, self._copies
        )

    def upload_plane(self, target: Any, offset: int, plane: DevicePlane) -> None:
        """Device to device, behind what may still be writing to the plane."""
        self._check_place(plane)
        if plane.stream is not None:
            event = self._spare.pop() if self._spare else self._held.event()
            call(self._driver, "cuEventRecord", event, self._driver.CUstream(plane.stream))
            call(self._driver, "cuStreamWaitEvent", self._copies, event, 0)
            self._spare.append(event)
        (height, width), copy = plane.shape, self._driver.CUDA_MEMCPY2D()
        copy.srcMemoryType = copy.dstMemoryType = self._driver.CUmemorytype.CU_MEMORYTYPE_DEVICE
        copy.srcDevice, copy.srcPitch = plane.address, plane.strides[0]
        copy.dstDevice, copy.dstPitch = target + offset, width * plane.itemsize
        copy.WidthInBytes, copy.Height = width * plane.itemsize, height
        call(self._driver, "cuMemcpy2DAsync", copy, self._copies)
        call(self._driver, "cuStreamSynchronize", self._copies)

    def place(self, plane: Plane) -> DevicePlane:
        """A copy of a plane of the host's; the backend keeps it until it is closed."""
        dense = np.ascontiguousarray(plane)
        buffer = self.allocate(dense.nbytes)
        call(self._driver, "cuMemcpyHtoD", buffer, dense.ctypes.data, dense.nbytes)
        return DevicePlane("cuda", buffer, dense.shape, dense.dtype, dense.strides, self)

    def _check_place(self, plane: DevicePlane) -> None:
        kind = self._driver.CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL
        ordinal = call(self._driver, "cuPointerGetAttribute", kind, plane.address)
        if f"cuda:{ordinal}" != self.device:
            raise FrameTypeError(
                "a frame is in the memory of another GPU than the engine's",
                given=f"cuda:{ordinal}",
                expected=self.device,
                hint=f'say device="cuda:{ordinal}"',
            )

    def download(self, target: NDArray[np.uint8], source: Any) -> None:
        """Device to host."""
        address = target.ctypes.data
        call(self._driver, "cuMemcpyDtoHAsync", address, source, target.nbytes, self._compute)

    def copy(self, target: Any, to: int, source: Any, offset: int, nbytes: int) -> None:
        """Device to device."""
        self._wait_for_uploads()
        ends = target + to, source + offset
        call(self._driver, "cuMemcpyDtoDAsync", *ends, nbytes, self._compute)

    def launch(self, kernel: str, groups: tuple[int, int, int], buffers: Sequence[Any]) -> None:
        """Queue a kernel behind all uploads so far."""
        self._wait_for_uploads()
        values = [ctypes.c_uint64(buffer) for buffer in buffers]
        addresses = (ctypes.c_void_p * len(values))(*map(ctypes.addressof, values))
        call(
            self._driver,
            "cuLaunchKernel",
            self._kernels[kernel],
            *groups,
            *(ITEMS, 1, 1),
            0,
            self._compute,
            ctypes.addressof(addresses),
            0,
        )

    def _wait_for_uploads(self) -> None:
        if self._copying:
            call(self._driver, "cuEventRecord", self._uploaded, self._copies)
            call(self._driver, "cuStreamWaitEvent", self._compute, self._uploaded, 0)
            self._copying = False

    def mark(self) -> Any:
        """An event behind everything so far."""
        event = self._spare.pop() if self._spare else self._held.event()
        call(self._driver, "cuEventRecord", event, self._compute)
        return event

    def wait(self, mark: Any) -> None:
        """Wait for the event, without the GIL."""
        call(self._driver, "cuEventSynchronize", mark)
        self._spare.append(mark)

    def finish(self) -> None:
        """Wait for both streams."""
        call(self._driver, "cuStreamSynchronize", self._copies)
        call(self._driver, "cuStreamSynchronize", self._compute)

    def close(self) -> None:
        """Free all memory; may be called twice."""
        self._release()


# ---- devices ------------------------------------------------------------------------------------


def devices() -> list[str]:
    """Names of the CUDA devices, in the order of their numbers.

    Raises DeviceError when NVIDIA's packages or the driver are not installed.
    """
    cuda = initialised()
    count = call(cuda, "cuDeviceGetCount")
    return [device_name(cuda, call(cuda, "cuDeviceGet", index)) for index in range(count)]


def has_gpu() -> bool:
    """Whether there is a CUDA device; raises as :func:`devices` does."""
    return bool(devices())


def open_backend(index: int | None, sample_bytes: int, limits: int) -> CudaBackend:
    """See :class:`CudaBackend`."""
    return CudaBackend(index, sample_bytes, limits)
