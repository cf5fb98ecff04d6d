"""The kernels' source text, and the parameter structures that it declares."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

#: Files of ``native/gpu/`` in the order in which they are joined.
FILES: tuple[str, ...] = (
    *("dialect.h", "common.h"),
    *("vif_columns.cl", "vif.cl"),
    *("adm_wavelet.cl", "adm_masking.cl", "adm.cl"),
    *("motion.cl", "samples.cl", "totals.cl"),
    *("powers.h", "features.cl", "model.cl"),
)

#: Work items of every work group.
ITEMS = 256

#: Numbers that a network may have between its layers.
VALUES = 2048

#: Every kernel in the files.
KERNELS: tuple[str, ...] = (
    *(f"{feature}_{level}" for feature in ("vif", "adm") for level in range(4)),
    "motion",
    "samples",
    "totals",
    "features",
    "model",
)

_OPERATIONS = re.compile(r"enum layer_operation \{(.*?)\};", re.DOTALL)
_STRUCTURE = re.compile(r"typedef struct (\w+_params) \{(.*?)\} \1;", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@functools.cache
def kernel_source(sample_bytes: int, limits: int = 1) -> str:
    """All kernels as one text, OpenCL C and CUDA C++ at once, for so many gain limits."""
    folder = importlib.resources.files("pyvmaf_tiny") / "gpu_kernels"
    wide = int(sample_bytes > 1)
    macros = {"ITEMS": ITEMS, "WIDE": wide, "LIMITS": limits, "VALUES": VALUES}
    parts = ["".join(f"#define {name} {value}\n" for name, value in macros.items())]
    parts += [(folder / name).read_text(encoding="utf-8") for name in FILES]
    return "\n".join(parts)


@functools.cache
def parameter_names() -> dict[str, tuple[str, ...]]:
    """Structure -> its fields in order, read from the source; all are 32-bit integers."""
    structures = {}
    for name, body in _STRUCTURE.findall(_COMMENT.sub("", kernel_source(1))):
        fields = []
        for line in filter(None, map(str.strip, body.split(";"))):
            kind, _, names = line.partition(" ")
            if kind != "int":
                raise AssertionError(f"{name} has a field that is no int: {line}")
            fields += [field.strip() for field in names.split(",")]
        structures[name] = tuple(fields)
    return structures


@functools.cache
def operations() -> dict[str, int]:
    """Operation of a network's layer -> its number, read from the source."""
    found = _OPERATIONS.search(_COMMENT.sub("", kernel_source(1)))
    names = found[1].replace(",", " ").split() if found else []
    return {name.removeprefix("LAYER_").lower(): number for number, name in enumerate(names)}


def pack(structure: str, values: Mapping[str, int]) -> NDArray[np.int32]:
    """The structure of that name, filled; ``values`` names exactly its fields."""
    names = parameter_names()[structure]
    if set(names) != set(values):
        raise AssertionError(f"{structure}: {set(names) ^ set(values)}")
    return np.array([values[name] for name in names], np.int32)


def unpack(structure: str, packed: NDArray[np.int32]) -> dict[str, int]:
    """The fields of a structure that :func:`pack` has filled."""
    return dict(zip(parameter_names()[structure], packed.tolist(), strict=True))
