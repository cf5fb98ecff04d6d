"""What libvmaf's logs call the metrics.

libvmaf 3.2.0 writes the integer features as ``integer_adm2`` and so on, and adds the enhancement
gain limit to the names of those that it changes: ``integer_adm2_egl_1`` in NEG mode. Motion knows
no such limit. The limit is printed as by C's ``%g``.
"""

from __future__ import annotations

from pyvmaf_tiny.frames import DEFAULT_GAIN_LIMIT
from pyvmaf_tiny.pooling import SCORE, TEACHER
from pyvmaf_tiny.results import ScoreResult


def log_names(result: ScoreResult) -> dict[str, str]:
    """The log's name of every metric of the result, in the log's order."""
    limit = result.info.gain_limit
    suffix = "" if limit == DEFAULT_GAIN_LIMIT else f"_egl_{limit:g}"
    return {
        metric: metric
        if metric in (SCORE, TEACHER)
        else f"integer_{metric}" + ("" if metric == "motion2" else suffix)
        for metric in result.metrics
    }
