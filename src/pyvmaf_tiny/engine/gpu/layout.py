"""Where everything lies: sizes of levels, grids, parameters of the kernels, partial sums.

All figures follow from the stream's size, depth and number of versions, so they are worked out
once. The arithmetic that they belong to is in docs/arithmetic.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .axes import LEVELS, Axis, adm_axes, ceil_log2
from .source import ITEMS, pack
from .totals import entry

BANDS = 3

#: Totals of a pair: four per VIF level, six per ADM level; then motion's, one per frame.
PAIR_TOTALS = LEVELS * (4 + 2 * BANDS)

_VIF_RADII = (8, 4, 2, 1)
_VIF_ROWS, _VIF_QUAD, _VIF_SUMS = 8, 4, 4
_MOTION_ROWS, _MOTION_COLS = 16, ITEMS - 4
_ADM_ROWS, _ADM_COLS, _ADM_SUMS = 30, 29, 2 * BANDS

_ADM_WEIGHTS = (
    (36453, 49417),
    (137373792, 61414028),
    (186284160, 104783920),
    (196165808, 134487184),
)
_ADM_COLUMN_SHIFTS = (0, 0, 16, 16)
_ADM_ROW_SHIFTS = (16, 15, 16, 15)
_ADM_DEN_SQUARE_SHIFTS = (0, 31, 30, 31)

Grid = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What a layout is made for: luma size and depth, and what a reference is compared with.

    ``renditions`` distorted frames per reference, ``limits`` gain limits, ``batch`` frames that
    are worked on at once.
    """

    width: int
    height: int
    bit_depth: int
    renditions: int = 1
    limits: int = 1
    batch: int = 1

    @property
    def sample_bytes(self) -> int:
        """Bytes of a luma sample."""
        return 1 if self.bit_depth == 8 else 2

    @property
    def pairs(self) -> int:
        """Pairs per frame: rendition by rendition, in each limit by limit."""
        return self.renditions * self.limits


@dataclass(frozen=True, slots=True)
class Launch:
    """One kernel of a level: its parameters, its grid, and the samples of what it writes."""

    kernel: str
    params: NDArray[np.int32]
    grid: Grid
    out_plane: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """Launches of VIF and ADM level by level, of motion, and how their partial sums add up.

    ``pair_partials`` and ``frame_partials`` are the uint64 that a pair's and a frame's partial
    sums take; ``pair_totals`` and ``motion_totals`` are tables for the kernel ``totals``.
    """

    vif: tuple[Launch, ...]
    adm: tuple[Launch, ...]
    motion: Launch
    pair_partials: int
    frame_partials: int
    pair_totals: NDArray[np.int32]
    motion_totals: NDArray[np.int32]
    plane_samples: int


def plan(stream: Stream) -> Layout:
    """Work out the layout of a stream."""
    vif_grids = [_vif_grid(stream, level) for level in range(LEVELS)]
    axes = adm_axes(stream.width), adm_axes(stream.height)
    adm_grids = [_adm_grid(axes, level) for level in range(LEVELS)]
    vif_sizes = [x * y * _VIF_SUMS for x, y in vif_grids]
    adm_sizes = [
        grid[0] * axes[1][level].pooled_count * _ADM_SUMS for level, grid in enumerate(adm_grids)
    ]
    starts = np.cumsum([0, *vif_sizes, *adm_sizes]).tolist()
    total = starts[-1]
    motion_grid = _tiles(stream.width, _MOTION_COLS), _tiles(stream.height, _MOTION_ROWS)
    frame_partials = motion_grid[0] * motion_grid[1]
    motion = {
        "width": stream.width,
        "height": stream.height,
        "pitch": stream.width,
        "plane": stream.width * stream.height,
        "bit_depth": stream.bit_depth,
        "partials": 0,
        "frame_partials": frame_partials,
    }
    return Layout(
        vif=tuple(
            _vif_launch(stream, level, vif_grids[level], starts[level], total)
            for level in range(LEVELS)
        ),
        adm=tuple(
            _adm_launch(stream, axes, level, adm_grids[level], starts[LEVELS + level], total)
            for level in range(LEVELS)
        ),
        motion=Launch("motion", pack("motion_params", motion), motion_grid),
        pair_partials=total,
        frame_partials=frame_partials,
        pair_totals=_pair_totals(starts, vif_grids, adm_grids, axes, total),
        motion_totals=entry(0, frame_partials, rows=frame_partials, row_step=1),
        plane_samples=stream.width * stream.height,
    )


