"""Frames as a pandas data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .extras import require

if TYPE_CHECKING:
    import pandas as pd

    from pyvmaf_tiny.results import ScoreResult


def to_pandas(result: ScoreResult) -> pd.DataFrame:
    """See :meth:`ScoreResult.to_pandas`."""
    columns = {metric: result.series(metric) for metric in result.metrics}
    pandas = require("pandas", "pandas")
    index = pandas.Index(result.indices, name="frame")
    frame: pd.DataFrame = pandas.DataFrame(columns, index=index, copy=True)
    frame.attrs["pyvmaf_tiny"] = result.info.to_dict()
    return frame
