"""The engine that drives libvmaf's own extractors, loaded at run time and never linked.

``loading`` finds a library, ``probing`` tries what it does, ``settings``, ``devices`` and
``teachers`` read the options, ``stream`` is the engine, ``failures`` are its errors, ``messages``
what libvmaf says.
"""

from __future__ import annotations

from pyvmaf_tiny.engine.base import Engine, EngineInfo, EngineSpec, cpu_mask_of
from pyvmaf_tiny.engine.split import SplitEngine
from pyvmaf_tiny.errors import EngineUnavailableError

from .loading import load
from .probing import behaviour
from .stream import LibvmafEngine


def create(spec: EngineSpec) -> Engine:
    """Make a libvmaf engine; see :class:`LibvmafEngine` for what it raises.

    libvmaf compares one pair of frames at a time, so every lane has a context of its own.
    """
    return LibvmafEngine(spec) if spec.lanes == 1 else SplitEngine(spec, LibvmafEngine)


def info() -> EngineInfo:
    """Which libvmaf there is and what it can do, or how to get one."""
    try:
        library = load()
        found = behaviour(library)
    except EngineUnavailableError as error:
        return EngineInfo(name=LibvmafEngine.name, available=False, reason=str(error))
    devices = ("cpu", *(["cuda"] if library.cuda else []), *(["sycl"] if library.sycl else []))
    return EngineInfo(
        name=LibvmafEngine.name,
        available=True,
        version=library.version,
        tier=found.tier(cpu_mask_of(0)),
        cpu_flags=found.flags(),
        cpu_mask=cpu_mask_of(0),
        devices=devices,
        file=library.path,
        preallocated_pictures=library.preallocated,
    )


__all__ = ["LibvmafEngine", "create", "info"]
