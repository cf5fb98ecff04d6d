"""How well a student agrees with its teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, pearsonr, spearmanr


@dataclass(frozen=True)
class Agreement:
    """Agreement over ``rows`` scores: correlations, and errors in VMAF points."""

    rows: int
    plcc: float
    srocc: float
    krocc: float
    rmse: float
    p999_error: float
    max_error: float


def correlation_defined(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> bool:
    """Whether there are three rows or more and neither side is constant."""
    return len(labels) >= 3 and bool(np.ptp(labels) > 0) and bool(np.ptp(scores) > 0)


def agreement(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> Agreement:
    """Compare scores with teacher labels, both (N,).

    ValueError below three rows or when either side is constant: no correlation is defined then.
    """
    if not correlation_defined(scores, labels):
        raise ValueError(
            f"no correlation over {len(labels)} rows, labels {np.unique(labels)[:3]}..., scores "
            f"{np.unique(scores)[:3]}...: at least 3 rows with differing labels and scores are "
            "needed"
        )
    errors = np.abs(scores - labels)
    return Agreement(
        rows=len(labels),
        plcc=float(pearsonr(scores, labels).statistic),
        srocc=float(spearmanr(scores, labels).statistic),
        krocc=float(kendalltau(scores, labels).statistic),
        rmse=float(np.sqrt(np.mean(errors**2))),
        p999_error=float(np.quantile(errors, 0.999)),
        max_error=float(errors.max()),
    )


def summary(folds: Sequence[Agreement]) -> dict[str, dict[str, float]]:
    """Mean, standard deviation (over the folds, n) and worst value of every figure."""
    figures = [field.name for field in fields(Agreement) if field.name != "rows"]
    rows = [asdict(fold) for fold in folds]
    columns = {name: np.array([row[name] for row in rows]) for name in figures}
    return {
        "mean": {name: float(values.mean()) for name, values in columns.items()},
        "std": {name: float(values.std()) for name, values in columns.items()},
        "worst": {
            name: float(values.max() if name.endswith(("rmse", "error")) else values.min())
            for name, values in columns.items()
        },
    }
