"""The ship gate: score a table with vmaf_tiny_d1, compare with the teacher, time a row.

python ai/scripts/validate_vmaf_tiny_d1.py --onnx model/tiny/vmaf_tiny_d1.onnx \
    --parquet runs/full_features_packages.parquet --max-rmse 0.005 --max-error 0.1 \
    --out-json runs/vmaf_tiny_d1_validate.json

--neg for vmaf_tiny_d1neg. Exit status 1 when a gate refuses.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import validate

if __name__ == "__main__":
    sys.exit(validate.main(__doc__))
