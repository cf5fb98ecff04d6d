"""Rows of features that are made and stay in the device's memory: the kernel ``features``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .axes import LEVELS
from .layout import BANDS, Layout
from .source import pack, unpack

#: By level: what a unit of the numerators' totals is (of bands h and v, and d), and of the
#: denominators', before the shifts on the way: 2 to the minus so much.
_NUMERATOR_BITS = ((52, 57), (45, 45), (39, 39), (36, 36))
_DENOMINATOR_BITS = (18, 32, 27, 23)

_VIF_TOTALS = 4 * LEVELS


def norm_table(layout: Layout) -> NDArray[np.int32]:
    """What the kernel has to know of each of ADM's totals, in their order."""
    totals = layout.pair_totals[_VIF_TOTALS:].reshape(LEVELS, 2 * BANDS, -1)
    entries = []
    for level, launch in enumerate(layout.adm):
        params = unpack("adm_params", launch.params)
        columns = params["pooled_last_col"] - params["pooled_col"] + 1
        rows = params["pooled_last_row"] - params["pooled_row"] + 1
        for band in range(2 * BANDS):
            is_d = band % BANDS == BANDS - 1
            if band < BANDS:
                cube_shift = params["cube_shift_d" if is_d else "cube_shift_hv"]
                bits = _NUMERATOR_BITS[level][is_d] - cube_shift
            else:
                bits = _DENOMINATOR_BITS[level] - params["den_cube_shift"]
            bits -= unpack("total_params", totals[level, band])["shift"]
            entries.append(pack("norm_params", {"exponent": bits, "positions": columns * rows}))
    return np.stack(entries)
