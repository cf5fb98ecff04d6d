"""Pieces that the page's charts share.

Charts are inline SVG, coloured by the page's style sheet. The elements of a curve carry
``data-curve`` (its position, for the script) and ``--c`` (its colour). Coordinates are in the
units of each chart's viewBox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from pyvmaf_tiny.report.chart import Scale, clipped, number, style

#: Width that a character of a label takes up, on average.
CHARACTER = 7.4


def curve_attributes(position: int) -> str:
    """The attributes that give an element its curve's colour and let the script find it."""
    return f'data-curve="{position}" style="--c:var(--c{style(position)[0]})"'


def document(name: str, width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """One chart as an ``svg`` element with the id ``name``."""
    return (
        f'<svg id="{name}" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def y_grid(y: Scale, left: float, right: float, count: int) -> Iterator[str]:
    """Horizontal lines at round values, with the values to their left."""
    for tick in y.ticks(count):
        at = f"{y(tick):.1f}"
        yield f'<line class="grid" x1="{left:g}" x2="{right:g}" y1="{at}" y2="{at}"/>'
        yield f'<text class="tick" x="{left - 8:g}" y="{y(tick) + 4:.1f}" text-anchor="end">'
        yield f"{number(tick)}</text>"


def x_axis(x: Scale, ticks: Iterable[float], y: float, title: str) -> Iterator[str]:
    """Values below ``y`` and the axis title under them."""
    yield '<g class="x-ticks">'
    for tick in ticks:
        yield f'<text class="tick" x="{x(tick):.1f}" y="{y + 19:.1f}" text-anchor="middle">'
        yield f"{number(tick)}</text>"
    yield f'</g><text class="axis" x="{(x.start + x.stop) / 2:.1f}" y="{y + 38:.1f}" '
    yield f'text-anchor="middle">{escape(title)}</text>'


def y_title(x: float, y: float, title: str) -> str:
    """The title of a vertical axis, read from below, its middle at a place."""
    return (
        f'<text class="axis" transform="translate({x:g} {y:g}) rotate(-90)" '
        f'text-anchor="middle">{escape(title)}</text>'
    )


def name_text(x: float, y: float, label: str, limit: int) -> str:
    """A curve's label at a place, cut to ``limit`` characters."""
    return f'<text class="name" x="{x:.1f}" y="{y:.1f}">{escape(clipped(label, limit))}</text>'
