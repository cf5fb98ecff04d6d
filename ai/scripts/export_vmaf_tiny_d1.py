"""Export a vmaf_tiny_d1 checkpoint to ONNX, with its sidecar.

python ai/scripts/export_vmaf_tiny_d1.py --ckpt runs/vmaf_tiny_d1.ckpt \
    --out-onnx model/tiny/vmaf_tiny_d1.onnx --out-sidecar model/tiny/vmaf_tiny_d1.json

One that was trained with --neg becomes a model for NEG features only.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import distilling

if __name__ == "__main__":
    sys.exit(distilling.export(__doc__))
