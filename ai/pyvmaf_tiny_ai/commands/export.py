"""Export a checkpoint of Adam's to ONNX, with its sidecar."""

from __future__ import annotations

from pyvmaf_tiny_ai.recipes import SYSTEMS
from pyvmaf_tiny_ai.training import load_checkpoint

from .common import run
from .exporting import export_options, export_student


def main(model_id: str, documentation: str | None) -> int:
    """Export; exit status 1 when the runtime does not reproduce the checkpoint."""
    return run(lambda: _main(model_id, documentation))


def _main(model_id: str, documentation: str | None) -> int:
    arguments = export_options(documentation).parse_args()
    mlp, recipe, stats = load_checkpoint(arguments.ckpt)
    expected = SYSTEMS[model_id].recipe.architecture
    if recipe.architecture != expected:
        raise ValueError(
            f"{arguments.ckpt}: a checkpoint of {recipe.architecture.id}, "
            f"{model_id} is a {expected.id}"
        )
    return export_student(arguments, mlp, stats, notes=SYSTEMS[model_id].notes)
