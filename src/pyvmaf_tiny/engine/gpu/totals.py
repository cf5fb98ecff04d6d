"""Entries of the tables that tell the kernel ``totals`` what to add up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .source import pack


def entry(
    start: int,
    step: int,
    *,
    rows: int,
    row_step: int,
    columns: int = 1,
    column_step: int = 0,
    shift: int = 0,
) -> NDArray[np.int32]:
    """An entry of a table for the kernel ``totals``; ``step`` is from one pair to the next."""
    values = {
        "partials": start,
        "pair_partials": step,
        "rows": rows,
        "row_step": row_step,
        "columns": columns,
        "column_step": column_step,
        "shift": shift,
    }
    return pack("total_params", values)
