"""Loaders for corpora that their owners hand out: a folder in, pairs of clips out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import bvi_dvc, konvid, netflix
from .pairs import CorpusLayoutError, EncodedPair, FilePair, Pair

#: Every loader by the corpus's name: a function from its folder to its pairs.
LOADERS: dict[str, Callable[[Path], list[Pair]]] = {
    "netflix": netflix.pairs,
    "konvid-1k": konvid.pairs,
    "bvi-dvc": bvi_dvc.pairs,
}

__all__ = ["LOADERS", "CorpusLayoutError", "EncodedPair", "FilePair", "Pair"]
