"""Results as a scorer would leave them, from numbers that a test chooses or draws."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pyvmaf_tiny.pooling import Pooling
from pyvmaf_tiny.result_info import ResultInfo
from pyvmaf_tiny.results import ScoreResult
from pyvmaf_tiny.rows import FrameRows

Array = NDArray[np.float64]

#: Every character that some format has to escape, and some that need more than one byte.
NASTY = "a<b>&\"'$x$ \\ [red] 雪é😀 </script><!-- \x07\udcff"


def sample_info(**changes: Any) -> ResultInfo:
    """Plausible metadata with some fields changed."""
    fields: dict[str, Any] = {
        "version": "1.2.3",
        "engine": "native",
        "engine_version": "1.2.3",
        "cpu_tier": "scalar",
        "width": 640,
        "height": 360,
        "bit_depth": 10,
        "frames": 30,
        "seconds": 0.25,
        "model_id": "some_model",
        "model_digest": "ab" * 32,
        "provider": "CPUExecutionProvider",
        "reference": "ref.y4m",
        "distorted": "dis.mp4",
        "frame_rate": 25.0,
    }
    return ResultInfo(**fields | changes)


def draw(frames: int, seed: int = 1) -> tuple[Array, Array]:
    """Random scores ``(N,)`` and features ``(N, 6)`` with all their bits in use."""
    rng = np.random.default_rng(seed)
    features = rng.random((frames, 6)) * np.array([1, 1, 1, 1, 1, 20])
    return rng.uniform(20, 100, frames), features


def sample_result(
    scores: Array | None,
    features: Array,
    *,
    keep: bool = True,
    step: int = 1,
    **info: Any,
) -> ScoreResult:
    """The result of frames 0, ``step``, ... with these scores and features."""
    pooling = Pooling(with_score=scores is not None)
    pooling.add_many(scores, features)
    rows = FrameRows(np.arange(len(features)) * step, scores, features) if keep else None
    return ScoreResult(pooling, sample_info(subsample=step, **info), frames=rows)


def drawn_result(count: int = 30, seed: int = 1, **options: Any) -> ScoreResult:
    """A scored result of ``count`` random frames."""
    return sample_result(*draw(count, seed), **options)


def hide_package(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Make importing a package fail as it does where it is not installed."""
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
