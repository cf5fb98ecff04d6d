"""``--pool``: which figure of the scores is printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from pyvmaf_tiny.pooling import POOL_METHODS, SCORE

if TYPE_CHECKING:
    from pyvmaf_tiny.results import ScoreResult

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


def pool_method(value: str) -> str:
    """A pooling method by libvmaf's name, ``median``, or a percentile such as ``p5``."""
    if value not in (*POOL_METHODS, "median") and not _PERCENTILE.fullmatch(value):
        known = ", ".join((*POOL_METHODS, "median"))
        raise click.BadParameter(f"{value!r} is not one of {known}, or a percentile such as p5.")
    return value


def pooled_score(result: ScoreResult, method: str, metric: str = SCORE) -> float:
    """The figure that a checked ``--pool`` value names, of the scores or of the teacher's."""
    if method in POOL_METHODS:
        return result.pool(method, metric)
    return result.percentile(50.0 if method == "median" else float(method[1:]), metric)
