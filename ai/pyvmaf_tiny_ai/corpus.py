"""From a clip of the manifest to labelled feature rows: the work of one task."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import scipy

import pyvmaf_tiny
from pyvmaf_tiny.frames import FEATURES

from .cache import Envelope, recipe_digest
from .clips import Clip, make_clip
from .distort import DISTORTIONS
from .manifest import ClipEntry, Manifest
from .table import NEG
from .teacher import Teacher

#: Counts changes of the code that makes clips, distorts or labels them so that rows change.
CODE = 1

#: A teacher's columns: the score as libvmaf gives it, and the same before the clip to 0..100.
LABELS = ("vmaf", "vmaf_raw")

#: The columns of a corpus table: what the row is, default and NEG features, teacher scores.
COLUMNS = (
    *("source", "clip", "distortion", "codec", "corpus", "teacher", "reserved", "frame"),
    *(*FEATURES, *LABELS),
    *(NEG + name for name in (*FEATURES, *LABELS)),
)


@dataclass(frozen=True)
class Task:
    """One clip and some of its distortions: what one process makes in one go."""

    entry: ClipEntry
    frames: int
    distortions: tuple[str, ...]
    packages: Path
    teacher: Teacher
    teacher_pin: str


def load_teacher(manifest: Manifest, packages: Path) -> Teacher:
    """Fetch the manifest's teacher; its absence is an error, nothing can be labelled without it."""
    data = manifest.teacher_package.member(packages, manifest.teacher_member)
    path = packages / Path(manifest.teacher_member).name
    path.write_bytes(data)
    return Teacher.from_json(path)


def clip_name(clip: str, distortion: str) -> str:
    """The name of a distorted clip, as a file would have it."""
    return f"{clip}_{distortion}"


def recipe(entry: ClipEntry, frames: int, distortion: str, teacher_pin: str) -> str:
    """Digest everything that the rows of one distorted clip depend on, here and now."""
    engine = {info.name: info.version for info in pyvmaf_tiny.engines()}["native"]
    return recipe_digest(
        {
            "code": CODE,
            "clip": [entry.kind, entry.settings],
            "package": entry.package.sha256 if entry.package else None,
            "frames": frames,
            "distortion": DISTORTIONS[distortion].recipe,
            "teacher": teacher_pin,
            "engine": engine,
            "codecs": [av.__version__, {k: list(v) for k, v in av.library_versions.items()}],
            "arrays": [np.__version__, scipy.__version__],
        }
    )


def run_task(task: Task) -> list[Envelope]:
    """Make the clip, then every distorted version's rows."""
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 would print its settings for every encode
    entry = task.entry
    data = None
    if entry.package is not None:
        data = entry.package.member(task.packages, entry.settings["member"])
    clip = make_clip(entry, data, task.frames)
    return [
        label(clip, name, recipe(entry, task.frames, name, task.teacher_pin), task.teacher)
        for name in task.distortions
    ]


def label(clip: Clip, distortion: str, recipe: str, teacher: Teacher) -> Envelope:
    """Distort a clip, extract its features, default and NEG, and score them."""
    distorted = DISTORTIONS[distortion](clip)
    features: dict[str, list[float]] = {}
    scores: dict[str, list[float]] = {}
    for prefix, neg in (("", False), (NEG, True)):
        rows = pyvmaf_tiny.features(clip.luma, distorted, neg=neg, threads=1)
        columns = rows.T.tolist()
        features |= {prefix + name: columns[at] for at, name in enumerate(FEATURES)}
        scores[prefix + "vmaf"] = teacher.score(rows).tolist()
        scores[prefix + "vmaf_raw"] = teacher.raw(rows).tolist()
    about = {"clip": clip.name, "distortion": distortion, "codec": DISTORTIONS[distortion].codec}
    name = clip_name(clip.name, distortion)
    return Envelope(clip.source, name, recipe, about, features, scores)


def to_table(
    envelopes: Iterable[Envelope], corpus: str, teacher: Teacher, reserved: frozenset[str]
) -> pd.DataFrame:
    """One row per frame, in the order of the envelopes; columns are :data:`COLUMNS`."""
    parts = []
    for envelope in envelopes:
        columns: dict[str, Any] = {**envelope.features, **envelope.teacher}
        part = pd.DataFrame(columns, dtype=np.float64)
        part["frame"] = np.arange(len(part), dtype=np.int32)
        for column, value in envelope.about.items():
            part[column] = value
        part["source"] = envelope.source
        part["reserved"] = envelope.source in reserved
        parts.append(part)
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    table["corpus"] = corpus
    table["teacher"] = (
        teacher.name
    )  # the NEG columns are labelled by its NEG twin, the same formula
    return table[list(COLUMNS)]
