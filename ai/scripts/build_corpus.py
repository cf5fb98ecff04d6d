"""Fetch the reference footage, encode and distort it, and write feature rows with teacher scores.

python ai/scripts/build_corpus.py --out runs/full_features_packages.parquet
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.corpus import clip_rows, load_teacher, reference_clips
from pyvmaf_tiny_ai.distort import DISTORTIONS


def main() -> int:
    """Build the corpus; exit status 1 when not one clip could be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, default=Path(__file__).parents[1] / "corpus.toml")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache/packages"))
    parser.add_argument("--out", type=Path, required=True, help="the table to write, .parquet")
    arguments = parser.parse_args()

    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 would print its settings for every encode
    teacher = load_teacher(arguments.manifest, arguments.cache)
    tables = []
    started = time.monotonic()
    for clip in reference_clips(arguments.manifest, arguments.cache):
        tables += [clip_rows(clip, distortion, teacher) for distortion in DISTORTIONS]
        rows = sum(len(table) for table in tables)
        print(f"{time.monotonic() - started:6.0f} s  {rows:6d} rows  {clip.source}/{clip.name}")
    if not tables:
        print("no clip could be had", file=sys.stderr)
        return 1
    table = pd.concat(tables, ignore_index=True)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(arguments.out, index=False)
    print(f"{arguments.out}: {len(table)} rows, {table['source'].nunique()} sources")
    return 0


if __name__ == "__main__":
    sys.exit(main())
