"""The ship gate: score a feature table with an ONNX model, compare with the teacher, time a row.

python ai/scripts/validate_vmaf_tiny_v2.py --onnx model/tiny/vmaf_tiny_v2.onnx \
    --parquet runs/full_features_packages.parquet --rows 5000 --min-plcc 0.97 \
    --out-json runs/vmaf_tiny_v2_validate.json

Exit status 1 below the gate.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.latency import row_latency
from pyvmaf_tiny_ai.metrics import agreement
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table, spread

from pyvmaf_tiny.model import load_model


def main() -> int:
    """Validate; exit status 1 below the gate."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--parquet", type=Path, required=True)
    parser.add_argument("--rows", type=int, help="this many, spread over the table (default: all)")
    parser.add_argument("--min-plcc", type=float, default=0.97)
    parser.add_argument("--out-json", type=Path, help="report to write")
    arguments = parser.parse_args()

    table = read_table(arguments.parquet)
    if arguments.rows is not None:
        table = spread(table, arguments.rows)
    model = load_model(arguments.onnx)
    found = agreement(model.predict(features_of(table)), labels_of(table))
    latency = row_latency(model, features_of(table))
    passed = found.plcc >= arguments.min_plcc
    if arguments.out_json:
        report = {
            "model": {"id": model.id, "sha256": model.digest},
            "metrics": asdict(found),
            "row_latency_us": latency,
            "min_plcc": arguments.min_plcc,
            "passed": passed,
            "run_provenance": run_provenance(
                "ai/scripts/validate_vmaf_tiny_v2.py",
                sys.argv[1:],
                {"rows": arguments.rows, "min_plcc": arguments.min_plcc},
                {"onnx": arguments.onnx, "parquet": arguments.parquet},
                {"out_json": arguments.out_json},
                ("onnxruntime", "numpy", "scipy"),
            ),
        }
        write_json(arguments.out_json, report)
    print(found)
    print(f"one row: {latency['p50']:.2f} us, p95 {latency['p95']:.2f} us")
    print(f"PLCC {found.plcc:.6f}, gate {arguments.min_plcc}: {'pass' if passed else 'REFUSED'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
