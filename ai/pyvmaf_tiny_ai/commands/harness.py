"""Train one of three architectures with one source held out; measure, time and export it."""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from pyvmaf_tiny.frames import MIN_SIZE
from pyvmaf_tiny_ai import harness
from pyvmaf_tiny_ai.datasets import LOADERS
from pyvmaf_tiny_ai.mos import read_mos
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.table import read_table
from pyvmaf_tiny_ai.training import save_checkpoint, train

from .common import describe_corpus, load_corpus, parser, run

#: Folders of the published harness, relative to the current one.
DATA_ROOT, OUT_DIR = Path(".workingdir2/netflix"), Path("runs/tiny_nflx")


def main(documentation: str | None) -> int:
    """Train and report; see the options."""
    return run(lambda: _main(documentation))


def _options(documentation: str | None) -> argparse.Namespace:
    options = parser(documentation)
    add = options.add_argument
    add("--model-arch", choices=harness.ARCHS, default="mlp_small")
    add("--epochs", type=int, default=30, help="0: export the untrained network (%(default)s)")
    add("--val-source", default="Tennis", help="the source held out (%(default)s)")
    add("--seed", type=int, default=0)
    add("--batch-size", type=int, default=256)
    add("--lr", type=float, default=1e-3)
    add("--targets-source", choices=harness.TARGETS, default="distill")
    add("--mos", type=Path, help="opinion scores by clip, .csv or libvmaf's data set .py")
    add(
        "--mos-range",
        type=float,
        nargs=2,
        default=(0.0, 100.0),
        metavar=("LOW", "HIGH"),
        help="their scale, mapped to 0..100",
    )
    given = options.add_mutually_exclusive_group()
    given.add_argument("--parquet", type=Path, help="a feature table, instead of a corpus")
    given.add_argument("--assume-dims", metavar="WxH", help="zero-filled clips; with --epochs 0")
    given.add_argument(
        "--data-root",
        type=Path,
        default=Path(os.environ.get("VMAF_DATA_ROOT") or DATA_ROOT),
        help="a corpus's folder (VMAF_DATA_ROOT, else %(default)s)",
    )
    add("--corpus", choices=LOADERS, default="netflix", help="what --data-root holds")
    add("--teacher", type=Path, help="libvmaf's vmaf_v0.6.1.json (default: fetched)")
    add(
        "--out-dir",
        type=Path,
        default=Path(os.environ.get("VMAF_TRAIN_OUT_DIR") or OUT_DIR),
        help="VMAF_TRAIN_OUT_DIR, else %(default)s",
    )
    return options.parse_args()


def _table(arguments: argparse.Namespace) -> pd.DataFrame:
    """The rows to train on and to measure on, with the teacher's scores."""
    if arguments.assume_dims:
        if arguments.epochs:
            raise ValueError("--assume-dims has nothing to train on: give --epochs 0 with it")
        size = re.fullmatch("([0-9]+)x([0-9]+)", arguments.assume_dims)
        if size is None:
            raise ValueError(f"--assume-dims {arguments.assume_dims}: expected WxH, as in 64x48")
        if min(int(size[1]), int(size[2])) < MIN_SIZE:
            raise ValueError(
                f"--assume-dims {arguments.assume_dims}: expected at least {MIN_SIZE}x{MIN_SIZE}"
            )
        return harness.zero_table(int(size[1]), int(size[2]), arguments.val_source)
    if arguments.parquet:
        return read_table(arguments.parquet)
    return load_corpus(arguments.corpus, arguments.data_root, arguments.teacher)


def _main(documentation: str | None) -> int:
    arguments = _options(documentation)
    scores = read_mos(arguments.mos, *arguments.mos_range) if arguments.mos else None
    table = harness.with_targets(_table(arguments), arguments.targets_source, scores)
    recipe = replace(
        harness.recipe(arguments.model_arch, epochs=arguments.epochs, seed=arguments.seed),
        batch_size=arguments.batch_size,
        learning_rate=arguments.lr,
    )
    out: Path = arguments.out_dir
    done = harness.run(
        table,
        arguments.model_arch,
        arguments.val_source,
        out,
        lambda features, labels: train(features, labels, recipe),
    )
    checkpoint, report = out / f"{arguments.model_arch}_final.pt", out / "eval_report.json"
    done.held_out.to_parquet(out / "val_rows.parquet", index=False)
    inputs = {name: getattr(arguments, name) for name in ("parquet", "mos", "teacher")}
    document = {
        **done.report,
        "targets_source": arguments.targets_source,
        "run_provenance": run_provenance(
            "ai/scripts/run_training.sh",
            sys.argv[1:],
            {
                **recipe.to_dict(),
                "assume_dims": arguments.assume_dims,
                "data_root": None
                if arguments.parquet or arguments.assume_dims
                else str(arguments.data_root),
            },
            {name: path for name, path in inputs.items() if path},
            {"onnx": done.onnx, "ckpt": checkpoint, "report": report},
            ("torch", "numpy", "scipy", "onnxruntime"),
        ),
    }
    save_checkpoint(checkpoint, done.student, recipe, _stats(document, table, arguments.parquet))
    write_json(report, document)
    print(f"{report}: {arguments.val_source} held out, {done.report['metrics']}")
    return 0


def _stats(report: dict[str, Any], table: pd.DataFrame, parquet: Path | None) -> dict[str, Any]:
    """What a sidecar takes over from the run: everything but the figures of its own ONNX file."""
    kept = {
        key: value for key, value in report.items() if key not in ("onnx", "latency_us", "arch")
    }
    kept["val_metrics"] = kept.pop("metrics")
    if parquet:
        kept["corpus"] = describe_corpus(parquet, table)
    return kept
