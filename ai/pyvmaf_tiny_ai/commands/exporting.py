"""What every export does: write the graph, run it beside the student, write the sidecar."""

from __future__ import annotations

import argparse
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
from pyvmaf_tiny_ai.sidecar import model_facts
from pyvmaf_tiny_ai.teacher import TEACHER

from .common import parser

#: float32 arithmetic in another order: well below what anybody reads off a VMAF score.
MAX_DIFFERENCE = 1e-3


def export_options(documentation: str | None) -> argparse.ArgumentParser:
    """The options of an export."""
    options = parser(documentation)
    options.add_argument("--ckpt", type=Path, required=True)
    options.add_argument("--out-onnx", type=Path, required=True)
    options.add_argument("--out-sidecar", type=Path, required=True)
    options.add_argument("--loso-json", type=Path, help="report of a LOSO, or evaluation.json")
    return options


def difference(onnx_path: Path, mlp: Mlp) -> float:
    """Largest difference between the runtime's scores and the checkpoint's, in VMAF points."""
    draw = np.random.default_rng(0)
    rows = draw.uniform(0.0, 1.0, (1000, len(FEATURES)))
    rows[:, -1] *= 30.0  # motion2 is not a ratio
    return float(np.abs(load_model(onnx_path).predict(rows) - mlp.predict(rows)).max())


def export_student(
    arguments: argparse.Namespace,
    mlp: Mlp,
    stats: dict[str, Any],
    *,
    notes: str,
    gain_limit: float | None = None,
) -> int:
    """Write graph and sidecar; exit status 1 when the runtime does not reproduce the checkpoint."""
    arguments.out_onnx.parent.mkdir(parents=True, exist_ok=True)
    graph = to_onnx(mlp, arguments.out_onnx.stem, gain_limit=gain_limit)
    arguments.out_onnx.write_bytes(graph.SerializeToString())
    worst = difference(arguments.out_onnx, mlp)
    if worst > MAX_DIFFERENCE:
        print(f"{arguments.out_onnx} differs from the checkpoint by {worst}", file=sys.stderr)
        return 1
    # Checkpoints did not always name it; those that do not are all of this one.
    teacher = stats.get("teacher", TEACHER)
    inputs = {"ckpt": arguments.ckpt}
    if arguments.loso_json:
        inputs["loso_json"] = arguments.loso_json
    sidecar: dict[str, Any] = {
        **model_facts(arguments.out_onnx, notes=notes, teacher=teacher),
        **{key: value for key, value in stats.items() if key != "run_provenance"},
        "loso_metrics": _held_out(arguments.loso_json, arguments.out_onnx.stem),
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
    print(
        f"{arguments.out_onnx}: {arguments.out_onnx.stat().st_size} bytes, "
        f"sha256 {sidecar['sha256']}, differs by at most {worst:.1e}"
    )
    return 0


def _held_out(report: Path | None, model_id: str) -> dict[str, Any] | None:
    """The held-out figures of a cross-validation's report, or of this model in an evaluation."""
    if report is None:
        return None
    document = json.loads(report.read_text())
    if "aggregate" in document:
        found: dict[str, Any] = document["aggregate"]
        return found
    if model_id not in document["contenders"]:
        raise ValueError(f"{report}: no figures of {model_id}")
    judged = document["contenders"][model_id]["judged"]
    kept = ("seeds", "mean", "std", "worst")
    return {"folds": len(judged["folds"]), **{name: judged[name] for name in kept}}
