"""libvmaf's own models beside the features: the very scores of libvmaf, from the same pass."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runs import run
from clips import moving_planes, noisy, yuv_bytes
from conftest import OpenFake, RunPython
from fakevmaf.library import VERSIONS
from oracle.fetch_libvmaf import LIBRARY
from oracle.libraries import LIBRARIES, name_of
from oracle.libvmaf_log import libvmaf_frame_scores
from test_libvmaf_fake import model_file

import pyvmaf_tiny
from pyvmaf_tiny import Scorer
from pyvmaf_tiny.engine.libvmaf import settings
from pyvmaf_tiny.errors import ModelFormatError, ModelNotFoundError, OptionError
from pyvmaf_tiny.model.svr.embedded import embedded_models

SCALAR = 2**32 - 1
LIBVMAF = f"libvmaf:{LIBRARY}"
MODELS = ("vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1")


@pytest.fixture
def model_json(tmp_path: Path) -> Path:
    """A real model of libvmaf's as a file."""
    path = tmp_path / "vmaf_v0.6.1.json"
    path.write_bytes(embedded_models(LIBRARY)["vmaf_v0.6.1"])
    return path


@pytest.mark.parametrize("path", LIBRARIES, ids=name_of)
@pytest.mark.parametrize("model", [*MODELS, "file"])
def test_scores_are_libvmafs(
    monkeypatch: pytest.MonkeyPatch, model_json: Path, path: Path, model: str
) -> None:
    """Every frame's, as doubles; with threads and over seams, whatever the limit of our rows."""
    teacher = model_json if model == "file" else model
    for depth in (8, 10):
        ref = moving_planes(23, 144, 90, bit_depth=depth)
        coarse = ref[0].dtype.type(0b11 << (depth - 2))  # of every sample the top two bits
        dis = [plane & coarse for plane in ref]
        own = libvmaf_frame_scores(ref, dis, teacher, bit_depth=depth, path=path)
        assert len(set(own)) > 10
        for period, threads, neg in (
            (2048, 1, False),
            (2048, 3, True),
            (5, 1, True),
            (2, 2, False),
        ):
            monkeypatch.setattr(settings, "PERIOD", period)
            options: dict[str, Any] = {"engine": f"libvmaf:{path}", "cpu_mask": SCALAR}
            options |= {"bit_depth": depth, "threads": threads, "neg": neg}
            with Scorer(144, 90, teacher=teacher, model=False, **options) as scorer:
                given = [scorer.push(*pair) for pair in zip(ref, dis, strict=True)]
                given.append(scorer.flush())
            assert [len(frames) for frames in given] == [0, *[1] * len(ref)]
            frames = [frame for frames in given for frame in frames]
            assert [frame.teacher for frame in frames] == own
            plain = pyvmaf_tiny.features(ref, dis, **options)
            assert np.array_equal([frame.features for frame in frames], plain)


def test_in_results_logs_and_the_command(tmp_path: Path) -> None:
    ref = moving_planes(7, 128, 96)
    dis = noisy(ref)
    own = libvmaf_frame_scores(ref, dis, "vmaf_v0.6.1")
    options = {"engine": LIBVMAF, "cpu_mask": SCALAR, "teacher": "vmaf_v0.6.1"}
    result = pyvmaf_tiny.score(ref, dis, **options)  # type: ignore[arg-type]
    assert result.series("teacher").tolist() == own
    assert result.info.teacher == "vmaf_v0.6.1"
    assert result.pool("mean", "teacher") == pytest.approx(np.mean(own), abs=1e-12)
    assert result.to_pandas()["teacher"].tolist() == own
    result.save(tmp_path / "log.json")
    logged = json.loads((tmp_path / "log.json").read_text())
    assert [frame["metrics"]["teacher"] for frame in logged["frames"]] == own

    for name, planes in (("ref", ref), ("dis", dis)):
        (tmp_path / f"{name}.yuv").write_bytes(yuv_bytes(planes))
    clips = ("-r", tmp_path / "ref.yuv", "-d", tmp_path / "dis.yuv", "-w", 128, "-h", 96)
    chosen = ("--engine", LIBVMAF, "--cpumask", -1, "--teacher", "vmaf_v0.6.1")
    ran = run("score", *clips, *chosen, "--json", "-q")
    assert ran.exit_code == 0, ran.stderr
    logged = json.loads(ran.stdout)
    assert [frame["metrics"]["teacher"] for frame in logged["frames"]] == own
    for pool, figure in (("mean", np.mean(own)), ("p0", min(own))):
        ran = run("score", *clips, *chosen, "--pool", pool)
        ours, theirs = ran.stdout.splitlines()
        assert ours.startswith("vmaf_tiny")
        assert theirs == f"vmaf_v0.6.1 (libvmaf): {figure:.6f}"


# ---- what is refused ----------------------------------------------------------------------------


def scorer_with(teacher: object) -> Scorer:
    """A scorer on the real library with that teacher."""
    return Scorer(64, 48, engine=LIBVMAF, model=False, teacher=teacher)  # type: ignore[arg-type]


