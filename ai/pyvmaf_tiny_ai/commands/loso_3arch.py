"""Leave one source out, for the harness's three architectures side by side."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

from pyvmaf_tiny.model import load_model
from pyvmaf_tiny_ai import harness
from pyvmaf_tiny_ai.evaluation import CrossValidation, cross_validate
from pyvmaf_tiny_ai.metrics import agreement
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.report_tables import aggregate_table, fold_table
from pyvmaf_tiny_ai.splits import leave_one_source_out
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table
from pyvmaf_tiny_ai.training import train_many

from .common import parser, run, seed_list

RUNS, OUT = Path("model/tiny/training_runs"), Path("runs/loso_eval/loso_3arch_eval")


def main(documentation: str | None) -> int:
    """Evaluate the folds that run_training.sh left, or train them here with --parquet."""
    return run(lambda: _main(documentation))


def _main(documentation: str | None) -> int:
    options = parser(documentation)
    options.add_argument(
        "--runs", type=Path, default=RUNS, help="holds loso_ARCH/fold_SOURCE (%(default)s)"
    )
    options.add_argument("--parquet", type=Path, help="train the folds here, on this table")
    options.add_argument("--epochs", type=int, default=30, help="with --parquet (%(default)s)")
    options.add_argument("--seeds", type=int, default=1, help="with --parquet (%(default)s)")
    options.add_argument(
        "--out", type=Path, default=OUT, help="report without its suffix (%(default)s)"
    )
    arguments = options.parse_args()

    inputs: dict[str, Path] = {}
    found: dict[str, CrossValidation] = {}
    for arch in harness.ARCHS:
        if arguments.parquet:
            inputs = {"parquet": arguments.parquet}
            found[arch] = _train(arguments.parquet, arch, arguments.epochs, arguments.seeds)
        else:
            found[arch], files = _read(arguments.runs / f"loso_{arch}", arch)
            inputs |= files
    _same_folds(found)
    named = {arch: (harness.ARCHS[arch].parameters, result) for arch, result in found.items()}
    text = "\n".join(
        ["# Leave one source out: three architectures", "", aggregate_table(named), ""]
        + [line for arch in found for line in (f"## {arch}", "", fold_table(found[arch]), "")]
    )
    document: dict[str, Any] = {
        "archs": {
            arch: {"parameters": harness.ARCHS[arch].parameters, **result.report()}
            for arch, result in found.items()
        },
        "run_provenance": run_provenance(
            "ai/scripts/eval_loso_3arch.py",
            sys.argv[1:],
            {"epochs": arguments.epochs, "seeds": arguments.seeds} if arguments.parquet else {},
            inputs,
            {"json": arguments.out.with_suffix(".json"), "md": arguments.out.with_suffix(".md")},
            ("torch", "numpy", "scipy", "onnxruntime"),
        ),
    }
    write_json(arguments.out.with_suffix(".json"), document)
    arguments.out.with_suffix(".md").write_text(text)
    print(text)
    return 0


def _train(parquet: Path, arch: str, epochs: int, seeds: int) -> CrossValidation:
    table = read_table(parquet)
    trainer = partial(train_many, recipe=harness.recipe(arch, epochs=epochs))
    return cross_validate(table, leave_one_source_out(table), seed_list(seeds), trainer)


def _read(folder: Path, arch: str) -> tuple[CrossValidation, dict[str, Path]]:
    """Measure every fold's exported model again, on the rows that its run held out."""
    files = {path.parent.name: path for path in sorted(folder.glob(f"fold_*/{arch}_final.onnx"))}
    if not files:
        raise FileNotFoundError(
            f"{folder}: no fold_*/{arch}_final.onnx; for each source, run VMAF_TRAIN_OUT_DIR="
            f"{folder}/fold_SOURCE bash ai/scripts/run_training.sh --model-arch {arch} "
            "--val-source SOURCE, or give --parquet TABLE to train the folds here"
        )
    runs = []
    for path in files.values():
        rows = read_table(path.parent / "val_rows.parquet")
        scores = load_model(path).predict(features_of(rows))
        runs.append((agreement(scores, labels_of(rows), strict=False),))
    names = tuple(name.removeprefix("fold_") for name in files)
    inputs = {f"{arch}/{name}": path for name, path in files.items()}
    return CrossValidation(names, (0,), tuple(runs)), inputs


def _same_folds(found: dict[str, CrossValidation]) -> None:
    """ValueError unless every architecture was measured on the same sources."""
    first = next(iter(found))
    for arch, result in found.items():
        odd = sorted(set(result.folds) ^ set(found[first].folds))
        if odd:
            raise ValueError(f"{arch} and {first} do not have the same folds: {', '.join(odd)}")
