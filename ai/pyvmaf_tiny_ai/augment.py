"""Feature rows that no encode gave, around those that encodes did: the teacher can label any row.

Every maker takes a generator, real rows (M, 6) and how many rows to make. It sees no other rows
than these, so whatever is held out stays out. Columns are those of ``FEATURES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Maker = Callable[[np.random.Generator, Floats, int], Floats]

_ADM, _VIF0, _VIF3, _MOTION = 0, 1, 4, 5

#: Redrawn motion: fast pans of photographs reach 48, films 38, flashes what 8 bit hold.
_MOTION_END, _FLASH_END = 55.0, 255.0

#: Of flashes: being right to a point is enough there, and to a hundredth elsewhere.
_FLASH_WEIGHT = 0.03


def mixes(rng: np.random.Generator, rows: Floats, count: int) -> Floats:
    """On the line through two rows, up to a quarter of their distance beyond either."""
    weight = rng.uniform(-0.25, 1.25, (count, 1))
    one, other = _some(rng, rows, count), _some(rng, rows, count)
    made: Floats = weight * one + (1.0 - weight) * other
    return made


def blends(rng: np.random.Generator, rows: Floats, count: int) -> Floats:
    """In the triangle of three rows."""
    weights = rng.dirichlet(np.ones(3), count)
    corners = np.stack([_some(rng, rows, count) for _ in range(3)], axis=1)
    made: Floats = np.einsum("nk,nkj->nj", weights, corners)
    return made


def shifts(rng: np.random.Generator, rows: Floats, count: int) -> Floats:
    """A row, moved by a part of the difference of two others, with some jitter."""
    scale = rng.uniform(0.0, 0.5, (count, 1))
    difference = _some(rng, rows, count) - _some(rng, rows, count)
    jitter = rng.normal(0.0, 0.02, (count, rows.shape[1])) * rows.std(axis=0)
    made: Floats = _some(rng, rows, count) + scale * difference + jitter
    return made


def motions(rng: np.random.Generator, rows: Floats, count: int) -> Floats:
    """A row with other motion: none, another row's, uniform, or that of flashing frames."""
    made = _some(rng, rows, count)
    drawn = np.stack(
        [
            np.zeros(count),
            _some(rng, rows, count)[:, _MOTION],
            rng.uniform(0.0, _MOTION_END, count),
            rng.uniform(0.0, _FLASH_END, count),
        ]
    )
    made[:, _MOTION] = drawn[rng.integers(0, len(drawn), count), np.arange(count)]
    return made


def boxes(rng: np.random.Generator, rows: Floats, count: int) -> Floats:
    """Any quality: vif_scale3 uniform, a finer scale a fraction of the next one, adm2 near it."""
    made = np.empty((count, rows.shape[1]))
    made[:, _VIF3] = rng.uniform(0.0, 1.0, count)
    for column in range(_VIF3 - 1, _VIF0 - 1, -1):
        made[:, column] = made[:, column + 1] * rng.uniform(0.0, 1.0, count) ** 0.5
    made[:, _ADM] = made[:, _VIF3] + rng.normal(0.0, 0.1, count)
    ends = np.where(rng.uniform(size=count) < 0.9, _MOTION_END, _FLASH_END)
    made[:, _MOTION] = rng.uniform(0.0, ends)
    return made


#: How many of the made rows come from which maker.
SHARES: Mapping[Maker, float] = {
    mixes: 0.3,
    blends: 0.2,
    shifts: 0.2,
    motions: 0.2,
    boxes: 0.1,
}


def augment(rng: np.random.Generator, rows: Floats, count: int) -> Floats:
    """``count`` rows around ``rows``, (M, 6) -> (count, 6), by every maker's share.

    What no engine can give is bent back: no feature is below 0.
    """
    edges = np.round(np.cumsum([0.0, *SHARES.values()]) / sum(SHARES.values()) * count).astype(int)
    made = [maker(rng, rows, int(n)) for maker, n in zip(SHARES, np.diff(edges), strict=True)]
    return np.maximum(np.concatenate(made), 0.0)


def weights(rows: Floats) -> Floats:
    """What a residual of each row counts, (N, 6) -> (N,): 1, and little for flashes."""
    return np.where(rows[:, _MOTION] > _MOTION_END, _FLASH_WEIGHT, 1.0)


def _some(rng: np.random.Generator, rows: Floats, count: int) -> Floats:
    return rows[rng.integers(0, len(rows), count)]
