"""The teacher: parsing libvmaf's model file and evaluating its formula."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyvmaf_tiny_ai.teacher import Teacher

# Two support vectors in the JSON's own order: adm2, motion2, vif_scale0..3. Missing means 0.
LIBSVM = """svm_type nu_svr
kernel_type rbf
gamma 0.5
nr_class 2
total_sv 2
rho -0.25
SV
1.5 1:0.5 2:0.25 6:1
-0.5 3:1 4:0.5
"""
ORDER = ("adm2", "motion2", "vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3")
SLOPES = [0.01, 2.0, 0.1, 1.0, 1.25, 1.5, 1.75]
INTERCEPTS = [-0.3, -1.0, 0.0, -0.125, -0.25, -0.375, -0.5]


def document(**changes: Any) -> dict[str, Any]:
    model = {
        "model_type": "LIBSVMNUSVR",
        "norm_type": "linear_rescale",
        "feature_names": [f"VMAF_integer_feature_{name}_score" for name in ORDER],
        "slopes": SLOPES,
        "intercepts": INTERCEPTS,
        "score_clip": [0.0, 100.0],
        "model": LIBSVM,
    }
    return {"model_dict": {**model, **changes}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "model.json"
    target.write_text(json.dumps(document()))
    return target


def by_hand(row: dict[str, float]) -> float:
    """The formula, written out for one row."""
    z = [row[name] * SLOPES[j + 1] + INTERCEPTS[j + 1] for j, name in enumerate(ORDER)]
    y = 0.25
    for weight, vector in ((1.5, (0.5, 0.25, 0, 0, 0, 1)), (-0.5, (0, 0, 1, 0.5, 0, 0))):
        y += weight * math.exp(-0.5 * sum((a - b) ** 2 for a, b in zip(z, vector, strict=True)))
    return (y - INTERCEPTS[0]) / SLOPES[0]


def test_formula_in_our_feature_order(path: Path) -> None:
    teacher = Teacher.from_json(path)
    rng = np.random.default_rng(0)
    rows = rng.uniform(0, 1, (5000, 6))
    names = ("adm2", "vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3", "motion2")
    expected = [by_hand(dict(zip(names, row, strict=True))) for row in rows.tolist()]
    np.testing.assert_allclose(teacher.raw(rows), expected, rtol=1e-12)
    np.testing.assert_array_equal(teacher.score(rows), np.clip(teacher.raw(rows), 0, 100))
    assert teacher.raw(rows).max() > 100


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "BOOTSTRAP_LIBSVMNUSVR"}, "BOOTSTRAP"),
        ({"norm_type": "clip_0to1"}, "clip_0to1"),
        ({"feature_names": ["VMAF_integer_feature_adm2_score"]}, "features"),
        ({"model": LIBSVM.replace("total_sv 2", "total_sv 3")}, "the header says 3"),
        ({"model": LIBSVM.replace("rbf", "linear")}, "linear kernel"),
    ],
)
def test_other_models_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(document(**changes)))
    with pytest.raises(ValueError, match=message):
        Teacher.from_json(path)
