"""Pooled figures: against NumPy, SciPy and exact arithmetic, streamed and at once."""

from __future__ import annotations

import math
import time
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_results import Array, draw
from scipy import stats

from pyvmaf_tiny.errors import EmptyInputError, ModelError, OptionError
from pyvmaf_tiny.frames import FEATURES, FeatureVector
from pyvmaf_tiny.pooling import POOL_METHODS, Figures, Pooling

_ZERO = FeatureVector(0, 0, 0, 0, 0, 0)


def _pooled(scores: Array, features: Array | None = None) -> dict[str, Figures]:
    pooling = Pooling(with_score=True)
    pooling.add_many(scores, np.zeros((len(scores), 6)) if features is None else features)
    return pooling.figures()


@pytest.mark.parametrize("frames", [1, 2, 511, 512, 513, 5000])
def test_figures_of_every_metric(frames: int) -> None:
    scores, features = draw(frames)
    figures = _pooled(scores, features)
    assert tuple(figures) == (*FEATURES, "vmaf")
    for metric, values in zip(figures, [*features.T, scores], strict=True):
        pooled = figures[metric]
        assert (pooled.count, pooled.min, pooled.max) == (frames, values.min(), values.max())
        assert pooled.mean == pytest.approx(math.fsum(values) / frames, rel=1e-15)
        assert pooled.harmonic_mean == pytest.approx(stats.hmean(values + 1) - 1, rel=1e-13)
        assert pooled.variance == pytest.approx(np.var(values), rel=1e-12)
        assert pooled.stddev == pytest.approx(np.std(values), rel=1e-12)


@given(
    sizes=st.lists(st.integers(0, 700), min_size=1, max_size=6),
    singly=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_the_way_frames_arrive_changes_no_bit(sizes: list[int], singly: list[bool]) -> None:
    scores, features = draw(1 + sum(sizes))
    at_once = Pooling(with_score=True)
    at_once.add_many(scores, features)
    parts = Pooling(with_score=True)
    parts.add(float(scores[0]), features[0].tolist())
    start = 1
    for size, one_by_one in zip(sizes, singly, strict=False):
        part = slice(start, start + size)
        start += size
        if one_by_one:
            for score, row in zip(scores[part].tolist(), features[part].tolist(), strict=True):
                parts.add(score, row)
        else:
            parts.add_many(scores[part], features[part])
        parts.figures()  # looking in between leaves no trace
    assert parts.figures() == at_once.figures()


def test_small_changes_on_a_large_value_keep_their_digits() -> None:
    # A sum of squares would lose all of the variance here.
    scores = 1e8 + np.tile([0.0, 1e-3, 2e-3], 4000)
    exact = [Fraction(float(score)) for score in scores[:3]]
    mean = sum(exact, Fraction()) / 3
    variance = sum((value - mean) ** 2 for value in exact) / 3
    pooled = _pooled(scores)["vmaf"]
    assert abs(Fraction(pooled.mean) - mean) <= math.ulp(1e8)
    assert pooled.variance == pytest.approx(float(variance), rel=1e-9)


def test_the_mean_does_not_drift() -> None:
    # Beside the first value the sum of a block is less than four units in the last place.
    scores = np.full(200_001, 0.1)
    scores[0] = 1e17
    exact = (Fraction(1e17) + 200_000 * Fraction(0.1)) / 200_001
    assert _pooled(scores)["vmaf"].mean == pytest.approx(float(exact), rel=3e-16, abs=0)


@given(value=st.floats(-0.5, 100), frames=st.integers(1, 1500))
def test_equal_frames_have_that_value_in_every_figure(value: float, frames: int) -> None:
    pooled = _pooled(np.full(frames, value))["vmaf"]
    assert {pooled.pool(method) for method in POOL_METHODS} == {value}
    assert pooled.variance == 0.0


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40))
def test_means_are_ordered(values: list[float]) -> None:
    pooled = _pooled(np.array(values))["vmaf"]
    assert pooled.harmonic_mean is not None
    assert pooled.min <= pooled.harmonic_mean <= pooled.mean <= pooled.max


