"""The arithmetic of charts: scales, ticks, and labels that do not collide."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .comparison import RatePoint

#: Told apart with any common colour vision (smallest CIELAB distance of two of the first five, in
#: simulated deuteranopia, protanopia and tritanopia: 15); one list per background.
LIGHT_COLORS = ("#0064b0", "#cf4006", "#0a9a74", "#a8418c", "#c99200", "#4aa5dd", "#4b535e")
DARK_COLORS = ("#4a9eea", "#ff7f4a", "#2fc9a0", "#d77fc4", "#ffd05a", "#b0e0ff", "#98a2ad")

#: Dash patterns, in line widths, for when the colours have run out.
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 2), (1.5, 1.5), (6, 2, 1.5, 2))


def style(position: int) -> tuple[int, tuple[float, ...]]:
    """Colour number and dash pattern of the curve at a position."""
    turn, color = divmod(position, len(LIGHT_COLORS))
    return color, DASHES[turn % len(DASHES)]


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps ``low..high`` to ``start..stop``, on request by the logarithm (``low`` above 0)."""

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.stop - self.start)

    def whole_ticks(self, count: int) -> list[float]:
        """The ticks that are whole numbers."""
        return [tick for tick in self.ticks(count) if tick == round(tick)]

    def ticks(self, count: int) -> list[float]:
        """Round values within the range, about ``count`` of them."""
        if self.log and self.high / self.low > 4:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            marks = [m * 10.0**e for e in range(first, last + 1) for m in (1, 2, 5)]
            return [mark for mark in marks if self.low <= mark <= self.high]
        return round_values(self.low, self.high, count)


def rate_scales(
    points: Sequence[RatePoint], across: tuple[float, float], up: tuple[float, float]
) -> tuple[Scale, Scale]:
    """Scales for bitrates (logarithmic) and values, with air around the points."""
    rates = [point.rate for point in points]
    air = (max(rates) / min(rates)) ** 0.08 * 1.03
    x = Scale(min(rates) / air, max(rates) * air, *across, log=True)
    low, high = min(point.fifth for point in points), max(point.mean for point in points)
    air = 0.1 * (high - low) or 0.5
    return x, Scale(low - air, high + air, *up)


def round_values(low: float, high: float, count: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten within ``low..high``, about ``count``."""
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last <= first:  # one value is no scale: a finer step
        return round_values(low, high, count + 1)
    return [k * step for k in range(first, last + 1)]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near to the wanted ones as possible, ``gap`` apart and within ``low..high``.

    When there is no room for that the gap shrinks. Neighbours that would collide form a cluster
    that is centred on what its members wanted.
    """
    if not wanted:
        return []
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    clusters: list[tuple[float, list[int]]] = []  # start, members
    for i in order:
        start, members = min(max(wanted[i], low), high), [i]
        while clusters and start < clusters[-1][0] + gap * len(clusters[-1][1]) - 1e-9:
            members = clusters.pop()[1] + members
            centre = sum(wanted[j] - k * gap for k, j in enumerate(members)) / len(members)
            start = min(max(centre, low), high - gap * (len(members) - 1))
        clusters.append((start, members))
    placed = [0.0] * len(wanted)
    for start, members in clusters:
        for k, i in enumerate(members):
            placed[i] = start + k * gap
    return placed


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, by its lower corner and its size."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: Box) -> float:
        """The area shared with another rectangle."""
        wide = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        high = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(wide, 0.0) * max(high, 0.0)


def beside(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    frame: Box,
    paths: Sequence[Sequence[tuple[float, float]]],
) -> list[Box]:
    """A label box near each point: where it covers least of points, paths and other labels.

    ``sizes`` are the labels' widths and heights. What sticks out of ``frame`` counts as covered.
    """
    lines = [(1, Box(x - 2, y - 2, 4, 4)) for path in paths for x, y in _along(path, 4)]
    dots = [(4, Box(x - 6, y - 6, 12, 12)) for x, y in points]
    # Other points get room around them, lest the label seem to be theirs.
    rooms = [(1, Box(x - 16, y - 14, 32, 28)) for x, y in points]
    placed: list[Box] = []
    for number, ((x, y), (wide, high)) in enumerate(zip(points, sizes, strict=True)):
        others = rooms[:number] + rooms[number + 1 :]
        taken = [*lines, *dots, *others, *((4, box) for box in placed)]
        lefts = (x - 9 - wide, x + 9, x - wide / 2)
        lows = (y - high - 5, y + 5, y - high / 2, y - high - 14, y + 14)
        spots = [Box(left, low, wide, high) for low in lows for left in lefts]
        placed.append(min(spots, key=partial(_covered, taken=taken, frame=frame)))
    return placed


def _along(path: Sequence[tuple[float, float]], step: float) -> Iterator[tuple[float, float]]:
    """Points on a polyline, ``step`` or less apart."""
    for (x0, y0), (x1, y1) in pairwise(path):
        pieces = math.ceil(math.hypot(x1 - x0, y1 - y0) / step) or 1
        for k in range(pieces + 1):
            yield x0 + (x1 - x0) * k / pieces, y0 + (y1 - y0) * k / pieces


def _covered(box: Box, taken: Sequence[tuple[float, Box]], frame: Box) -> float:
    outside = box.width * box.height - box.overlap(frame)
    return 4 * outside + sum(weight * box.overlap(other) for weight, other in taken)


def clipped(label: str, limit: int) -> str:
    """The label, with an ellipsis for what is beyond ``limit`` characters."""
    return label if len(label) <= limit else label[: limit - 1] + "…"


def number(value: float) -> str:
    """A tick's value without noise digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"
