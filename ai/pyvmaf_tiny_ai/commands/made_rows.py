"""How far a model is from the exact teacher on rows that no encode gave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.model import load_model
from pyvmaf_tiny_ai.augment import augment
from pyvmaf_tiny_ai.table import features_of, read_table

from .common import load_teacher_or, parser, run

#: Another draw than any training's.
_SEED = 99
_ROWS = 20_000

Floats = NDArray[np.float64]


def main(documentation: str | None) -> int:
    """Print the errors of each kind of row."""
    return run(lambda: _main(documentation))


def _main(documentation: str | None) -> int:
    options = parser(documentation)
    options.add_argument("--onnx", type=Path, nargs="+", required=True)
    options.add_argument("--parquet", type=Path, required=True, help="real rows to start from")
    options.add_argument(
        "--teacher", type=Path, help="libvmaf's vmaf_v0.6.1.json (default: fetched)"
    )
    options.add_argument("--neg", action="store_true", help="start from the table's NEG features")
    arguments = options.parse_args()
    teacher = load_teacher_or(arguments.teacher)
    kinds = made_rows(features_of(read_table(arguments.parquet, neg=arguments.neg)))
    print(f"{'model':24s} {'rows':18s} {'RMSE':>8s} {'largest':>8s}")
    for path in arguments.onnx:
        model = load_model(path)
        for kind, rows in kinds.items():
            errors = model.predict(rows) - teacher.score(rows)
            rmse, largest = np.sqrt(np.mean(errors**2)), np.abs(errors).max()
            print(f"{model.id:24s} {kind:18s} {rmse:8.4f} {largest:8.3f}")
    return 0


def made_rows(real: Floats) -> dict[str, Floats]:
    """Rows (N, 6) around real ones, with motion that only flashes have, and at random."""
    rng = np.random.default_rng(_SEED)
    real = np.ascontiguousarray(real)
    flashes = real[rng.integers(0, len(real), _ROWS)]
    flashes[:, -1] = rng.uniform(55.0, 100.0, _ROWS)
    anything = rng.uniform(0.0, 1.1, (_ROWS, len(FEATURES)))
    anything[:, -1] = rng.uniform(0.0, 50.0, _ROWS)
    return {
        "around real ones": augment(rng, real, _ROWS),
        "motion2 55 to 100": flashes,
        "at random": anything,
    }
