"""Export a vmaf_tiny_v3 checkpoint to ONNX, with its sidecar.

python ai/scripts/export_vmaf_tiny_v3.py --ckpt runs/vmaf_tiny_v3.pt \
    --out-onnx model/tiny/vmaf_tiny_v3.onnx --out-sidecar model/tiny/vmaf_tiny_v3.json
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import export

if __name__ == "__main__":
    sys.exit(export.main("vmaf_tiny_v3", __doc__))
