"""The teacher: the vmaf_v0.6.1 support vector regression, evaluated in float64.

The model is libvmaf's own JSON file. A score is

    z_j   = slope_j * x_j + intercept_j             (features, "linear_rescale")
    y     = sum_i c_i exp(-gamma |z - s_i|^2) - rho (nu-SVR with a radial basis kernel)
    score = clip((y - intercept_0) / slope_0, 0, 100)

with the features in the JSON's own order. The JSON's score transform is off by default in libvmaf
and is not applied.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.frames import FEATURES

Floats = NDArray[np.float64]

#: The teacher of all shipped models, and the digest of what its scores depend on.
TEACHER = "vmaf_v0.6.1"
_DIGESTS = {TEACHER: "7f64954997713f05a4785869a758c096b67afcfc9f1c566c79e1c4ce3ad8bb0d"}

#: Scores of another build of the same teacher differ in the last digits of a double.
_SAME = 1e-6

#: Rows per block: the kernel matrix of a block has this many rows and one column per vector.
_BLOCK = 4096


@dataclass(frozen=True)
class Teacher:
    """A support vector regression over rows in the order of ``FEATURES``.

    ``vectors`` is (V, 6), ``coefficients`` (V,), ``slopes`` and ``intercepts`` (6,).
    """

    vectors: Floats
    coefficients: Floats
    gamma: float
    rho: float
    slopes: Floats
    intercepts: Floats
    score_slope: float
    score_intercept: float
    score_clip: tuple[float, float]

    @classmethod
    def from_json(cls, path: Path) -> Teacher:
        """Read a libvmaf model JSON; ValueError when it is not a nu-SVR over our six features."""
        document = json.loads(path.read_text())["model_dict"]
        if document["model_type"] != "LIBSVMNUSVR" or document["norm_type"] != "linear_rescale":
            raise ValueError(
                f"{path}: a {document['model_type']} with {document['norm_type']}, "
                "expected a LIBSVMNUSVR with linear_rescale"
            )
        names = [_feature_name(name) for name in document["feature_names"]]
        if sorted(names) != sorted(FEATURES):
            raise ValueError(f"{path}: features {names}, expected {FEATURES}")
        order = [names.index(name) for name in FEATURES]
        header, vectors, coefficients = _parse_libsvm(document["model"], len(names))
        slopes = np.array(document["slopes"])
        intercepts = np.array(document["intercepts"])
        low, high = document["score_clip"]
        return cls(
            vectors=vectors[:, order],
            coefficients=coefficients,
            gamma=float(header["gamma"]),
            rho=float(header["rho"]),
            slopes=slopes[1:][order],
            intercepts=intercepts[1:][order],
            score_slope=float(slopes[0]),
            score_intercept=float(intercepts[0]),
            score_clip=(float(low), float(high)),
        )

    @property
    def digest(self) -> str:
        """The sha256 of everything that the scores depend on."""
        digest = hashlib.sha256()
        for part in astuple(self):
            digest.update(np.asarray(part, np.float64).tobytes())
        return digest.hexdigest()

    @property
    def name(self) -> str:
        """What models and tables call it: ``vmaf_v0.6.1``, or for any other its digest."""
        digest = self.digest
        known = {digest: name for name, digest in _DIGESTS.items()}
        return known.get(digest, f"unnamed_{digest[:12]}")

    def check(self, features: Floats, labels: Floats) -> None:
        """ValueError when the labels of rows (N, 6) are not this teacher's scores."""
        off = np.abs(self.score(features) - labels)
        if not off.max(initial=0.0) <= _SAME:
            raise ValueError(
                f"the table's labels are not those of the teacher {self.name}: they differ by up "
                f"to {off.max():.3g}; give --teacher the model file that labelled the table"
            )

    def raw(self, features: Floats) -> Floats:
        """Scores before the clip: float64 (N, 6) -> (N,)."""
        scores = np.empty(len(features))
        for start in range(0, len(features), _BLOCK):
            z = features[start : start + _BLOCK] * self.slopes + self.intercepts
            distances = np.zeros((len(z), len(self.vectors)))
            for j in range(z.shape[1]):
                distances += (z[:, j, None] - self.vectors[None, :, j]) ** 2
            y = np.exp(-self.gamma * distances) @ self.coefficients - self.rho
            scores[start : start + _BLOCK] = (y - self.score_intercept) / self.score_slope
        return scores

    def score(self, features: Floats) -> Floats:
        """Scores as libvmaf gives them, 0..100: float64 (N, 6) -> (N,)."""
        return np.clip(self.raw(features), *self.score_clip)


def _feature_name(name: str) -> str:
    """``VMAF_integer_feature_adm2_score`` -> ``adm2``."""
    return name.removeprefix("VMAF_integer_feature_").removesuffix("_score")


def _parse_libsvm(text: str, width: int) -> tuple[dict[str, Any], Floats, Floats]:
    """Parse libsvm's text format; indices count from 1 and a missing one means 0."""
    head, _, body = text.partition("SV\n")
    header = dict(line.split(" ", 1) for line in head.splitlines())
    if header["svm_type"] != "nu_svr" or header["kernel_type"] != "rbf":
        raise ValueError(f"a {header['svm_type']} with {header['kernel_type']} kernel")
    lines = body.splitlines()
    vectors = np.zeros((len(lines), width))
    coefficients = np.empty(len(lines))
    for row, line in enumerate(lines):
        coefficient, *pairs = line.split()
        coefficients[row] = float(coefficient)
        for pair in pairs:
            index, value = pair.split(":")
            vectors[row, int(index) - 1] = float(value)
    if len(lines) != int(header["total_sv"]):
        raise ValueError(f"{len(lines)} support vectors, the header says {header['total_sv']}")
    return header, vectors, coefficients
