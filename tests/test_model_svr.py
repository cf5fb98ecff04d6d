"""libvmaf's own models, imported: the same scores as the real libvmaf, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import clips
import numpy as np
import pytest
from cli_runs import run
from feature_rows import likely_and_wild_rows as rows
from numpy.typing import NDArray
from oracle.fetch_libvmaf import LIBRARY
from oracle.libvmaf_model import libvmaf_bootstrap, libvmaf_scores

import pyvmaf_tiny
from pyvmaf_tiny.errors import ModelFormatError, ModelNotFoundError, OptionError
from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.model import load_model
from pyvmaf_tiny.model.session import Model
from pyvmaf_tiny.model.svr import KNOWN, embedded_models, import_models, parse_models
from pyvmaf_tiny.model.svr.graph import svr_onnx

BUILT_IN = embedded_models(LIBRARY)

#: libvmaf's scores and ours agree to this; sums of 211 terms of up to 300 leave that much.
TOLERANCE = 1e-10


def model(name: str, **options: Any) -> Model:
    data = import_models(name, library=LIBRARY, **options)
    return Model(data, name, trusted=False, device="cpu")


@pytest.mark.parametrize("name", [name for name in KNOWN if "_b_" not in name])
def test_scores_are_libvmafs(name: str) -> None:
    expected = libvmaf_scores(rows(), name)
    scores = model(name).predict(rows())
    np.testing.assert_allclose(scores, expected, rtol=0, atol=TOLERANCE)
    assert len(np.unique(expected)) > 100


def test_one_row_at_a_time_agrees() -> None:
    imported = model("vmaf_v0.6.1")
    single = [imported.predict_one(row) for row in rows(50).tolist()]
    np.testing.assert_allclose(single, imported.predict(rows(50)), rtol=0, atol=1e-11)


def test_the_phone_model_is_libvmafs() -> None:
    expected = libvmaf_scores(rows(), "vmaf_v0.6.1", transform=True)
    scores = model("vmaf_v0.6.1", transform=True).predict(rows())
    np.testing.assert_allclose(scores, expected, rtol=0, atol=TOLERANCE)
    plain = model("vmaf_v0.6.1").predict(rows())
    assert (scores >= plain).all()
    assert (scores > plain + 1).any()


def test_a_bootstrap_collection_is_libvmafs() -> None:
    expected = libvmaf_bootstrap(rows(60), "vmaf_b_v0.6.3")
    collection = model("vmaf_b_v0.6.3")
    assert collection.has_bootstrap
    np.testing.assert_allclose(collection.predict(rows(60)), expected[:, 0], rtol=0, atol=TOLERANCE)
    spread = collection.predict_bootstrap(rows(60))
    # Near a bound of the clip libvmaf's slope is a difference of two nearly equal scores.
    np.testing.assert_allclose(spread[:, 0], expected[:, 1], rtol=0, atol=1e-7)
    np.testing.assert_allclose(spread[:, 1:], expected[:, 2:], rtol=0, atol=TOLERANCE)
    assert collection.predict_bootstrap(np.empty((0, 6))).shape == (0, 3)


def test_only_collections_have_intervals() -> None:
    imported = model("vmaf_v0.6.1")
    assert not imported.has_bootstrap
    with pytest.raises(ModelFormatError, match=r"given vmaf_v0\.6\.1, expected .* vmaf_b_v0\.6\.3"):
        imported.predict_bootstrap(rows(3))


def test_neg_models_know_their_gain_limit() -> None:
    limits = {name: model(name).gain_limit for name in KNOWN}
    assert limits == {name: 1.0 if name.endswith("neg") else None for name in KNOWN}


def test_importing_is_repeatable() -> None:
    assert import_models("vmaf_v0.6.1", library=LIBRARY) == import_models(
        "vmaf_v0.6.1", library=LIBRARY
    )


# ---- everywhere that a model goes ---------------------------------------------------------------


@pytest.fixture
def model_json(tmp_path: Path) -> Path:
    path = tmp_path / "own.json"
    path.write_bytes(BUILT_IN["vmaf_v0.6.1"])
    return path


def test_scoring_with_a_model_file(model_json: Path) -> None:
    ref = clips.moving_planes(4, 96, 80)
    result = pyvmaf_tiny.score(ref, clips.noisy(ref), model=str(model_json))
    expected = libvmaf_scores(result.features)
    np.testing.assert_allclose(result.scores, expected, rtol=0, atol=TOLERANCE)
    assert result.info.model_id == "own.json"


def test_the_command_line_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run("models", "import", "vmaf_v0.6.1", "--libvmaf", LIBRARY)
    assert (outcome.exit_code, outcome.stdout) == (0, "vmaf_v0.6.1.onnx\n")
    assert Path("vmaf_v0.6.1.onnx").read_bytes() == import_models("vmaf_v0.6.1", library=LIBRARY)
    # What is there stays, unless it is asked to go.
    Path("vmaf_v0.6.1.onnx").write_bytes(b"mine")
    outcome = run("models", "import", "vmaf_v0.6.1", "--libvmaf", LIBRARY)
    assert (outcome.exit_code, Path("vmaf_v0.6.1.onnx").read_bytes()) == (2, b"mine")
    assert "--force" in outcome.stderr
    outcome = run("models", "import", "vmaf_v0.6.1", "--libvmaf", LIBRARY, "--force")
    assert outcome.exit_code == 0
    assert Path("vmaf_v0.6.1.onnx").read_bytes() == import_models("vmaf_v0.6.1", library=LIBRARY)
    assert [path.name for path in tmp_path.iterdir()] == ["vmaf_v0.6.1.onnx"]
    Path("phone.json").write_bytes(BUILT_IN["vmaf_v0.6.1"])
    outcome = run("models", "import", "phone.json", "--transform")
    assert (outcome.exit_code, outcome.stdout) == (0, "phone_transform.onnx\n")
    scores = load_model("phone_transform.onnx").predict(rows(20))
    expected = libvmaf_scores(rows(20), transform=True)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=TOLERANCE)


def test_a_neg_model_wants_neg_features(tmp_path: Path) -> None:
    path = tmp_path / "neg.json"
    path.write_bytes(BUILT_IN["vmaf_v0.6.1neg"])
    ref = clips.moving_planes(3, 96, 80)
    dis = clips.noisy(ref)
    with pytest.raises(OptionError, match=r"neg\.json.*gain limit 100.*neg=True"):
        pyvmaf_tiny.score(ref, dis, model=path)
    result = pyvmaf_tiny.score(ref, dis, model=path, neg=True)
    expected = libvmaf_scores(result.features, "vmaf_v0.6.1neg")
    np.testing.assert_allclose(result.scores, expected, rtol=0, atol=TOLERANCE)


# ---- refusals -----------------------------------------------------------------------------------


def changed(**fields: Any) -> bytes:
    """vmaf_v0.6.1 with some fields of its model_dict replaced; None takes one away."""
    document = json.loads(BUILT_IN["vmaf_v0.6.1"])
    for key, value in fields.items():
        document["model_dict"][key] = value
        if value is None:
            del document["model_dict"][key]
    return json.dumps(document).encode()


VECTORS = json.loads(BUILT_IN["vmaf_v0.6.1"])["model_dict"]["model"]
FLOATS = [f"VMAF_feature_{name}_score" for name in FEATURES]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"[1, 2]", "JSON object"),
        (b"{}", '"model_dict"'),
        (b'{"0": {}, "2": {}}', '"model_dict"'),
        (b'{"param_dict": {}}', 'neither "model_dict" nor'),
        (changed(model_type="RANDOMFOREST"), "RANDOMFOREST"),
        (changed(norm_type="none"), "with none"),
        (changed(feature_names=FLOATS), "other features.*VMAF_feature_adm2_score"),
        (changed(feature_names=None), "feature_names"),
        (changed(feature_opts_dicts=[{"vif_kernelscale": 0.5}] * 6), "vif_kernelscale"),
        (changed(feature_opts_dicts=[{"adm_enhn_gain_limit": 1}] + [{}] * 5), "gain limits"),
        (changed(feature_opts_dicts=[{}]), "feature_opts_dicts"),
        (changed(slopes=[1.0] * 6), '"slopes" is not a list of 7'),
        (changed(slopes=[0.0] * 7), "slope is 0"),
        (changed(intercepts=[1.0] * 6 + ["x"]), '"intercepts"'),
        (changed(intercepts=[1.0] * 6 + [float("nan")]), '"intercepts"'),
        (changed(score_clip=[0.0]), '"score_clip"'),
        (changed(score_transform={"p3": 1.0}), "p3"),
        (changed(score_transform={"knots": [[0, 0], [0, 1]]}), "do not ascend"),
        (changed(model=None), "no support vectors"),
        (changed(model=VECTORS.replace("rbf", "linear")), "not a nu_svr with an rbf kernel"),
        (changed(model=VECTORS.replace("gamma 0.04\n", "")), "cannot be read .*gamma"),
        (changed(model=VECTORS.replace("1:0.65734273", "7:0.65734273")), "cannot be read"),
        (changed(model=VECTORS.replace("1:0.65734273", "1:inf")), "not finite"),
        (changed(model=VECTORS[: len(VECTORS) // 2].rpartition("\n")[0]), "its header says 211"),
    ],
)
def test_what_cannot_be_imported(data: bytes, why: str) -> None:
    with pytest.raises(ModelFormatError, match=f"(?s)x.* is not a libvmaf model.*{why}"):
        parse_models(data, "x")


def test_members_of_a_collection_must_agree() -> None:
    document = json.loads(BUILT_IN["vmaf_b_v0.6.3"])
    document["3"]["model_dict"]["score_clip"] = [0.0, 90.0]
    with pytest.raises(ModelFormatError, match="differ in transform, clip"):
        parse_models(json.dumps(document).encode(), "x")


def test_a_missing_transform_is_an_error() -> None:
    with pytest.raises(OptionError, match="no score transform: given vmaf_4k"):
        import_models("vmaf_4k_v0.6.1", library=LIBRARY, transform=True)


def test_a_missing_library_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.so").write_bytes(b'no models in here { "0": ')
    with pytest.raises(ModelNotFoundError, match=r"no libvmaf here has vmaf_v0\.6\.1"):
        import_models("vmaf_v0.6.1", library=tmp_path / "empty.so")
    with pytest.raises(ModelNotFoundError, match="cannot be read"):
        import_models("vmaf_v0.6.1", library=tmp_path / "nothing.so")
    with pytest.raises(ModelNotFoundError, match="no such model file"):
        import_models(tmp_path / "nothing.json")


# ---- transforms that the built-in models do not use ---------------------------------------------


def piecewise(x: float, knots: list[list[float]]) -> float:
    """The first and the last segment go on beyond their knots."""
    inner = [knot[0] for knot in knots[1:-1]]
    index = int(np.searchsorted(inner, x))
    (x0, y0), (x1, y1) = knots[index : index + 2]
    return y0 + (x - x0) * (y1 - y0) / (x1 - x0)


def test_knots_and_bounds() -> None:
    knots = [[10.0, 0.0], [40.0, 20.0], [60.0, 20.0], [90.0, 95.0]]
    transform = {"knots": knots, "p0": 1.0, "p1": 0.9, "out_lte_in": "true"}
    raw = svr_scores(changed(score_clip=None))
    assert raw.min() < 10
    assert raw.max() > 90
    expected = [min(piecewise(1.0 + 0.9 * x, knots), x) for x in raw]
    scores = svr_scores(changed(score_clip=None, score_transform=transform), transform=True)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-9)


def svr_scores(data: bytes, *, transform: bool = False) -> NDArray[np.float64]:
    graph = svr_onnx(parse_models(data, "x"), "x", transform=transform)
    return Model(graph, "x", trusted=False, device="cpu").predict(rows())
