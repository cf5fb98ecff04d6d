"""The package's version; its one source is ``meson.build``."""

from __future__ import annotations

from ._native import ffi, lib

__version__: str = ffi.string(lib.pvt_version()).decode()
