"""Feature rows to compare models on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def likely_and_wild_rows(likely: int = 300) -> NDArray[np.float64]:
    """Rows like those of encodes, and 22 that no encode gives: float64 (likely + 22, 6)."""
    rng = np.random.default_rng(3)
    scale3 = rng.uniform(0.2, 1.0, likely)
    finer = [scale3 * rng.uniform(0.6, 1.0, likely) for _ in range(3)]
    adm2, motion2 = scale3 * rng.uniform(0.9, 1.02, likely), rng.exponential(5.0, likely)
    wild = rng.uniform(-0.5, 2.0, (20, 6)) * [1, 1, 1, 1, 1, 40]
    ends = [[0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0]]
    return np.vstack([np.column_stack([adm2, *finer, scale3, motion2]), wild, ends])
