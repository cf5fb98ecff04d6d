"""How long a model takes: for one row, as an encoder loop asks for it, and for many at once."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.model import Model

_MIN_CALLS = 20_000

#: Rows at once, as for a whole clip, and how often.
_BATCH, _BATCHES = 1024, 500


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


def batch_time(model: Model, features: NDArray[np.float64]) -> float:
    """Time ``predict`` on 1024 rows of (N, 6); the median, in us per row."""
    batch = np.resize(features, (_BATCH, features.shape[1])).astype(np.float32)
    nanoseconds = []
    for _ in range(_BATCHES):
        start = time.perf_counter_ns()
        model.predict(batch)
        nanoseconds.append(time.perf_counter_ns() - start)
    return float(np.median(nanoseconds)) / 1e3 / _BATCH
