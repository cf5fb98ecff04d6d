"""KoNViD-1k: 1,200 user videos, ``KoNViD_1k_videos/<flickr id>.mp4``.

They have no references: each is the reference of its own encodes here. The opinion scores that
come with the set rate the videos as they are, not these encodes, so they are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .pairs import CorpusLayoutError, EncodedPair, Pair

CORPUS = "konvid-1k"
FOLDER = "KoNViD_1k_videos"


def pairs(root: Path, crfs: Sequence[int] = (35,)) -> list[Pair]:
    """List one pair per video and rate factor, by name; CorpusLayoutError when there is none."""
    folder = root / FOLDER if (root / FOLDER).is_dir() else root
    videos = sorted(folder.glob("*.mp4"))
    if not videos:
        raise CorpusLayoutError(f"{folder}: no .mp4 in it; expected {FOLDER}/<flickr id>.mp4")
    return [
        EncodedPair(CORPUS, "", video.stem, video.stem, f"{video.stem}_x264_crf{crf}", video, crf)
        for video in videos
        for crf in crfs
    ]
