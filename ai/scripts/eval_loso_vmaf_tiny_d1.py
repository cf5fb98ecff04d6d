"""Leave one source out with the recipe of vmaf_tiny_d1: train on the others, measure on it.

python ai/scripts/eval_loso_vmaf_tiny_d1.py --parquet runs/full_features_packages.parquet \
    --out-json runs/vmaf_tiny_d1_loso_metrics.json

--neg for vmaf_tiny_d1neg; --hidden 8, --hidden 16 and --hidden 32 16 for other sizes.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import distilling_loso

if __name__ == "__main__":
    sys.exit(distilling_loso.main(__doc__))
