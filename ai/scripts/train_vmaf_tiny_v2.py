"""Train vmaf_tiny_v2 on a feature table.

python ai/scripts/train_vmaf_tiny_v2.py --parquet runs/full_features_packages.parquet \
    --out-ckpt runs/vmaf_tiny_v2.pt --out-stats runs/vmaf_tiny_v2_stats.json
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.metrics import agreement
from pyvmaf_tiny_ai.provenance import run_provenance, sha256, write_json
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table
from pyvmaf_tiny_ai.training import Recipe, save_checkpoint, train


def main() -> int:
    """Train, then write the checkpoint and the statistics."""
    defaults = Recipe()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parquet", type=Path, required=True, help="feature table to train on")
    parser.add_argument("--out-ckpt", type=Path, required=True, help="checkpoint to write, .pt")
    parser.add_argument("--out-stats", type=Path, required=True, help="statistics, .json")
    parser.add_argument("--epochs", type=int, default=defaults.epochs)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    arguments = parser.parse_args()

    table = read_table(arguments.parquet)
    recipe = Recipe(epochs=arguments.epochs, seed=arguments.seed)
    mlp, loss = train(features_of(table), labels_of(table), recipe)
    on_train = agreement(mlp.predict(features_of(table)), labels_of(table))
    stats = {
        "parameters": mlp.parameters,
        "input_mean": mlp.mean.tolist(),
        "input_std": mlp.std.tolist(),
        "final_loss": loss,
        "train_metrics": asdict(on_train),
        "corpus": {
            "file": arguments.parquet.name,
            "sha256": sha256(arguments.parquet),
            "rows": len(table),
            "sources": sorted(table["source"].unique().tolist()),
        },
        "run_provenance": run_provenance(
            "ai/scripts/train_vmaf_tiny_v2.py",
            sys.argv[1:],
            asdict(recipe),
            {"parquet": arguments.parquet},
            {"ckpt": arguments.out_ckpt, "stats": arguments.out_stats},
            ("torch", "numpy", "pandas"),
        ),
    }
    arguments.out_ckpt.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(arguments.out_ckpt, mlp, recipe, stats)
    write_json(arguments.out_stats, stats)
    print(f"{arguments.out_ckpt}: {mlp.parameters} parameters, on its own rows {on_train}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
