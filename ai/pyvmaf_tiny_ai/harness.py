"""The three-architecture harness: one source held out, features as they are, 30 epochs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import pyvmaf_tiny
from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.model import load_model

from .architectures import ARCHITECTURES, Architecture
from .export import to_onnx
from .latency import row_latency
from .metrics import agreement
from .mlp import Mlp
from .recipes import Recipe
from .splits import hold_out
from .table import features_of, labels_of

#: The harness's names for its architectures.
ARCHS: dict[str, Architecture] = {
    "linear": ARCHITECTURES["linear"],
    "mlp_small": ARCHITECTURES["mlp_small"],
    "mlp_medium": ARCHITECTURES["mlp_medium_v1"],
}

#: Where the labels come from: the teacher's score of the frame, the opinion score of the clip, or
#: the latter where there is one.
TARGETS = ("distill", "mos", "hybrid")


def recipe(arch: str, *, epochs: int = 30, seed: int = 0) -> Recipe:
    """The harness's recipe for one of its architectures."""
    return Recipe(ARCHS[arch], standardise=False, epochs=epochs, seed=seed)


def with_targets(table: pd.DataFrame, targets: str, mos: dict[str, float] | None) -> pd.DataFrame:
    """Replace the label column ``vmaf`` by the targets asked for.

    ``mos`` holds scores by the distorted clip's name (column ``name``). With "mos", rows of clips
    without a score are left out; with "hybrid" they keep the teacher's. Column ``rated`` says which
    rows have an opinion score as label.

    ValueError: no opinion scores given, or none for any clip of the table.
    """
    if targets == "distill":
        return table.assign(rated=False)
    if mos is None:
        raise ValueError(f"targets {targets!r} need opinion scores: --mos FILE")
    if "name" not in table.columns:
        raise ValueError("the table has no column name to look opinion scores up by")
    scores = table["name"].map(mos)
    rated = scores.notna()
    if not rated.any():
        raise ValueError(
            f"no opinion score for any of {table['name'].nunique()} clips, such as "
            f"{table['name'].iloc[0]!r}; the file has {', '.join(sorted(mos)[:3])} ..."
        )
    labelled = table.assign(vmaf=scores.where(rated, table["vmaf"]), rated=rated)
    return labelled if targets == "hybrid" else labelled[rated].reset_index(drop=True)


def zero_table(width: int, height: int, val_source: str) -> pd.DataFrame:
    """Rows of zero-filled clips of two sources, labelled 0: enough to run everything once.

    Raises FrameSizeError for a size that the engine does not take.
    """
    planes = np.zeros((3, height, width), np.uint8)
    rows = pd.DataFrame(pyvmaf_tiny.features(planes, planes), columns=list(FEATURES))
    rows = rows.assign(vmaf=0.0, frame=np.arange(3), distortion="identical")
    sources = (val_source, f"other than {val_source}")
    return pd.concat(
        [rows.assign(source=source, clip=source, name=source) for source in sources],
        ignore_index=True,
    )


@dataclass(frozen=True)
class Outcome:
    """A trained student, the rows it was measured on, and what came out."""

    student: Mlp
    onnx: Path
    held_out: pd.DataFrame
    report: dict[str, Any]


def run(
    table: pd.DataFrame,
    arch: str,
    val_source: str,
    out: Path,
    trainer: Callable[[NDArray[np.float64], NDArray[np.float64]], Mlp],
) -> Outcome:
    """Train on all sources but one, export to ``<arch>_final.onnx`` in ``out``, measure that file.

    SplitError when there is no such source.
    """
    fold = hold_out(table, [val_source])
    features, labels = features_of(table), labels_of(table)
    student = trainer(features[fold.train], labels[fold.train])
    onnx = out / f"{arch}_final.onnx"
    onnx.parent.mkdir(parents=True, exist_ok=True)
    onnx.write_bytes(to_onnx(student, onnx.stem).SerializeToString())
    model = load_model(onnx)
    held_out = table.iloc[fold.test].reset_index(drop=True)
    scores = model.predict(features[fold.test])
    report = {
        "arch": arch,
        "architecture": ARCHS[arch].text,
        "parameters": student.parameters,
        "val_source": val_source,
        "train_rows": len(fold.train),
        "val_rows": len(fold.test),
        "rated_rows": int(table["rated"].sum()),
        "metrics": measured(scores, held_out),
        "latency_us": row_latency(model, features[fold.test]),
        "onnx": {"file": onnx.name, "bytes": onnx.stat().st_size, "sha256": model.digest},
    }
    return Outcome(student, onnx, held_out, report)


def measured(scores: NDArray[np.float64], rows: pd.DataFrame) -> dict[str, Any]:
    """Agreement per frame, and per clip where opinion scores are the labels.

    Errors always; correlations are None where none is defined: constant scores or labels.
    """
    found = _agreement(scores, labels_of(rows))
    if rows["rated"].any():
        clips = rows.assign(score=scores).groupby("name")[["score", "vmaf"]].mean()
        found["clips"] = _agreement(clips["score"].to_numpy(), clips["vmaf"].to_numpy())
    return found


def _agreement(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> dict[str, Any]:
    figures = asdict(agreement(scores, labels, strict=False))
    return {name: None if value != value else value for name, value in figures.items()}