def test_unknown_names() -> None:
    with pytest.raises(ModelNotFoundError, match=r'no_such_model.*"vmaf_v0\.6\.1"'):
        scorer_with("no_such_model")
    with pytest.raises(ModelNotFoundError, match="names no file"):
        scorer_with("nowhere/model.json")
    for nothing in ("", 7, b"vmaf_v0.6.1"):
        with pytest.raises(OptionError, match="neither a name nor a path"):
            scorer_with(nothing)


def test_what_libvmaf_says_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its lines go to the logger and into the error, and not to standard error."""
    path = model_file(tmp_path, score_clip="x")
    with (
        caplog.at_level(logging.DEBUG, logger="pyvmaf_tiny.libvmaf"),
        pytest.raises(ModelFormatError, match="libvmaf says: could not read model from path"),
    ):
        scorer_with(path)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert {record.name for record in errors} == {"pyvmaf_tiny.libvmaf"}
    assert any(str(path) in record.getMessage() for record in errors)
    assert capfd.readouterr() == ("", "")


#: Changes to a model that libvmaf takes without a word, or dies of.
DAMAGES: list[tuple[dict[str, object], str]] = [
    ({"model": "x"}, "no text of libsvm"),
    ({"model": None}, 'no text "model"'),
    (
        {"model": "svm_type nu_svr\nkernel_type rbf\nnr_class 2\nrho 1\ntotal_sv 2\nSV\n1 1:2\n"},
        "1 v",
    ),
    (
        {"model": "svm_type nu_svr\nkernel_type rbf\nnr_class 2\nrho 1\ntotal_sv 1\nSV\n1 1:x\n"},
        "no n",
    ),
    ({"slopes": [1.0]}, '"slopes" is no list of 3 numbers'),
    ({"slopes": None}, '"slopes" is no list of 3 numbers'),
    ({"intercepts": [0.0, 1.0]}, '"intercepts" is no list of 3 numbers'),
    ({"norm_type": None}, '"norm_type" is None'),
    ({"feature_names": []}, "no list of names"),
    ({"feature_names": None}, "no list of names"),
    ({"feature_opts_dicts": [{}]}, "no list of 2 objects"),
]


@pytest.mark.parametrize(("changes", "why"), DAMAGES, ids=[why for _, why in DAMAGES])
def test_damaged_models(tmp_path: Path, changes: dict[str, object], why: str) -> None:
    scorer_with(model_file(tmp_path)).close()
    with pytest.raises(ModelFormatError, match=why):
        scorer_with(model_file(tmp_path, **changes))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("\0\1\2", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("3", "no object"),
        ("[]", "no object"),
        ('{"name": "package", "version": "1.0"}', "no object"),
        ('{"0": {"model_dict": {}}, "1": {}}', "a collection"),
    ],
)
def test_other_json(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(ModelFormatError, match=f"is not a model of libvmaf.*{why}"):
        scorer_with(path)


def test_features_that_the_library_lacks(tmp_path: Path) -> None:
    path = model_file(tmp_path, feature_names=["nonsense", "VMAF_integer_feature_motion2_score"])
    with pytest.raises(ModelFormatError, match="cannot compute the model's features"):
        scorer_with(path)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    ref = moving_planes(4, 64, 48)
    dis = noisy(ref)
    scores = []
    for clip in ([0.0, 100.0], [0.0, 1.0]):
        path = model_file(tmp_path, score_clip=clip)
        options = {"engine": LIBVMAF, "model": False, "teacher": path}
        scores.append(pyvmaf_tiny.score(ref, dis, **options).series("teacher").max())  # type: ignore[arg-type]
    assert scores[0] > 1.0 >= scores[1]


def test_the_teacher_needs_libvmaf() -> None:
    with pytest.raises(OptionError, match="the native engine knows no teacher"):
        Scorer(64, 48, teacher="vmaf_v0.6.1")


def test_where_another_mask_is_in_use(open_fake: OpenFake) -> None:
    """Trying the teacher takes the stream's mask, not another one."""
    fake = open_fake(VERSIONS[-1])
    options = {"engine": f"libvmaf:{fake.path}", "model": False, "threads": 2, "cpu_mask": 48}
    with Scorer(64, 48, **options) as first:  # type: ignore[arg-type]
        fake.reset()
        with Scorer(64, 48, teacher="vmaf_v0.6.1", **options) as second:  # type: ignore[arg-type]
            masks = {call.split("cpumask=")[1] for call in fake.calls if "cpumask=" in call}
            assert masks == {"48)"}
            assert first is not second
    fake.reset()


def test_closed_standard_error(run_python: RunPython) -> None:
    code = f"""
    import os
    os.close(2)
    from pyvmaf_tiny import Scorer
    from pyvmaf_tiny.errors import ModelNotFoundError
    try:
        Scorer(64, 48, engine={LIBVMAF!r}, model=False, teacher="no_such_model")
    except ModelNotFoundError:
        print("told")
    """
    assert run_python(code) == "told\n"
