"""ONNX Runtime sessions over feature rows: ``[N, 6]`` in, one score per row out."""

from __future__ import annotations

import hashlib
import math
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import ModelFormatError, ModelNotFoundError
from pyvmaf_tiny.frames import FEATURES, AnyArray

from .devices import bind
from .operators import check_graph
from .ort import BOOTSTRAP, available_providers, check_interface, gain_limit_in, make_session
from .registry import MAX_MODEL_BYTES, Registry, read_capped
from .rows import LARGEST, checked_row, checked_rows

if TYPE_CHECKING:
    import onnxruntime


class Model:
    """A model that is ready to score feature rows. Made by :func:`load_model`.

    Attributes:
        id: the registry's id, or the file name of a model of your own.
        digest: sha256 of the ONNX bytes that were loaded, hexadecimal.
        trusted: True when the registry vouches for the digest.
        device: "cpu", "cuda", "openvino" or "rocm": where the session runs.
        provider: ONNX Runtime's name for it, such as "CPUExecutionProvider".
        skipped: with device="auto", why each device before this one was passed over.
        gain_limit: the enhancement gain limit that its features must have (1.0 for an imported
            NEG model); None when it takes any.
        has_bootstrap: whether :meth:`predict_bootstrap` has something to say.

    One Model may be used by several threads at once: sessions are thread-safe, and each thread
    has row buffers of its own.
    """

    def __init__(self, data: bytes, model_id: str, *, trusted: bool, device: str) -> None:
        """Make the session from the ONNX bytes ``data``; see :func:`load_model` for errors."""
        check_graph(data, model_id)
        bound = bind(
            device,
            available_providers(),
            lambda provider: make_session(data, provider, model_id),
        )
        self.id = model_id
        self.digest = hashlib.sha256(data).hexdigest()
        self.trusted = trusted
        self.device = bound.device
        self.provider = bound.provider
        self.skipped = bound.skipped
        self._session = bound.session
        self._io = check_interface(self._session, model_id)
        self.has_bootstrap = self._io.has_bootstrap
        self.gain_limit = gain_limit_in(self._session, model_id)
        self._local = threading.local()

    def predict(self, features: AnyArray) -> NDArray[np.float64]:
        """Score rows: ``(N, 6)`` in the order of ``FEATURES`` -> float64 ``(N,)``.

        The shipped models give 0..100. Rows are rounded to the model's input type (float32 for
        the shipped ones). Of the shipped models, the same doubles come out row by row as from
        :meth:`predict_one`; of the int8 one nearly so, to the last digits of float32.

        Raises OptionError for another shape, and for values that are no finite numbers.
        """
        rows = checked_rows(features, self._io.in_dtype)
        if len(rows) == 0:
            return np.empty(0)
        (scores,) = self._session.run([self._io.output], {self._io.input: rows})
        return np.asarray(scores, dtype=np.float64).reshape(len(rows))

    def predict_bootstrap(self, features: AnyArray) -> NDArray[np.float64]:
        """How sure a bootstrap collection is: ``(N, 6)`` -> float64 ``(N, 3)``.

        Columns: standard deviation of its members' scores, and the lower and upper end of their
        95 % confidence interval, as libvmaf reports them for such a model (its ``stddev``,
        ``ci_p95_lo``, ``ci_p95_hi``).

        Raises OptionError as :meth:`predict` does, ModelFormatError when the model is not an
        imported collection (``vmaf_b_v0.6.3``).
        """
        if not self.has_bootstrap:
            raise ModelFormatError(
                "the model gives no confidence interval",
                given=self.id,
                expected="an imported bootstrap collection, such as vmaf_b_v0.6.3",
            )
        rows = checked_rows(features, self._io.in_dtype)
        if len(rows) == 0:
            return np.empty((0, 3))
        (spread,) = self._session.run([BOOTSTRAP], {self._io.input: rows})
        return np.asarray(spread, dtype=np.float64)

    def predict_one(self, features: Sequence[float] | AnyArray) -> float:
        """Score one row of six features, at the lowest latency.

        Raises OptionError when there are not six, or when one is no finite number.
        """
        try:
            row, binding, score = self._local.buffers
        except AttributeError:
            row, binding, score = self._local.buffers = self._bind_row()
        try:
            # One quick test of all six, on Python's numbers: False where one of them is none.
            six = features.tolist() if isinstance(features, np.ndarray) else features
            fits = len(six) == len(FEATURES) and math.hypot(*six) <= LARGEST
        except (TypeError, ValueError, OverflowError):
            fits = False
        row[:] = features if fits else checked_row(features)
        self._session.run_with_iobinding(binding)
        return float(score[0])

    def _bind_row(self) -> tuple[AnyArray, onnxruntime.IOBinding, AnyArray]:
        """Bind this thread's one-row buffers.

        run() would make new arrays for every row. What a row takes is printed by
        ai/scripts/validate_vmaf_tiny_d1.py.
        """
        row = np.zeros((1, len(FEATURES)), self._io.in_dtype)
        score = np.zeros(self._io.row_shape, self._io.out_dtype)
        binding = self._session.io_binding()
        binding.bind_input(self._io.input, "cpu", 0, self._io.in_dtype, row.shape, row.ctypes.data)
        binding.bind_output(
            self._io.output, "cpu", 0, self._io.out_dtype, score.shape, score.ctypes.data
        )
        return row[0], binding, score.reshape(1)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """An ONNX file that has been read, what it is called, and whether the registry vouches."""

    data: bytes
    id: str
    trusted: bool


