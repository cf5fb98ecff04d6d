"""How each published system is trained, once: architecture, scaler, optimiser, length."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .architectures import Architecture, architecture


@dataclass(frozen=True)
class Recipe:
    """Adam on the mean squared error; ``standardise`` puts a scaler before the first layer."""

    architecture: Architecture
    standardise: bool = True
    epochs: int = 90
    learning_rate: float = 1e-3
    batch_size: int = 256
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for checkpoints and reports."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """Read what :meth:`to_dict` gave."""
        described = values["architecture"]
        layers = tuple(described["layers"])
        return cls(**{**values, "architecture": Architecture(**{**described, "layers": layers})})


@dataclass(frozen=True)
class System:
    """A published model and its recipe; ``notes`` go to the registry."""

    id: str
    recipe: Recipe
    notes: str = field(repr=False)


def _system(model_id: str, arch: str, *, standardise: bool, epochs: int) -> System:
    network = architecture(arch)
    inputs = "standardised features, scaler" if standardise else "the features as they are,"
    joined = "and 0..100 clip in the graph" if standardise else "0..100 clip in the graph"
    return System(
        model_id,
        Recipe(network, standardise=standardise, epochs=epochs),
        f"ReLU network {network.text} on {inputs} {joined}; trained on the scores of vmaf_v0.6.1.",
    )


#: Every system that is trained by Adam, by model id.
SYSTEMS = {
    system.id: system
    for system in (
        _system("vmaf_tiny_v1", "mlp_small", standardise=False, epochs=30),
        _system("vmaf_tiny_v1_medium", "mlp_medium_v1", standardise=False, epochs=30),
        _system("vmaf_tiny_v2", "mlp_small", standardise=True, epochs=90),
        _system("vmaf_tiny_v3", "mlp_medium_v3", standardise=True, epochs=90),
        _system("vmaf_tiny_v4", "mlp_large", standardise=True, epochs=90),
    )
}
