"""The command lines of the distilled models: train, export, leave one source out."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from pyvmaf_tiny.frames import NEG_GAIN_LIMIT
from pyvmaf_tiny_ai import checkpoint
from pyvmaf_tiny_ai.architectures import Architecture
from pyvmaf_tiny_ai.distill import D1, Distillation, distill
from pyvmaf_tiny_ai.metrics import agreement
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table, spread
from pyvmaf_tiny_ai.teacher import TEACHER, Teacher

from .common import describe_corpus, load_teacher_or, parser, run
from .exporting import export_options, export_student

#: What goes into a fit, for provenance.
PACKAGES = ("numpy", "scipy", "pandas")


def train(documentation: str | None) -> int:
    """Distil a student from a table's sources, then write checkpoint and statistics."""
    return run(lambda: _train(documentation))


def export(documentation: str | None) -> int:
    """Export a distilled student; exit status 1 when the runtime does not reproduce it."""
    return run(lambda: _export(documentation))


def recipe_options(documentation: str | None) -> argparse.ArgumentParser:
    """The options that choose table, network and recipe."""
    options = parser(documentation)
    add = options.add_argument
    add("--parquet", type=Path, required=True, help="feature table")
    add("--neg", action="store_true", help="the table's NEG features and scores")
    add("--teacher", type=Path, help="libvmaf's vmaf_v0.6.1.json (default: fetched)")
    hidden = D1.architecture.layers[1:-1]
    add("--hidden", type=int, nargs="+", default=hidden, help="widths of the hidden layers")
    add("--real-rows", type=int, default=D1.real_rows, help="of the table (%(default)s)")
    add("--made-rows", type=int, default=D1.made_rows, help="around them (%(default)s)")
    stages = " ".join(f"{count}x{steps}" for count, steps in D1.stages)
    add(
        "--stages",
        type=_stage,
        nargs="+",
        default=D1.stages,
        metavar="DESCENTSxSTEPS",
        help=f"the best ones of a stage go on in the next ({stages})",
    )
    return options


def recipe_of(arguments: argparse.Namespace) -> Distillation:
    """The recipe that was asked for; ValueError when there is no such one."""
    layers = (D1.architecture.layers[0], *arguments.hidden, 1)
    if min(layers) < 1:
        raise ValueError(f"--hidden {arguments.hidden}: a layer has at least one unit")
    network = Architecture("", layers, "silu")
    return replace(
        D1,
        architecture=replace(network, id=f"silu_{network.parameters}"),
        real_rows=arguments.real_rows,
        made_rows=arguments.made_rows,
        stages=tuple(arguments.stages),
    )


def _stage(text: str) -> tuple[int, int]:
    descents, _, steps = text.partition("x")
    return int(descents), int(steps)


def table_of(arguments: argparse.Namespace) -> pd.DataFrame:
    """The rows that may be trained on."""
    return read_table(arguments.parquet, neg=arguments.neg)


def teacher_of(arguments: argparse.Namespace, table: pd.DataFrame) -> Teacher:
    """The teacher; ValueError when it is not the one that labelled the table."""
    teacher = load_teacher_or(arguments.teacher)
    some = spread(table, 200)
    teacher.check(features_of(some), labels_of(some))
    return teacher


def _train(documentation: str | None) -> int:
    options = recipe_options(documentation)
    options.add_argument("--seed", type=int, default=D1.seed)
    options.add_argument("--out-ckpt", type=Path, required=True, help="checkpoint to write, JSON")
    options.add_argument("--out-stats", type=Path, required=True, help="statistics, .json")
    arguments = options.parse_args()

    table = table_of(arguments)
    recipe = replace(recipe_of(arguments), seed=arguments.seed)
    features, labels = features_of(table), labels_of(table)
    teacher = teacher_of(arguments, table)
    found = distill(features, teacher, recipe)
    on_train = agreement(found.student.predict(features), labels)
    stats = {
        "architecture": recipe.architecture.id,
        "parameters": found.student.parameters,
        "neg": arguments.neg,
        "teacher": f"{teacher.name}neg" if arguments.neg else teacher.name,
        "stage_rmse": found.stage_rmse,
        "train_metrics": asdict(on_train),
        "corpus": describe_corpus(arguments.parquet, table),
        "run_provenance": run_provenance(
            f"ai/scripts/{Path(sys.argv[0]).name}",
            sys.argv[1:],
            recipe.to_dict(),
            {"parquet": arguments.parquet},
            {"ckpt": arguments.out_ckpt, "stats": arguments.out_stats},
            PACKAGES,
        ),
    }
    checkpoint.save(arguments.out_ckpt, found.student, recipe, stats)
    write_json(arguments.out_stats, stats)
    for (_, steps), errors in zip(recipe.stages, found.stage_rmse, strict=True):
        print(f"after {steps} steps: RMSE {', '.join(f'{error:.5f}' for error in errors)}")
    print(
        f"{arguments.out_ckpt}: {found.student.parameters} parameters, on its own rows {on_train}"
    )
    return 0


def _check_held_out(report: Path | None, neg: bool, network: Architecture) -> None:
    """ValueError when a LOSO's report is that of other features or another network."""
    if report is None:
        return
    origin = json.loads(report.read_text())["run_provenance"]["parameters"]
    given = origin.get("neg", neg), origin.get("architecture", {}).get("id", network.id)
    if given != (neg, network.id):
        raise ValueError(
            f"{report}: held-out figures of {given[1]}, NEG features: {given[0]}; "
            f"the checkpoint is a {network.id}, NEG features: {neg}"
        )


def _export(documentation: str | None) -> int:
    arguments = export_options(documentation).parse_args()
    mlp, recipe, stats = checkpoint.load(arguments.ckpt)
    _check_held_out(arguments.loso_json, stats["neg"], recipe.architecture)
    if "teacher" not in stats:  # of before checkpoints named it
        stats["teacher"] = f"{TEACHER}neg" if stats["neg"] else TEACHER
    return export_student(
        arguments,
        mlp,
        stats,
        notes=f"SiLU network {recipe.architecture.text} on the features as they are, 0..100 clip "
        f"in the graph; distilled from {stats['teacher']} by Levenberg-Marquardt.",
        gain_limit=NEG_GAIN_LIMIT if stats["neg"] else None,
    )
