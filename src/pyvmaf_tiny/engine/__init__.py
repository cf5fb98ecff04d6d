"""Feature engines behind one protocol. A new engine is one new file and one entry here."""

from __future__ import annotations

from pyvmaf_tiny.errors import EngineUnavailableError, OptionError

from .base import Engine, EngineInfo, EngineSpec

#: What ``engine=`` takes: "auto" is the native engine.
ENGINES: tuple[str, ...] = ("auto", "native")


def open_engine(name: str, spec: EngineSpec) -> Engine:
    """Make the engine of that name for a stream.

    Raises OptionError for an unknown name, EngineUnavailableError when it is not installed here,
    and what the engine itself raises for the specification.
    """
    if name not in ENGINES:
        raise OptionError("unknown engine", given=repr(name), expected="one of " + _listed())
    try:
        from .native import NativeEngine
    except ImportError as error:
        raise EngineUnavailableError(
            f"the native engine cannot be loaded ({error})", hint=_REINSTALL
        ) from error
    return NativeEngine(spec)


def engines() -> list[EngineInfo]:
    """Every engine: whether it is available on this machine and, if not, why."""
    try:
        from .native import native_info
    except ImportError as error:
        return [EngineInfo(name="native", available=False, reason=f"{error}; {_REINSTALL}")]
    return [native_info()]


_REINSTALL = "the installation is incomplete: pip install --force-reinstall pyvmaf-tiny"


def _listed() -> str:
    return ", ".join(map(repr, ENGINES))


__all__ = ["ENGINES", "Engine", "EngineInfo", "EngineSpec", "engines", "open_engine"]
