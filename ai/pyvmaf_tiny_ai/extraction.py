"""Pairs of clips to rows of a table: features and teacher scores, through the per-clip cache."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
import pandas as pd

from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.version import __version__

from .cache import ClipCache, Envelope, recipe_digest
from .datasets import Pair
from .teacher import Teacher

#: The columns of a table, in order.
COLUMNS = ("corpus", "subset", "source", "clip", "name", "distortion", "frame", *FEATURES, "vmaf")


def extract(pair: Pair, teacher: Teacher, cache: ClipCache) -> pd.DataFrame:
    """Rows of one pair, one per frame, from the cache where it has them.

    Raises what :func:`pyvmaf_tiny.features` raises, and BrokenEntryError.
    """
    digest = recipe_digest(
        {"pair": pair.recipe(), "teacher": teacher_digest(teacher), "package": __version__}
    )
    entry = cache.load(pair.source, pair.name, digest)
    if entry is None:
        features = pair.features()
        entry = Envelope(
            source=pair.source,
            name=pair.name,
            recipe=digest,
            about={"corpus": pair.corpus, "subset": pair.subset, "clip": pair.clip},
            features=dict(zip(FEATURES, features.T.tolist(), strict=True)),
            teacher={"vmaf": teacher.score(features).tolist()},
        )
        cache.store(entry)
    table = pd.DataFrame({**entry.features, **entry.teacher})
    facts = {**entry.about, "source": pair.source, "name": pair.name, "distortion": pair.distortion}
    return table.assign(**facts, frame=np.arange(len(table), dtype=np.int32))[list(COLUMNS)]


def teacher_digest(teacher: Teacher) -> str:
    """The sha256 of everything that a teacher's scores depend on."""
    digest = hashlib.sha256()
    for part in astuple(teacher):
        digest.update(np.asarray(part, np.float64).tobytes())
    return digest.hexdigest()


def union(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of several corpora. A source of one name is one source, in whichever corpus.

    Text columns that a table lacks are empty there, and its rows are not reserved.

    ValueError when features, scores or sources are missing, or the same row comes twice.
    """
    required = {"source", "clip", "distortion", "frame", *FEATURES, "vmaf"}
    for table in tables:
        missing = sorted(required - set(table.columns))
        if missing:
            raise ValueError(f"no column {', '.join(missing)}; there are {list(table.columns)}")
    joined = pd.concat(tables, ignore_index=True)
    for name in ("corpus", "subset"):
        if name in joined.columns:
            joined[name] = joined[name].fillna("")
    if "reserved" in joined.columns:
        joined["reserved"] = joined["reserved"].fillna(False).astype(bool)
    keys = [name for name in ("corpus", "source", "clip", "distortion") if name in joined.columns]
    twice = joined[joined.duplicated([*keys, "frame"])]
    if not twice.empty:
        first = ", ".join(str(value) for value in twice.iloc[0][[*keys, "frame"]])
        raise ValueError(f"{len(twice)} rows come twice, the first is {first}")
    return joined
