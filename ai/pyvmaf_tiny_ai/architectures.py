"""The networks that the recipes train: layer widths, activation, size."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from pyvmaf_tiny.frames import FEATURES

#: What may stand between two layers.
ACTIVATIONS = ("relu", "silu")


@dataclass(frozen=True)
class Architecture:
    """A multi-layer perceptron: ``layers`` are the widths from the features to the score."""

    id: str
    layers: tuple[int, ...]
    activation: str = "relu"

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"{self.id}: activation {self.activation!r}, expected {', '.join(ACTIVATIONS)}"
            )
        if len(self.layers) < 2 or self.layers[0] != len(FEATURES) or self.layers[-1] != 1:
            raise ValueError(f"{self.id}: layers {self.layers}, expected {len(FEATURES)}, ..., 1")

    @property
    def parameters(self) -> int:
        """Number of trained parameters."""
        return sum(wide * deep + wide for deep, wide in pairwise(self.layers))

    @property
    def text(self) -> str:
        """For people: ``6-16-8-1``."""
        return "-".join(str(width) for width in self.layers)


#: Every architecture by id. Two published networks are called "mlp_medium"; here each has a name of
#: its own.
ARCHITECTURES = {
    architecture.id: architecture
    for architecture in (
        Architecture("linear", (6, 1)),
        Architecture("mlp_small", (6, 16, 8, 1)),
        Architecture("mlp_medium_v1", (6, 64, 32, 1)),
        Architecture("mlp_medium_v3", (6, 32, 16, 1)),
        Architecture("mlp_large", (6, 64, 32, 16, 1)),
        Architecture("silu_65", (6, 8, 1), "silu"),
        Architecture("silu_129", (6, 16, 1), "silu"),
        Architecture("silu_257", (6, 16, 8, 1), "silu"),
        Architecture("silu_769", (6, 32, 16, 1), "silu"),
    )
}


def architecture(name: str) -> Architecture:
    """Return the architecture of this id; ValueError names the known ones."""
    if name not in ARCHITECTURES:
        raise ValueError(f"no architecture {name!r}; there are {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name]
