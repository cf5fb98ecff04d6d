"""The ship gate: score a table with vmaf_tiny_v4, compare with the teacher, time a row.

python ai/scripts/validate_vmaf_tiny_v4.py --onnx model/tiny/vmaf_tiny_v4.onnx \
    --parquet runs/full_features_packages.parquet --rows 5000 --min-plcc 0.97 \
    --out-json runs/vmaf_tiny_v4_validate.json \
    --v2-onnx model/tiny/vmaf_tiny_v2.onnx

Exit status 1 below the gate.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import validate

if __name__ == "__main__":
    sys.exit(validate.main(__doc__, compare=True))
