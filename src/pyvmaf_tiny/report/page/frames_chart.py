"""The page's main chart: the metric over the frames, a line per curve, its name at its end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pyvmaf_tiny.report.chart import Box, Scale, spread, style
from pyvmaf_tiny.report.comparison import Comparison, Trace

from . import svg

#: Where the lines are drawn; the script needs it too.
PLOT = Box(46, 10, 920, 330)

_WIDTH, _HEIGHT = 1120, 384
_LINE_WIDTH = 1.8


def frames_chart(comparison: Comparison, traces: Sequence[Trace]) -> str:
    """The chart as an ``svg`` element."""
    x, y = scales(comparison)
    right, bottom = PLOT.x + PLOT.width, PLOT.y + PLOT.height
    parts = [
        *svg.y_grid(y, PLOT.x, right, 8),
        *svg.x_axis(x, x.whole_ticks(10), bottom, "frame"),
        # Lines are drawn in frame numbers: zooming is a change of this viewBox and nothing else.
        f'<svg class="lines" x="{PLOT.x:g}" y="0" width="{PLOT.width:g}" height="{_HEIGHT}" '
        f'viewBox="{x.low:g} 0 {x.high - x.low:g} {_HEIGHT}" preserveAspectRatio="none">',
        *(_line(trace, position, y) for position, trace in enumerate(traces)),
        "</svg>",
    ]
    ends = [(x(float(trace.frames[-1])), y(float(trace.mean[-1]))) for trace in traces]
    spots = spread([end for _, end in ends], 18, PLOT.y + 6, bottom - 6)
    for position, ((across, down), spot) in enumerate(zip(ends, spots, strict=True)):
        parts.append(
            f"<g {svg.curve_attributes(position)}>"
            f'<path class="ended" d="M{across:.1f} {down:.1f}H{right:g}"/>'
            f'<path class="leader" d="M{right + 3:g} {down:.1f}L{right + 14:g} {spot:.1f}h5"/>'
            + svg.name_text(right + 23, spot + 4, comparison.curves[position].label, 17)
            + "</g>"
        )
    parts.append(
        f'<rect class="select" y="{PLOT.y:g}" height="{PLOT.height:g}" width="0"/>'
        f'<line class="cross" y1="{PLOT.y:g}" y2="{bottom:g}"/><g class="dots"></g>'
        f'<rect class="catch" tabindex="0" x="{PLOT.x:g}" y="{PLOT.y:g}" width="{PLOT.width:g}" '
        f'height="{PLOT.height:g}"/>'
    )
    return svg.document("frames", _WIDTH, _HEIGHT, f"{comparison.metric_name} over frames", parts)


def scales(comparison: Comparison) -> tuple[Scale, Scale]:
    """Frame numbers and values to places in the chart."""
    x = Scale(*comparison.frame_range, PLOT.x, PLOT.x + PLOT.width)
    return x, Scale(*comparison.value_range, PLOT.y + PLOT.height, PLOT.y)


def _line(trace: Trace, position: int, y: Scale) -> str:
    def path(values: Sequence[float], frames: Sequence[int]) -> str:
        return "L".join(f"{f} {y(v):.1f}" for f, v in zip(frames, values, strict=True))

    frames = trace.frames.tolist()
    band = ""
    if trace.step > 1:
        around = path(np.concatenate((trace.high, trace.low[::-1])).tolist(), frames + frames[::-1])
        band = f'<path class="band" d="M{around}Z"/>'
    dash = " ".join(f"{_LINE_WIDTH * length:g}" for length in style(position)[1])
    # A single frame is a dot: a line of no length with round ends.
    kind = "line" if len(frames) > 1 else "line point"
    return (
        f'<g {svg.curve_attributes(position)}>{band}<path class="{kind}" '
        f'stroke-dasharray="{dash or "none"}" d="M{path(trace.mean.tolist(), frames)}h0"/></g>'
    )
