"""Which model scores when none is named: NEG features have a default of their own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import pyvmaf_tiny
from pyvmaf_tiny import OptionError

Planes = NDArray[np.uint8]


@pytest.fixture(scope="module")
def clip() -> tuple[Planes, Planes]:
    """A clip and a version with more contrast, which NEG gives no credit for."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(60, 190, (4, 12, 16))
    ref = np.repeat(np.repeat(coarse, 6, axis=1), 6, axis=2).astype(np.uint8)
    ref += rng.integers(0, 8, ref.shape, dtype=np.uint8)
    dis = np.clip((ref - 128.0) * 1.3 + 128.0, 0, 255).astype(np.uint8)
    return ref, dis


def test_neg_features_have_the_neg_default(clip: tuple[Planes, Planes]) -> None:
    for options in ({"neg": True}, {"gain_limit": 1.0}):
        result = pyvmaf_tiny.score(*clip, **options)
        assert result.info.model_id == "vmaf_tiny_d1neg"
    assert result.mean < pyvmaf_tiny.score(*clip).mean - 1


def test_all_others_have_the_default(clip: tuple[Planes, Planes]) -> None:
    for options in ({}, {"neg": False}, {"gain_limit": 1.5}):
        assert pyvmaf_tiny.score(*clip, **options).info.model_id == "vmaf_tiny_d1"


def test_both_in_one_pass_have_theirs(clip: tuple[Planes, Planes]) -> None:
    result = pyvmaf_tiny.score(*clip, neg="both")
    assert (result.info.model_id, result.info.neg_model_id) == ("vmaf_tiny_d1", "vmaf_tiny_d1neg")
    assert result.neg is not None
    alone = pyvmaf_tiny.score(*clip, neg=True)
    np.testing.assert_array_equal(result.neg.scores, alone.scores)


def test_a_model_that_is_named_scores_both(clip: tuple[Planes, Planes]) -> None:
    result = pyvmaf_tiny.score(*clip, neg="both", model="vmaf_tiny_v2")
    assert (result.info.model_id, result.info.neg_model_id) == ("vmaf_tiny_v2", "vmaf_tiny_v2")
    result = pyvmaf_tiny.score(*clip, neg=True, model="vmaf_tiny_d1")
    assert result.info.model_id == "vmaf_tiny_d1"


@pytest.mark.parametrize("options", [{}, {"gain_limit": 1.5}, {"neg": "both"}], ids=str)
def test_the_neg_model_is_for_neg_features(
    clip: tuple[Planes, Planes], options: dict[str, object]
) -> None:
    with pytest.raises(OptionError, match="vmaf_tiny_d1neg was made for other features"):
        pyvmaf_tiny.score(*clip, model="vmaf_tiny_d1neg", **options)  # type: ignore[arg-type]
