"""Students of every fold, kept on disk, and the scores of rows that they have never seen."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from pyvmaf_tiny.model import load_model

from .cache import recipe_digest
from .contenders import Contender, Fixed, Quantised, Trained
from .splits import Fold, check
from .table import features_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Workshop:
    """A table, its folds, and the folder with one ONNX file per contender, seed and fold.

    A run that is stopped goes on where it was: what depends on other rows, another recipe or
    another split lies in another folder.
    """

    table: pd.DataFrame
    folds: Sequence[Fold]
    folder: Path

    def __post_init__(self) -> None:
        """SplitError when a fold leaks."""
        for fold in self.folds:
            check(self.table, fold)

    def place(self, contender: Contender, seed: int) -> Path:
        """Where a contender's students of one seed lie."""
        of = contender.of if isinstance(contender, Quantised) else contender
        recipe = of.recipe if isinstance(of, Trained) else {"file": _sha256(of.graph())}
        step = contender.quantisation if isinstance(contender, Quantised) else contender.id
        digest = recipe_digest({"recipe": recipe, "rows": self._rows, "quant": step})
        name = re.sub("[^A-Za-z0-9.]+", "_", contender.id)
        return self.folder / f"{name}-{digest[:12]}" / f"seed{seed}"

    @cached_property
    def _rows(self) -> str:
        digest = hashlib.sha256(
            pd.util.hash_pandas_object(self.table, index=False).to_numpy().tobytes()
        )
        for fold in self.folds:
            digest.update(fold.name.encode())
            digest.update(fold.test.tobytes())
        return digest.hexdigest()

    def missing(self, contender: Contender, seed: int) -> int:
        """How many students are still to be made."""
        place = self.place(contender, seed)
        return sum(not _file(place, fold).exists() for fold in self.folds)

    def make(self, contender: Contender, seed: int, done: Callable[[int], None]) -> None:
        """Make the missing students of one seed; ``done`` is told how many more there are."""
        place = self.place(contender, seed)
        place.mkdir(parents=True, exist_ok=True)
        if isinstance(contender, Trained):
            # Always the same groups, so that a run that was stopped ends with the same bytes.
            for first in range(0, len(self.folds), contender.together):
                group = self.folds[first : first + contender.together]
                if not all(_file(place, fold).exists() for fold in group):
                    subsets = [fold.train for fold in group]
                    graphs = contender.graphs(self.table, subsets, seed)
                    for fold, graph in zip(group, graphs, strict=True):
                        _write(_file(place, fold), graph)
                done(len(group))
            return
        for fold, graph in zip(self.folds, self._derived(contender, seed), strict=True):
            _write(_file(place, fold), graph)
            done(1)

    def _derived(self, contender: Quantised | Fixed, seed: int) -> Iterator[bytes]:
        if isinstance(contender, Fixed):
            graph = contender.graph()
            yield from (graph for _ in self.folds)
            return
        source, features = self.place(contender.of, seed), features_of(self.table)
        for fold in self.folds:
            yield contender.graph(_file(source, fold), features[fold.train])

    def scores(self, contender: Contender, seed: int) -> Floats:
        """Score every row by the student that has not seen its source, clipped: float64 (N,)."""
        features = features_of(self.table)
        scores: Floats = np.full(len(features), np.nan)
        place = self.place(contender, seed)
        for fold in self.folds:
            scores[fold.test] = load_model(_file(place, fold)).predict(features[fold.test])
        np.clip(scores, 0.0, 100.0, out=scores)
        return scores


def make_all(workshop: Workshop, wanted: Sequence[tuple[Contender, int]]) -> None:
    """Make the students that are missing, by contender and seed, in this order."""
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        for contender, seed in wanted:
            if workshop.missing(contender, seed):
                task = progress.add_task(f"{contender.id}, seed {seed}", total=len(workshop.folds))
                workshop.make(contender, seed, partial(progress.advance, task))


def _file(place: Path, fold: Fold) -> Path:
    return place / f"{fold.name}.onnx"


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
