"""NVIDIA GPUs through the driver, by way of NVIDIA's ``cuda.bindings``."""

from __future__ import annotations

import contextlib
import ctypes
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import VmafTinyError
from pyvmaf_tiny.frames import DevicePlane, Plane

from .backend import Place
from .cuda_devices import choose, device_name, initialised, load_kernels
from .cuda_memory import Addresses, check_rows
from .cuda_planes import Captures, PlaneCopies
from .cuda_results import CudaResults
from .driver import Events, Held, allocated, call
from .source import ITEMS, KERNELS

#: Arguments that are remembered to save time.
_MOST_KNOWN = 1024


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
                # Samples are checked there, and the host waits for that: let it not queue up behind
                # the work groups of a whole batch.
                _, highest = call(cuda, "cuCtxGetStreamPriorityRange")
                self._copies = self._held.stream(highest)
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
        self._batches = Events(self._held)
        # Waits for frames are short, a copy and a check, and a host that sleeps meanwhile wakes
        # tens of microseconds late, with the copy engine idle: as long again as such a copy takes.
        # So it does not sleep, as PyTorch's and CuPy's own waits do not by default.
        self._frames = Events(self._held, spin=True)
        self._planes = PlaneCopies(self._held, self._copies, self._frames)
        self._known_arguments: dict[tuple[int, ...], tuple[int, Any]] = {}
        self._addresses = Addresses(cuda, self.device, context)
        self._captures = Captures(cuda)

    def entered(self) -> contextlib.AbstractContextManager[None]:
        """Make the device's context the thread's own for a while."""
        return self._held.entered()

    def allocate(self, nbytes: int) -> Any:
        """Device memory."""
        buffer = allocated(self._driver, "cuMemAlloc", nbytes)
        self._held.buffers.append(buffer)
        return int(buffer)

    def allocate_host(self, nbytes: int) -> NDArray[np.uint8]:
        """Pinned memory of the host."""
        address = allocated(self._driver, "cuMemHostAlloc", nbytes, 0)
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

    def check_plane(self, plane: DevicePlane) -> None:
        """FrameTypeError for memory or a stream that cannot be used; FrameLayoutError."""
        check_rows(plane)
        self._addresses.check(plane)
        if plane.stream is not None:
            self._captures.check(plane.stream)

    def pinned(self, plane: Plane) -> DevicePlane | None:
        """Memory that PyTorch or CuPy has pinned, for example."""
        return self._addresses.pinned(plane)

    def upload_planes(self, places: Sequence[Place]) -> None:
        """Device to device, or from pinned memory; in the order of the planes' streams."""
        self._copying = True
        self._planes.upload(places)

    def place(self, plane: Plane) -> DevicePlane:
        """A copy of a plane of the host's; the backend keeps it until it is closed."""
        dense = np.ascontiguousarray(plane)
        buffer = self.allocate(dense.nbytes)
        call(self._driver, "cuMemcpyHtoD", buffer, dense.ctypes.data, dense.nbytes)
        # In the order of any stream: there will be no further work on it.
        return DevicePlane("cuda", buffer, dense.shape, dense.dtype, dense.strides, self, 1, True)

    def download(
        self, target: NDArray[np.uint8], source: Any, *, with_uploads: bool = False
    ) -> None:
        """Device to host."""
        address, stream = target.ctypes.data, self._line(with_uploads)
        call(self._driver, "cuMemcpyDtoHAsync", address, source, target.nbytes, stream)

    def copy(self, target: Any, to: int, source: Any, offset: int, nbytes: int) -> None:
        """Device to device."""
        self._wait_for_uploads()
        ends = target + to, source + offset
        call(self._driver, "cuMemcpyDtoDAsync", *ends, nbytes, self._compute)

    def piece(self, buffer: Any, offset: int, nbytes: int) -> Any:
        """Addresses are buffers."""
        return buffer + offset

    def launch(
        self,
        kernel: str,
        groups: tuple[int, int, int],
        buffers: Sequence[Any],
        *,
        with_uploads: bool = False,
    ) -> None:
        """Queue a kernel behind all uploads so far."""
        if not with_uploads:
            self._wait_for_uploads()
        call(
            self._driver,
            "cuLaunchKernel",
            self._kernels[kernel],
            *groups,
            *(ITEMS, 1, 1),
            0,
            self._line(with_uploads),
            self._arguments(tuple(buffers)),
            0,
        )

    def _arguments(self, buffers: tuple[int, ...]) -> int:
        """Where the addresses of a kernel's arguments are; the same ones come again and again."""
        known = self._known_arguments.get(buffers)
        if known is None:
            if len(self._known_arguments) >= _MOST_KNOWN:
                self._known_arguments.clear()
            values = (ctypes.c_uint64 * len(buffers))(*buffers)
            first, step = ctypes.addressof(values), ctypes.sizeof(ctypes.c_uint64)
            each = range(first, first + step * len(buffers), step)
            addresses = (ctypes.c_void_p * len(buffers))(*each)
            known = ctypes.addressof(addresses), (addresses, values)
            self._known_arguments[buffers] = known
        return known[0]

    def _wait_for_uploads(self) -> None:
        if self._copying:
            call(self._driver, "cuEventRecord", self._uploaded, self._copies)
            call(self._driver, "cuStreamWaitEvent", self._compute, self._uploaded, 0)
            self._copying = False

    def mark(self, *, with_uploads: bool = False) -> Any:
        """An event behind everything so far, and where it came from."""
        if not with_uploads:  # this may be the last call for a long time
            self._planes.let_go()
        events = self._frames if with_uploads else self._batches
        event = events.take()
        call(self._driver, "cuEventRecord", event, self._line(with_uploads))
        return event, events

    def _line(self, with_uploads: bool) -> Any:
        return self._copies if with_uploads else self._compute

    def wait(self, mark: Any) -> None:
        """Wait for the event, without the GIL."""
        event, events = mark
        call(self._driver, "cuEventSynchronize", event)
        self._planes.let_go()
        events.give_back(event)

    def spend(self, mark: Any) -> None:
        """The event is used again."""
        event, events = mark
        events.give_back(event)

    def finish(self) -> None:
        """Wait for both streams."""
        call(self._driver, "cuStreamSynchronize", self._copies)
        self._planes.let_go_of_all()
        call(self._driver, "cuStreamSynchronize", self._compute)

    def results(self) -> CudaResults:
        """Memory with a context of its own."""
        return CudaResults(self._held, self._compute, self.device)

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
