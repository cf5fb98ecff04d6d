"""What an evaluation sets side by side: recipes trained per fold, their int8 twins, fixed files."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnx
import pandas as pd
from numpy.typing import NDArray
from onnx.external_data_helper import load_external_data_for_model

from .architectures import ARCHITECTURES, Architecture
from .distill import D1, Distillation, distill_many
from .export import to_onnx
from .mlp import Mlp
from .quantize import quantize_int8
from .recipes import SYSTEMS, Recipe
from .table import features_of, labels_of
from .teacher import Teacher


class Trainer(Protocol):
    """Rows, the row numbers of each training set, a seed for each -> a student for each."""

    def __call__(
        self, table: pd.DataFrame, subsets: Sequence[NDArray[np.intp]], seeds: Sequence[int]
    ) -> Sequence[Mlp]:
        """Train."""


@dataclass(frozen=True)
class Trained:
    """A recipe. ``recipe`` is all that its students depend on besides rows and seed (JSON values).

    ``together`` students are trained in one call: what a run that was stopped has to make again.
    ``seeds`` seeds are taken when no other number is asked for.
    """

    id: str
    layers: str
    parameters: int
    how: str
    recipe: dict[str, Any] = field(repr=False)
    trainer: Trainer = field(repr=False)
    together: int = 1
    seeds: int = 3

    def graphs(
        self, table: pd.DataFrame, subsets: Sequence[NDArray[np.intp]], seed: int
    ) -> list[bytes]:
        """Train a student per subset; ONNX files."""
        students = self.trainer(table, subsets, [seed] * len(subsets))
        return [to_onnx(student, "student").SerializeToString() for student in students]


@dataclass(frozen=True)
class Quantised:
    """The int8 twin of each student of ``of``, its scales fitted to the student's own rows."""

    id: str
    of: Trained
    how: str = "inner products in int8 after training, static scales"
    seeds: int = 1

    @property
    def quantisation(self) -> dict[str, str]:
        """All that the step from a student to its twin depends on."""
        return {"id": self.id, "code": _code("quantize.py")}

    def graph(self, float32: Path, features: NDArray[np.float64]) -> bytes:
        """Quantise one student; ONNX file."""
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "int8.onnx"
            quantize_int8(float32, features, out)
            return out.read_bytes()


@dataclass(frozen=True)
class Fixed:
    """A model file as it is; it may have seen the rows, or anything else."""

    id: str
    path: Path
    how: str

    def graph(self) -> bytes:
        """Read the file. Weights beside it are taken in: also from ``FILE.data`` when renamed."""
        model = onnx.load(self.path, load_external_data=False)
        beside = self.path.with_name(f"{self.path.name}.data")
        if beside.exists():
            for tensor in model.graph.initializer:
                for entry in tensor.external_data:
                    if entry.key == "location":
                        entry.value = beside.name
            load_external_data_for_model(model, str(self.path.parent))
            for tensor in model.graph.initializer:
                tensor.data_location = onnx.TensorProto.DEFAULT
                del tensor.external_data[:]
        return bytes(model.SerializeToString())


Contender = Trained | Quantised | Fixed


def by_adam(contender_id: str, recipe: Recipe) -> Trained:
    """A recipe of the published kind."""
    parts = ["scaler"] if recipe.standardise else []
    parts += [recipe.architecture.activation] if len(recipe.architecture.layers) > 2 else []
    return Trained(
        contender_id,
        recipe.architecture.text,
        recipe.architecture.parameters,
        ", ".join([*parts, "Adam", f"{recipe.epochs} epochs"]),
        {**recipe.to_dict(), "seed": None, "code": _code("training.py")},
        partial(_adam, recipe=recipe),
        together=15,
        seeds=SEEDS.get(contender_id, 1),
    )


def _adam(
    table: pd.DataFrame,
    subsets: Sequence[NDArray[np.intp]],
    seeds: Sequence[int],
    *,
    recipe: Recipe,
) -> Sequence[Mlp]:
    from .training import train_many  # the only file with PyTorch

    return train_many(features_of(table), labels_of(table), subsets, seeds, recipe)


#: Seeds of each recipe where none are asked for, as many as the time of one machine allowed.
SEEDS = {"linear": 2, "vmaf_tiny_v1": 2, "vmaf_tiny_v2": 2, "vmaf_tiny_v3": 2}


def family(teacher: Callable[[], Teacher]) -> list[Contender]:
    """Everything that is trained here.

    The published recipes and their next rung; what is distilled from the exact teacher.
    """
    recipes = {name: system.recipe for name, system in SYSTEMS.items()}
    recipes["linear"] = replace(recipes["vmaf_tiny_v1"], architecture=ARCHITECTURES["linear"])
    recipes["mlp_large"] = recipes.pop("vmaf_tiny_v4")
    adam = {name: by_adam(name, recipe) for name, recipe in recipes.items()}
    exact = teacher()
    names = ("linear", "vmaf_tiny_v1", "vmaf_tiny_v1_medium", "vmaf_tiny_v2", "vmaf_tiny_v3")
    return [
        *(adam[name] for name in names),
        Quantised("vmaf_tiny_v3.int8", adam["vmaf_tiny_v3"]),
        adam["mlp_large"],
        distilled("vmaf_tiny_d1", D1, exact),
        *(distilled(f"d1 of {one.architecture.parameters}", one, exact) for one in _rungs()),
    ]


def _rungs() -> list[Distillation]:
    """The recipe of vmaf_tiny_d1 with fewer and with more parameters."""
    networks = (Architecture("", (6, *hidden, 1), "silu") for hidden in ((8,), (16,), (32, 16)))
    named = (replace(network, id=f"silu_{network.parameters}") for network in networks)
    return [replace(D1, architecture=network) for network in named]


def distilled(contender_id: str, recipe: Distillation, teacher: Teacher) -> Trained:
    """A student of the exact teacher."""
    return Trained(
        contender_id,
        recipe.architecture.text,
        recipe.architecture.parameters,
        f"{recipe.architecture.activation}, Levenberg-Marquardt on the exact teacher",
        {
            **recipe.to_dict(),
            "seed": None,
            "teacher": teacher.digest,
            "code": _code(*_DISTILLING),
        },
        partial(_distilled, recipe=recipe, teacher=teacher),
        seeds=SEEDS.get(contender_id, 1),
    )


def _distilled(
    table: pd.DataFrame,
    subsets: Sequence[NDArray[np.intp]],
    seeds: Sequence[int],
    *,
    recipe: Distillation,
    teacher: Teacher,
) -> Sequence[Mlp]:
    return distill_many(features_of(table), subsets, seeds, teacher, recipe)


#: The files that a distilled student depends on.
_DISTILLING = ("distill.py", "augment.py", "cliploss.py", "jacobian.py", "levenberg.py")


def _code(*files: str) -> str:
    """A digest of source files: students of other code are not taken for those of this."""
    parts = [Path(__file__).with_name(name).read_bytes() for name in files]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def published(folder: Path) -> list[Fixed]:
    """The model files in a folder; FileNotFoundError when there are none."""
    files = sorted(folder.glob("*.onnx"))
    if not files:
        raise FileNotFoundError(f"{folder}: no .onnx file in it")
    return [Fixed(f"published {path.stem}", path, "as published") for path in files]
