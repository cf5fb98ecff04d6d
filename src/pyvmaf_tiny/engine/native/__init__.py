"""Our own engine: the C library in ``native/``, bit-identical to libvmaf's scalar path.

``stream`` is the engine, ``settings`` reads the options, ``failures`` are its errors.
"""

from __future__ import annotations

from pyvmaf_tiny.engine.base import (
    Engine,
    EngineInfo,
    EngineSpec,
    cpu_mask_of,
    refuse_libvmafs_options,
)
from pyvmaf_tiny.engine.devices import engine_device

from .settings import cpu_flags, tier
from .stream import NativeEngine


def create(spec: EngineSpec) -> Engine:
    """Make a native engine, on the CPU or on a GPU.

    See :class:`NativeEngine` and :func:`pyvmaf_tiny.engine.gpu.create` for what they raise.
    """
    refuse_libvmafs_options(NativeEngine.name, spec)
    device = engine_device(spec.device)
    if device.kind == "cpu":
        return NativeEngine(spec)
    from pyvmaf_tiny.engine import gpu

    if device.kind == "auto":
        return gpu.create_on_any(spec) or NativeEngine(spec)
    return gpu.create(spec)


def info() -> EngineInfo:
    """What the native engine is on this machine, and which GPUs it could work on."""
    from pyvmaf_tiny.engine import gpu

    names, reasons = gpu.found()
    return EngineInfo(
        name=NativeEngine.name,
        available=True,
        version=NativeEngine.version,
        tier=tier(cpu_mask_of(0)),
        cpu_flags=cpu_flags(),
        cpu_mask=cpu_mask_of(0),
        devices=("cpu", *names),
        device_names=names,
        device_reasons=reasons,
    )


__all__ = ["NativeEngine", "create", "info"]
