"""The OpenCL runtime that pip installs, which no loader finds by itself."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path


def opencl_runtime() -> Path | None:
    """The library of the pip package intel-opencl-rt, if that is installed."""
    try:
        files = importlib.metadata.files("intel-opencl-rt") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == "libintelocl.so":
            return Path(str(file.locate())).resolve()
    return None
