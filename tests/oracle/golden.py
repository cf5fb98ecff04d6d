"""The golden cases: small sequences with the features that libvmaf 3.2.0 gave them."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.frames import Plane

#: The cases that the repository carries; see ``tests/data/README.md``.
COMMITTED = Path(__file__).resolve().parents[1] / "data" / "golden.npz"

#: The environment variable that names another file of the same layout, for example the whole one.
ENVIRONMENT = "PYVMAF_TINY_GOLDEN"


@dataclass(frozen=True)
class GoldenCase:
    """One named case; arrays are read when they are asked for."""

    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def bit_depth(self) -> int:
        """8, 10, 12 or 16."""
        return int(self.name.split("_")[1].removesuffix("b"))

    @property
    def ref(self) -> Plane:
        """(frames, height, width), uint8 or uint16."""
        return self._array("ref")

    @property
    def dis(self) -> Plane:
        """(frames, height, width), uint8 or uint16."""
        return self._array("dis")

    def features(self, *, neg: bool) -> NDArray[np.float64]:
        """(frames, 6), what libvmaf gave by default or with NEG."""
        return self._array("features_neg" if neg else "features")

    def _array(self, part: str) -> NDArray[Any]:
        array: NDArray[Any] = _archive()[f"{self.name}/{part}"]
        return array


@functools.cache
def _archive() -> Mapping[str, NDArray[Any]]:
    archive: Mapping[str, NDArray[Any]] = np.load(os.environ.get(ENVIRONMENT, COMMITTED))
    return archive


@functools.cache
def golden_cases() -> list[GoldenCase]:
    """All cases of the file, by name."""
    return [GoldenCase(name) for name in sorted({f.rsplit("/", 1)[0] for f in _archive()})]
