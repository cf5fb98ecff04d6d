"""The streaming front doors: frames in, scored frames out, one frame later.

``single`` scores one distorted version of a reference, ``reference`` any number of them. Both are
a ``Stream`` (``stream``): frames go through ``planes`` and the engine, rows become scored frames
in ``scoring``, and figures a result in ``outcome``. ``device`` leaves everything on a GPU
instead. ``turn`` keeps a second thread out.
"""

from __future__ import annotations

from .outcome import ClipFacts
from .reference import ReferenceScorer
from .scoring import ModelSpec
from .single import Scorer
from .stream import Stream

__all__ = ["ClipFacts", "ModelSpec", "ReferenceScorer", "Scorer", "Stream"]
