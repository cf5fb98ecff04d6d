"""Put an exported model into the registry, or renew its digest there.

python ai/scripts/register_model.py --sidecar model/tiny/vmaf_tiny_d1.json --default
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.provenance import sha256, write_json

from pyvmaf_tiny.model import Registry, load_model
from pyvmaf_tiny.model.registry import REGISTRY_FILE
from pyvmaf_tiny.model.registry_format import SCHEMA_VERSION


def main() -> int:
    """Write the registry, then check and load the model; exit status 1 for a stale sidecar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sidecar", type=Path, required=True, help="beside its ONNX file")
    parser.add_argument("--default", action="store_true", help="make it the default model")
    parser.add_argument(
        "--default-neg", action="store_true", help="make it the default model for NEG features"
    )
    arguments = parser.parse_args()

    folder = arguments.sidecar.parent
    sidecar = json.loads(arguments.sidecar.read_text())
    digest = sha256(folder / sidecar["onnx"])
    if sidecar["sha256"] != digest:
        print(f"{sidecar['onnx']} has sha256 {digest}, its sidecar says otherwise", file=sys.stderr)
        return 1
    path = folder / REGISTRY_FILE
    entry = {
        **{key: sidecar[key] for key in ("id", "kind", "onnx")},
        "sidecar": arguments.sidecar.name,
        "sha256": digest,
        **{key: sidecar[key] for key in ("opset", "license", "quant_mode")},
        "smoke": False,
        "notes": sidecar["notes"],
    }
    registry = json.loads(path.read_text()) if path.exists() else {}
    others = [model for model in registry.get("models", []) if model["id"] != entry["id"]]
    defaults = {key: registry[key] for key in ("default", "default_neg") if key in registry}
    defaults.setdefault("default", entry["id"])
    if arguments.default:
        defaults["default"] = entry["id"]
    if arguments.default_neg:
        defaults["default_neg"] = entry["id"]
    models = sorted([*others, entry], key=lambda model: model["id"])
    write_json(path, {"schema_version": SCHEMA_VERSION, **defaults, "models": models})
    written = Registry.load(folder)
    written.check(written.entry(entry["id"]))
    model = load_model(entry["id"], registry=written)
    print(f"{path}: {model.id} {model.digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
