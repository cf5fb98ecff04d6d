"""Take a few rows, spread evenly over a feature table: the rows that the tests keep.

python ai/scripts/sample_rows.py --parquet runs/full_features_packages.parquet \
    --rows 400 --out tests/data/v2_gate_rows.parquet
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.table import read_table, spread


def main() -> int:
    """Write the sample."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parquet", type=Path, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    sample = spread(read_table(arguments.parquet), arguments.rows)
    sample.to_parquet(arguments.out, index=False, compression="zstd")
    print(f"{arguments.out}: {len(sample)} rows, {arguments.out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
