"""What a comparison found."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from .deviations import Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedEngine:
    """One side: the engine that ran, and what it was told.

    ``choice`` is what was asked for (``libvmaf:scalar``), the rest what the engine said of
    itself.
    """

    choice: str
    name: str
    version: str
    tier: str
    threads: int
    cpu_mask: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureComparison:
    """One feature over all frames.

    ``equal_frames`` had the same double on both sides (NaN on both counts as the same).
    ``max_difference`` is the largest absolute difference, in ``frame``, where the sides gave
    ``values``; ``max_relative_difference`` is the largest one relative to the larger magnitude.
    0.0 and None without a difference; infinite where only one side is a number.
    """

    feature: str
    frames: int
    equal_frames: int
    first_frame: int | None = None
    max_difference: float = 0.0
    frame: int | None = None
    values: tuple[float, float] | None = None
    max_relative_difference: float = 0.0
    relative_frame: int | None = None

    @property
    def equal(self) -> bool:
        """Whether every frame had the same double."""
        return self.equal_frames == self.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonResult:
    """Two engines compared over ``frames`` frames.

    ``explanation`` is there when libvmaf's SIMD code took part and something differs; see
    :class:`Explanation`. ``complete`` is False when an error cut the comparison short.
    """

    engines: tuple[ComparedEngine, ComparedEngine]
    reference: str
    distorted: str
    width: int
    height: int
    bit_depth: int
    gain_limit: float
    subsample: int
    frames: int
    features: tuple[FeatureComparison, ...]
    explanation: Explanation | None = None
    complete: bool = True

    @property
    def equal(self) -> bool:
        """Whether all features of all frames were the same doubles."""
        return all(feature.equal for feature in self.features)

    @property
    def different(self) -> tuple[str, ...]:
        """The features that differed in at least one frame."""
        return tuple(feature.feature for feature in self.features if not feature.equal)

    def __getitem__(self, feature: str) -> FeatureComparison:
        """One feature by name; KeyError when there is none of that name."""
        for each in self.features:
            if each.feature == feature:
                return each
        raise KeyError(feature)

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON: what is not a finite number is its name, as a string."""
        content = _plain(asdict(self))
        return {"equal": self.equal, "different": list(self.different), **content}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
