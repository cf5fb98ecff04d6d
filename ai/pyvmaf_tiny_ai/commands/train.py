"""Train one of the systems on a feature table."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path

from pyvmaf_tiny_ai.metrics import agreement
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.recipes import SYSTEMS
from pyvmaf_tiny_ai.table import features_of, labelled_by, labels_of, read_table
from pyvmaf_tiny_ai.training import save_checkpoint, train

from .common import describe_corpus, parser, run


def main(model_id: str, documentation: str | None) -> int:
    """Train ``model_id``'s recipe, then write the checkpoint and the statistics."""
    return run(lambda: _main(model_id, documentation))


def _main(model_id: str, documentation: str | None) -> int:
    defaults = SYSTEMS[model_id].recipe
    options = parser(documentation)
    options.add_argument("--parquet", type=Path, required=True, help="feature table to train on")
    options.add_argument("--out-ckpt", type=Path, required=True, help="checkpoint to write, .pt")
    options.add_argument("--out-stats", type=Path, required=True, help="statistics, .json")
    options.add_argument("--epochs", type=int, default=defaults.epochs)
    options.add_argument("--seed", type=int, default=defaults.seed)
    arguments = options.parse_args()

    table = read_table(arguments.parquet)
    recipe = replace(defaults, epochs=arguments.epochs, seed=arguments.seed)
    features, labels = features_of(table), labels_of(table)
    mlp = train(features, labels, recipe)
    on_train = agreement(mlp.predict(features), labels, strict=False)
    scaler = mlp.scaler
    stats = {
        "architecture": recipe.architecture.id,
        "parameters": mlp.parameters,
        "input_mean": None if scaler is None else scaler.mean.tolist(),
        "input_std": None if scaler is None else scaler.std.tolist(),
        "train_metrics": asdict(on_train),
        "teacher": labelled_by(table),
        "corpus": describe_corpus(arguments.parquet, table),
        "run_provenance": run_provenance(
            f"ai/scripts/{Path(sys.argv[0]).name}",
            sys.argv[1:],
            recipe.to_dict(),
            {"parquet": arguments.parquet},
            {"ckpt": arguments.out_ckpt, "stats": arguments.out_stats},
            ("torch", "numpy", "pandas"),
        ),
    }
    save_checkpoint(arguments.out_ckpt, mlp, recipe, stats)
    write_json(arguments.out_stats, stats)
    print(f"{arguments.out_ckpt}: {mlp.parameters} parameters, on its own rows {on_train}")
    return 0
