"""The module that cffi generates from ``native/include/pyvmaf_tiny.h``."""

from typing import Any

ffi: Any
lib: Any
