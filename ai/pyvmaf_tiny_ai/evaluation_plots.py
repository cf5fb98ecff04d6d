"""Pictures of an evaluation: errors against the score, and of every held-out source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

_DPI = 110


def write_plots(contenders: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Write ``evaluation_score.png`` and ``evaluation_folds.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    judged = {name: one["judged"] for name, one in contenders.items()}
    _score(judged).savefig(folder / "evaluation_score.png", dpi=_DPI)
    _folds(judged).savefig(folder / "evaluation_folds.png", dpi=_DPI)


def _colours(names: Mapping[str, Any]) -> dict[str, Any]:
    ours = [name for name in names if not name.startswith("published")]
    others = [name for name in names if name not in ours]
    greys = np.linspace(0.35, 0.75, max(len(others), 2))
    return {
        **{name: colormaps["tab10"](_PALETTE[at % 9]) for at, name in enumerate(ours)},
        **{name: colormaps["Greys"](grey) for name, grey in zip(others, greys, strict=False)},
    }


#: Of tab10, without its grey.
_PALETTE = (0, 1, 2, 3, 4, 5, 6, 9, 8)


def _score(judged: Mapping[str, Mapping[str, Any]]) -> Figure:
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    colours = _colours(judged)
    bins = list(next(iter(judged.values()))["by_score"])
    for name, found in judged.items():
        published = name.startswith("published")
        axes.plot(
            range(len(bins)),
            # No error at all has no place on this axis.
            [found["by_score"][place]["rmse"] or np.nan for place in bins],
            color=colours[name],
            linewidth=1.0 if published else 1.8,
            marker="." if published else "o",
            markersize=4,
            label=name,
            linestyle=_STYLES[list(judged).index(name) % len(_STYLES)] if published else "-",
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xticks(range(len(bins)), bins)
    axes.set_xlabel("the teacher's score")
    axes.set_ylabel("RMSE of held-out rows, VMAF points")
    axes.grid(which="major", axis="y", color="#e0e0e0")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", frameon=False, fontsize=8)
    return figure


_STYLES = ("--", ":", "-.", (0, (1, 3)), (0, (5, 5)))


def _folds(judged: Mapping[str, Mapping[str, Any]]) -> Figure:
    """One row of points per contender, one point per source; a line at the mean."""
    figure = Figure(figsize=(9, 0.5 + 0.38 * len(judged)), layout="constrained")
    axes = figure.subplots()
    colours = _colours(judged)
    spread = np.random.default_rng(0).uniform(-0.22, 0.22, 1000)
    for line, (name, found) in enumerate(judged.items()):
        values = np.array([fold["rmse"] for fold in found["folds"].values()])
        axes.scatter(
            values, line + spread[: len(values)], s=14, color=colours[name], alpha=0.7, linewidths=0
        )
        axes.plot([values.mean()] * 2, [line - 0.38, line + 0.38], color="black", linewidth=1.5)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(judged)), list(judged))
    axes.invert_yaxis()
    axes.set_xlabel("RMSE of a held-out source, VMAF points (line: mean over the sources)")
    axes.grid(which="major", axis="x", color="#e0e0e0")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
