"""The results of several renditions in one file: JSON, CSV, Parquet, one data frame.

JSON is ``{"version": ..., "renditions": [...], "summary": [...]}``: every rendition's log as
``json_log`` writes it, with its ``name`` in front, and the pooled figures of the scores (empty
without a model). CSV and Parquet have the columns of ``csv_log`` and ``parquet``, with the
rendition's name before them, and one row per frame, rendition after rendition.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, BinaryIO

from pyvmaf_tiny.errors import OptionError

from . import dataframe, json_log
from .extras import require
from .log_names import log_names

if TYPE_CHECKING:
    import pandas as pd

    from pyvmaf_tiny.renditions import ScoreResults


def to_dict(results: ScoreResults) -> dict[str, Any]:
    """See :meth:`ScoreResults.to_dict`."""
    _check_some(results)
    return {
        "version": results[0].info.version,
        "renditions": [
            {"name": name, **json_log.to_dict(result)}
            for name, result in zip(results.names, results, strict=True)
        ],
        "summary": results.summary() if results[0].has_score else [],
    }


def write_json(results: ScoreResults, file: BinaryIO) -> None:
    """Write :func:`to_dict`, as ASCII."""
    file.write(json.dumps(to_dict(results), indent=2, allow_nan=False).encode("ascii"))
    file.write(b"\n")


def write_csv(results: ScoreResults, file: BinaryIO) -> None:
    """Write the frames as UTF-8; raises :class:`OptionError` when they were not kept."""
    _check_some(results)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("rendition", "Frame", *log_names(results[0]).values()))
    for name, result in zip(results.names, results, strict=True):
        values = [result.series(metric).tolist() for metric in result.metrics]
        for index, *row in zip(result.indices.tolist(), *values, strict=True):
            writer.writerow((name, index, *map(repr, row)))
    file.write(text.getvalue().encode("utf-8", "backslashreplace"))


def write_parquet(results: ScoreResults, file: BinaryIO) -> None:
    """Write the frames; raises :class:`OptionError` without pyarrow or without frames."""
    _check_some(results)
    pyarrow = require("pyarrow", "parquet")
    parquet = require("pyarrow.parquet", "parquet")
    metrics = results[0].metrics
    schema = pyarrow.schema(
        [
            pyarrow.field("rendition", pyarrow.string(), nullable=False),
            pyarrow.field("frame", pyarrow.int64(), nullable=False),
            *(pyarrow.field(name, pyarrow.float64(), nullable=False) for name in metrics),
        ],
        metadata={"pyvmaf_tiny": json.dumps(_infos(results))},
    )
    tables = [
        pyarrow.Table.from_arrays(
            [
                pyarrow.array([_storable(name)] * len(result), pyarrow.string()),
                result.indices,
                *(result.series(metric) for metric in metrics),
            ],
            schema=schema,
        )
        for name, result in zip(results.names, results, strict=True)
    ]
    parquet.write_table(pyarrow.concat_tables(tables), file)


def to_pandas(results: ScoreResults) -> pd.DataFrame:
    """See :meth:`ScoreResults.to_pandas`."""
    _check_some(results)
    frames = [dataframe.to_pandas(result) for result in results]
    for frame in frames:
        frame.attrs.clear()
    pandas = require("pandas", "pandas")
    together: pd.DataFrame = pandas.concat(
        frames, keys=[_storable(name) for name in results.names], names=["rendition"]
    )
    together.attrs["pyvmaf_tiny"] = _infos(results)
    return together


def _infos(results: ScoreResults) -> dict[str, Any]:
    return {
        name: result.info.to_dict() for name, result in zip(results.names, results, strict=True)
    }


def _storable(name: str) -> str:
    """Names of files may hold bytes that are no text."""
    return name.encode("utf-8", "backslashreplace").decode()


def _check_some(results: ScoreResults) -> None:
    if not len(results):
        raise OptionError("no rendition", given="empty results", expected="at least one")
