"""The arithmetic of charts: ticks, scales, labels that keep apart, traces, ranges."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sample_results import draw, drawn_result, sample_result

from pyvmaf_tiny.errors import OptionError
from pyvmaf_tiny.report import Comparison, Curve, Thumbnail
from pyvmaf_tiny.report.chart import (
    DARK_COLORS,
    LIGHT_COLORS,
    Box,
    Scale,
    beside,
    round_values,
    spread,
    style,
)
from pyvmaf_tiny.report.comparison import MAX_POINTS


@given(st.floats(-1e4, 1e4), st.floats(0.01, 1e6), st.integers(4, 12))
@example(1.0, 800801.0, 4)  # 500,000 alone would lie within
def test_ticks_are_few_round_and_within(low: float, span: float, count: int) -> None:
    ticks = round_values(low, low + span, count)
    assert 2 <= len(ticks) <= count + 1
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    step = ticks[1] - ticks[0]
    leading = step / 10 ** math.floor(math.log10(step * (1 + 1e-9)))
    assert min(abs(leading - nice) for nice in (1, 2, 5, 10)) < 1e-6


def test_scales() -> None:
    linear = Scale(0, 50, 100, 0)
    assert [linear(value) for value in (0, 25, 50)] == [100, 50, 0]
    log = Scale(10, 1000, 0, 200, log=True)
    assert [log(value) for value in (10, 100, 1000)] == pytest.approx([0, 100, 200])
    assert log.ticks(5) == pytest.approx([10, 20, 50, 100, 200, 500, 1000])
    assert Scale(900, 1100, 0, 1, log=True).ticks(4) == [900, 950, 1000, 1050, 1100]
    assert Scale(0, 3, 0, 1).whole_ticks(10) == [0, 1, 2, 3]
    assert Scale(5, 5, 0, 10)(5) == 5


@given(st.lists(st.floats(-50, 150), min_size=1, max_size=12), st.floats(1, 20))
def test_spread_labels_keep_their_distance_and_order(wanted: list[float], gap: float) -> None:
    placed = spread(wanted, gap, 0, 100)
    room = min(gap, 100 / max(len(wanted) - 1, 1))
    assert all(-1e-6 <= place <= 100 + 1e-6 for place in placed)
    for a, b in itertools.combinations(range(len(wanted)), 2):
        assert abs(placed[a] - placed[b]) >= room - 1e-6
        if wanted[a] < wanted[b]:
            assert placed[a] < placed[b]


def test_spread_moves_only_what_collides() -> None:
    assert spread([10, 50, 90], 10, 0, 100) == [10, 50, 90]
    assert spread([50, 50, 90], 10, 0, 100) == [45, 55, 90]
    assert spread([], 10, 0, 100) == []


def test_labels_beside_points_stay_clear() -> None:
    # A typical rate curve: rising and flattening.
    points = [(40.0, 160.0), (110.0, 90.0), (190.0, 45.0), (280.0, 25.0), (330.0, 20.0)]
    frame = Box(0, 0, 360, 200)
    boxes = beside(points, [(44, 14)] * 5, frame, [points])
    for box, other in itertools.combinations(boxes, 2):
        assert box.overlap(other) == 0
    for box in boxes:
        assert box.overlap(frame) == pytest.approx(box.width * box.height)
        assert all(box.overlap(Box(x - 5, y - 5, 10, 10)) == 0 for x, y in points)


def test_curves_look_different() -> None:
    looks = [style(position) for position in range(4 * len(LIGHT_COLORS))]
    assert len(set(looks)) == len(looks)
    assert len(set(LIGHT_COLORS)) == len(set(DARK_COLORS)) == len(LIGHT_COLORS)


# Simulations in linear RGB by Machado, Oliveira and Fernandes (2009), full severity.
_VISION: dict[str, NDArray[np.float64]] = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip


def _linear(color: str) -> NDArray[np.float64]:
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _lab(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", _VISION)
@pytest.mark.parametrize("colors", [LIGHT_COLORS, DARK_COLORS], ids=["light", "dark"])
def test_the_first_five_colors_can_be_told_apart(colors: tuple[str, ...], vision: str) -> None:
    seen = [_lab(_VISION[vision] @ _linear(color)) for color in colors[:5]]
    for a, b in itertools.combinations(seen, 2):
        assert np.linalg.norm(a - b) > 14


def test_short_series_are_drawn_as_they_are() -> None:
    scores, features = draw(MAX_POINTS)
    (trace,) = Comparison([Curve("a", sample_result(scores, features, step=2))]).traces
    assert trace.step == 1
    assert trace.frames.tolist() == list(range(0, 2 * MAX_POINTS, 2))
    for series in (trace.mean, trace.low, trace.high):
        assert np.array_equal(series, scores)


def test_long_series_are_reduced_to_means_and_ranges() -> None:
    scores, features = draw(10_001)
    (trace,) = Comparison([Curve("a", sample_result(scores, features))]).traces
    assert (trace.step, len(trace.frames)) == (7, 1429)
    for point, first in enumerate(trace.frames.tolist()):
        part = scores[first : first + 7]
        assert first == 7 * point
        assert trace.mean[point] == pytest.approx(part.mean())
        assert (trace.low[point], trace.high[point]) == (part.min(), part.max())


def test_ranges_hold_every_value() -> None:
    one, two = drawn_result(40), drawn_result(60, seed=2)
    comparison = Comparison([Curve("one", one), Curve("two", two)])
    low, high = comparison.value_range
    assert 0 <= low < min(one.min, two.min)
    assert max(one.max, two.max) <= high <= 100
    assert comparison.frame_range == (0, 59)
    flat = Comparison([Curve("flat", sample_result(np.array([100.0]), np.ones((1, 6))))])
    assert flat.value_range == (99.5, 100.0)
    assert flat.frame_range == (0, 1)
    beyond = sample_result(np.array([-3.0, 104.0]), np.ones((2, 6)))
    low, high = Comparison([Curve("wild", beyond)]).value_range
    assert low < -3
    assert high > 104


def test_rate_points_by_group_and_rate() -> None:
    results = [drawn_result(30, seed) for seed in range(5)]
    curves = [
        Curve("a2", results[0], bitrate=900, group="a"),
        Curve("b1", results[1], bitrate=500, group="b"),
        Curve("a1", results[2], bitrate=300, group="a"),
        Curve("none", results[3]),
    ]
    groups = Comparison(curves).rate_groups
    assert [[(p.position, p.rate) for p in group] for group in groups] == [
        [(2, 300), (0, 900)],
        [(1, 500)],
    ]
    assert groups[0][0].mean == results[2].mean
    assert groups[0][0].fifth == np.percentile(results[2].scores, 5)
    assert Comparison(curves[2:]).rate_groups == []


def test_what_curves_have_in_common() -> None:
    one = Curve("one", drawn_result(5, reference="r.y4m", gain_limit=1.0))
    two = Curve("two", drawn_result(5, reference="other.y4m", gain_limit=1.0, cpu_tier="avx2"))
    assert Comparison([one, two]).about == [
        "640×360, 10 bit",
        "model some_model",
        "no enhancement gain (NEG)",
    ]
    assert Comparison([one]).about[0] == "reference r.y4m"


def test_a_score_is_named_after_its_model() -> None:
    def name(*models: str | None, metric: str = "vmaf") -> str:
        curves = [Curve(str(each), drawn_result(5, model_id=each)) for each in models]
        return Comparison(curves, metric=metric).metric_name

    assert name("small") == name("small", "small") == "VMAF (small)"
    assert name("small", "large") == "VMAF (several models)"
    assert name("small", metric="adm2") == "adm2"


def test_comparisons_that_cannot_be_drawn() -> None:
    with pytest.raises(OptionError, match="no curve"):
        Comparison([])
    with pytest.raises(OptionError, match="keep_frames=True"):
        Comparison([Curve("a", drawn_result(5, keep=False))])
    with pytest.raises(OptionError, match="without a model"):
        Comparison([Curve("a", sample_result(None, draw(5)[1]))])
    with pytest.raises(OptionError, match="'ssim'"):
        Comparison([Curve("a", drawn_result(5))], metric="ssim")
    for bitrate in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(OptionError, match="bitrate of 'a'"):
            Curve("a", drawn_result(5), bitrate=bitrate)
    for image in (np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4)), np.zeros(4, np.uint8)):
        with pytest.raises(OptionError, match="thumbnail of frame 7"):
            Thumbnail(7, image)  # type: ignore[arg-type]
