"""OpenCL devices: which there are, and the kernels compiled for one."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyvmaf_tiny.errors import DeviceError, EngineError, OutOfMemoryError

from .requirements import numbered
from .runtime import opencl_runtime
from .source import kernel_source

_INSTALL = 'pip install "pyvmaf-tiny[opencl]"'

#: Floating point exactly as written.
_OPTIONS = ("-cl-std=CL1.2",)

#: Where the loader of OpenCL drivers looks.
_VENDORS = "/etc/OpenCL/vendors"


@contextlib.contextmanager
def checked(cl: Any) -> Iterator[None]:
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


def is_gpu(device: Any) -> bool:
    return bool(device.type & load_pyopencl().device_type.GPU)


def find_devices() -> list[Any]:
    """The devices of all drivers: GPUs first."""
    cl = load_pyopencl()
    try:
        found = [device for platform in cl.get_platforms() for device in platform.get_devices()]
    except cl.Error:  # no driver at all
        return []
    return sorted(found, key=lambda device: not is_gpu(device))


def choose(found: list[Any], index: int | None) -> Any:
    if not found:
        raise DeviceError(
            "no OpenCL device",
            hint="install the GPU's OpenCL driver; the package intel-opencl-rt brings a CPU device",
        )
    return numbered(found, index, "opencl", "OpenCL")


_compiling = threading.Lock()


def program_for(device: Any, sample_bytes: int, limits: int) -> tuple[Any, Any]:
    """A context on the device and the kernels for it; pyopencl keeps what it compiles on disk.

    One thread at a time: whoever is second finds it made, and no two change the filters of
    warnings.
    """
    with _compiling:
        return _program_for(device, sample_bytes, limits)


@functools.lru_cache(maxsize=8)
def _program_for(device: Any, sample_bytes: int, limits: int) -> tuple[Any, Any]:
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
