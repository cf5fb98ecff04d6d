"""Distil vmaf_tiny_d1, 6-16-8-1 SiLU, from the exact teacher by Levenberg-Marquardt.

python ai/scripts/train_vmaf_tiny_d1.py --parquet runs/full_features_packages.parquet \
    --out-ckpt runs/vmaf_tiny_d1.ckpt --out-stats runs/vmaf_tiny_d1_stats.json

--neg makes vmaf_tiny_d1neg; --hidden 8, --hidden 16 and --hidden 32 16 other sizes.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import distilling

if __name__ == "__main__":
    sys.exit(distilling.train(__doc__))
