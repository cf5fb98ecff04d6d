"""One table of several corpora.

python ai/scripts/merge_corpora.py runs/full_features_netflix.parquet \
    runs/full_features_konvid-1k.parquet runs/full_features_bvi-dvc.parquet \
    --out runs/full_features_4corpus.parquet

A source that several tables name is one source: splits keep it together. Rows that come twice are
refused.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import corpora

if __name__ == "__main__":
    sys.exit(corpora.merge(__doc__))
