"""Feature rows and teacher scores of a corpus that its owner hands out, clip by clip.

python ai/scripts/extract_corpus.py --corpus netflix --data-root .workingdir2/netflix \
    --out runs/full_features_netflix.parquet
python ai/scripts/extract_corpus.py --corpus konvid-1k --data-root konvid-1k \
    --out runs/full_features_konvid-1k.parquet
python ai/scripts/extract_corpus.py --corpus bvi-dvc --data-root "BVI-DVC Part 1" \
    --out runs/full_features_bvi-dvc.parquet

Each clip's rows are kept below VMAF_TINY_AI_CACHE; a run that was cut off goes on from there.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import corpora

if __name__ == "__main__":
    sys.exit(corpora.extract(__doc__))
