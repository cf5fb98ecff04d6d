"""Feature engines behind one protocol.

A new engine is one new module here, with a class that satisfies :class:`Engine`, and one entry
in the table below. The module offers ``create(spec) -> Engine`` and ``info() -> EngineInfo``.
"""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

from pyvmaf_tiny.errors import EngineUnavailableError, OptionError

from .base import Engine, EngineInfo, EngineSpec

#: Engine -> its module in this package.
_MODULES = {"native": "native", "libvmaf": "libvmaf"}

#: The engine that takes the path of its library behind its name.
_WITH_PATH = "libvmaf:"

#: What "auto" is.
_AUTO = "native"

#: What ``engine=`` takes; "libvmaf" also with the path of the library: "libvmaf:/path".
ENGINES: tuple[str, ...] = ("auto", *_MODULES)


def open_engine(name: str, spec: EngineSpec) -> Engine:
    """Make the engine of that name for a stream.

    Raises OptionError for an unknown name, EngineUnavailableError when it is not installed here,
    and what the engine itself raises for the specification.
    """
    if isinstance(name, str) and name.startswith(_WITH_PATH):
        name, _, path = name.partition(":")
        if not path:
            raise OptionError(
                "no library behind the engine",
                given=repr(f"{name}:"),
                expected=f'"{name}", or "{_WITH_PATH}/path/to/library"',
            )
        spec = dataclasses.replace(spec, library=path)
    if name not in ENGINES:
        expected = (
            "one of " + ", ".join(map(repr, ENGINES)) + f', or "{_WITH_PATH}/path/to/library"'
        )
        raise OptionError("unknown engine", given=repr(name), expected=expected)
    name = _AUTO if name == "auto" else name
    try:
        module = _module(name)
    except ImportError as error:
        raise EngineUnavailableError(
            f"the {name} engine cannot be loaded ({error})", hint=_REINSTALL
        ) from error
    engine: Engine = module.create(spec)
    return engine


def engines() -> list[EngineInfo]:
    """Every engine: whether it is available on this machine and, if not, why."""
    return [_info(name) for name in _MODULES]


def _info(name: str) -> EngineInfo:
    try:
        info: EngineInfo = _module(name).info()
    except ImportError as error:
        return EngineInfo(name=name, available=False, reason=f"{error}; {_REINSTALL}")
    return info


def _module(name: str) -> Any:
    return importlib.import_module(f".{_MODULES[name]}", __name__)


_REINSTALL = "the installation is incomplete: pip install --force-reinstall pyvmaf-tiny"

__all__ = ["ENGINES", "Engine", "EngineInfo", "EngineSpec", "engines", "open_engine"]
