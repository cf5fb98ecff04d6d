"""Memory that others have allocated: what the CUDA driver says of it, and copies out of it."""

from __future__ import annotations

from typing import Any

from pyvmaf_tiny.errors import FrameTypeError
from pyvmaf_tiny.frames import DevicePlane, Plane

from .driver import answer, call, fail

#: Addresses that are remembered to save time.
_MOST_KNOWN = 1024

#: Bytes of a plane of the host's that are worth looking whether they are pinned. Less is copied
#: into pinned memory sooner than the host has waited for the device.
_LARGE = 1 << 20


class Addresses:
    """Asks once per address.

    Memory may be freed and other memory come to its address. The driver copies that as well, so
    what is remembered wrongly costs time or a clear message, never a sample.
    """

    def __init__(self, cuda: Any, device: str) -> None:
        self._cuda, self._device = cuda, device
        self._reachable: set[int] = set()
        self._pinned: dict[int, bool] = {}

    def check(self, plane: DevicePlane) -> None:
        """FrameTypeError for the memory of another GPU."""
        if plane.address in self._reachable:
            return
        kind = self._cuda.CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL
        ordinal = call(self._cuda, "cuPointerGetAttribute", kind, plane.address)
        if f"cuda:{ordinal}" != self._device:
            raise FrameTypeError(
                "a frame is in the memory of another GPU than the engine's",
                given=f"cuda:{ordinal}",
                expected=self._device,
                hint=f'say device="cuda:{ordinal}"',
            )
        if len(self._reachable) >= _MOST_KNOWN:
            self._reachable.clear()
        self._reachable.add(plane.address)

    def pinned(self, plane: Plane) -> DevicePlane | None:
        """A large plane of the host's as one that the device can copy from; None if it cannot."""
        if plane.nbytes < _LARGE:
            return None
        address: int = plane.ctypes.data
        found = self._pinned.get(address)
        if found is None:
            if len(self._pinned) >= _MOST_KNOWN:
                self._pinned.clear()
            found = self._pinned[address] = self._is_pinned(address)
        if not found:
            return None
        return DevicePlane("host", address, plane.shape, plane.dtype, plane.strides, plane)

    def _is_pinned(self, address: int) -> bool:
        cuda = self._cuda
        kind = cuda.CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE
        status, memory = answer(cuda, "cuPointerGetAttribute", kind, address)
        if status == cuda.CUresult.CUDA_ERROR_INVALID_VALUE:  # memory that the driver does not know
            return False
        if status != cuda.CUresult.CUDA_SUCCESS:
            fail(cuda, "cuPointerGetAttribute", status)
        return bool(memory == cuda.CUmemorytype.CU_MEMORYTYPE_HOST)


def plane_copy(cuda: Any, plane: DevicePlane, target: int) -> Any:
    """The driver's description of a copy to an address, without gaps."""
    (height, width), copy, kinds = plane.shape, cuda.CUDA_MEMCPY2D(), cuda.CUmemorytype
    if plane.kind == "host":
        copy.srcMemoryType, copy.srcHost = kinds.CU_MEMORYTYPE_HOST, plane.address
    else:
        copy.srcMemoryType, copy.srcDevice = kinds.CU_MEMORYTYPE_DEVICE, plane.address
    copy.srcPitch = plane.strides[0]
    copy.dstMemoryType, copy.dstDevice = kinds.CU_MEMORYTYPE_DEVICE, target
    copy.dstPitch = copy.WidthInBytes = width * plane.itemsize
    copy.Height = height
    return copy
