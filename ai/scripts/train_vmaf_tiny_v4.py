"""Train vmaf_tiny_v4, 6-64-32-16-1, on a feature table.

python ai/scripts/train_vmaf_tiny_v4.py --parquet runs/full_features_packages.parquet \
    --out-ckpt runs/vmaf_tiny_v4.pt --out-stats runs/vmaf_tiny_v4_stats.json
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import train

if __name__ == "__main__":
    sys.exit(train.main("vmaf_tiny_v4", __doc__))
