"""What ``pyvmaf-tiny bench`` prints, for the CPU and for a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

import click

from .tables import print_json, print_table

if TYPE_CHECKING:
    from .bench_clip import Clip
    from .measure import Timing
    from .measure_gpu import GpuTiming


def print_timings(
    clip: Clip,
    timings: Sequence[Timing] | Sequence[GpuTiming],
    *,
    facts: Mapping[str, Any],
    headline: str,
    columns: tuple[str, str],
    repeat: int,
    as_json: bool,
    more: tuple[str, ...] = (),
) -> None:
    """Print a table, or one JSON document that begins with ``facts``.

    ``headline`` says what was measured on; ``columns`` are the titles of the two figures that
    tell the timings of a feature apart, ``more`` those of what comes behind the speed.
    """
    if as_json:
        report = dict(facts) | clip.to_dict() | {"repeat": repeat}
        print_json(report | {"timings": [asdict(timing) for timing in timings]})
        return
    click.echo(
        f"{clip.name}, {clip.width}x{clip.height} {clip.bit_depth} bit, {len(clip.pairs)} frames, "
        f"median of {repeat} interleaved repetitions\n{headline}"
    )
    titles = ("feature", *columns, "frames/s", "slowest", "fastest", "ms/frame", *more)
    print_table(titles, [_row(timing) for timing in timings], right=titles[2:])


def _row(timing: Timing | GpuTiming) -> tuple[str, ...]:
    """The fields in their order, which is that of the columns."""
    values = astuple(timing)
    return tuple(
        "-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
        for value in values
    )
