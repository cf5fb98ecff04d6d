"""The ship gate: score a feature table with a model, compare with the teacher, time a row."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pyvmaf_tiny.frames import NEG_GAIN_LIMIT
from pyvmaf_tiny.model import Model, load_model
from pyvmaf_tiny_ai.latency import batch_time, row_latency
from pyvmaf_tiny_ai.metrics import Agreement, agreement, correlation_defined
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table, spread

from .common import parser, run

#: Options that a model has to meet.
GATES = ("min_plcc", "max_rmse", "max_error")


def main(documentation: str | None, *, compare: bool = False) -> int:
    """Validate; exit status 1 below the gate. ``compare`` offers a model to set it beside."""
    return run(lambda: _main(documentation, compare=compare))


def _main(documentation: str | None, *, compare: bool) -> int:
    options = parser(documentation)
    options.add_argument("--onnx", type=Path, required=True)
    options.add_argument("--parquet", type=Path, required=True)
    options.add_argument("--rows", type=int, help="this many, spread over the table (default: all)")
    options.add_argument("--neg", action="store_true", help="the table's NEG features and scores")
    options.add_argument("--min-plcc", type=float, default=0.97)
    options.add_argument("--max-rmse", type=float, help="in VMAF points (default: any)")
    options.add_argument("--max-error", type=float, help="of any row (default: any)")
    options.add_argument("--by", metavar="COLUMN", help="also for each value of this column")
    options.add_argument("--out-json", type=Path, help="report to write")
    if compare:
        options.add_argument(
            "--v2-onnx", type=Path, help="another model, measured on the same rows"
        )
    arguments = options.parse_args()

    table = read_table(arguments.parquet, neg=arguments.neg)
    if arguments.rows is not None:
        table = spread(table, arguments.rows)
    features, labels = features_of(table), labels_of(table)
    model = taking(arguments.onnx, neg=arguments.neg)
    found = agreement(model.predict(features), labels)
    latency, in_batch = row_latency(model, features), batch_time(model, features)
    refusals = refused(found, arguments)
    report: dict[str, Any] = {
        "model": {"id": model.id, "sha256": model.digest},
        "metrics": asdict(found),
        "row_latency_us": latency,
        "batch_us_per_row": in_batch,
        "gates": {name: getattr(arguments, name) for name in GATES},
        "passed": not refusals,
    }
    inputs = {"onnx": arguments.onnx, "parquet": arguments.parquet}
    print(found)
    print(
        f"one row: {latency['p50']:.2f} us, p95 {latency['p95']:.2f} us; "
        f"of 1024 at once: {in_batch:.3f} us"
    )
    if arguments.by:
        report["by"] = {arguments.by: measured_by(table, arguments.by, model.predict(features))}
        for value, part in report["by"][arguments.by].items():
            print(f"{arguments.by} {value}: {part}")
    if compare and arguments.v2_onnx:
        other = taking(arguments.v2_onnx, neg=arguments.neg)
        beside = agreement(other.predict(features), labels)
        inputs["v2_onnx"] = arguments.v2_onnx
        report["v2"] = {
            "model": {"id": other.id, "sha256": other.digest},
            "metrics": asdict(beside),
            "plcc_gain": found.plcc - beside.plcc,
            "rmse_gain": beside.rmse - found.rmse,
        }
        print(f"{other.id} on the same rows: {beside}")
    if arguments.out_json:
        report["run_provenance"] = run_provenance(
            f"ai/scripts/{Path(sys.argv[0]).name}",
            sys.argv[1:],
            {name: getattr(arguments, name) for name in ("rows", "neg", *GATES)},
            inputs,
            {"out_json": arguments.out_json},
            ("onnxruntime", "numpy", "scipy"),
        )
        write_json(arguments.out_json, report)
    print("pass" if not refusals else f"REFUSED: {'; '.join(refusals)}")
    return 1 if refusals else 0


def taking(onnx: Path, *, neg: bool) -> Model:
    """Load a model; ValueError when the rows are features of another gain limit than it takes."""
    model = load_model(onnx)
    if model.gain_limit == NEG_GAIN_LIMIT and not neg:
        raise ValueError(f"{onnx} takes NEG features (gain limit {model.gain_limit}): give --neg")
    return model


def refused(found: Agreement, arguments: argparse.Namespace) -> list[str]:
    """What the gates say against the model."""
    reasons = []
    if not found.plcc >= arguments.min_plcc:
        reasons.append(f"PLCC {found.plcc:.6f}, at least {arguments.min_plcc} wanted")
    if arguments.max_rmse is not None and not found.rmse <= arguments.max_rmse:
        reasons.append(f"RMSE {found.rmse:.6f}, at most {arguments.max_rmse} allowed")
    if arguments.max_error is not None and not found.max_error <= arguments.max_error:
        reasons.append(f"an error of {found.max_error:.6f}, at most {arguments.max_error} allowed")
    return reasons


def measured_by(
    table: pd.DataFrame, column: str, scores: NDArray[np.float64]
) -> dict[str, dict[str, Any] | None]:
    """Agreement over the rows of each value of a column; None where no correlation is defined.

    ValueError when there is no such column.
    """
    if column not in table.columns:
        raise ValueError(f"no column {column!r}, the table has {', '.join(table.columns)}")
    found: dict[str, dict[str, Any] | None] = {}
    for value, rows in table.assign(score=scores).groupby(column):
        labels, predicted = labels_of(rows), rows["score"].to_numpy()
        defined = correlation_defined(predicted, labels)
        found[str(value)] = asdict(agreement(predicted, labels)) if defined else None
    return found
