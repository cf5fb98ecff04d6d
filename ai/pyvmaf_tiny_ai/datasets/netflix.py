"""The Netflix Public data set: 9 references and their encodes as raw 1080p YUV.

``ref/Tennis_24fps.yuv``, ``dis/Tennis_20_288_375.yuv``: source and frame rate; source, percentage,
height and bit rate of the encode. All are 4:2:0, 8 bit, 1920x1080 (encodes are scaled back up).
"""

from __future__ import annotations

import re
from pathlib import Path

from .pairs import CorpusLayoutError, FilePair, Pair

CORPUS = "netflix"
WIDTH, HEIGHT = 1920, 1080

_REFERENCE = re.compile(r"(?P<source>[A-Za-z0-9]+)_(?P<rate>[0-9]+)fps\.yuv")
_DISTORTED = re.compile(r"(?P<source>[A-Za-z0-9]+)_[A-Za-z0-9_.-]+\.yuv")


def pairs(root: Path, width: int = WIDTH, height: int = HEIGHT) -> list[Pair]:
    """List the pairs below ``root``, by name.

    CorpusLayoutError when a folder or a reference is missing, or a name is of another kind.
    """
    references: dict[str, Path] = {}
    for path in _files(root / "ref"):
        match = _REFERENCE.fullmatch(path.name)
        if match is None:
            raise CorpusLayoutError(f"{path}: expected a name like Tennis_24fps.yuv")
        if match["source"] in references:
            raise CorpusLayoutError(f"{path}: a second reference of {match['source']}")
        references[match["source"]] = path
    found: list[Pair] = []
    for path in _files(root / "dis"):
        match = _DISTORTED.fullmatch(path.name)
        if match is None:
            raise CorpusLayoutError(f"{path}: expected a name like Tennis_20_288_375.yuv")
        source = match["source"]
        if source not in references:
            raise CorpusLayoutError(f"{path}: no reference {source}_*fps.yuv in {root / 'ref'}")
        reference = references[source]
        found.append(
            FilePair(
                corpus=CORPUS,
                subset="",
                source=source,
                clip=reference.stem,
                name=path.stem,
                reference=reference,
                distorted=path,
                width=width,
                height=height,
            )
        )
    return found


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CorpusLayoutError(f"{folder}: no such folder; expected ref/ and dis/ with .yuv files")
    files = sorted(folder.glob("*.yuv"))
    if not files:
        raise CorpusLayoutError(f"{folder}: no .yuv file in it")
    return files
