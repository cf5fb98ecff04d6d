"""The real libvmafs that the engine's tests run on: the pinned one, and those that are named."""

from __future__ import annotations

import os
from pathlib import Path

from oracle.fetch_libvmaf import LIBRARY

#: Environment variable: paths of more libvmafs, of other versions, joined as in PATH.
VARIABLE = "PYVMAF_TINY_TEST_LIBVMAFS"

LIBRARIES = (LIBRARY, *map(Path, filter(None, os.environ.get(VARIABLE, "").split(os.pathsep))))


def name_of(path: Path) -> str:
    """For test ids."""
    return path.name
