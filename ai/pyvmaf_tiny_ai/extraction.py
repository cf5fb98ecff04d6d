"""Pairs of clips to rows of a table: features and teacher scores, through the per-clip cache."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.version import __version__

from . import corpus
from .cache import ClipCache, Envelope, recipe_digest
from .datasets import Pair
from .table import NEG
from .teacher import Teacher

#: The columns of a table: those of the package corpus, then what only loaders know.
COLUMNS = (*corpus.COLUMNS, "subset", "name")


def extract(pair: Pair, teacher: Teacher, cache: ClipCache) -> pd.DataFrame:
    """Rows of one pair, one per frame, from the cache where it has them.

    Raises what :func:`pyvmaf_tiny.features` raises, and BrokenEntryError.
    """
    recipe = recipe_digest(
        {"pair": pair.recipe(), "teacher": teacher.digest, "package": __version__}
    )
    entry = cache.load(pair.source, pair.name, recipe)
    if entry is None:
        entry = _envelope(pair, teacher, recipe)
        cache.store(entry)
    table = pd.DataFrame({**entry.features, **entry.teacher})
    return table.assign(
        **entry.about,
        source=pair.source,
        name=pair.name,
        teacher=teacher.name,
        reserved=False,
        frame=np.arange(len(table), dtype=np.int32),
    )[list(COLUMNS)]


def _envelope(pair: Pair, teacher: Teacher, recipe: str) -> Envelope:
    """Extract default and NEG features and score both."""
    features: dict[str, list[float]] = {}
    scores: dict[str, list[float]] = {}
    for prefix, neg in (("", False), (NEG, True)):
        rows = pair.features(neg=neg)
        features |= {prefix + name: rows[:, at].tolist() for at, name in enumerate(FEATURES)}
        scores[prefix + "vmaf"] = teacher.score(rows).tolist()
        scores[prefix + "vmaf_raw"] = teacher.raw(rows).tolist()
    about = {
        "clip": pair.clip,
        "distortion": pair.distortion,
        "codec": pair.codec,
        "corpus": pair.corpus,
        "subset": pair.subset,
    }
    return Envelope(pair.source, pair.name, recipe, about, features, scores)


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
