"""Where a file came from: the block that every produced checkpoint, sidecar and report carries."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any


def sha256(path: Path) -> str:
    """The file's sha256, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run_provenance(
    entrypoint: str,
    argv: Sequence[str],
    parameters: Mapping[str, Any],
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    packages: Sequence[str],
) -> dict[str, Any]:
    """Describe a run: what was called, with what, from which bytes, to which files.

    There is no date in it: the same run gives the same file.
    """
    return {
        "entrypoint": entrypoint,
        "argv": list(argv),
        "parameters": dict(parameters),
        "inputs": {
            name: {"path": str(path), "sha256": sha256(path)} for name, path in inputs.items()
        },
        "outputs": {name: str(path) for name, path in outputs.items()},
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
    }


def write_json(path: Path, document: Mapping[str, Any], *, compact: bool = False) -> None:
    """Write a JSON file, indented or in one line, creating its folder.

    NaN (no such figure) is written as null.
    """
    layout: dict[str, Any] = {"separators": (",", ":")} if compact else {"indent": 2}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_plain(document), allow_nan=False, **layout) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
