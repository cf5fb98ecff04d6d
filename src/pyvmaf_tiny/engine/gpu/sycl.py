"""SYCL devices through dpctl: Intel GPUs, and the CPU device of Intel's OpenCL runtime."""

from __future__ import annotations

import contextlib
import importlib
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import EngineError, OutOfMemoryError, VmafTinyError
from pyvmaf_tiny.frames import DevicePlane, Plane

from .backend import Place, opened_here
from .requirements import check_device
from .source import ITEMS
from .sycl_devices import choose, find_devices, kernels_for, load_dpctl
from .sycl_queues import spare_queues
from .sycl_results import SyclResults


class SyclBackend:
    """One SYCL device (see :class:`.backend.Backend`): an in-order queue for each line of work."""

    memory: str | None = "sycl"

    def __init__(self, index: int | None, sample_bytes: int, limits: int = 1) -> None:
        """Take the device of that number among :func:`devices`, or the first.

        Raises DeviceError: no dpctl, no device, one that lacks something.
        """
        self._process = opened_here("sycl")
        dpctl = load_dpctl()
        device = choose(find_devices(), index)
        check_device(
            device.name,
            has_double=device.has_aspect_fp64,
            local_bytes=device.local_mem_size,
            group_items=device.max_work_group_size,
        )
        self.device = f"sycl:{index or 0}"
        self._kernels, context = kernels_for(device, sample_bytes, limits)
        self._queue_type: Any = dpctl.SyclQueue
        spare = spare_queues(context, device)
        self._compute, self._copies = (spare.take(self._queue_type) for _ in range(2))
        self._give_back = weakref.finalize(self, spare.give_back, self._compute, self._copies)
        self._give_back.atexit = False
        self._copying = False  # whether uploads have begun that no kernel has waited for
        self._memory: Any = importlib.import_module("dpctl.memory")

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Turn dpctl's errors into ours."""
        self._process.check()
        try:
            yield
        except VmafTinyError:  # some are RuntimeErrors, too
            raise
        except (RuntimeError, load_dpctl().SyclKernelSubmitError) as error:
            raise EngineError("the SYCL device failed", given=str(error)) from error

    def allocate(self, nbytes: int) -> Any:
        """Device memory."""
        return self._allocated(self._memory.MemoryUSMDevice, nbytes)

    def allocate_host(self, nbytes: int) -> NDArray[np.uint8]:
        """Memory of the host that the device reaches."""
        return np.asarray(self._allocated(self._memory.MemoryUSMHost, nbytes))

    def _allocated(self, kind: Any, nbytes: int) -> Any:
        try:
            return kind(nbytes, queue=self._compute)
        except (self._memory.USMAllocationError, MemoryError) as error:
            raise OutOfMemoryError(
                "the SYCL device has not enough memory",
                given=f"{nbytes} bytes",
                hint="smaller frames, fewer renditions, or another device",
            ) from error

    def upload(self, target: Any, offset: int, source: NDArray[np.uint8]) -> None:
        """Host to device, beside kernels that are at work."""
        self._copying = True
        self._copies.memcpy_async(part_of(target, offset, source.nbytes), source, source.nbytes)

    def check_plane(self, plane: DevicePlane) -> None:
        """Nothing can be told."""

    def pinned(self, plane: Plane) -> DevicePlane | None:
        """Everything is staged."""

    def upload_planes(self, places: Sequence[Place]) -> None:
        """Device to device, row by row where there is something between the rows.

        What the arrays' own queues have still to do is waited for.
        """
        self._copying = True
        for queue in set(filter(None, (self._queue_of(plane) for plane, _, _ in places))):
            if queue.sycl_context == self._copies.sycl_context:
                self._copies.submit_barrier([queue.submit_barrier()])
            else:
                queue.wait()
        for plane, target, offset in places:
            (height, width), row = plane.shape, plane.strides[0]
            nbytes = width * plane.itemsize
            memory = _Memory(plane.address, row * (height - 1) + nbytes, plane)
            whole = self._memory.as_usm_memory(memory)
            copies = [(0, 0, nbytes * height)]
            if row != nbytes:
                copies = [(y * nbytes, y * row, nbytes) for y in range(height)]
            for to, start, count in copies:
                ends = part_of(target, offset + to, count), part_of(whole, start, count)
                self._copies.memcpy_async(*ends, count)

    def _queue_of(self, plane: DevicePlane) -> Any:
        """The queue that an array's library works on; None where it does not say."""
        owner: Any = plane.owner
        queue = owner.__sycl_usm_array_interface__.get("syclobj")
        return queue if isinstance(queue, self._queue_type) else None

    def place(self, plane: Plane) -> DevicePlane:
        """A copy of a plane of the host's."""
        dense = np.ascontiguousarray(plane)
        memory = self.allocate(dense.nbytes)
        self._copies.memcpy(memory, dense, dense.nbytes)
        address = memory.__sycl_usm_array_interface__["data"][0]
        return DevicePlane("sycl", address, dense.shape, dense.dtype, dense.strides, memory)

    def download(
        self, target: NDArray[np.uint8], source: Any, *, with_uploads: bool = False
    ) -> None:
        """Device to host."""
        self._line(with_uploads).memcpy_async(target, source, target.nbytes)

    def copy(self, target: Any, to: int, source: Any, offset: int, nbytes: int) -> None:
        """Device to device."""
        self._wait_for_uploads()
        ends = part_of(target, to, nbytes), part_of(source, offset, nbytes)
        self._compute.memcpy_async(*ends, nbytes)

    def piece(self, buffer: Any, offset: int, nbytes: int) -> Any:
        """USM memory within USM memory."""
        return part_of(buffer, offset, nbytes)

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
        x, y, z = groups
        # SYCL counts its dimensions the other way round
        self._line(with_uploads).submit_async(
            self._kernels[kernel], list(buffers), [z, y, x * ITEMS], [1, 1, ITEMS]
        )

    def _line(self, with_uploads: bool) -> Any:
        return self._copies if with_uploads else self._compute

    def _wait_for_uploads(self) -> None:
        if self._copying:
            self._compute.submit_barrier([self._copies.submit_barrier()])
            self._copying = False

    def mark(self, *, with_uploads: bool = False) -> Any:
        """An event behind everything so far."""
        return self._line(with_uploads).submit_barrier()

    def wait(self, mark: Any) -> None:
        """Wait for the event."""
        mark.wait()

    def spend(self, mark: Any) -> None:
        """Nothing to be done."""

    def finish(self) -> None:
        """Wait for both queues."""
        self._copies.wait()
        self._compute.wait()

    def results(self) -> SyclResults:
        """Memory in the kernels' queue."""
        return SyclResults(self, self._compute)

    def close(self) -> None:
        """Let go of the queues, unless they are those of the process that this was forked from.

        May be called twice.
        """
        if self._process.is_this():
            for queue in filter(None, (self._copies, self._compute)):
                try:
                    queue.wait()
                except RuntimeError:  # there is nothing left to be done
                    self._give_back.detach()
            self._give_back()
            self._copies = self._compute = None


