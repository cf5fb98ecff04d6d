"""Inputs: everything that frames may come from.

One file per kind of input, each with a class that satisfies :class:`LumaSource`: ``raw.py``,
``y4m.py``, ``video.py``, ``arrays.py``. A new kind is one new file, and one line in
``opening.py``, which tells the kinds apart. ``groups.py`` walks a reference and its distorted
versions side by side. Files and streams of uncompressed video share ``cursors.py`` (bytes in memory
or from a file object) and ``layout.py`` (where luma and chroma lie).
"""

from __future__ import annotations

from .base import LumaSource, as_plane
from .groups import FrameGroups, FramePairs
from .inputs import open_groups, open_pairs
from .opening import open_source

__all__ = [
    "FrameGroups",
    "FramePairs",
    "LumaSource",
    "as_plane",
    "open_groups",
    "open_pairs",
    "open_source",
]
