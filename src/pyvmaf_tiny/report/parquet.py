"""Parquet: one row per frame, the metadata in the schema.

Columns: ``frame`` int64, the six features and, with a model, ``vmaf``, all float64 and never
null. The key ``pyvmaf_tiny`` of the schema's metadata holds :class:`ResultInfo` as JSON.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO

from .extras import require

if TYPE_CHECKING:
    from pyvmaf_tiny.results import ScoreResult


def write(result: ScoreResult, file: BinaryIO) -> None:
    """Write the frames; raises :class:`OptionError` without pyarrow or when they were not kept."""
    columns = [result.indices, *(result.series(metric) for metric in result.metrics)]
    pyarrow = require("pyarrow", "parquet")
    parquet = require("pyarrow.parquet", "parquet")
    schema = pyarrow.schema(
        [
            pyarrow.field("frame", pyarrow.int64(), nullable=False),
            *(pyarrow.field(name, pyarrow.float64(), nullable=False) for name in result.metrics),
        ],
        metadata={"pyvmaf_tiny": json.dumps(result.info.to_dict())},
    )
    parquet.write_table(pyarrow.Table.from_arrays(columns, schema=schema), file)
