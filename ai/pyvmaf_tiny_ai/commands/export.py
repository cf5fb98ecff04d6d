"""Export a checkpoint to ONNX, with its sidecar."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.model import load_model
from pyvmaf_tiny_ai.export import to_onnx
from pyvmaf_tiny_ai.mlp import Mlp
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.recipes import SYSTEMS
from pyvmaf_tiny_ai.sidecar import model_facts
from pyvmaf_tiny_ai.training import load_checkpoint

from .common import parser, run

#: float32 arithmetic in another order: well below what anybody reads off a VMAF score.
MAX_DIFFERENCE = 1e-3


def difference(onnx_path: Path, mlp: Mlp) -> float:
    """Largest difference between the runtime's scores and the checkpoint's, in VMAF points."""
    draw = np.random.default_rng(0)
    rows = draw.uniform(0.0, 1.0, (1000, len(FEATURES)))
    rows[:, -1] *= 30.0  # motion2 is not a ratio
    return float(np.abs(load_model(onnx_path).predict(rows) - mlp.predict(rows)).max())


def main(model_id: str, documentation: str | None) -> int:
    """Export; exit status 1 when the runtime does not reproduce the checkpoint."""
    return run(lambda: _main(model_id, documentation))


def _main(model_id: str, documentation: str | None) -> int:
    options = parser(documentation)
    options.add_argument("--ckpt", type=Path, required=True)
    options.add_argument("--out-onnx", type=Path, required=True)
    options.add_argument("--out-sidecar", type=Path, required=True)
    options.add_argument("--loso-json", type=Path, help="held-out metrics to put into the sidecar")
    arguments = options.parse_args()

    mlp, recipe, stats = load_checkpoint(arguments.ckpt)
    expected = SYSTEMS[model_id].recipe.architecture
    if recipe.architecture != expected:
        raise ValueError(
            f"{arguments.ckpt}: a checkpoint of {recipe.architecture.id}, "
            f"{model_id} is a {expected.id}"
        )
    arguments.out_onnx.parent.mkdir(parents=True, exist_ok=True)
    arguments.out_onnx.write_bytes(to_onnx(mlp, arguments.out_onnx.stem).SerializeToString())
    worst = difference(arguments.out_onnx, mlp)
    if worst > MAX_DIFFERENCE:
        print(f"{arguments.out_onnx} differs from the checkpoint by {worst}", file=sys.stderr)
        return 1
    inputs = {"ckpt": arguments.ckpt}
    if arguments.loso_json:
        inputs["loso_json"] = arguments.loso_json
    sidecar: dict[str, Any] = {
        **model_facts(arguments.out_onnx, notes=SYSTEMS[model_id].notes),
        **{key: value for key, value in stats.items() if key != "run_provenance"},
        "loso_metrics": json.loads(arguments.loso_json.read_text())["aggregate"]
        if arguments.loso_json
        else None,
        "training_provenance": stats["run_provenance"],
        "run_provenance": run_provenance(
            f"ai/scripts/{Path(sys.argv[0]).name}",
            sys.argv[1:],
            {},
            inputs,
            {"onnx": arguments.out_onnx, "sidecar": arguments.out_sidecar},
            ("onnx", "onnxruntime", "numpy"),
        ),
    }
    write_json(arguments.out_sidecar, sidecar)
    print(f"{arguments.out_onnx}: sha256 {sidecar['sha256']}, differs by at most {worst:.1e}")
    return 0
