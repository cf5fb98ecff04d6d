"""Two engines on the same frames: are their features the same doubles, and if not, why.

``comparison.py`` runs them side by side, ``tally.py`` counts, ``deviations.py`` knows where
libvmaf's SIMD code differs from its own scalar code.
"""

from __future__ import annotations

from .choice import EngineChoice
from .comparison import compare
from .deviations import Cause, Explanation
from .result import ComparedEngine, ComparisonResult, FeatureComparison

__all__ = [
    "Cause",
    "ComparedEngine",
    "ComparisonResult",
    "EngineChoice",
    "Explanation",
    "FeatureComparison",
    "compare",
]
