"""The device that tests of exactness and of streams run on: a GPU where there is one.

That is the SYCL CPU device, or what PYVMAF_TINY_TEST_DEVICE names: "cuda", "sycl:1" and so on.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator

import pytest

from pyvmaf_tiny.engine import gpu
from pyvmaf_tiny.engine.devices import engine_device
from pyvmaf_tiny.engine.gpu.backend import Backend
from pyvmaf_tiny.engine.gpu.cuda_devices import choose, initialised
from pyvmaf_tiny.engine.gpu.driver import call

DEVICE = os.environ.get("PYVMAF_TINY_TEST_DEVICE", "sycl")

#: "cuda" of "cuda:1".
KIND = engine_device(DEVICE).kind

#: For tests of SYCL itself: on a machine that is there for its CUDA device dpctl may be missing.
needs_sycl = pytest.mark.skipif(
    KIND == "cuda" and importlib.util.find_spec("dpctl") is None, reason="no dpctl beside CUDA"
)

#: What results call it.
NUMBERED = f"{KIND}:{engine_device(DEVICE).index or 0}"


def open_backend(sample_bytes: int, limits: int = 1) -> Backend:
    """The device with kernels for samples of so many bytes and for so many gain limits."""
    return gpu.open_backend(engine_device(DEVICE), sample_bytes, limits)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """CUDA makes its context once within, and not for every scorer, which takes long."""
    if KIND != "cuda":
        yield
        return
    cuda = initialised()
    device = choose(cuda, engine_device(DEVICE).index)
    call(cuda, "cuDevicePrimaryCtxRetain", device)
    try:
        yield
    finally:
        call(cuda, "cuDevicePrimaryCtxRelease", device)


@contextlib.contextmanager
def entered(sample_bytes: int = 1) -> Iterator[Backend]:
    """The device, for calls within; closed at the end."""
    backend = open_backend(sample_bytes)
    try:
        with backend.entered():
            yield backend
    finally:
        backend.close()
