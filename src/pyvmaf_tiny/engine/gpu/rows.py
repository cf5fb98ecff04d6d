"""Rows of features that are made and stay in the device's memory: the kernel ``features``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .axes import LEVELS
from .backend import constant
from .layout import BANDS, Layout
from .pipeline import Pipeline
from .source import pack, parameter_names, unpack

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


class RowKernel:
    """The kernel in a pipeline, launched behind the work on a batch."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Allocate what it takes; raises OutOfMemoryError."""
        backend = pipeline.backend
        self._pipeline = pipeline
        self._norms = constant(backend, norm_table(pipeline.layout))
        nbytes = 4 * len(parameter_names()["row_params"])
        self._host = [backend.allocate_host(nbytes) for _ in pipeline.slots]
        self._params = [backend.allocate(nbytes) for _ in pipeline.slots]

    def run(self, index: int, frames: int, out: Any, *, starts: bool, before: int) -> None:
        """Make the rows of so many frames of the totals in the slot of that index.

        ``starts``: the first one is frame 0. ``before``, 0 or 1: it is the last frame of the slot
        before.
        """
        pipeline, backend = self._pipeline, self._pipeline.backend
        own, other = pipeline.slots[index], pipeline.slots[index - 1]
        values = {
            "pixels": pipeline.layout.plane_samples,
            "starts": int(starts),
            "continues": before,
            "frames_before": pipeline.stream.batch,
            "frames": own.frames,
        }
        self._host[index].view(np.int32)[:] = pack("row_params", values)
        backend.upload(self._params[index], 0, self._host[index])
        totals = (other.pair_totals, other.motion_totals, own.pair_totals, own.motion_totals)
        buffers = (self._params[index], self._norms, *totals, out)
        backend.launch("features", (frames, pipeline.stream.pairs, 1), buffers)
