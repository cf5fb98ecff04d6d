"""SYCL devices: which there are, and the kernels compiled for one."""

from __future__ import annotations

import functools
import importlib
import os
from typing import Any

from pyvmaf_tiny.errors import DeviceError, EngineError

from .requirements import numbered
from .runtime import opencl_runtime
from .source import KERNELS, kernel_source

_INSTALL = 'pip install "pyvmaf-tiny[sycl]"'

#: Floating point exactly as written.
_OPTIONS = "-cl-std=CL1.2"


def load_dpctl() -> Any:
    """Import dpctl; DeviceError says what to install when it is not here.

    The OpenCL runtime that pip installs is found by nobody unless OCL_ICD_FILENAMES names it, so
    it is named here unless the user has named one.
    """
    runtime = opencl_runtime()
    if runtime is not None and not os.environ.get("OCL_ICD_FILENAMES"):
        os.environ["OCL_ICD_FILENAMES"] = str(runtime)
    try:
        return importlib.import_module("dpctl")
    except ImportError as error:
        raise DeviceError(
            f"the device sycl needs dpctl and Intel's runtimes ({error})", hint=_INSTALL
        ) from error


def find_devices() -> list[Any]:
    """OpenCL devices, which compile source text: GPUs first."""
    dpctl = load_dpctl()
    found = [device for device in dpctl.get_devices(backend="opencl") if not device.is_accelerator]
    return sorted(found, key=lambda device: not device.is_gpu)


def choose(found: list[Any], index: int | None) -> Any:
    if not found:
        raise DeviceError(
            "no SYCL device that takes OpenCL C",
            hint="install the GPU's OpenCL driver (Intel's compute runtime), or "
            f"{_INSTALL}, which brings a CPU device",
        )
    return numbered(found, index, "sycl", "SYCL")


@functools.lru_cache(maxsize=8)
def kernels_for(device: Any, sample_bytes: int, limits: int) -> tuple[dict[str, Any], Any]:
    """The kernels for a device, and the context that they belong to; compiling takes seconds.

    Each is taken from the program once: dpctl keeps memory for good whenever one is.
    """
    dpctl = load_dpctl()
    program = importlib.import_module("dpctl.program")
    queue = dpctl.SyclQueue(device, property="in_order")
    source = kernel_source(sample_bytes, limits)
    try:
        built = program.create_program_from_source(queue, source, _OPTIONS)
    except program.SyclProgramCompilationError as error:
        raise EngineError(
            "the SYCL device does not compile the kernels",
            given=f"{device.name.strip()}, driver {device.driver_version}",
            hint="a newer driver may; pyvmaf-tiny cannot use this one",
        ) from error
    return {name: built.get_sycl_kernel(name) for name in KERNELS}, queue.sycl_context