def test_the_harmonic_mean_is_libvmafs() -> None:
    # Three scores by hand: 3 / (1/1 + 1/3 + 1/6) - 1.
    assert _pooled(np.array([0.0, 2.0, 5.0]))["vmaf"].harmonic_mean == pytest.approx(1.0)


def test_there_is_no_harmonic_mean_at_minus_one() -> None:
    pooled = _pooled(np.array([-1.0, 50.0]))["vmaf"]
    assert pooled.harmonic_mean is None
    assert pooled.mean == 24.5
    with pytest.raises(OptionError, match=r"above -1: given a smallest value of -1\.0"):
        pooled.pool("harmonic_mean")


def test_pool_takes_libvmafs_names_and_no_others() -> None:
    pooled = _pooled(np.array([10.0, 20.0, 60.0]))["vmaf"]
    assert [pooled.pool(method) for method in ("min", "max", "mean")] == [10.0, 60.0, 30.0]
    assert pooled.pool("harmonic_mean") == pytest.approx(stats.hmean([11, 21, 61]) - 1)
    with pytest.raises(OptionError, match="'median', expected one of min, max, mean, harmonic"):
        pooled.pool("median")


def test_no_frames_have_no_figures() -> None:
    pooling = Pooling(with_score=False)
    with pytest.raises(EmptyInputError, match="0 frames"):
        pooling.figures()
    pooling.add_many(None, np.zeros((0, 6)))
    assert len(pooling) == 0
    with pytest.raises(EmptyInputError):
        pooling.figures()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_refused_and_not_added(bad: float) -> None:
    scores, features = draw(600)
    pooling = Pooling(with_score=True)
    pooling.add_many(scores, features)
    before = pooling.figures()
    with pytest.raises(ModelError, match="frame 600 of this stream"):
        pooling.add(bad, _ZERO)
    broken = scores.copy()
    broken[7] = bad
    with pytest.raises(ModelError, match="frame 607 of this stream"):
        pooling.add_many(broken, features)
    assert pooling.figures() == before


def test_frames_that_do_not_fit_are_refused() -> None:
    scored, unscored = Pooling(with_score=True), Pooling(with_score=False)
    with pytest.raises(OptionError, match="score None, expected 6 features and a score"):
        scored.add(None, _ZERO)
    with pytest.raises(OptionError, match="expected 6 features and no score"):
        unscored.add(1.0, _ZERO)
    with pytest.raises(OptionError, match="given 5 features"):
        scored.add(1.0, _ZERO[:5])
    with pytest.raises(OptionError, match="given 7 features"):
        unscored.add(None, (*_ZERO, 0.0))
    with pytest.raises(OptionError, match=r"scores of shape \(2,\)"):
        scored.add_many(np.zeros(2), np.zeros((3, 6)))
    with pytest.raises(OptionError, match=r"features of shape \(3, 5\)"):
        scored.add_many(np.zeros(3), np.zeros((3, 5)))
    with pytest.raises(OptionError, match="no scores"):
        scored.add_many(None, np.zeros((3, 6)))
    assert len(scored) == len(unscored) == 0


def test_memory_does_not_grow_with_the_frames() -> None:
    pooling = Pooling(with_score=True)
    row = FeatureVector(*draw(1)[1][0].tolist())

    def add(frames: int) -> int:
        for _ in range(frames):
            pooling.add(50.0, row)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        settled = add(2048)
        assert add(20_480) - settled < 4096
    finally:
        tracemalloc.stop()


def test_adding_a_frame_costs_microseconds() -> None:
    row = FeatureVector(*draw(1)[1][0].tolist())
    fastest = math.inf
    for _ in range(5):
        pooling = Pooling(with_score=True)
        start = time.process_time()
        for _ in range(5120):
            pooling.add(50.0, row)
        fastest = min(fastest, (time.process_time() - start) / 5120)
    assert fastest < 5e-6
