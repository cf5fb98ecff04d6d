"""Equality of feature rows as doubles, with a message that says where they part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.frames import FEATURES


def assert_same_features(
    actual: NDArray[np.float64], expected: NDArray[np.float64], what: object
) -> None:
    """Fails unless both (N, 6) arrays hold the same doubles; NaN equals NaN.

    ``what`` names the case. The message has the first value that differs, in decimal and in hex.
    """
    assert actual.dtype == np.float64, f"{what}: dtype {actual.dtype}"
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, not {expected.shape}"
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    if not same.all():
        frame, feature = (int(index) for index in np.argwhere(~same)[0])
        ours, theirs = float(actual[frame, feature]), float(expected[frame, feature])
        raise AssertionError(
            f"{what}: {int((~same).sum())} of {same.size} values differ, first at frame {frame}, "
            f"{FEATURES[feature]}: {ours!r} ({ours.hex()}), expected {theirs!r} ({theirs.hex()})"
        )
