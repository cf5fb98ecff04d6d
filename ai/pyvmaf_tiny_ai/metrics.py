"""How well a student agrees with its teacher."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

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


def agreement(
    scores: NDArray[np.float64], labels: NDArray[np.float64], *, strict: bool = True
) -> Agreement:
    """Compare scores with teacher labels, both (N,).

    No correlation is defined below three rows or when either side is constant: ValueError then,
    or, unless ``strict``, correlations that are NaN.
    """
    defined = correlation_defined(scores, labels)
    if strict and not defined:
        raise ValueError(
            f"no correlation over {len(labels)} rows, labels {np.unique(labels)[:3]}..., scores "
            f"{np.unique(scores)[:3]}...: at least 3 rows with differing labels and scores are "
            "needed"
        )
    errors = np.abs(scores - labels)
    return Agreement(
        rows=len(labels),
        plcc=float(pearsonr(scores, labels).statistic) if defined else np.nan,
        srocc=float(spearmanr(scores, labels).statistic) if defined else np.nan,
        krocc=float(kendalltau(scores, labels).statistic) if defined else np.nan,
        rmse=float(np.sqrt(np.mean(errors**2))),
        p999_error=float(np.quantile(errors, 0.999)),
        max_error=float(errors.max()),
    )


def summary(folds: Sequence[Agreement]) -> dict[str, dict[str, float]]:
    """Mean, standard deviation (over the folds, n) and worst value of every figure.

    Folds without a correlation count for the errors alone.
    """
    figures = [field.name for field in fields(Agreement) if field.name != "rows"]
    rows = [asdict(fold) for fold in folds]
    columns = {name: np.array([row[name] for row in rows]) for name in figures}
    return {
        "mean": {name: over(np.mean, values) for name, values in columns.items()},
        "std": {name: over(np.std, values) for name, values in columns.items()},
        "worst": {
            name: over(np.max if name.endswith(("rmse", "error")) else np.min, values)
            for name, values in columns.items()
        },
    }


def over(figure: Callable[[NDArray[np.float64]], Any], values: NDArray[np.float64]) -> float:
    """``figure`` of the values that are not NaN; NaN when there is none."""
    known = values[~np.isnan(values)]
    return float(figure(known)) if len(known) else np.nan
