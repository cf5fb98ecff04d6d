"""What is said about scores of rows that a model has not seen: per fold, clip, score and codec."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .metrics import agreement, over
from .table import labels_of

Floats = NDArray[np.float64]

#: Edges of the bins of error against the teacher's score; 100 itself has one of its own.
EDGES = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)

#: How a clip's frames are pooled, each (N,) -> one score; libvmaf's formulas.
POOLING: dict[str, Callable[[Floats], float]] = {
    "mean": lambda scores: float(scores.mean()),
    "harmonic_mean": lambda scores: float(1.0 / np.mean(1.0 / (scores + 1.0)) - 1.0),
}

#: Figures of which a high value is a good one; of all others a low one.
CORRELATIONS = ("plcc", "srocc")


def figures(scores: Floats, labels: Floats) -> dict[str, float]:
    """Agreement of (N,) scores with labels; correlations are NaN where none is defined."""
    found = agreement(scores, labels, strict=False)
    return {
        "rows": found.rows,
        "plcc": found.plcc,
        "one_minus_plcc": 1.0 - found.plcc,
        "srocc": found.srocc,
        "one_minus_srocc": 1.0 - found.srocc,
        "rmse": found.rmse,
        "p999_error": found.p999_error,
        "max_error": found.max_error,
    }


def judge(table: pd.DataFrame, runs: Sequence[Floats]) -> dict[str, Any]:
    """All figures of one contender: ``runs`` holds the held-out scores (N,) of each seed.

    Per source: means over the seeds, of ``max_error`` the largest. ``mean``, ``std`` and ``worst``
    are over sources and seeds; all other parts are over the rows of all seeds.
    """
    sources = table["source"].to_numpy()
    labels = labels_of(table)
    folds = {
        str(source): [figures(run[sources == source], labels[sources == source]) for run in runs]
        for source in sorted(set(sources))
    }
    every = [found for of_source in folds.values() for found in of_source]
    errors = np.concatenate([run - labels for run in runs])
    repeated = {
        name: np.tile(table[name].to_numpy(), len(runs)) for name in ("codec", "distortion")
    }
    return {
        "seeds": len(runs),
        "mean": _over(every, np.mean),
        "std": _over(every, np.std),
        "worst": {
            name: over(np.min if name in CORRELATIONS else np.max, column)
            for name, column in _columns(every).items()
        },
        "undefined_correlations": int(np.isnan([found["plcc"] for found in every]).sum())
        // len(runs),
        "per_seed_rmse": [
            float(np.mean([found[seed]["rmse"] for found in folds.values()]))
            for seed in range(len(runs))
        ],
        "all_rows": errors_of(errors),
        "folds": {
            source: {
                "rows": found[0]["rows"],
                **_over(found, np.mean),
                "max_error": max(run["max_error"] for run in found),
            }
            for source, found in folds.items()
        },
        "by_score": by_score(errors, np.tile(labels, len(runs))),
        **{
            f"by_{name}": {
                str(value): errors_of(errors[values == value]) for value in sorted(set(values))
            }
            for name, values in repeated.items()
        },
        "clips": {name: _clips(table, runs, pool) for name, pool in POOLING.items()},
    }


def errors_of(errors: Floats) -> dict[str, float]:
    """Size of (N,) errors, in VMAF points; ``bias`` is their mean."""
    size = np.abs(errors)
    return {
        "rows": len(errors),
        "rmse": float(np.sqrt(np.mean(errors**2))),
        "bias": float(errors.mean()),
        "p999_error": float(np.quantile(size, 0.999)),
        "max_error": float(size.max()),
    }


def by_score(errors: Floats, labels: Floats) -> dict[str, dict[str, float]]:
    """Errors in bins of the teacher's score; bins without rows are left out."""
    found = {}
    for low, high in pairwise(EDGES):
        inside = (labels >= low) & (labels < high)
        if inside.any():
            found[f"{low:.0f}-{high:.0f}"] = errors_of(errors[inside])
    if (labels >= EDGES[-1]).any():
        found["100"] = errors_of(errors[labels >= EDGES[-1]])
    return found


def _clips(
    table: pd.DataFrame, runs: Sequence[Floats], pool: Callable[[Floats], float]
) -> dict[str, float]:
    """Agreement of the pooled scores of every distorted clip, all seeds together."""
    groups = table.groupby(["clip", "distortion"], sort=True).indices.values()
    labels = labels_of(table)
    truth = np.array([pool(labels[rows]) for rows in groups])
    scores = np.concatenate([[pool(run[rows]) for rows in groups] for run in runs])
    return figures(scores, np.tile(truth, len(runs)))


def _columns(found: Sequence[Mapping[str, float]]) -> dict[str, Floats]:
    return {name: np.array([run[name] for run in found]) for name in found[0] if name != "rows"}


def _over(
    found: Sequence[Mapping[str, float]], figure: Callable[[Floats], Any]
) -> dict[str, float]:
    return {name: over(figure, column) for name, column in _columns(found).items()}


def short(found: Any) -> Any:
    """The same with six digits that count: what is kept in files."""
    if isinstance(found, dict):
        return {key: short(value) for key, value in found.items()}
    if isinstance(found, list):
        return [short(value) for value in found]
    return float(f"{found:.6g}") if isinstance(found, float) else found
