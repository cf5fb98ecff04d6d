"""Export a vmaf_tiny_v2 checkpoint to ONNX, with its sidecar.

python ai/scripts/export_vmaf_tiny_v2.py --ckpt runs/vmaf_tiny_v2.pt \
    --out-onnx model/tiny/vmaf_tiny_v2.onnx --out-sidecar model/tiny/vmaf_tiny_v2.json
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.export import INPUT, OPSET, OUTPUT, to_onnx
from pyvmaf_tiny_ai.mlp import Mlp
from pyvmaf_tiny_ai.provenance import run_provenance, sha256, write_json
from pyvmaf_tiny_ai.training import load_checkpoint

from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.model import load_model

#: float32 arithmetic in another order: well below what anybody reads off a VMAF score.
MAX_DIFFERENCE = 1e-3


def difference(onnx_path: Path, mlp: Mlp) -> float:
    """Largest difference between the runtime's scores and the checkpoint's, in VMAF points."""
    rows = np.random.default_rng(0).normal(mlp.mean, mlp.std, (1000, len(FEATURES)))
    return float(np.abs(load_model(onnx_path).predict(rows) - mlp.predict(rows)).max())


def main() -> int:
    """Export; exit status 1 when the runtime does not reproduce the checkpoint."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ckpt", type=Path, required=True)
    parser.add_argument("--out-onnx", type=Path, required=True)
    parser.add_argument("--out-sidecar", type=Path, required=True)
    parser.add_argument("--loso-json", type=Path, help="held-out metrics to put into the sidecar")
    arguments = parser.parse_args()

    mlp, stats = load_checkpoint(arguments.ckpt)
    model_id = arguments.out_onnx.stem
    arguments.out_onnx.parent.mkdir(parents=True, exist_ok=True)
    arguments.out_onnx.write_bytes(to_onnx(mlp, model_id).SerializeToString())
    worst = difference(arguments.out_onnx, mlp)
    if worst > MAX_DIFFERENCE:
        print(f"{arguments.out_onnx} differs from the checkpoint by {worst}", file=sys.stderr)
        return 1
    inputs = {"ckpt": arguments.ckpt}
    if arguments.loso_json:
        inputs["loso_json"] = arguments.loso_json
    sidecar = {
        "id": model_id,
        "kind": "fr",
        "onnx": arguments.out_onnx.name,
        "opset": OPSET,
        "sha256": sha256(arguments.out_onnx),
        "input_name": INPUT,
        "input_shape": [-1, len(FEATURES)],
        "output_name": OUTPUT,
        "output_shape": [-1],
        "features": list(FEATURES),
        "quant_mode": "fp32",
        "license": "BSD-3-Clause",
        "notes": "ReLU network 6-16-8-1 on standardised features, scaler and 0..100 clip in the "
        "graph; trained on the scores of vmaf_v0.6.1.",
        "teacher": "vmaf_v0.6.1",
        **{key: value for key, value in stats.items() if key != "run_provenance"},
        "loso_metrics": json.loads(arguments.loso_json.read_text())["mean"]
        if arguments.loso_json
        else None,
        "training_provenance": stats["run_provenance"],
        "run_provenance": run_provenance(
            "ai/scripts/export_vmaf_tiny_v2.py",
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


if __name__ == "__main__":
    sys.exit(main())
