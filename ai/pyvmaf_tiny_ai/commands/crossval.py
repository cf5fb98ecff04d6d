"""Held-out figures of a recipe: leave one source out, or K folds of sources."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pyvmaf_tiny_ai.evaluation import CrossValidation, cross_validate
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.recipes import SYSTEMS, Recipe
from pyvmaf_tiny_ai.splits import k_folds, leave_one_source_out
from pyvmaf_tiny_ai.table import read_table
from pyvmaf_tiny_ai.training import train_many

from .common import parser, run, seed_list, select


def main(model_id: str, documentation: str | None, *, seeds: int = 1, k_fold: bool = False) -> int:
    """Leave one source out, or deal the sources out to folds; ``seeds`` is the default number."""
    return run(lambda: _main(model_id, documentation, seeds=seeds, k_fold=k_fold))


def _main(model_id: str, documentation: str | None, *, seeds: int, k_fold: bool) -> int:
    defaults = SYSTEMS[model_id].recipe
    options = parser(documentation)
    options.add_argument("--parquet", type=Path, required=True)
    options.add_argument("--epochs", type=int, default=defaults.epochs)
    options.add_argument("--seeds", type=int, default=seeds, help="seeds 0, 1, ... (%(default)s)")
    options.add_argument(
        "--where", metavar="COLUMN=VALUE", help="only these rows, such as subset=A or codec=x264"
    )
    if k_fold:
        options.add_argument("--folds", type=int, default=5)
    options.add_argument("--out-json", type=Path, required=True)
    arguments = options.parse_args()

    table = read_table(arguments.parquet)
    if arguments.where:
        table = select(table, arguments.where)
    recipe = replace(defaults, epochs=arguments.epochs)
    folds = k_folds(table, arguments.folds) if k_fold else leave_one_source_out(table)
    found = cross_validate(
        table, folds, seed_list(arguments.seeds), partial(train_many, recipe=recipe)
    )
    report = {
        **found.report(),
        **_origin(arguments.parquet, arguments.out_json, recipe, arguments.where),
    }
    print_folds(found)
    write_json(arguments.out_json, report)
    return 0


def print_folds(found: CrossValidation) -> None:
    """Print a table of folds (means over the seeds) and the aggregate."""
    report = found.report()
    print(f"{'held out':12s} {'rows':>6s} {'PLCC':>8s} {'SROCC':>8s} {'RMSE':>7s} {'max':>7s}")
    for name, fold in report["folds"].items():
        print(
            f"{name:12s} {fold['rows']:6d} {fold['plcc']:8.5f} {fold['srocc']:8.5f} "
            f"{fold['rmse']:7.3f} {fold['max_error']:7.2f}"
        )
    mean, std = report["aggregate"]["mean"], report["aggregate"]["std"]
    print(
        f"{len(found.folds)} folds, {len(found.seeds)} seeds: "
        + ", ".join(
            f"{name.upper()} {mean[name]:.5f} ± {std[name]:.5f}"
            for name in ("plcc", "srocc", "rmse")
        )
    )


def _origin(parquet: Path, out_json: Path, recipe: Recipe, where: str | None) -> dict[str, Any]:
    return {
        "run_provenance": run_provenance(
            f"ai/scripts/{Path(sys.argv[0]).name}",
            sys.argv[1:],
            {**recipe.to_dict(), "where": where},
            {"parquet": parquet},
            {"out_json": out_json},
            ("torch", "numpy", "scipy"),
        )
    }
