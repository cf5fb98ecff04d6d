"""ScoreResult: figures, frames, metadata, and what it says when something is not there."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import RunPython
from sample_results import draw, drawn_result, sample_info, sample_result

from pyvmaf_tiny.errors import EmptyInputError, OptionError
from pyvmaf_tiny.frames import FEATURES, FeatureVector, FrameScore
from pyvmaf_tiny.pooling import Pooling
from pyvmaf_tiny.results import ScoreResult
from pyvmaf_tiny.rows import FrameRows


def test_figures_of_the_scores() -> None:
    scores, features = draw(1000)
    result = sample_result(scores, features)
    assert len(result) == 1000
    assert float(result) == result.mean == pytest.approx(scores.mean(), rel=1e-14)
    assert (result.min, result.max) == (scores.min(), scores.max())
    assert result.harmonic_mean == pytest.approx(1000 / (1 / (scores + 1)).sum() - 1, rel=1e-13)
    assert result.stddev == pytest.approx(scores.std(), rel=1e-12)
    assert result.median == np.median(scores)
    assert result.percentile(12.5) == np.quantile(scores, 0.125)
    assert (result.percentile(0), result.percentile(100)) == (scores.min(), scores.max())


def test_figures_of_a_feature() -> None:
    _, features = draw(100)
    result = drawn_result(100)
    assert tuple(result.pooled) == result.metrics == (*FEATURES, "vmaf")
    assert result.pool("max", "motion2") == result.pooled["motion2"].max == features[:, 5].max()
    assert result.percentile(5, metric="vif_scale1") == np.percentile(features[:, 2], 5)
    assert result.series("adm2").tolist() == features[:, 0].tolist()


def test_frames() -> None:
    scores, features = draw(5)
    result = sample_result(scores, features, step=3)
    assert result.indices.tolist() == [0, 3, 6, 9, 12]
    assert result.indices.dtype == np.int64
    assert np.array_equal(result.scores, scores)
    assert np.array_equal(result.features, features)
    expected = [
        FrameScore(3 * i, float(scores[i]), FeatureVector(*features[i].tolist())) for i in range(5)
    ]
    assert list(result) == list(result.frames) == expected
    assert result.frames[-1] == expected[4]
    assert list(result.frames[1:3]) == expected[1:3]
    assert len(result.frames) == 5
    assert isinstance(result.frames[0].score, float)
    with pytest.raises(IndexError):
        result.frames[5]


def test_a_result_is_a_snapshot() -> None:
    scores, features = draw(10)
    pooling = Pooling(with_score=True)
    pooling.add_many(scores, features)
    result = ScoreResult(pooling, sample_info(), frames=FrameRows(np.arange(10), scores, features))
    mean = result.mean
    pooling.add(0.0, FeatureVector(0, 0, 0, 0, 0, 0))
    scores[:] = 0
    assert result.mean == mean == pytest.approx(result.scores.mean())
    with pytest.raises(ValueError, match="read-only"):
        result.scores[0] = 1
    with pytest.raises(TypeError):
        result.pooled["vmaf"] = result.pooled["adm2"]  # type: ignore[index]


def test_without_a_model_features_only() -> None:
    _, features = draw(20)
    result = sample_result(None, features, model_id=None)
    assert result.metrics == FEATURES
    assert result.pool("mean", "adm2") == pytest.approx(features[:, 0].mean())
    assert result.frames[0].score is None
    asks: list[Any] = [
        lambda: result.mean,
        lambda: result.harmonic_mean,
        lambda: result.min,
        lambda: result.max,
        lambda: result.stddev,
        lambda: result.median,
        lambda: result.scores,
        lambda: float(result),
        lambda: result.pool("mean"),
        lambda: result.percentile(5),
    ]
    for ask in asks:
        with pytest.raises(OptionError, match=r"without a model.*expected one of adm2, vif_scale0"):
            ask()


def test_frames_that_were_not_kept() -> None:
    scores, features = draw(20)
    result = sample_result(scores, features, keep=False)
    assert result.mean == sample_result(scores, features).mean
    assert not result.has_frames
    asks: list[Any] = [
        lambda: result.scores,
        lambda: result.features,
        lambda: result.indices,
        lambda: result.frames,
        lambda: list(result),
        lambda: result.percentile(5),
        lambda: result.median,
        result.to_pandas,
    ]
    for ask in asks:
        with pytest.raises(OptionError, match="keep_frames=True"):
            ask()


@pytest.mark.parametrize("keep", [True, False])
def test_a_result_of_no_frames(keep: bool) -> None:
    result = sample_result(np.zeros(0), np.zeros((0, 6)), keep=keep)
    assert len(result) == 0
    assert "0 frames" in repr(result)
    for ask in (lambda: result.mean, lambda: float(result), lambda: result.pooled, result.to_dict):
        with pytest.raises(EmptyInputError):
            ask()
    if keep:
        assert list(result) == []
        with pytest.raises(EmptyInputError):
            result.percentile(50)


@pytest.mark.parametrize("q", [-0.1, 100.1, float("nan")])
def test_percentiles_that_do_not_exist(q: float) -> None:
    with pytest.raises(OptionError, match="expected 0 to 100"):
        drawn_result().percentile(q)


def test_names_that_do_not_exist() -> None:
    result = drawn_result()
    with pytest.raises(OptionError, match=r"'vif'.*expected one of adm2.*motion2, vmaf"):
        result.percentile(5, "vif")
    with pytest.raises(OptionError, match=r"'average'.*expected one of min, max, mean"):
        result.pool("average")


def test_arrays_that_do_not_belong_together() -> None:
    scores, features = draw(4)
    with pytest.raises(OptionError, match=r"given shapes \[\(4,\), \(4, 6\), \(3,\)\]"):
        FrameRows(np.arange(4), scores[:3], features)
    with pytest.raises(OptionError, match=r"\(4, 5\)"):
        FrameRows(np.arange(4), scores, features[:, :5])
    pooling = Pooling(with_score=True)
    pooling.add_many(scores, features)
    too_few = FrameRows(np.arange(3), scores[:3], features[:3])
    without_score = FrameRows(np.arange(4), None, features)
    for rows in (too_few, without_score):
        with pytest.raises(OptionError, match="not those of the pooled figures"):
            ScoreResult(pooling, sample_info(), frames=rows)


def test_info() -> None:
    info = sample_info(frames=60, seconds=0.5, gain_limit=1.0)
    assert info.fps == 120.0
    assert info.neg
    assert not sample_info(gain_limit=1.2).neg
    assert sample_info(seconds=0.0).fps is None
    facts = info.to_dict()
    assert (facts["fps"], facts["neg"], facts["width"]) == (120.0, True, 640)


def test_repr_is_short_and_says_what_matters() -> None:
    result = drawn_result(30)
    text = repr(result)
    assert len(text.splitlines()) <= 2
    for fact in (f"{result.mean:.4f}", "30 frames", "640x360", "some_model", "native"):
        assert fact in text
    features_only = repr(sample_result(None, draw(3)[1], model_id=None))
    assert features_only.startswith("<ScoreResult: adm2 mean")


def test_results_survive_pickling_and_copying() -> None:
    result = drawn_result(600)
    for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert other.to_dict() == result.to_dict()
        assert other.info == result.info


def test_to_pandas() -> None:
    scores, features = draw(30)
    frame = sample_result(scores, features, step=2).to_pandas()
    assert frame.index.name == "frame"
    assert frame.index.tolist() == list(range(0, 60, 2))
    assert list(frame.columns) == [*FEATURES, "vmaf"]
    assert (frame.dtypes == np.float64).all()
    assert np.array_equal(frame["vmaf"].to_numpy(), scores)
    assert np.array_equal(frame[list(FEATURES)].to_numpy(), features)
    assert frame.attrs["pyvmaf_tiny"]["model_id"] == "some_model"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame["score_plus_one"] = frame["vmaf"] + 1  # a frame of one's own, not a view
    assert isinstance(frame, pd.DataFrame)


def test_to_pandas_without_a_model_has_no_score_column() -> None:
    assert list(sample_result(None, draw(3)[1]).to_pandas().columns) == list(FEATURES)


def test_importing_results_loads_nothing_heavy(run_python: RunPython) -> None:
    loaded = run_python(
        """
        import pyvmaf_tiny.results, pyvmaf_tiny.pooling, pyvmaf_tiny.report
        heavy = {"pandas", "pyarrow", "matplotlib", "rich", "av", "onnxruntime", "scipy"}
        print(sorted(heavy & set(sys.modules)))
        """
    )
    assert loaded.strip() == "[]"
