"""The native engine's second half: the kernels of ``native/gpu/``, the same bits on a GPU.

``stream`` is the engine; ``device_stream`` leaves its results on the device, where ``rows`` and
``network`` make them, ``results`` keeps them and ``arrays`` shows them to others. Both fill batches
and hand them to ``pipeline``, which asks ``layout`` where everything lies and a ``backend`` to do
it: ``cuda``, ``sycl`` or ``opencl``. ``source`` is the kernels' text, ``nvrtc`` compiles it for
NVIDIA. Nothing of a GPU is imported before a device is asked for.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
from typing import Any

from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.engine.devices import EngineDevice, engine_device
from pyvmaf_tiny.errors import DeviceError, EngineError
from pyvmaf_tiny.network import Network

from .arrays import DeviceArray, DeviceFrames
from .backend import Backend
from .device_stream import DeviceStream
from .stream import GpuEngine

#: Kinds of devices, each a module of its backend, in the order in which "auto" tries them.
KINDS = ("cuda", "sycl", "opencl")

#: Kinds of devices whose memory others can read, too.
SHARING = ("cuda", "sycl")


def create(spec: EngineSpec) -> GpuEngine:
    """Make an engine on the GPU that ``spec.device`` names.

    Raises DeviceError (no such device, its package or driver not installed, too old a GPU),
    OutOfMemoryError, EngineError, and OptionError, FrameSizeError and BitDepthError for the
    specification.
    """
    device = engine_device(spec.device)
    return GpuEngine(spec, lambda size, limits: open_backend(device, size, limits))


def create_on_any(spec: EngineSpec) -> GpuEngine | None:
    """Make an engine on the first GPU that works; None when there is none.

    One that is there and fails, or has no memory left, does not work. A CPU that shows up as a
    SYCL device is none: the CPU engine is faster there.
    """
    for kind in KINDS:
        with contextlib.suppress(EngineError):
            if _module(kind).has_gpu():
                return create(dataclasses.replace(spec, device=kind))
    return None


def first_gpu() -> str | None:
    """What ``device`` takes for the first kind of which there is a GPU; it is not tried."""
    for kind in KINDS:
        with contextlib.suppress(EngineError):
            if _module(kind).has_gpu():
                return kind
    return None


def create_device_stream(
    spec: EngineSpec, network: Network | None, batch: int, *, by_rendition: bool = False
) -> DeviceStream:
    """Make a stream whose results stay on the device, ``batch`` frames at a time.

    ``network`` makes scores of the features; ``by_rendition`` gives the results an axis for
    renditions. Raises what :func:`create` does, and ModelError.
    """
    device = engine_device(spec.device)
    if device.kind == "auto":
        return _on_any(spec, network, batch, by_rendition)
    if device.kind not in SHARING:
        raise DeviceError(
            "results cannot stay there",
            given=f"device={spec.device!r}",
            expected=" or ".join(map(repr, SHARING)),
            hint=_SCORER,
        )
    return DeviceStream(
        *(spec, network, batch, lambda size, limits: open_backend(device, size, limits)),
        by_rendition=by_rendition,
    )


def _on_any(
    spec: EngineSpec, network: Network | None, batch: int, by_rendition: bool
) -> DeviceStream:
    reasons = []
    for kind in SHARING:
        try:
            if _module(kind).has_gpu():
                spec = dataclasses.replace(spec, device=kind)
                return create_device_stream(spec, network, batch, by_rendition=by_rendition)
            reasons.append(f"{kind}: no GPU")
        except EngineError as error:
            reasons.append(f"{kind}: {error}")
    raise DeviceError('no GPU for device="auto"', given="; ".join(reasons), hint=_SCORER)


_SCORER = "a Scorer gives the same features in the host's memory"


def found() -> tuple[dict[str, str], dict[str, str]]:
    """Devices of this machine by the name that ``device`` takes, and why a kind has none."""
    devices: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for kind in KINDS:
        try:
            names = _module(kind).devices()
        except EngineError as error:  # also of a driver that is there and broken
            reasons[kind] = str(error)
            continue
        devices |= {f"{kind}:{index}": name for index, name in enumerate(names)}
        if not names:
            reasons[kind] = "no device"
    return devices, reasons


def open_backend(device: EngineDevice, sample_bytes: int, limits: int = 1) -> Backend:
    """The device with kernels for samples of so many bytes and for so many gain limits.

    Raises as :func:`create` does.
    """
    backend: Backend = _module(device.kind).open_backend(device.index, sample_bytes, limits)
    return backend


def _module(kind: str) -> Any:
    """A module with ``open_backend``, ``devices`` and ``has_gpu``."""
    return importlib.import_module(f".{kind}", __name__)


__all__ = [
    "KINDS",
    "SHARING",
    "DeviceArray",
    "DeviceFrames",
    "DeviceStream",
    "GpuEngine",
    "create",
    "create_device_stream",
    "create_on_any",
    "first_gpu",
    "found",
    "open_backend",
]
