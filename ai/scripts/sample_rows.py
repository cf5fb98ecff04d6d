"""Take a few rows of a feature table: the rows that the tests keep.

python ai/scripts/sample_rows.py --parquet runs/full_features_packages.parquet \
    --per-clip 1 --out tests/data/corpus_rows.parquet

--per-clip takes rows of every distorted clip, --rows so many spread evenly over the whole table.
Rows of reserved sources come along, marked as such: readers leave them out unless asked.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.table import of_every_clip, spread, write_table


def main() -> int:
    """Write the sample."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parquet", type=Path, required=True)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--rows", type=int, help="so many rows in all")
    how.add_argument("--per-clip", type=int, help="so many rows of every distorted clip")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    table = pd.read_parquet(arguments.parquet)
    if arguments.rows is not None:
        sample = spread(table, arguments.rows)
    else:
        sample = of_every_clip(table, arguments.per_clip)
    write_table(sample, arguments.out)
    print(f"{arguments.out}: {len(sample)} rows, {arguments.out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
