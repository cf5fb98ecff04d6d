"""Our own engine: the C library in ``native/``, bit-identical to libvmaf's scalar path.

``stream`` is the engine, ``settings`` reads the options, ``failures`` are its errors.
"""

from __future__ import annotations

from pyvmaf_tiny.engine.base import EngineInfo, EngineSpec, cpu_mask_of, refuse_libvmafs_options

from .settings import cpu_flags, tier
from .stream import NativeEngine


def create(spec: EngineSpec) -> NativeEngine:
    """Make a native engine; see :class:`NativeEngine` for what it raises."""
    refuse_libvmafs_options(NativeEngine.name, spec)
    return NativeEngine(spec)


def info() -> EngineInfo:
    """What the native engine is on this machine."""
    return EngineInfo(
        name=NativeEngine.name,
        available=True,
        version=NativeEngine.version,
        tier=tier(cpu_mask_of(0)),
        cpu_flags=cpu_flags(),
    )


__all__ = ["NativeEngine", "create", "info"]
