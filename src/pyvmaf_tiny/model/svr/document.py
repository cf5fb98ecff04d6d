"""A libvmaf model JSON, read and checked: one nu-SVR, or a bootstrap collection of them.

A score is (libvmaf, ``predict.c``; libsvm's nu-SVR with a radial basis kernel)

    z_j   = slope_j x_j + intercept_j                (features, "linear_rescale")
    y     = sum_i c_i exp(-gamma |z - s_i|^2) - rho
    raw   = (y - intercept_0) / slope_0
    score = clip(transform(raw))

with the features in the JSON's own order. The transform (the "phone model" of vmaf_v0.6.1) is a
polynomial of degree 2, then a piecewise linear map, then a bound by its own input; libvmaf leaves
it out unless it is asked for, and so does this.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import ModelFormatError
from pyvmaf_tiny.frames import DEFAULT_GAIN_LIMIT, FEATURES

from .libsvm import parse_libsvm

Floats = NDArray[np.float64]

#: What the integer features are called in model files.
_PREFIX, _SUFFIX = "VMAF_integer_feature_", "_score"

#: Feature options that a model may ask for: both must name one gain limit.
_GAIN_LIMITS = {"adm2": "adm_enhn_gain_limit", "vif": "vif_enhn_gain_limit"}

_KINDS = ("LIBSVMNUSVR", "BOOTSTRAP_LIBSVMNUSVR", "RESIDUEBOOTSTRAP_LIBSVMNUSVR")


@dataclass(frozen=True)
class ScoreTransform:
    """``polynomial`` (p0, p1, p2) or None, then ``knots`` ((x, y), ...), then the bounds."""

    polynomial: tuple[float, float, float] | None
    knots: tuple[tuple[float, float], ...]
    at_most_input: bool
    at_least_input: bool


@dataclass(frozen=True)
class SvrModel:
    """A support vector regression over rows in the order of ``FEATURES``.

    ``vectors`` is (V, 6), ``coefficients`` (V,), ``slopes`` and ``intercepts`` (6,); ``clip`` is
    (lowest, highest) or None. ``gain_limit`` is the enhancement gain limit that the features must
    have been computed with: 100.0, or 1.0 for NEG models.
    """

    vectors: Floats
    coefficients: Floats
    gamma: float
    rho: float
    slopes: Floats
    intercepts: Floats
    score_slope: float
    score_intercept: float
    clip: tuple[float, float] | None
    transform: ScoreTransform | None
    gain_limit: float


@dataclass(frozen=True)
class SvrCollection:
    """One model, or the members of a bootstrap; all with one transform, clip and gain limit."""

    members: tuple[SvrModel, ...]

    @property
    def first(self) -> SvrModel:
        """The model whose transform and clip count for all."""
        return self.members[0]


def parse_models(data: bytes, name: str) -> SvrCollection:
    """The models in the bytes of a libvmaf model JSON; ``name`` is for messages.

    Model "0" of a bootstrap was trained on all data and is not one of its members: libvmaf's
    score is the mean of the others, and so is ours.

    Raises ModelFormatError when it is not such a file, or one of features that are not our six.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        _refuse(name, f"not JSON ({error})")
    if not isinstance(document, dict):
        _refuse(name, "a JSON object is expected")
    if "model_dict" in document:
        return SvrCollection((_Reader(document, name).model(),))
    members: list[SvrModel] = []
    while str(len(members)) in document:
        index = str(len(members))
        members.append(_Reader(document[index], f"{name}, model {index}").model())
    if not members or len(members) != len(document):
        _refuse(name, 'neither "model_dict" nor models "0", "1", ... are in it')
    collection = SvrCollection(tuple(members[1:]) or (members[0],))
    first = collection.first
    for member in members:
        same = (member.clip, member.transform, member.gain_limit)
        if same != (first.clip, first.transform, first.gain_limit):
            _refuse(name, "its models differ in transform, clip or gain limit")
    return collection


