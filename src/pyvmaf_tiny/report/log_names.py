"""What libvmaf's logs call the metrics.

libvmaf 3.2.0 writes the integer features as ``integer_adm2`` and so on, and adds the enhancement
gain limit to the names of those that it changes: ``integer_adm2_egl_1`` in NEG mode. Motion knows
no such limit. The limit is printed as by C's ``%g``. Scores of NEG beside others are ``vmaf_neg``.
"""

from __future__ import annotations

from pyvmaf_tiny.frames import DEFAULT_GAIN_LIMIT, NEG_GAIN_LIMIT
from pyvmaf_tiny.pooling import NEG_SUFFIX, SCORE, TEACHER
from pyvmaf_tiny.results import ScoreResult


def log_names(result: ScoreResult) -> dict[str, str]:
    """The log's name of every metric of the result, in the log's order."""
    return {metric: _log_name(metric, result.info.gain_limit) for metric in result.metrics}


def _log_name(metric: str, limit: float) -> str:
    if metric.removesuffix(NEG_SUFFIX) in (SCORE, TEACHER):
        return metric
    if metric.endswith(NEG_SUFFIX):
        metric, limit = metric.removesuffix(NEG_SUFFIX), NEG_GAIN_LIMIT
    plain = metric == "motion2" or limit == DEFAULT_GAIN_LIMIT
    return f"integer_{metric}" + ("" if plain else f"_egl_{limit:g}")
