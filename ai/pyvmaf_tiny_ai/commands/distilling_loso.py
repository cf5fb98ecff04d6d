"""Leave one source out with the recipe of the distilled models."""

from __future__ import annotations

import sys
from pathlib import Path

from pyvmaf_tiny_ai.contenders import Trained, distilled
from pyvmaf_tiny_ai.evaluation import CrossValidation
from pyvmaf_tiny_ai.metrics import agreement
from pyvmaf_tiny_ai.outoffold import Workshop, make_all
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.splits import leave_one_source_out
from pyvmaf_tiny_ai.table import labels_of

from .common import run, seed_list
from .distilling import PACKAGES, recipe_of, recipe_options, table_of, teacher_of


def main(documentation: str | None) -> int:
    """Train once per source and seed on the others; measure the float32 ONNX model on it."""
    return run(lambda: _main(documentation))


def _main(documentation: str | None) -> int:
    options = recipe_options(documentation)
    options.add_argument("--seeds", type=int, default=3, help="seeds 0, 1, ... (%(default)s)")
    options.add_argument(
        "--runs", type=Path, default=Path("runs/evaluation"), help="keeps students (%(default)s)"
    )
    options.add_argument("--out-json", type=Path, required=True)
    arguments = options.parse_args()

    table, recipe = table_of(arguments), recipe_of(arguments)
    name = "vmaf_tiny_d1neg" if arguments.neg else "vmaf_tiny_d1"
    students = distilled(name, recipe, teacher_of(arguments, table))
    workshop = Workshop(table, leave_one_source_out(table), arguments.runs)
    seeds = tuple(seed_list(arguments.seeds))
    make_all(workshop, [(students, seed) for seed in seeds])
    found = _measured(workshop, students, seeds)
    print_small(found)
    origin = run_provenance(
        f"ai/scripts/{Path(sys.argv[0]).name}",
        sys.argv[1:],
        {**recipe.to_dict(), "neg": arguments.neg, "teacher": students.recipe["teacher"]},
        {"parquet": arguments.parquet},
        {"out_json": arguments.out_json},
        (*PACKAGES, "onnxruntime"),
    )
    write_json(arguments.out_json, {**found.report(), "run_provenance": origin})
    return 0


def _measured(workshop: Workshop, students: Trained, seeds: tuple[int, ...]) -> CrossValidation:
    labels = labels_of(workshop.table)
    scores = [workshop.scores(students, seed) for seed in seeds]
    return CrossValidation(
        tuple(fold.name for fold in workshop.folds),
        seeds,
        tuple(
            tuple(agreement(run[fold.test], labels[fold.test], strict=False) for run in scores)
            for fold in workshop.folds
        ),
    )


def print_small(found: CrossValidation) -> None:
    """Print a table of folds (means over the seeds) and the aggregate, for errors near nothing."""
    report = found.report()
    print(f"{'held out':12s} {'rows':>6s} {'RMSE':>8s} {'max':>7s} {'1-PLCC':>8s} {'1-SROCC':>8s}")
    for name, fold in report["folds"].items():
        print(
            f"{name:12s} {fold['rows']:6d} {fold['rmse']:8.5f} {fold['max_error']:7.4f} "
            f"{1 - fold['plcc']:8.1e} {1 - fold['srocc']:8.1e}"
        )
    mean, worst = report["aggregate"]["mean"], report["aggregate"]["worst"]
    print(
        f"{len(found.folds)} folds, {len(found.seeds)} seeds: RMSE {mean['rmse']:.5f}, worst "
        f"{worst['rmse']:.5f}; largest error {worst['max_error']:.4f}; "
        f"1-PLCC {1 - mean['plcc']:.1e}; 1-SROCC {1 - mean['srocc']:.1e}"
    )
