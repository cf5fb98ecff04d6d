"""Results as files: one module per format, one table that says which suffix is whose.

A new log format is a module with ``write(result, file)`` and a line in :data:`FORMATS`; a new
kind of picture is a module with ``write(comparison, file)`` and a line in :data:`PICTURES`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from pyvmaf_tiny.errors import OptionError
from pyvmaf_tiny.pooling import SCORE

from . import csv_log, json_log, parquet, plot, renditions, xml_log
from .comparison import Comparison, Curve, Thumbnail
from .page import html
from .replacing import replacing

if TYPE_CHECKING:
    from pyvmaf_tiny.renditions import ScoreResults
    from pyvmaf_tiny.results import ScoreResult

__all__ = [
    "FORMATS",
    "PICTURES",
    "RENDITIONS",
    "Comparison",
    "Curve",
    "Thumbnail",
    "save",
    "save_plot",
    "save_renditions",
    "write",
    "write_renditions",
]

_Writer = TypeVar("_Writer")

#: Suffix (without its dot) to exporter.
FORMATS: dict[str, Callable[[ScoreResult, BinaryIO], None]] = {
    "json": json_log.write,
    "csv": csv_log.write,
    "xml": xml_log.write,
    "parquet": parquet.write,
}

#: Suffix to exporter of several renditions in one file. XML logs are libvmaf's, of one clip.
RENDITIONS: dict[str, Callable[[ScoreResults, BinaryIO], None]] = {
    "json": renditions.write_json,
    "csv": renditions.write_csv,
    "parquet": renditions.write_parquet,
}

#: Suffix to what draws a comparison.
PICTURES: dict[str, Callable[[Comparison, BinaryIO], None]] = {
    "png": plot.write_png,
    "svg": plot.write_svg,
    "html": html.write,
}


def write(result: ScoreResult, file: BinaryIO, format: str) -> None:
    """Write a result to an open binary file, standard output say, in one of :data:`FORMATS`."""
    _pick(FORMATS, format, "format")(result, file)


def save(result: ScoreResult, path: str | os.PathLike[str], format: str | None = None) -> None:
    """Write a result to a file in the format that its suffix names, or in ``format``.

    The file appears complete or not at all. Raises :class:`OptionError` for an unknown format,
    for a place that cannot be written, and for a format that needs what is missing: the frames,
    or an optional dependency.
    """
    exporter = _pick(FORMATS, Path(path).suffix if format is None else format, "format")
    with replacing(path) as file:
        exporter(result, file)


def write_renditions(results: ScoreResults, file: BinaryIO, format: str) -> None:
    """Write several results to an open binary file, in one of :data:`RENDITIONS`."""
    _pick(RENDITIONS, format, "format for several renditions")(results, file)


def save_renditions(
    results: ScoreResults, path: str | os.PathLike[str], format: str | None = None
) -> None:
    """:func:`save` for several renditions in one file."""
    suffix = Path(path).suffix if format is None else format
    exporter = _pick(RENDITIONS, suffix, "format for several renditions")
    with replacing(path) as file:
        exporter(results, file)


def save_plot(
    curves: Sequence[Curve],
    path: str | os.PathLike[str],
    *,
    title: str = "Quality over frames",
    metric: str = SCORE,
    thumbnails: Sequence[Thumbnail] = (),
) -> None:
    """Draw results over their frames: ``.png``, ``.svg`` or a self-contained ``.html`` page.

    ``metric`` is "vmaf" or one of the features. ``thumbnails`` become a film strip above the
    curves. Where curves have bitrates, quality over bitrate is drawn as well. Raises
    :class:`OptionError` for an unknown suffix or metric, for results without frames, and for
    pictures without matplotlib; the page needs nothing but this package.
    """
    writer = _pick(PICTURES, Path(path).suffix, "picture suffix")
    comparison = Comparison(curves, title, metric, thumbnails)
    with replacing(path) as file:
        writer(comparison, file)


def _pick(table: dict[str, _Writer], name: str, what: str) -> _Writer:
    writer = table.get(name.removeprefix(".").lower())
    if writer is None:
        raise OptionError(
            f"unknown {what}", given=repr(name), expected="one of " + ", ".join(table)
        )
    return writer
