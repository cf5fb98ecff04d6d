"""OpenCL devices through pyopencl: AMD's, Intel's and NVIDIA's GPUs, and CPUs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.frames import DevicePlane, Plane

from .backend import Place, opened_here
from .opencl_devices import (
    checked,
    choose,
    find_devices,
    is_gpu,
    load_pyopencl,
    program_for,
)
from .requirements import check_device
from .results import ResultMemory
from .source import ITEMS, KERNELS


class OpenclBackend:
    """One OpenCL device (see :class:`.backend.Backend`): a queue for kernels, one for uploads."""

    memory: str | None = None  # a buffer belongs to the context that it was made in

    def __init__(self, index: int | None, sample_bytes: int, limits: int = 1) -> None:
        """Take the device of that number among :func:`devices`, or the first.

        Raises DeviceError: no pyopencl, no device, one that lacks something; EngineError: kernels
        that do not compile.
        """
        self._process = opened_here("opencl")
        self._cl = cl = load_pyopencl()
        device = choose(find_devices(), index)
        check_device(
            device.name,
            has_double=bool(device.double_fp_config),
            local_bytes=device.local_mem_size,
            group_items=device.max_work_group_size,
        )
        self.device = f"opencl:{index or 0}"
        self._context, program = program_for(device, sample_bytes, limits)
        with checked(cl):
            self._compute = cl.CommandQueue(self._context)
            self._uploads = cl.CommandQueue(self._context)
            self._kernels = {name: cl.Kernel(program, name) for name in KERNELS}
        self._copying = False  # whether uploads have begun that no kernel has waited for
        # Copies from and to the host behind which there is no mark, by whether they are in the
        # line of uploads. Letting go of one too early waits for it, and holds up every thread.
        self._copies: dict[bool, list[Any]] = {False: [], True: []}
        self._pinned: list[Any] = []  # buffers of which the host has a view

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Turn pyopencl's errors into ours."""
        self._process.check()
        with checked(self._cl):
            yield

    def allocate(self, nbytes: int) -> Any:
        """Device memory."""
        cl = self._cl
        with checked(cl):
            buffer = cl.Buffer(self._context, cl.mem_flags.READ_WRITE, nbytes)
            # Drivers put off the allocation until the memory is used; what is too much for the
            # device has to come out here.
            cl.enqueue_migrate_mem_objects(
                self._compute, [buffer], cl.mem_migration_flags.CONTENT_UNDEFINED
            )
        return buffer

    def allocate_host(self, nbytes: int) -> NDArray[np.uint8]:
        """Host memory that drivers pin."""
        cl = self._cl
        flags = cl.mem_flags.READ_WRITE | cl.mem_flags.ALLOC_HOST_PTR
        with checked(cl):
            buffer = cl.Buffer(self._context, flags, nbytes)
            view, _ = cl.enqueue_map_buffer(
                *(self._compute, buffer, cl.map_flags.READ | cl.map_flags.WRITE),
                *(0, (nbytes,), np.uint8),
                is_blocking=True,
            )
        self._pinned.append((buffer, view))
        mapped: NDArray[np.uint8] = view
        return mapped

    def upload(self, target: Any, offset: int, source: NDArray[np.uint8]) -> None:
        """Host to device, beside kernels that are at work."""
        copy = self._cl.enqueue_copy(
            self._uploads, target, source, dst_offset=offset, is_blocking=False
        )
        self._copies[True].append(copy)
        self._copying = True

    def check_plane(self, plane: DevicePlane) -> None:
        """Never asked for: see :attr:`memory`."""
        raise NotImplementedError

    def pinned(self, plane: Plane) -> DevicePlane | None:
        """Everything is staged."""

    def upload_planes(self, places: Sequence[Place]) -> None:
        """Never asked for: see :attr:`memory`."""
        raise NotImplementedError

    def place(self, plane: Plane) -> DevicePlane:
        """Never asked for: see :attr:`memory`."""
        raise NotImplementedError

    def download(
        self, target: NDArray[np.uint8], source: Any, *, with_uploads: bool = False
    ) -> None:
        """Device to host."""
        queue = self._line(with_uploads)
        copy = self._cl.enqueue_copy(queue, target, source, is_blocking=False)
        self._copies[with_uploads].append(copy)

    def copy(self, target: Any, to: int, source: Any, offset: int, nbytes: int) -> None:
        """Device to device."""
        self._wait_for_uploads()
        self._cl.enqueue_copy(
            *(self._compute, target, source),
            byte_count=nbytes,
            src_offset=offset,
            dst_offset=to,
        )

    def piece(self, buffer: Any, offset: int, nbytes: int) -> Any:
        """A part that begins where the device lets buffers begin."""
        return buffer.get_sub_region(offset, nbytes)

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
        function = self._kernels[kernel]
        function.set_args(*buffers)
        queue = self._line(with_uploads)
        self._cl.enqueue_nd_range_kernel(queue, function, (x * ITEMS, y, z), (ITEMS, 1, 1))

    def _line(self, with_uploads: bool) -> Any:
        return self._uploads if with_uploads else self._compute

    def _wait_for_uploads(self) -> None:
        if self._copying:
            uploaded = self._cl.enqueue_marker(self._uploads)
            self._uploads.flush()
            self._cl.enqueue_barrier(self._compute, wait_for=[uploaded])
            self._copies[False] += self._copies[True]
            self._copies[True] = []
            self._copying = False

    def mark(self, *, with_uploads: bool = False) -> Any:
        """An event behind everything so far, and the copies that are done with it."""
        queue = self._line(with_uploads)
        event = self._cl.enqueue_marker(queue)
        queue.flush()
        copies, self._copies[with_uploads] = self._copies[with_uploads], []
        return event, copies

    def wait(self, mark: Any) -> None:
        """Wait for the event, without the GIL."""
        event, copies = mark
        event.wait()
        copies.clear()

    def spend(self, mark: Any) -> None:
        """Its copies are done."""
        mark[1].clear()

    def finish(self) -> None:
        """Wait for both queues."""
        self._uploads.finish()
        self._compute.finish()
        for copies in self._copies.values():
            copies.clear()

    def results(self) -> ResultMemory:
        """Never asked for: see :attr:`memory`."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the host's memory; may be called twice."""
        if self._process.is_this():
            with contextlib.suppress(self._cl.Error):  # there is nothing left to be done
                self.finish()
            self._pinned.clear()


# ---- devices ------------------------------------------------------------------------------------


def devices() -> list[str]:
    """Names of the OpenCL devices, in the order of their numbers.

    Raises DeviceError when pyopencl is not installed.
    """
    return [device.name.strip() for device in find_devices()]


def has_gpu() -> bool:
    """Whether there is an OpenCL device that is no CPU; raises as :func:`devices` does."""
    return any(map(is_gpu, find_devices()))


def open_backend(index: int | None, sample_bytes: int, limits: int) -> OpenclBackend:
    """See :class:`OpenclBackend`."""
    return OpenclBackend(index, sample_bytes, limits)
