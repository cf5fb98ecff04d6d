"""A specification becomes the C library's configuration."""

from __future__ import annotations

import platform
from typing import Any

from pyvmaf_tiny import _native
from pyvmaf_tiny.engine.base import FEATURE_GROUPS, EngineSpec, cpu_mask_of, usable_cpus
from pyvmaf_tiny.errors import OptionError
from pyvmaf_tiny.options import whole_number

from .failures import raise_create_error

ffi: Any = _native.ffi
lib: Any = _native.lib

#: Rows of luma that are worth a thread of their own.
_ROWS_PER_THREAD = 64

_GROUP_BITS = {
    "adm": lib.PVT_FEATURE_ADM,
    "vif": lib.PVT_FEATURE_VIF,
    "motion": lib.PVT_FEATURE_MOTION,
}

_CPU_FLAGS = {
    "x86": {
        "avx2": lib.PVT_CPU_AVX2,
        "avx512": lib.PVT_CPU_AVX512,
        "avx512icl": lib.PVT_CPU_AVX512ICL,
    },
    "arm": {"neon": lib.PVT_CPU_NEON},
}


def configuration(spec: EngineSpec) -> Any:
    """The ``pvt_config`` of a specification. Raises OptionError for what no C field can hold."""
    limits = [_real("gain_limit", limit) for limit in spec.gain_limits]
    most: int = lib.PVT_MAX_GAIN_LIMITS
    if len(limits) > most:
        raise OptionError("too many gain limits", given=len(limits), expected=f"1 to {most}")
    return ffi.new(
        "pvt_config *",
        {
            "width": _integer("width", spec.width),
            "height": _integer("height", spec.height),
            "bit_depth": _integer("bit_depth", spec.bit_depth),
            "threads": threads_of(spec),
            "renditions": len(spec.renditions),
            "gain_limits": len(limits),
            "gain_limit": limits,
            "features": _groups(spec.features),
            "cpu_mask": cpu_mask_of(spec.cpu_mask),
        },
    )


def check(spec: EngineSpec) -> None:
    """Raise for a specification that no engine of ours takes, on whatever device it works."""
    config = configuration(spec)
    status = lib.pvt_check(config)
    if status != lib.PVT_OK:
        raise_create_error(status, spec, config.threads)


def threads_of(spec: EngineSpec) -> int:
    """Threads of the context: as many as the process may use and the frame has work for."""
    if spec.threads is not None:
        return _integer("threads", spec.threads)
    worth = -(-_integer("height", spec.height) // _ROWS_PER_THREAD)
    most: int = lib.PVT_MAX_THREADS
    return max(1, min(usable_cpus(), worth, most))


def tier(cpu_mask: int) -> str:
    """The kernel tier that a context with this mask would use."""
    name: str = ffi.string(lib.pvt_tier(cpu_mask)).decode()
    return name


def cpu_flags() -> tuple[str, ...]:
    """What the C library knows of this CPU."""
    flags = lib.pvt_cpu_flags()
    family = "arm" if platform.machine().lower() in ("aarch64", "arm64") else "x86"
    return tuple(name for name, bit in _CPU_FLAGS[family].items() if flags & bit)


def _integer(name: str, value: object) -> int:
    """For a C int: what lies beyond its range is out of the engine's range, too."""
    return max(-(1 << 31), min(whole_number(name, value), (1 << 31) - 1))


def _real(name: str, value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise OptionError(f"{name} is not a number", given=repr(value)) from None


def _groups(features: tuple[str, ...]) -> int:
    unknown = [name for name in features if name not in _GROUP_BITS]
    if unknown or not features:
        raise OptionError(
            "unknown feature group" if unknown else "no feature group",
            given=", ".join(map(repr, unknown)) or "none",
            expected="some of " + ", ".join(FEATURE_GROUPS),
        )
    bits = 0
    for name in features:
        bits |= _GROUP_BITS[name]
    return bits
