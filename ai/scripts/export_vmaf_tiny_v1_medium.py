"""Export a checkpoint that run_training.sh left as vmaf_tiny_v1_medium, with its sidecar.

VMAF_TRAIN_OUT_DIR=runs/vmaf_tiny_v1_medium \
    bash ai/scripts/run_training.sh --model-arch mlp_medium --epochs 30 --val-source bikes \
    --parquet runs/full_features_packages.parquet
python ai/scripts/export_vmaf_tiny_v1_medium.py \
    --ckpt runs/vmaf_tiny_v1_medium/mlp_medium_final.pt \
    --out-onnx model/tiny/vmaf_tiny_v1_medium.onnx --out-sidecar model/tiny/vmaf_tiny_v1_medium.json
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import export

if __name__ == "__main__":
    sys.exit(export.main("vmaf_tiny_v1_medium", __doc__))
