"""How well a student agrees with its teacher."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr


@dataclass(frozen=True)
class Agreement:
    """Agreement over ``rows`` scores: correlations, and errors in VMAF points."""

    rows: int
    plcc: float
    srocc: float
    rmse: float
    p999_error: float
    max_error: float


def agreement(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> Agreement:
    """Compare scores with teacher labels, both (N,).

    ValueError below three rows or when either side is constant: no correlation is defined then.
    """
    if len(labels) < 3 or np.ptp(labels) == 0 or np.ptp(scores) == 0:
        raise ValueError(
            f"no correlation over {len(labels)} rows, labels {np.unique(labels)[:3]}...: "
            "at least 3 rows with differing labels and scores are needed"
        )
    errors = np.abs(scores - labels)
    return Agreement(
        rows=len(labels),
        plcc=float(pearsonr(scores, labels).statistic),
        srocc=float(spearmanr(scores, labels).statistic),
        rmse=float(np.sqrt(np.mean(errors**2))),
        p999_error=float(np.quantile(errors, 0.999)),
        max_error=float(errors.max()),
    )
