"""CSV in the layout of libvmaf's log: ``Frame,integer_adm2,...,vmaf,`` and a line per frame.

Every line ends in a comma, as libvmaf's do. Numbers have all their digits (see ``json_log``).
Nothing of our own is added: a CSV file has no place for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from .log_names import log_names

if TYPE_CHECKING:
    from pyvmaf_tiny.results import ScoreResult


def write(result: ScoreResult, file: BinaryIO) -> None:
    """Write the frames; raises :class:`OptionError` when they were not kept."""
    values = [result.series(metric).tolist() for metric in result.metrics]
    lines = [",".join(("Frame", *log_names(result).values()))]
    for index, *row in zip(result.indices.tolist(), *values, strict=True):
        lines.append(",".join((str(index), *map(repr, row))))
    file.write("".join(line + ",\n" for line in lines).encode("ascii"))
