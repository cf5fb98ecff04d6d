"""What a model takes as feature rows, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import OptionError
from pyvmaf_tiny.frames import FEATURES, AnyArray

#: No feature comes near: motion2, the largest, is at most 255. float32 squares it without overflow.
LARGEST = 1e9

_NUMBERS = "real numbers (bool, integer or floating point)"


def checked_rows(features: Any, dtype: type[np.generic]) -> AnyArray:
    """Rows ``(N, 6)`` as the model takes them: contiguous, of its dtype.

    Raises OptionError for another shape, what is not real numbers, masked values, and values that
    are not finite or beyond ``LARGEST``: to them a model may well give a plausible score.
    """
    given = _numbers(features)
    if given.ndim != 2 or given.shape[1] != len(FEATURES):
        raise wrong_shape(given.shape, f"(N, {len(FEATURES)})")
    _check_values(given)
    return np.ascontiguousarray(given, dtype=dtype)


def checked_row(features: Any) -> AnyArray:
    """One row of six values, checked alike."""
    given = _numbers(features)
    if given.shape != (len(FEATURES),):
        raise wrong_shape(given.shape, f"({len(FEATURES)},)")
    _check_values(given[None])
    return given


def wrong_shape(given: tuple[int, ...], expected: str) -> OptionError:
    """The error for rows of another shape."""
    return OptionError("feature rows of the wrong shape", given=given, expected=expected)


def _numbers(features: Any) -> NDArray[Any]:
    if np.ma.is_masked(features):
        raise OptionError(
            "feature rows with masked values",
            given=f"{np.ma.getmaskarray(features).sum()} of them",
            expected="a number in every place",
            hint="fill them in, or leave these rows out",
        )
    try:
        given = np.asarray(features)
    except (TypeError, ValueError) as error:
        raise OptionError(
            "feature rows that are no array", given=error, expected=f"rows of {_NUMBERS}"
        ) from None
    if given.dtype.kind not in "biuf":
        raise OptionError(
            "feature rows that are no numbers", given=f"dtype {given.dtype}", expected=_NUMBERS
        )
    return given


def _check_values(given: NDArray[Any]) -> None:
    # In float16 the limit itself would overflow.
    wide = given.astype(np.result_type(given.dtype, np.float64), copy=False)
    if wide.size == 0 or (wide.min() >= -LARGEST and wide.max() <= LARGEST):  # False with NaN
        return
    row, column = np.argwhere(~((wide >= -LARGEST) & (wide <= LARGEST)))[0]
    raise OptionError(
        "feature rows with values that no feature has",
        given=f"{FEATURES[column]} {given[row, column]} in row {row}",
        expected=f"finite values, at most {LARGEST:g}",
    )
