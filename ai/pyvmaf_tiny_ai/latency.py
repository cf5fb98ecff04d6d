"""How long a model takes for one row, as an encoder loop asks for it."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.model import Model

_MIN_CALLS = 20_000


def row_latency(model: Model, features: NDArray[np.float64]) -> dict[str, float]:
    """Time ``predict_one`` over the rows of (N, 6), again and again; median and p95 in us."""
    rows = features.tolist()
    for row in rows[:1000]:
        model.predict_one(row)
    nanoseconds: list[int] = []
    while len(nanoseconds) < _MIN_CALLS:
        for row in rows:
            start = time.perf_counter_ns()
            model.predict_one(row)
            nanoseconds.append(time.perf_counter_ns() - start)
    p50, p95 = np.percentile(nanoseconds, [50, 95]) / 1e3
    return {"p50": float(p50), "p95": float(p95)}
