"""Leave one source out: train on all other sources, measure on the one left out.

python ai/scripts/eval_loso_vmaf_tiny_v2.py --parquet runs/full_features_packages.parquet \
    --out-json runs/vmaf_tiny_v2_loso.json
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.metrics import agreement
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table
from pyvmaf_tiny_ai.training import Recipe, train


def main() -> int:
    """Run every fold; print a table and write the figures."""
    defaults = Recipe()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parquet", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=defaults.epochs)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--out-json", type=Path, required=True)
    arguments = parser.parse_args()

    table = read_table(arguments.parquet)
    recipe = Recipe(epochs=arguments.epochs, seed=arguments.seed)
    folds = {}
    print(f"{'held out':12s} {'rows':>6s} {'PLCC':>8s} {'SROCC':>8s} {'RMSE':>7s} {'max':>7s}")
    for source in sorted(table["source"].unique()):
        held_out = table["source"] == source
        rest, test = table[~held_out], table[held_out]
        mlp, _ = train(features_of(rest), labels_of(rest), recipe)
        fold = agreement(mlp.predict(features_of(test)), labels_of(test))
        folds[source] = asdict(fold)
        print(
            f"{source:12s} {fold.rows:6d} {fold.plcc:8.5f} {fold.srocc:8.5f} "
            f"{fold.rmse:7.3f} {fold.max_error:7.2f}",
            flush=True,
        )
    mean = {
        key: float(np.mean([fold[key] for fold in folds.values()]))
        for key in ("plcc", "srocc", "rmse", "p999_error")
    }
    mean["max_error"] = max(fold["max_error"] for fold in folds.values())
    print(f"mean of {len(folds)} folds (max: over all): {mean}")
    report = {
        "folds": folds,
        "mean": {"folds": len(folds), **mean},
        "run_provenance": run_provenance(
            "ai/scripts/eval_loso_vmaf_tiny_v2.py",
            sys.argv[1:],
            asdict(recipe),
            {"parquet": arguments.parquet},
            {"out_json": arguments.out_json},
            ("torch", "numpy", "scipy"),
        ),
    }
    write_json(arguments.out_json, report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
