"""Cross-validation over sources: train on the rest of every fold, measure on what it left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .metrics import Agreement, agreement, summary
from .splits import Fold, check
from .table import features_of, labels_of

Floats = NDArray[np.float64]


class Predictor(Protocol):
    """What scores rows: float64 (N, 6) -> (N,)."""

    def predict(self, features: Floats) -> Floats:
        """Score rows."""


#: Features, labels, row numbers of each training set, a seed for each -> a student for each.
Trainer = Callable[[Floats, Floats, Sequence[NDArray[np.intp]], Sequence[int]], Sequence[Predictor]]


@dataclass(frozen=True)
class CrossValidation:
    """Agreement per fold and seed: ``agreements[fold][seed]``."""

    folds: tuple[str, ...]
    seeds: tuple[int, ...]
    agreements: tuple[tuple[Agreement, ...], ...]

    def report(self) -> dict[str, Any]:
        """Plain JSON values: each fold's figures (mean over the seeds; errors: the worst), all."""
        return {
            "seeds": list(self.seeds),
            "folds": {
                name: {
                    "rows": runs[0].rows,
                    **summary(runs)["mean"],
                    "max_error": summary(runs)["worst"]["max_error"],
                    "per_seed": [asdict(run) for run in runs],
                }
                for name, runs in zip(self.folds, self.agreements, strict=True)
            },
            "aggregate": {
                "folds": len(self.folds),
                "seeds": len(self.seeds),
                **summary([run for runs in self.agreements for run in runs]),
            },
        }


def cross_validate(
    table: pd.DataFrame, folds: Sequence[Fold], seeds: Sequence[int], trainer: Trainer
) -> CrossValidation:
    """Train once per fold and seed and measure on the fold's held-out rows.

    Every fold is checked for sources on both sides: :class:`~pyvmaf_tiny_ai.splits.SplitError`.
    """
    features, labels = features_of(table), labels_of(table)
    found: list[list[Agreement]] = [[] for _ in folds]
    for seed in seeds:
        subsets = [check(table, fold).train for fold in folds]
        students = trainer(features, labels, subsets, [seed] * len(folds))
        for runs, fold, student in zip(found, folds, students, strict=True):
            scores = student.predict(features[fold.test])
            runs.append(agreement(scores, labels[fold.test], strict=False))
    return CrossValidation(
        tuple(fold.name for fold in folds), tuple(seeds), tuple(tuple(runs) for runs in found)
    )
