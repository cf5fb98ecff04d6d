"""Quantise an exported model to int8, within a budget of agreement with the teacher."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pyvmaf_tiny.model import load_model
from pyvmaf_tiny_ai.metrics import agreement
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.quantize import quantize_int8
from pyvmaf_tiny_ai.sidecar import model_facts
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table

from .common import parser, run


def main(documentation: str | None) -> int:
    """Quantise and measure; exit status 1, and no model, above the budget."""
    return run(lambda: _main(documentation))


def _main(documentation: str | None) -> int:
    options = parser(documentation)
    options.add_argument(
        "--onnx", type=Path, required=True, help="float32 model, beside its sidecar"
    )
    options.add_argument("--parquet", type=Path, required=True, help="rows to calibrate on")
    options.add_argument("--out-onnx", type=Path, required=True)
    options.add_argument("--out-sidecar", type=Path, required=True)
    options.add_argument(
        "--max-plcc-drop", type=float, default=0.01, help="the budget (%(default)s)"
    )
    arguments = options.parse_args()

    table = read_table(arguments.parquet)
    features, labels = features_of(table), labels_of(table)
    part = arguments.out_onnx.with_name(f".{arguments.out_onnx.name}.part.onnx")
    try:
        quantize_int8(arguments.onnx, features, part)
        before = agreement(load_model(arguments.onnx).predict(features), labels)
        after = agreement(load_model(part).predict(features), labels)
        drop = before.plcc - after.plcc
        if not drop <= arguments.max_plcc_drop:
            print(f"int8 costs {drop:.6f} of PLCC, budget {arguments.max_plcc_drop}: REFUSED")
            return 1
        part.replace(arguments.out_onnx)
    finally:
        part.unlink(missing_ok=True)
    source: dict[str, Any] = json.loads(arguments.onnx.with_suffix(".json").read_text())
    sidecar = {
        **source,
        **model_facts(
            arguments.out_onnx,
            notes=f"{source['id']} with its inner products in int8, static scales.",
            quant_mode="int8",
            teacher=source["teacher"],
        ),
        "quantised_from": {"id": source["id"], "sha256": source["sha256"]},
        "quantisation": {
            "rows": len(table),
            "max_plcc_drop": arguments.max_plcc_drop,
            "plcc_drop": drop,
            "float32": asdict(before),
            "int8": asdict(after),
        },
        "run_provenance": run_provenance(
            f"ai/scripts/{Path(sys.argv[0]).name}",
            sys.argv[1:],
            {"max_plcc_drop": arguments.max_plcc_drop},
            {"onnx": arguments.onnx, "parquet": arguments.parquet},
            {"onnx": arguments.out_onnx, "sidecar": arguments.out_sidecar},
            ("onnx", "onnxruntime", "numpy"),
        ),
    }
    # Figures of the float32 model, which this one does not have.
    for name in ("train_metrics", "loso_metrics"):
        sidecar.pop(name, None)
    write_json(arguments.out_sidecar, sidecar)
    print(f"PLCC {before.plcc:.6f} -> {after.plcc:.6f}, RMSE {before.rmse:.3f} -> {after.rmse:.3f}")
    print(f"{arguments.out_onnx}: drop {drop:.6f}, budget {arguments.max_plcc_drop}: pass")
    return 0