def _tiles(n: int, size: int) -> int:
    return -(-n // size)


# ---- VIF ----------------------------------------------------------------------------------------


def _vif_grid(stream: Stream, level: int) -> Grid:
    cols = (ITEMS - 2 * _VIF_RADII[level]) // _VIF_QUAD * _VIF_QUAD
    return _tiles(stream.width >> level, cols), _tiles(stream.height >> level, _VIF_ROWS)


def _vif_launch(stream: Stream, level: int, grid: Grid, start: int, total: int) -> Launch:
    width, height = stream.width >> level, stream.height >> level
    depth = stream.bit_depth
    has_next = level + 1 < LEVELS
    next_width, next_height = (width // 2, height // 2) if has_next else (0, 0)
    values = {
        "width": width,
        "height": height,
        "pitch": width,
        "plane": width * height,
        "next_width": next_width,
        "next_height": next_height,
        "next_pitch": next_width,
        "next_plane": next_width * next_height,
        "mean_shift": 16 if level else depth,
        "power_shift": 16 if level else 2 * (depth - 8),
        "renditions": stream.renditions,
        "partials": start,
        "pair_partials": total,
    }
    return Launch(f"vif_{level}", pack("vif_params", values), grid, next_width * next_height)


# ---- ADM ----------------------------------------------------------------------------------------


def _adm_grid(axes: tuple[list[Axis], list[Axis]], level: int) -> Grid:
    cols, rows = (axis[level].analysed for axis in axes)
    return _tiles(cols[1] - cols[0] + 1, _ADM_COLS), _tiles(rows[1] - rows[0] + 1, _ADM_ROWS)


def _adm_launch(
    stream: Stream,
    axes: tuple[list[Axis], list[Axis]],
    level: int,
    grid: Grid,
    start: int,
    total: int,
) -> Launch:
    cols, rows = axes[0][level], axes[1][level]
    cube_shift = ceil_log2(cols.size)
    has_next = level + 1 < LEVELS
    values = {
        "in_width": cols.inputs,
        "in_height": rows.inputs,
        "in_pitch": cols.inputs,
        "in_plane": cols.inputs * rows.inputs,
        "width": cols.size,
        "height": rows.size,
        "out_pitch": cols.size,
        "out_plane": cols.size * rows.size,
        "first_col": cols.analysed[0],
        "last_col": cols.analysed[1],
        "first_row": rows.analysed[0],
        "last_row": rows.analysed[1],
        "pooled_col": cols.pooled[0],
        "pooled_last_col": cols.pooled[1],
        "pooled_row": rows.pooled[0],
        "pooled_last_row": rows.pooled[1],
        "bit_depth": stream.bit_depth,
        "column_shift": _ADM_COLUMN_SHIFTS[level],
        "row_shift": _ADM_ROW_SHIFTS[level],
        "weight_hv": _ADM_WEIGHTS[level][0],
        "weight_d": _ADM_WEIGHTS[level][1],
        "cube_shift_hv": cube_shift - (0 if level else 4),
        "cube_shift_d": cube_shift - (0 if level else 3),
        "den_square_shift": _ADM_DEN_SQUARE_SHIFTS[level],
        "den_cube_shift": ceil_log2(cols.pooled_count) if level else 0,
        "renditions": stream.renditions,
        "partials": start,
        "pair_partials": total,
    }
    out_plane = cols.size * rows.size if has_next else 0
    return Launch(f"adm_{level}", pack("adm_params", values), grid, out_plane)


# ---- totals -------------------------------------------------------------------------------------


def _pair_totals(
    starts: list[int],
    vif_grids: list[Grid],
    adm_grids: list[Grid],
    axes: tuple[list[Axis], list[Axis]],
    step: int,
) -> NDArray[np.int32]:
    """The table of a pair's totals, in the order of ``pvt_totals``."""
    table = [
        entry(starts[level] + k, step, rows=x * y, row_step=_VIF_SUMS)
        for level, (x, y) in enumerate(vif_grids)
        for k in range(_VIF_SUMS)
    ]
    for level in range(LEVELS):
        columns = adm_grids[level][0]
        cols, rows = axes[0][level], axes[1][level]
        pooled = cols.pooled_count * rows.pooled_count
        shifts = (
            ceil_log2(rows.size),
            ceil_log2(rows.pooled_count) if level else max(ceil_log2(pooled) - 20, 0),
        )
        table += [
            entry(
                starts[LEVELS + level] + k,
                step,
                rows=rows.pooled_count,
                row_step=columns * _ADM_SUMS,
                columns=columns,
                column_step=_ADM_SUMS,
                shift=shifts[k // BANDS],
            )
            for k in range(_ADM_SUMS)
        ]
    return np.stack(table)
