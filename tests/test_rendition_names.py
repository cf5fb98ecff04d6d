"""What renditions are called, and what is no list of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from clips import moving_planes, video_frame
from sample_results import drawn_result

import pyvmaf_tiny
from pyvmaf_tiny import OptionError, ReferenceScorer, ScoreResults
from pyvmaf_tiny.rendition_names import unique_names

REF = moving_planes(4, 64, 48)
CLIP = np.stack(REF)


@pytest.mark.parametrize(
    ("names", "unique"),
    [
        (["a", "b"], ("a", "b")),
        (["a", "a"], ("a 0", "a 1")),
        (["a", "a", "a 1"], ("a 0", "a 2", "a 1")),
        (["a 2", "a", "a", "a"], ("a 2", "a 1", "a 3", "a 4")),
        (["a 1", "a 1", "a", "a"], ("a 1 0", "a 1 1", "a 2", "a 3")),
    ],
)
def test_names_become_unique_and_stay_as_they_are(names: list[str], unique: tuple[str]) -> None:
    assert unique_names(names) == unique
    assert unique_names(unique) == unique
    assert len(set(unique)) == len(names)
    with ReferenceScorer(64, 48, names, model=False) as scorer:
        assert scorer.names == scorer.results().names == unique


def test_results_are_asked_for_by_name_and_position() -> None:
    first, second, other = (drawn_result(3, seed) for seed in range(3))
    results: Any = ScoreResults([first, second], ["6M", "1M"])
    assert "6M" in results
    assert "3M" not in results
    assert second in results
    assert other not in results
    assert 1 not in results
    assert results[-1] is results["1M"] is second
    for position in (2, 1080, -3):
        with pytest.raises(IndexError, match=f"{position} is none of 0 to 1: 6M, 1M"):
            results[position]
    with pytest.raises(IndexError, match="0 of none"):
        ScoreResults([], [])[0]


@pytest.mark.parametrize(
    ("renditions", "given"),
    [
        ({"a", "b"}, "{'"),
        ({"a": 1}, "{'a': 1}"),
        (iter("ab"), "<str"),
        ("ab", "'ab'"),
        (CLIP, r"an array of shape \(4, 48, 64\)"),
    ],
)
def test_a_scorers_renditions_are_a_number_or_a_list(renditions: Any, given: str) -> None:
    said = f"^renditions are a number or a list of names: given {given}"
    with pytest.raises(OptionError, match=said):
        ReferenceScorer(64, 48, renditions, model=False)


@pytest.mark.parametrize("name", [1, 1080, None, ("a", 2), b"a"])
def test_names_are_strings(name: Any) -> None:
    """A number would be a position, and the wrong one."""
    with pytest.raises(OptionError, match="names of renditions are strings") as raised:
        pyvmaf_tiny.score_many(CLIP, {"1": CLIP, name: CLIP}, model=False)
    assert raised.value.given == repr(name)
    assert raised.value.expected == repr(str(name))


@pytest.mark.parametrize(
    ("ref", "renditions", "said"),
    [
        (CLIP, CLIP, r"given an array of shape \(4, 48, 64\), expected such as \[dis\] for one"),
        (CLIP[0], CLIP, "an array of shape"),
        (CLIP[0], CLIP[0], "an array of shape"),
        (REF, REF, "given 4 single frames, expected such as"),
        (REF[:1], REF, "4 single frames"),
        (REF[:1], iter(REF), "4 single frames"),
        (CLIP[:1], [video_frame(plane) for plane in REF], "4 single frames"),
    ],
)
def test_forgotten_brackets_are_refused(ref: Any, renditions: Any, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        pyvmaf_tiny.score_many(ref, renditions)


@pytest.mark.parametrize(
    ("ref", "renditions", "count"),
    [
        (CLIP[0], [CLIP[0], CLIP[1]], 2),
        (video_frame(REF[0]), [CLIP[0], CLIP[1]], 2),
        (CLIP, np.stack([CLIP, CLIP, CLIP]), 3),
        (CLIP[:1], {"a": CLIP[0], "b": CLIP[1]}, 2),
        (CLIP[:1], [CLIP[0], CLIP[:1]], 2),
        (CLIP, [REF], 1),
    ],
)
def test_what_is_a_list_of_renditions(ref: Any, renditions: Any, count: int) -> None:
    features = pyvmaf_tiny.features_many(ref, renditions)
    assert features.shape[0] == count
    first = renditions["a"] if isinstance(renditions, dict) else renditions[0]
    np.testing.assert_array_equal(features[0], pyvmaf_tiny.features(ref, first))
