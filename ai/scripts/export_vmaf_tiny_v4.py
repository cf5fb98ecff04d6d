"""Export a vmaf_tiny_v4 checkpoint to ONNX, with its sidecar.

python ai/scripts/export_vmaf_tiny_v4.py --ckpt runs/vmaf_tiny_v4.pt \
    --out-onnx model/tiny/vmaf_tiny_v4.onnx --out-sidecar model/tiny/vmaf_tiny_v4.json
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import export

if __name__ == "__main__":
    sys.exit(export.main("vmaf_tiny_v4", __doc__))
