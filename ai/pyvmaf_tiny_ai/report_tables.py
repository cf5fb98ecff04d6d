"""Cross-validations as Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .evaluation import CrossValidation

_FIGURES = (("plcc", "PLCC", 4), ("srocc", "SROCC", 4), ("rmse", "RMSE", 3))


def aggregate_table(found: Mapping[str, tuple[int, CrossValidation]]) -> str:
    """One row per name: parameters, then mean ± standard deviation over folds and seeds."""
    lines = ["| architecture | parameters | PLCC | SROCC | RMSE |", "|---|---|---|---|---|"]
    for name, (parameters, result) in found.items():
        aggregate = result.report()["aggregate"]
        cells = (
            f"{_shown(aggregate['mean'][key], digits)} ± {_shown(aggregate['std'][key], digits)}"
            for key, _, digits in _FIGURES
        )
        lines.append(f"| {name} | {parameters} | {' | '.join(cells)} |")
    return "\n".join(lines)


def fold_table(result: CrossValidation) -> str:
    """One row per fold: rows, then the mean over the seeds."""
    lines = ["| held out | rows | PLCC | SROCC | RMSE |", "|---|---|---|---|---|"]
    for name, fold in result.report()["folds"].items():
        cells = (_shown(fold[key], digits) for key, _, digits in _FIGURES)
        lines.append(f"| {name} | {fold['rows']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _shown(value: float, digits: int) -> str:
    """A dash for a correlation that is not defined."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"
