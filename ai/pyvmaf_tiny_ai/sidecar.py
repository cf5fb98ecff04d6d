"""The facts about a model file that every sidecar begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyvmaf_tiny.frames import FEATURES

from .export import INPUT, OPSET, OUTPUT
from .provenance import sha256
from .teacher import TEACHER

LICENSE = "BSD-3-Clause"


def model_facts(
    onnx: Path, *, notes: str, quant_mode: str = "fp32", teacher: str = TEACHER
) -> dict[str, Any]:
    """Identity, digest and interface of the model in ``onnx``; its id is the file's stem."""
    return {
        "id": onnx.stem,
        "kind": "fr",
        "onnx": onnx.name,
        "opset": OPSET,
        "sha256": sha256(onnx),
        "input_name": INPUT,
        "input_shape": [-1, len(FEATURES)],
        "output_name": OUTPUT,
        "output_shape": [-1],
        "features": list(FEATURES),
        "quant_mode": quant_mode,
        "license": LICENSE,
        "notes": notes,
        "teacher": teacher,
    }