def load_model(
    spec: str | os.PathLike[str] | None = None,
    *,
    device: str = "cpu",
    neg: bool = False,
    registry: Registry | None = None,
) -> Model:
    """Load a model.

    Args:
        spec: None for the registry's default, a registry id, the path of an ONNX file of your
            own (it ends in ``.onnx``, takes ``[N, 6]`` and gives ``[N]`` or ``[N, 1]``), or the
            path of a libvmaf model (``vmaf_v0.6.1.json``), which is imported on the way.
        device: "cpu"; "cuda", "openvino" or "rocm" for that one or an error; "auto" for the
            first of cuda, openvino, rocm, cpu that works: ``Model.device`` says which.
        neg: which default: the one for features with libvmaf's NEG gain limit. Changes nothing
            for a model that is named.
        registry: another registry than the package's own.

    Raises ModelNotFoundError (no such id or file), ModelDigestError (a shipped file is not the
    one that the registry vouches for), ModelFormatError (not a model of this shape),
    ModelDeviceError (the device is not here), OptionError (no such device).
    """
    file = read_model(spec, neg=neg, registry=registry)
    return Model(file.data, file.id, trusted=file.trusted, device=device)


def read_model(
    spec: str | os.PathLike[str] | None = None,
    *,
    neg: bool = False,
    registry: Registry | None = None,
) -> ModelFile:
    """Read a model; arguments and errors are those of :func:`load_model`."""
    path = Path(spec) if isinstance(spec, (str, os.PathLike)) else None
    suffix = "" if path is None else path.suffix.lower()
    if path is not None and suffix == ".onnx":
        return ModelFile(read_capped(path, MAX_MODEL_BYTES), path.name, trusted=False)
    if path is not None and suffix == ".json":
        from .svr import import_models

        return ModelFile(import_models(path), path.name, trusted=False)
    if spec is None or isinstance(spec, str):
        registry = registry or Registry.load()
        entry = registry.entry(spec, neg=neg)
        return ModelFile(registry.read(entry), entry.id, trusted=True)
    known = ", ".join((registry or Registry.load()).ids)
    raise ModelNotFoundError(
        "not a model",
        given=repr(spec),
        expected=f"one of {known}, or a path that ends in .onnx or .json",
    )
