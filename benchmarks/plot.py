"""The picture of a run: whole frames per second of one core, ours beside libvmaf's.

Where ladders were measured, a bar for each further rendition of a prepared reference, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from plan import WHOLE
from renditions import Renditions
from streams import LIBVMAF, OURS
from timings import Timing, Timings

_FURTHER = "#2ca02c"
_COLOURS = {OURS: "#1f77b4", LIBVMAF: "#b0b0b0"}


def write_plot(
    timings: Timings, renditions: Sequence[Renditions], caption: str, path: Path
) -> None:
    """One panel per size and depth; in each a pair of bars per tier, ours with its ratio."""
    from matplotlib.figure import Figure

    rows = [row for row in timings.timings if row.part == WHOLE and row.threads == 1]
    ratios = {
        (ratio.width, ratio.height, ratio.bit_depth, ratio.tier): ratio.cpu
        for ratio in timings.ratios
        if ratio.part == WHOLE and ratio.threads == 1
    }
    sizes = list(dict.fromkeys((row.width, row.height) for row in rows))
    depths = list(dict.fromkeys(row.bit_depth for row in rows))
    figure = Figure(figsize=(3.9 * len(sizes), 2.9 * len(depths) + 0.4), layout="constrained")
    panels = figure.subplots(len(depths), len(sizes), squeeze=False)
    for line, bit_depth in zip(panels, depths, strict=True):
        for axes, (width, height) in zip(line, sizes, strict=True):
            kind = (width, height, bit_depth)
            here = [row for row in rows if (row.width, row.height, row.bit_depth) == kind]
            speeds = {engine: _speeds(here, engine) for engine in _COLOURS}
            tiers = list(speeds[OURS])
            for offset, (engine, colour) in zip((-0.2, 0.2), _COLOURS.items(), strict=True):
                places = [index + offset for index in range(len(tiers))]
                heights = [speeds[engine][tier] for tier in tiers]
                axes.bar(places, heights, 0.4, color=colour, label=engine)
            for index, tier in enumerate(tiers):
                place = (index - 0.2, speeds[OURS][tier])
                axes.annotate(f"×{ratios[*kind, tier]:.1f}", place, ha="center", va="bottom")
            further = [row for row in renditions if (row.width, row.height, row.bit_depth) == kind]
            for row in further:
                axes.bar([len(tiers)], [1000 / row.further_ms], 0.4, color=_FURTHER)
                place = (len(tiers), 1000 / row.further_ms)
                axes.annotate(f"×{row.times_faster:.1f}", place, ha="center", va="bottom")
                tiers.append("further\nrendition")
            axes.set_title(f"{width}x{height}, {bit_depth} bit", fontsize=10)
            axes.set_xticks(range(len(tiers)), tiers, fontsize=8)
            axes.margins(y=0.15)
            axes.spines[["top", "right"]].set_visible(False)
        line[0].set_ylabel("frames/s of one core")
    panels[0][0].legend(frameon=False)
    figure.supxlabel(caption, fontsize=8)
    figure.savefig(path, dpi=110)


def _speeds(rows: list[Timing], engine: str) -> dict[str, float]:
    """Frames per second of CPU time, by tier."""
    return {row.tier: 1000 / row.cpu_ms for row in rows if row.engine == engine}
