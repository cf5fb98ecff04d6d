"""The page's two smaller charts: the metric over the bitrate, and its distribution."""

from __future__ import annotations

from html import escape

from pyvmaf_tiny.report.chart import Box, Scale, beside, clipped, rate_scales
from pyvmaf_tiny.report.comparison import Comparison

from . import svg

#: One of two panels side by side, and a panel alone.
HALF_WIDTH, FULL_WIDTH = 545.0, 1120.0
_HEIGHT, _TOP = 300, 12

#: Characters of a label beside its point, and of one before its row.
_POINT_LABEL, _ROW_LABEL = 16, 22


def rate_chart(comparison: Comparison) -> str:
    """Mean (filled) and 5th percentile (open) of every curve over its bitrate."""
    left, right, bottom = 62, HALF_WIDTH - 14, _HEIGHT - 46
    groups = comparison.rate_groups
    points = [point for group in groups for point in group]
    x, y = rate_scales(points, (left, right), (bottom, _TOP))
    parts = [*svg.y_grid(y, left, right, 5), *svg.x_axis(x, x.ticks(5), bottom, "bitrate, kbit/s")]
    parts.append(svg.y_title(14, (_TOP + bottom) / 2, clipped(comparison.metric_name, 32)))
    means = [[(x(point.rate), y(point.mean)) for point in group] for group in groups]
    fifths = [[(x(point.rate), y(point.fifth)) for point in group] for group in groups]
    for kind, paths in (("fifth", fifths), ("mean", means)):
        for path in paths:
            along = "L".join(f"{across:.1f} {down:.1f}" for across, down in path)
            parts.append(f'<path class="rate {kind}" d="M{along}"/>')
    dots = [dot for path in means for dot in path]
    names = [clipped(comparison.curves[point.position].label, _POINT_LABEL) for point in points]
    sizes = [(len(name) * svg.CHARACTER, 14.0) for name in names]
    boxes = beside(dots, sizes, Box(left, _TOP, right - left, bottom - _TOP), means + fifths)
    for point, (cx, cy), name, box in zip(points, dots, names, boxes, strict=True):
        parts.append(
            f"<g {svg.curve_attributes(point.position)}>{_hint(comparison, point.position)}"
            f'<circle class="open" cx="{cx:.1f}" cy="{y(point.fifth):.1f}" r="3.5"/>'
            f'<circle class="dot" cx="{cx:.1f}" cy="{cy:.1f}" r="5"/>'
            + svg.name_text(box.x, box.y + 11, name, _POINT_LABEL)
            + "</g>"
        )
    return svg.document(
        "rate", HALF_WIDTH, _HEIGHT, f"{comparison.metric_name} over bitrate", parts
    )


def range_chart(comparison: Comparison, width: float) -> str:
    """Range, middle half, median and mean of every curve's frames, ``width`` units wide."""
    metric = comparison.metric
    names = [clipped(curve.label, _ROW_LABEL) for curve in comparison.curves]
    left = 18 + svg.CHARACTER * max(map(len, names))
    right = width - 18
    row = max(min((_HEIGHT - 46 - _TOP) / len(names), 52), 20)
    bottom = _TOP + row * len(names)
    x = Scale(*comparison.value_range, left, right)
    parts = [
        f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{_TOP}" y2="{bottom:.1f}"/>'
        for tick in x.ticks(6)
    ]
    parts += svg.x_axis(x, x.ticks(6), bottom, comparison.metric_name)
    half = min(row * 0.22, 9)
    for position, curve in enumerate(comparison.curves):
        pooled, middle = curve.result.figures(metric), _TOP + row * (position + 0.5)
        q25, q50, q75 = (x(curve.result.percentile(q, metric)) for q in (25, 50, 75))
        parts.append(
            f"<g {svg.curve_attributes(position)}>{_hint(comparison, position)}"
            + svg.name_text(0, middle + 4, curve.label, _ROW_LABEL)
            + f'<line class="range" x1="{x(pooled.min):.1f}" x2="{x(pooled.max):.1f}" '
            f'y1="{middle:.1f}" y2="{middle:.1f}"/>'
            f'<rect class="half" x="{q25:.1f}" width="{max(q75 - q25, 1.5):.1f}" '
            f'y="{middle - half:.1f}" height="{2 * half:.1f}" rx="3"/>'
            f'<line class="median" x1="{q50:.1f}" x2="{q50:.1f}" y1="{middle - half:.1f}" '
            f'y2="{middle + half:.1f}"/>'
            f'<circle class="dot" cx="{x(pooled.mean):.1f}" cy="{middle:.1f}" r="4"/></g>'
        )
    return svg.document(
        "ranges", width, bottom + 46, f"distribution of {comparison.metric_name}", parts
    )


def _hint(comparison: Comparison, position: int) -> str:
    """A tooltip with the curve's figures."""
    curve = comparison.curves[position]
    pooled = curve.result.figures(comparison.metric)
    fifth = curve.result.percentile(5, comparison.metric)
    text = f"{curve.label}: mean {pooled.mean:.2f}, 5th percentile {fifth:.2f}"
    return f"<title>{escape(text)}, {pooled.min:.2f} to {pooled.max:.2f}</title>"
