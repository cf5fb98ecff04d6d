"""BVI-DVC: 200 contents in four sizes, ``Videos/ABangkok_3840x2176_25fps_10bit_420.mp4``.

The first letter is the subset: A is 3840x2176; B, C and D are the same content at a half, a
quarter and an eighth of it. So the source is the name without the letter: a split by source keeps
the four together. They are references only; the distorted side is encoded here, at 10 bit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .pairs import CorpusLayoutError, EncodedPair, Pair

CORPUS = "bvi-dvc"
FOLDER = "Videos"
SUBSETS = {"A": (3840, 2176), "B": (1920, 1088), "C": (960, 544), "D": (480, 272)}

_NAME = re.compile(
    r"(?P<subset>[ABCD])(?P<content>[A-Za-z0-9-]+)_(?P<width>[0-9]+)x(?P<height>[0-9]+)"
    r"_[0-9.]+fps_10bit_420(_[A-Za-z0-9]+)?\.mp4"
)


def pairs(root: Path, crfs: Sequence[int] = (35,)) -> list[Pair]:
    """List one pair per video and rate factor, by name.

    CorpusLayoutError when there is no video, or its name or size is of another kind.
    """
    folder = root / FOLDER if (root / FOLDER).is_dir() else root
    found: list[Pair] = []
    for video in sorted(folder.glob("*.mp4")):
        match = _NAME.fullmatch(video.name)
        if match is None:
            raise CorpusLayoutError(
                f"{video}: expected a name like ABangkok_3840x2176_25fps_10bit_420.mp4"
            )
        size = int(match["width"]), int(match["height"])
        if SUBSETS[match["subset"]] != size:
            raise CorpusLayoutError(
                f"{video}: subset {match['subset']} has {SUBSETS[match['subset']]}, not {size}"
            )
        found += [
            EncodedPair(
                corpus=CORPUS,
                subset=match["subset"],
                source=match["content"],
                clip=video.stem,
                name=f"{video.stem}_x264_crf{crf}",
                reference=video,
                crf=crf,
            )
            for crf in crfs
        ]
    if not found:
        raise CorpusLayoutError(f"{folder}: no .mp4 in it; expected {FOLDER}/A..._420.mp4")
    return found