class _Memory:
    """USM memory that somebody else has allocated."""

    def __init__(self, address: int, nbytes: int, plane: DevicePlane) -> None:
        interface: Any = plane.owner
        self.__sycl_usm_array_interface__ = interface.__sycl_usm_array_interface__ | {
            "data": (address, True),
            "shape": (nbytes,),
            "strides": None,
            "typestr": "|u1",
            "offset": 0,
        }
        self.owner = plane.owner


def part_of(memory: Any, offset: int, nbytes: int) -> Any:
    """A piece of device memory as memory of its own, which keeps the whole alive."""
    interface = dict(memory.__sycl_usm_array_interface__)
    pointer, writable = interface["data"]
    interface |= {"data": (pointer + offset, writable), "shape": (nbytes,), "typestr": "|u1"}

    class Part:
        __sycl_usm_array_interface__ = interface
        whole = memory

    return importlib.import_module("dpctl.memory").MemoryUSMDevice(Part())


# ---- devices ------------------------------------------------------------------------------------


def devices() -> list[str]:
    """Names of the SYCL devices that can be used, in the order of their numbers.

    Raises DeviceError when dpctl is not installed.
    """
    return [device.name.strip() for device in find_devices()]


def has_gpu() -> bool:
    """Whether there is a SYCL device that is no CPU; raises as :func:`devices` does."""
    return any(device.is_gpu for device in find_devices())


def open_backend(index: int | None, sample_bytes: int, limits: int) -> SyclBackend:
    """See :class:`SyclBackend`."""
    return SyclBackend(index, sample_bytes, limits)
