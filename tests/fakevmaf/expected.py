"""The scores of the test library, computed from the frames; the formulas are in extraction.c."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.frames import Plane


def mean(plane: Plane) -> float:
    """The weighted mean of a luma plane."""
    height, width = plane.shape
    weights = 1 + (31 * np.arange(height)[:, None] + np.arange(width)) % 7
    return float((plane * weights.astype(np.int64)).sum()) / plane.size


def rows(
    ref: Sequence[Plane], dis: Sequence[Plane], *, gain_limit: float = 100.0
) -> NDArray[np.float64]:
    """The six features of every frame, float64 (N, 6)."""
    extra = 0.0 if gain_limit == 100.0 else gain_limit / 1000
    ref_means = [mean(plane) for plane in ref]
    sad = [0.0, *(abs(b - a) for a, b in itertools.pairwise(ref_means))]
    return np.array(
        [
            [
                mean(dis[i]) + extra,
                *(ref_means[i] + 1000 * scale + extra for scale in range(4)),
                min(sad[i : i + 2]) if i else 0.0,
            ]
            for i in range(len(ref))
        ]
    )


def vmaf(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """The score that the library's models give those features."""
    scores: NDArray[np.float64] = features[:, 0] + features[:, 1] / 2 + features[:, 5]
    return scores
