"""Leave one source out with the recipe of vmaf_tiny_v4: train on the others, measure on it.

python ai/scripts/eval_loso_vmaf_tiny_v4.py --parquet runs/full_features_packages.parquet \
    --out-json runs/vmaf_tiny_v4_loso_metrics.json
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import crossval

if __name__ == "__main__":
    sys.exit(crossval.main("vmaf_tiny_v4", __doc__, seeds=5))
