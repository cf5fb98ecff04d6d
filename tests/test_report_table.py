"""Terminal tables: the right figures in the right cells, at 80 columns, labels as they are."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table
from sample_results import draw, drawn_result, sample_result

from pyvmaf_tiny.errors import OptionError
from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.report import Curve
from pyvmaf_tiny.report.table import curves_table, metrics_table


def _rows(table: Table, width: int = 80) -> list[list[str]]:
    """The lines of the table as a terminal of some width shows them whole, as words."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert not any("…" in line for line in lines)
    return [line.split() for line in lines if line.strip()]


def test_metrics() -> None:
    scores, features = draw(60)
    heads, _, *rows = _rows(metrics_table(sample_result(scores, features)))
    assert " ".join(heads) == "metric mean harmonic min p1 p5 p50 p95 max std dev"
    assert [row[0] for row in rows] == ["vmaf", *FEATURES]
    assert rows[0][1:] == [
        f"{figure:.2f}"
        for figure in (
            scores.mean(),
            60 / (1 / (1 + scores)).sum() - 1,
            scores.min(),
            *np.percentile(scores, [1, 5, 50, 95]),
            scores.max(),
            scores.std(),
        )
    ]
    assert rows[6][1] == f"{features[:, 5].mean():.4f}"


def test_metrics_without_a_model_and_without_frames() -> None:
    result = sample_result(None, draw(60)[1], keep=False)
    heads, _, *rows = _rows(metrics_table(result))
    assert " ".join(heads) == "metric mean harmonic min max std dev"
    assert [row[0] for row in rows] == list(FEATURES)


def test_a_figure_that_does_not_exist_is_a_dash() -> None:
    rows = _rows(metrics_table(sample_result(np.array([-5.0, 5.0]), np.ones((2, 6)))))
    assert rows[2][:3] == ["vmaf", "0.00", "–"]


def test_curves() -> None:
    results = [drawn_result(1500, seed, frames=1500, seconds=10.0) for seed in (1, 2)]
    curves = [
        Curve("[red]one[/red]", results[0], {"CRF": 18}, bitrate=12345.6),
        Curve("two", results[1], {"preset": "slow"}, bitrate=57.36),
    ]
    heads, _, one, two = _rows(curves_table(curves), width=100)
    assert " ".join(heads) == ("vmaf CRF kbit/s preset mean harmonic min p1 p5 p50 max frames fps")
    assert one[:4] == ["[red]one[/red]", "18", "12,346", f"{results[0].mean:.2f}"]
    assert two[:3] == ["two", "57.4", "slow"]
    assert two[-2:] == ["1,500", "150.0"]
    assert two[7] == f"{np.percentile(results[1].scores, 5):.2f}"


def test_a_curve_without_frames_has_dashes_for_percentiles() -> None:
    curves = [Curve("a", drawn_result(9)), Curve("b", drawn_result(9, keep=False))]
    _, _, kept, pooled = _rows(curves_table(curves))
    assert pooled[:4] == ["b", *kept[1:4]]
    assert pooled[4:8] == ["–", "–", "–", kept[7]]


def test_a_title_is_not_markup_either() -> None:
    rows = _rows(curves_table([Curve("a", drawn_result(5))], title="[bold]t"))
    assert rows[0] == ["[bold]t"]


def test_a_metric_that_is_not_there() -> None:
    with pytest.raises(OptionError, match="without a model"):
        curves_table([Curve("a", sample_result(None, draw(5)[1]))])
