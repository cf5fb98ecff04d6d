"""OpenCL devices through pyopencl: AMD's, Intel's and NVIDIA's GPUs, and CPUs."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import DeviceError, EngineError, OutOfMemoryError
from pyvmaf_tiny.frames import DevicePlane, Plane

from .backend import Place, opened_here
from .requirements import check_device
from .results import ResultMemory
from .runtime import opencl_runtime
from .source import ITEMS, KERNELS, kernel_source

_INSTALL = 'pip install "pyvmaf-tiny[opencl]"'

#: Floating point exactly as written.
_OPTIONS = ("-cl-std=CL1.2",)

#: Where the loader of OpenCL drivers looks.
_VENDORS = "/etc/OpenCL/vendors"


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
        device = _choose(_devices(), index)
        check_device(
            device.name,
            has_double=bool(device.double_fp_config),
            local_bytes=device.local_mem_size,
            group_items=device.max_work_group_size,
        )
        self.device = f"opencl:{index or 0}"
        with _compiling:
            self._context, program = _program(device, sample_bytes, limits)
        with _checked(cl):
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
        with _checked(self._cl):
            yield

    def allocate(self, nbytes: int) -> Any:
        """Device memory."""
        cl = self._cl
        with _checked(cl):
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
        with _checked(cl):
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


@contextlib.contextmanager
def _checked(cl: Any) -> Iterator[None]:
    """Raise OutOfMemoryError and EngineError for what pyopencl raises."""
    try:
        yield
    except cl.Error as error:
        if isinstance(error, cl.MemoryError) or error.code == cl.status_code.INVALID_BUFFER_SIZE:
            raise OutOfMemoryError(
                "the OpenCL device has not enough memory",
                given=str(error),
                hint="smaller frames, fewer renditions, a smaller batch, or fewer streams at once",
            ) from error
        raise EngineError("the OpenCL driver failed", given=str(error)) from error


# ---- devices ------------------------------------------------------------------------------------


def load_pyopencl() -> Any:
    """Import pyopencl; DeviceError says what to install when it is not here.

    Where the system has no OpenCL driver the runtime that pip installs is named to the loader,
    which finds it in no other way.
    """
    runtime = opencl_runtime()
    named = os.environ.get("OCL_ICD_VENDORS") or any(Path(_VENDORS).glob("*.icd"))
    if runtime is not None and not named:
        os.environ["OCL_ICD_VENDORS"] = str(runtime)
    try:
        return importlib.import_module("pyopencl")
    except ImportError as error:
        raise DeviceError(
            f"the device opencl needs pyopencl and an OpenCL driver ({error})", hint=_INSTALL
        ) from error


def devices() -> list[str]:
    """Names of the OpenCL devices, in the order of their numbers.

    Raises DeviceError when pyopencl is not installed.
    """
    return [device.name.strip() for device in _devices()]


def has_gpu() -> bool:
    """Whether there is an OpenCL device that is no CPU; raises as :func:`devices` does."""
    return any(map(_is_gpu, _devices()))


def open_backend(index: int | None, sample_bytes: int, limits: int) -> OpenclBackend:
    """See :class:`OpenclBackend`."""
    return OpenclBackend(index, sample_bytes, limits)


def _is_gpu(device: Any) -> bool:
    return bool(device.type & load_pyopencl().device_type.GPU)


def _devices() -> list[Any]:
    """The devices of all drivers: GPUs first."""
    cl = load_pyopencl()
    try:
        found = [device for platform in cl.get_platforms() for device in platform.get_devices()]
    except cl.Error:  # no driver at all
        return []
    return sorted(found, key=lambda device: not _is_gpu(device))


def _choose(found: list[Any], index: int | None) -> Any:
    if not found:
        raise DeviceError(
            "no OpenCL device",
            hint="install the GPU's OpenCL driver; the package intel-opencl-rt brings a CPU device",
        )
    if index is not None and index >= len(found):
        names = ", ".join(f"opencl:{i} {device.name.strip()}" for i, device in enumerate(found))
        raise DeviceError("no such OpenCL device", given=f"opencl:{index}", expected=names)
    return found[index or 0]


_compiling = threading.Lock()


@functools.lru_cache(maxsize=8)
def _program(device: Any, sample_bytes: int, limits: int) -> tuple[Any, Any]:
    """A context on the device and the kernels for it; pyopencl keeps what it compiles on disk.

    Called under the lock: whoever is second finds it made, and no two threads change the filters
    of warnings.
    """
    cl = load_pyopencl()
    source = kernel_source(sample_bytes, limits)
    try:
        context = cl.Context([device])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cl.CompilerWarning)  # compilers chat
            return context, cl.Program(context, source).build(list(_OPTIONS))
    except cl.Error as error:
        raise EngineError(
            "the OpenCL device does not compile the kernels",
            given=f"{device.name.strip()}, driver {device.driver_version}",
            hint="a newer driver may; pyvmaf-tiny cannot use this one",
        ) from error