class _Reader:
    """Takes one model out of its JSON object."""

    def __init__(self, document: Any, name: str) -> None:
        self._name = name
        fields = document.get("model_dict") if isinstance(document, dict) else None
        if not isinstance(fields, dict):
            _refuse(name, 'no "model_dict"')
        self._fields: dict[str, Any] = fields

    def model(self) -> SvrModel:
        kind, norm = self._fields.get("model_type"), self._fields.get("norm_type")
        if kind not in _KINDS or norm != "linear_rescale":
            _refuse(self._name, f"a {kind} with {norm}, expected a LIBSVMNUSVR, linear_rescale")
        names = self._features()
        order = [names.index(feature) for feature in FEATURES]
        slopes = self._numbers(self._fields.get("slopes"), "slopes", len(names) + 1)
        intercepts = self._numbers(self._fields.get("intercepts"), "intercepts", len(names) + 1)
        if slopes[0] == 0:
            _refuse(self._name, "the score's slope is 0")
        try:
            machine = parse_libsvm(self._fields.get("model"), len(names))
        except ValueError as error:
            _refuse(self._name, str(error))
        return SvrModel(
            vectors=machine.vectors[:, order],
            coefficients=machine.coefficients,
            gamma=machine.gamma,
            rho=machine.rho,
            slopes=slopes[1:][order],
            intercepts=intercepts[1:][order],
            score_slope=float(slopes[0]),
            score_intercept=float(intercepts[0]),
            clip=self._clip(),
            transform=self._transform(),
            gain_limit=self._gain_limit(names),
        )

    def _features(self) -> list[str]:
        """The features in the model's order, by their names here."""
        given = self._fields.get("feature_names")
        if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
            _refuse(self._name, 'no "feature_names"')
        names = [name.removeprefix(_PREFIX).removesuffix(_SUFFIX) for name in given]
        if sorted(names) != sorted(FEATURES):
            _refuse(
                self._name,
                "a model of other features",
                given=", ".join(given),
                expected=", ".join(f"{_PREFIX}{feature}{_SUFFIX}" for feature in FEATURES),
            )
        return names

    def _gain_limit(self, names: list[str]) -> float:
        options = self._fields.get("feature_opts_dicts", [{}] * len(names))
        if not isinstance(options, list) or len(options) != len(names):
            _refuse(self._name, '"feature_opts_dicts" does not go with "feature_names"')
        limits = set()
        for name, chosen in zip(names, options, strict=True):
            wanted = _GAIN_LIMITS.get("vif" if name.startswith("vif") else name)
            if not isinstance(chosen, dict) or not set(chosen) <= {wanted}:
                _refuse(self._name, f"options of {name} that are not known", given=chosen)
            if wanted is not None:
                limits.add(float(chosen.get(wanted, DEFAULT_GAIN_LIMIT)))
        if len(limits) != 1:
            _refuse(self._name, "its features have different gain limits", given=sorted(limits))
        return limits.pop()

    def _clip(self) -> tuple[float, float] | None:
        bounds = self._fields.get("score_clip")
        if bounds is None:
            return None
        low, high = self._numbers(bounds, "score_clip", 2)
        return float(low), float(high)

    def _transform(self) -> ScoreTransform | None:
        given = self._fields.get("score_transform")
        if not isinstance(given, dict):
            return None
        unknown = set(given) - {"enabled", "p0", "p1", "p2", "knots", "out_lte_in", "out_gte_in"}
        if unknown:
            _refuse(self._name, "a score transform that is not known", given=sorted(unknown))
        powers = [given.get(key) for key in ("p0", "p1", "p2")]
        polynomial = None
        if any(power is not None for power in powers):
            p0, p1, p2 = self._numbers([power or 0.0 for power in powers], "score_transform", 3)
            polynomial = (float(p0), float(p1), float(p2))
        knots = []
        for knot in given.get("knots") or []:
            x, y = self._numbers(knot, "knots", 2)
            knots.append((float(x), float(y)))
        ascending = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(knots))
        if len(knots) == 1 or not ascending:
            _refuse(self._name, "the knots of its score transform do not ascend", given=knots)
        return ScoreTransform(
            polynomial,
            tuple(knots),
            at_most_input=given.get("out_lte_in") == "true",
            at_least_input=given.get("out_gte_in") == "true",
        )

    def _numbers(self, values: object, field: str, count: int) -> Floats:
        try:
            numbers = np.array(values, dtype=np.float64)
        except (TypeError, ValueError):
            numbers = np.array(np.nan)
        if numbers.shape != (count,) or not np.isfinite(numbers).all():
            _refuse(self._name, f'"{field}" is not a list of {count} finite numbers', given=values)
        return numbers


def _refuse(name: str, why: str, given: object = None, expected: object = None) -> NoReturn:
    raise ModelFormatError(
        f"{name} is not a libvmaf model that can be imported, {why}",
        given=given,
        expected=expected,
        hint="vmaf_v0.6.1.json and its neg, 4k and bootstrap relatives can be",
    )
