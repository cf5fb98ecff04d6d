"""Quantise an exported model to int8; refuse it when that costs more PLCC than the budget.

python ai/scripts/quantize_int8.py --onnx model/tiny/vmaf_tiny_v3.onnx \
    --parquet runs/full_features_packages.parquet --max-plcc-drop 0.01 \
    --out-onnx model/tiny/vmaf_tiny_v3.int8.onnx --out-sidecar model/tiny/vmaf_tiny_v3.int8.json

Exit status 1, and no model, above the budget.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import quantize

if __name__ == "__main__":
    sys.exit(quantize.main(__doc__))
