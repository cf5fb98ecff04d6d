"""Inputs: everything that frames may come from.

One file per kind of input, each with a class that satisfies :class:`LumaSource`: ``raw.py``,
``y4m.py``, ``video.py``, ``arrays.py``. A new kind is one new file, and one line in
``opening.py``, which tells the kinds apart. ``pairs.py`` walks a reference and a distorted
input side by side. Files and streams of uncompressed video share ``cursors.py`` (bytes in memory
or from a file object) and ``layout.py`` (where luma and chroma lie).
"""

from __future__ import annotations

from .base import LumaSource, as_plane
from .opening import open_source
from .pairs import FramePairs, open_pairs

__all__ = ["FramePairs", "LumaSource", "as_plane", "open_pairs", "open_source"]
