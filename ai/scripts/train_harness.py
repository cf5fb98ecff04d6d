"""Train one of three architectures on all sources but one; measure, time and export it.

bash ai/scripts/run_training.sh --model-arch mlp_small --epochs 30 --val-source Tennis
bash ai/scripts/run_training.sh --model-arch mlp_small --epochs 30 --val-source bikes \
    --parquet runs/full_features_packages.parquet
bash ai/scripts/run_training.sh --epochs 0 --assume-dims 64x48

Writes ARCH_final.onnx, ARCH_final.pt, val_rows.parquet and eval_report.json.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import harness

if __name__ == "__main__":
    sys.exit(harness.main(__doc__))
