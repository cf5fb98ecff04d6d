"""Memory that others have allocated: what the CUDA driver says of it, and whether it takes it."""

from __future__ import annotations

from typing import Any

from pyvmaf_tiny.errors import FrameLayoutError, FrameTypeError
from pyvmaf_tiny.frames import AnyPlane, DevicePlane, Plane

from .driver import answer, fail

#: Addresses that are remembered to save time.
_MOST_KNOWN = 1024

#: Bytes of a plane of the host's that are worth looking whether they are pinned. Less is copied
#: into pinned memory sooner than the host has waited for the device.
_LARGE = 1 << 20

#: Bytes from row to row that the driver's copies of planes can take: CU_DEVICE_ATTRIBUTE_MAX_PITCH,
#: the same for every GPU there is.
_LARGEST_PITCH = (1 << 31) - 1


class Addresses:
    """Asks once per address.

    Memory may be freed and other memory come to its address. The driver copies that as well, so
    what is remembered wrongly costs time or a clear message, never a sample.
    """

    def __init__(self, cuda: Any, device: str, context: Any) -> None:
        self._cuda, self._device, self._context = cuda, device, context
        self._reachable: set[int] = set()
        self._pinned: dict[tuple[int, int], bool] = {}

    def check(self, plane: DevicePlane) -> None:
        """FrameTypeError for the memory of another GPU, of another context, or of none."""
        if plane.address in self._reachable:
            return
        kinds = self._cuda.CUpointer_attribute
        ordinal = self._ask(kinds.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, plane.address)
        if ordinal is None:
            raise FrameTypeError(
                "a frame is said to be in a GPU's memory, which the CUDA driver does not know of",
                given=f"address {plane.address:#x}",
                expected="memory that CUDA has allocated",
                hint="is it memory of the host, or freed already? Arrays of the host's go in as "
                "NumPy arrays",
            )
        if f"cuda:{ordinal}" != self._device:
            raise FrameTypeError(
                "a frame is in the memory of another GPU than the engine's",
                given=f"cuda:{ordinal}",
                expected=self._device,
                hint=f'say device="cuda:{ordinal}"',
            )
        # None or 0 of memory that belongs to no context (pools, virtual memory management): all
        # contexts of the device can use that.
        context = self._ask(kinds.CU_POINTER_ATTRIBUTE_CONTEXT, plane.address)
        if context and int(context) not in (0, int(self._context)):
            raise FrameTypeError(
                "a frame is in the memory of another CUDA context than the device's primary one",
                expected="the primary context, which PyTorch, CuPy, JAX and Numba use",
                hint="allocate it there (cuDevicePrimaryCtxRetain; PyCUDA: pycuda.autoprimaryctx, "
                "or Device.retain_primary_context()), or copy it to an array of CuPy's or "
                "PyTorch's",
            )
        if len(self._reachable) >= _MOST_KNOWN:
            self._reachable.clear()
        self._reachable.add(plane.address)

    def pinned(self, plane: Plane) -> DevicePlane | None:
        """A large plane of the host's as one that the device can copy from; None if it cannot."""
        if plane.nbytes < _LARGE or not _is_pitch(plane):
            return None
        address: int = plane.ctypes.data
        ends = address, address + (plane.shape[0] - 1) * plane.strides[0] + _row_bytes(plane) - 1
        found = self._pinned.get(ends)
        if found is None:
            if len(self._pinned) >= _MOST_KNOWN:
                self._pinned.clear()
            found = self._pinned[ends] = all(map(self._is_pinned, ends))
        if not found:
            return None
        return DevicePlane("host", address, plane.shape, plane.dtype, plane.strides, plane)

    def _is_pinned(self, address: int) -> bool:
        kind = self._cuda.CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE
        return bool(self._ask(kind, address) == self._cuda.CUmemorytype.CU_MEMORYTYPE_HOST)

    def _ask(self, kind: Any, address: int) -> Any:
        """What the driver says of an address; None where it knows nothing to say."""
        cuda = self._cuda
        status, value = answer(cuda, "cuPointerGetAttribute", kind, address)
        if status == cuda.CUresult.CUDA_ERROR_INVALID_VALUE:
            return None
        if status != cuda.CUresult.CUDA_SUCCESS:
            fail(cuda, "cuPointerGetAttribute", status)
        return value


def check_rows(plane: DevicePlane) -> None:
    """FrameLayoutError for a plane whose rows the driver does not copy as they lie.

    It takes 0 bytes from row to row for "not said", and refuses fewer than a row has.
    """
    if not _is_pitch(plane):
        raise FrameLayoutError(
            "a frame's rows lie over each other, or too far apart",
            given=f"{plane.strides[0]} bytes from row to row",
            expected=f"{_row_bytes(plane)} to {_LARGEST_PITCH}",
            hint="make a copy: tensor.contiguous(), cupy.ascontiguousarray(frame)",
        )


def _is_pitch(plane: AnyPlane) -> bool:
    """Whether the driver's copies of planes take the plane's bytes from row to row."""
    return _row_bytes(plane) <= plane.strides[0] <= _LARGEST_PITCH


def _row_bytes(plane: AnyPlane) -> int:
    return plane.shape[1] * plane.itemsize
