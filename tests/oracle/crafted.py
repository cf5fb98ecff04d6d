"""The one pattern whose row sums in ADM leave int64: widths 63 and 64, see :func:`overflowing`.

A row of 32 coefficients is pooled there with little headroom: a two-level picture can bring the
sum of a row to 1.0087 * 2**63. libvmaf's sum wraps, so the right number is the wrapped one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.frames import Plane

#: Daubechies-2 analysis taps, Q15; output k weighs the samples 2k-1 .. 2k+2.
LOW = (15826, 27411, 7345, -4240)
HIGH = (-4240, -7345, 27411, -15826)

#: Coefficients of a 32-wide row that are pooled: 2 are cropped on each side.
POOLED = range(2, 30)


def best_signs(taps: Sequence[int]) -> NDArray[np.int64]:
    """Signs of 64 samples, (64,) of -1 and 1, that make the pooled sum of |output|**3 largest.

    Dynamic programming from left to right: two outputs that follow each other share two samples.
    """
    best: dict[tuple[int, ...], tuple[int, list[int]]] = {
        pair: (0, list(pair)) for pair in itertools.product((-1, 1), repeat=2)
    }
    for _ in POOLED:
        longer: dict[tuple[int, ...], tuple[int, list[int]]] = {}
        for shared, (total, signs) in best.items():
            for added in itertools.product((-1, 1), repeat=2):
                output = sum(tap * sign for tap, sign in zip(taps, shared + added, strict=True))
                candidate = (total + abs(output) ** 3, [*signs, *added])
                if added not in longer or candidate[0] > longer[added][0]:
                    longer[added] = candidate
        best = longer
    _, signs = max(best.values())
    before = 2 * POOLED.start - 1
    after = 64 - before - len(signs)
    return np.array([1] * before + signs + [1] * after)


def overflowing(width: int, height: int, bit_depth: int, *, everywhere: bool = False) -> Plane:
    """A plane (height, width), ``width`` 63 or 64, of 0 and the peak; compare it with itself.

    One row of wavelet outputs is as large as it can be, in the middle; the others stay within
    int64. With ``everywhere`` every other row is: the pooled energy itself becomes negative then.
    """
    outputs = range(0, height // 2 - 2, 2) if everywhere else [height // 4]
    down = np.ones(height, dtype=np.int64)
    for output in outputs:
        # the low-pass taps have the signs + + + -
        down[2 * output + 2] = -1
    positive = np.outer(down, best_signs(HIGH)[:width]) > 0
    peak = (1 << bit_depth) - 1
    samples = positive * peak
    return samples.astype(np.uint8) if bit_depth == 8 else samples.astype(np.uint16)
