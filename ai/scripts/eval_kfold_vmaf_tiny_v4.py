"""K folds of sources with the recipe of vmaf_tiny_v4: each fold is held out once.

python ai/scripts/eval_kfold_vmaf_tiny_v4.py --parquet runs/full_features_konvid-1k.parquet \
    --folds 5 --out-json runs/vmaf_tiny_v4_kfold.json
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import crossval

if __name__ == "__main__":
    sys.exit(crossval.main("vmaf_tiny_v4", __doc__, k_fold=True))
