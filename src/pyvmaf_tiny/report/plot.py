"""Pictures of a comparison by matplotlib: PNG and SVG.

Figures are made without pyplot, so nothing global is touched: no backend, no open figures, no
style settings. Text is never read as mathematics, whatever dollar signs a label has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from .chart import LIGHT_COLORS, Box, Scale, beside, clipped, number, rate_scales, spread, style
from .comparison import Comparison
from .extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _SOFT, _FAINT = "#17212b", "#5a6876", "#e3e8ed"
_DPI = 150

#: Points (1/72 inch): the figure, the film strip, the curves, and the panels below them.
_WIDTH, _HEIGHT, _FILM, _MARGIN = 864.0, 576.0, 88.0, 44.0
_CURVES = Box(0, 0, 690, 238)
_RATES = Box(0, 0, 340, 144)


def write_png(comparison: Comparison, file: BinaryIO) -> None:
    """Write a PNG 1800 pixels wide. Raises :class:`OptionError` without matplotlib."""
    figure = _draw(comparison)
    require("matplotlib.backends.backend_agg", "plot").FigureCanvasAgg(figure)
    figure.savefig(file, format="png", dpi=_DPI)


def write_svg(comparison: Comparison, file: BinaryIO) -> None:
    """Write an SVG, its text as outlines. Raises :class:`OptionError` without matplotlib."""
    figure = _draw(comparison)
    require("matplotlib.backends.backend_svg", "plot").FigureCanvasSVG(figure)
    figure.savefig(file, format="svg")


class _Sheet:
    """A figure on which places are given in points from its top left corner."""

    def __init__(self, height: float) -> None:
        self.height = height
        self.figure: Figure = require("matplotlib.figure", "plot").Figure(
            figsize=(_WIDTH / 72, height / 72), facecolor="white"
        )

    def text(self, left: float, top: float, text: str, **look: Any) -> None:
        look.setdefault("color", _INK)
        self.figure.text(left / _WIDTH, 1 - top / self.height, text, parse_math=False, **look)

    def heading(self, left: float, top: float, text: str, note: str) -> None:
        self.text(left, top, text, weight="bold", size=10.5)
        self.text(left + 14 + 6.6 * len(text), top, note, color=_SOFT, size=9)

    def canvas(self, left: float, top: float, width: float, height: float) -> Axes:
        """Bare axes whose coordinates are points from their lower left corner."""
        bottom = self.height - top - height
        axes = self.figure.add_axes(
            (left / _WIDTH, bottom / self.height, width / _WIDTH, height / self.height)
        )
        axes.set(xlim=(0, width), ylim=(0, height))
        axes.set_axis_off()
        return axes


def _draw(comparison: Comparison) -> Figure:
    film = _FILM if comparison.thumbnails else 0.0
    sheet = _Sheet(_HEIGHT + film)
    sheet.text(_MARGIN, 36, clipped(comparison.title, 70), weight="bold", size=17)
    sheet.text(_MARGIN, 56, clipped(" · ".join(comparison.about), 130), color=_SOFT, size=10)
    if film:
        _film(sheet, comparison)
    top, left = 82 + film, _MARGIN
    step = max(trace.step for trace in comparison.traces)
    note = f"line: mean of {step} frames, band: their range" if step > 1 else ""
    sheet.heading(left, top, f"{comparison.metric_name} over frames", note)
    _curves(sheet.canvas(left, top + 10, _CURVES.width, _CURVES.height), comparison)
    top += 300
    if comparison.rate_groups:
        sheet.heading(left, top, "Rate and quality", "filled: mean, open: 5th percentile")
        _rates(sheet.canvas(left, top + 10, _RATES.width, _RATES.height), comparison)
        left += _RATES.width + 50
    note = "line: range, bar: middle half, tick: median, dot: mean"
    sheet.heading(left, top, "Distribution", note)
    names = [clipped(curve.label, 20) for curve in comparison.curves]
    left += 16 + 6.2 * max(map(len, names))
    width = _WIDTH - 30 - left
    _ranges(sheet.canvas(left, top + 10, width, _RATES.height), width, names, comparison)
    return sheet.figure


def _film(sheet: _Sheet, comparison: Comparison) -> None:
    count, gap = len(comparison.thumbnails), 6
    width = (_CURVES.width - gap * (count - 1)) / count
    for position, thumbnail in enumerate(comparison.thumbnails):
        left = _MARGIN + position * (width + gap)
        axes = sheet.figure.add_axes(
            (left / _WIDTH, 1 - 134 / sheet.height, width / _WIDTH, 64 / sheet.height)
        )
        axes.imshow(thumbnail.image, cmap="gray", vmin=0, vmax=255)
        axes.set_axis_off()
        caption = f"{thumbnail.frame:,}"
        sheet.text(left + width / 2, 145, caption, ha="center", size=8.5, color=_SOFT)


def _curves(axes: Axes, comparison: Comparison) -> None:
    x = Scale(*comparison.frame_range, 0, _CURVES.width)
    y = Scale(*comparison.value_range, 0, _CURVES.height)
    _y_grid(axes, y, 8, _CURVES.width)
    _x_axis(axes, x, x.whole_ticks(10), "frame")
    traces = comparison.traces
    ends = [y(float(trace.mean[-1])) for trace in traces]
    spots = spread(ends, 14, 4, _CURVES.height - 4)
    for position, (trace, end, spot) in enumerate(zip(traces, ends, spots, strict=True)):
        look = _line_look(position)
        across = [x(frame) for frame in trace.frames.tolist()]
        if trace.step > 1:
            low, high = ([y(v) for v in side.tolist()] for side in (trace.low, trace.high))
            axes.fill_between(across, low, high, color=look["color"], alpha=0.16, lw=0)
        marker = "o" if len(across) == 1 else ""
        axes.plot(across, [y(v) for v in trace.mean.tolist()], lw=1.5, marker=marker, **look)
        axes.plot([across[-1], x.stop], [end, end], color=look["color"], alpha=0.6, lw=1, ls=":")
        bend = [x.stop + 3, x.stop + 13, x.stop + 18]
        axes.plot(bend, [end, spot, spot], color=look["color"], alpha=0.6, lw=1, clip_on=False)
        name = clipped(comparison.curves[position].label, 15)
        _name(axes, x.stop + 22, spot, name, position)


def _rates(axes: Axes, comparison: Comparison) -> None:
    groups = comparison.rate_groups
    points = [point for group in groups for point in group]
    x, y = rate_scales(points, (0, _RATES.width), (0, _RATES.height))
    _y_grid(axes, y, 5, _RATES.width)
    _x_axis(axes, x, x.ticks(5), "bitrate, kbit/s")
    name = clipped(comparison.metric_name, 28)
    look: dict[str, Any] = {
        "ha": "center",
        "va": "center",
        "rotation": 90,
        "size": 9,
        "color": _SOFT,
    }
    axes.text(-36, _RATES.height / 2, name, parse_math=False, **look)
    means = [[(x(point.rate), y(point.mean)) for point in group] for group in groups]
    fifths = [[(x(point.rate), y(point.fifth)) for point in group] for group in groups]
    for path in means:
        axes.plot(*zip(*path, strict=True), color=_SOFT, lw=1.2, zorder=1)
    for path in fifths:
        axes.plot(*zip(*path, strict=True), color=_SOFT, lw=1, ls=(0, (3, 3)), zorder=1)
    dots = [dot for path in means for dot in path]
    names = [clipped(comparison.curves[point.position].label, 16) for point in points]
    boxes = beside(dots, [(6.4 * len(name), 11.0) for name in names], _RATES, means + fifths)
    for point, (across, up), name, box in zip(points, dots, names, boxes, strict=True):
        color = _line_look(point.position)["color"]
        axes.plot(across, y(point.fifth), "o", mfc="white", mec=color, ms=5.5, mew=1.5)
        axes.plot(across, up, "o", color=color, mec="white", ms=9, mew=1.2)
        _name(axes, box.x, box.y + box.height / 2, name, point.position)


def _ranges(axes: Axes, width: float, names: Sequence[str], comparison: Comparison) -> None:
    x = Scale(*comparison.value_range, 0, width)
    ticks = x.ticks(6)
    axes.vlines([x(tick) for tick in ticks], 0, _RATES.height, color=_FAINT, lw=0.8, zorder=0)
    _x_axis(axes, x, ticks, comparison.metric_name)
    row = _RATES.height / len(names)
    half = min(0.22 * row, 7)
    for position, (name, curve) in enumerate(zip(names, comparison.curves, strict=True)):
        color, up = _line_look(position)["color"], _RATES.height - row * (position + 0.5)
        result = curve.result
        pooled = result.figures(comparison.metric)
        q25, q50, q75 = (x(result.percentile(q, comparison.metric)) for q in (25, 50, 75))
        axes.hlines(up, x(pooled.min), x(pooled.max), color=color, alpha=0.5, lw=1.6)
        axes.barh(up, max(q75 - q25, 1), left=q25, height=2 * half, color=color, alpha=0.45)
        axes.vlines(q50, up - half, up + half, color=_INK, lw=1.5)
        axes.plot(x(pooled.mean), up, "o", color=color, mec="white", ms=7, mew=1)
        _name(axes, -10, up, name, position, ha="right")


def _y_grid(axes: Axes, y: Scale, count: int, width: float) -> None:
    for tick in y.ticks(count):
        axes.hlines(y(tick), 0, width, color=_FAINT, lw=0.8, zorder=0)
        axes.text(-7, y(tick), number(tick), ha="right", va="center", size=9, color=_SOFT)


def _x_axis(axes: Axes, x: Scale, ticks: Sequence[float], title: str) -> None:
    for tick in ticks:
        axes.text(x(tick), -6, number(tick), ha="center", va="top", size=9, color=_SOFT)
    look: dict[str, Any] = {"ha": "center", "va": "top", "size": 9, "color": _SOFT}
    axes.text((x.start + x.stop) / 2, -20, title, parse_math=False, **look)


def _name(axes: Axes, x: float, y: float, name: str, position: int, ha: str = "left") -> None:
    look = {"color": _line_look(position)["color"], "weight": "bold", "size": 9.5}
    # A white rim keeps a name readable where it crosses a line.
    rim = require("matplotlib.patheffects", "plot").withStroke(linewidth=2.5, foreground="white")
    axes.text(x, y, name, ha=ha, va="center", parse_math=False, path_effects=[rim], **look)


def _line_look(position: int) -> dict[str, Any]:
    color, dash = style(position)
    return {"color": LIGHT_COLORS[color], "ls": (0, dash) if dash else "-"}
