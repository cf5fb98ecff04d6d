"""How far models are from the exact teacher on rows that no encode gave.

python ai/scripts/eval_made_rows.py --parquet runs/full_features_packages.parquet \
    --onnx model/tiny/vmaf_tiny_d1.onnx model/tiny/vmaf_tiny_v2.onnx
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import made_rows

if __name__ == "__main__":
    sys.exit(made_rows.main(__doc__))
