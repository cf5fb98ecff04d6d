"""The calls into ONNX Runtime: making a session, and finding out what its graph takes and gives."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pyvmaf_tiny.errors import ModelFormatError
from pyvmaf_tiny.frames import FEATURES

if TYPE_CHECKING:
    import onnxruntime

_Float = type[np.float32] | type[np.float64]

_DTYPES: dict[str, _Float] = {"tensor(float)": np.float32, "tensor(double)": np.float64}
_EXPECTED_INPUT = f"one input [N, {len(FEATURES)}] of float or double, N free"
_EXPECTED_OUTPUT = "one output [N] or [N, 1] of float or double"

#: The second output of an imported bootstrap collection: [N, 3] double.
BOOTSTRAP = "bootstrap"

#: Metadata of a graph: the enhancement gain limit that its features must have.
GAIN_LIMIT = "gain_limit"


@dataclass(frozen=True, slots=True)
class Interface:
    """A graph's input and output: names, NumPy types, and the output's shape for one row.

    ``has_bootstrap``: it has a second output, :data:`BOOTSTRAP`.
    """

    input: str
    in_dtype: _Float
    output: str
    out_dtype: _Float
    row_shape: tuple[int, ...]
    has_bootstrap: bool


def available_providers() -> list[str]:
    """ONNX Runtime's providers; the first call of this module that imports it.

    Its telemetry is off, unless ORT_DISABLE_TELEMETRY says otherwise: nothing is sent about what
    is scored, and no thread of it makes a forked process wait for ever when it ends.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # is read once, at the import
    import onnxruntime

    providers: list[str] = onnxruntime.get_available_providers()
    return providers


def make_session(data: bytes, provider: str, name: str) -> onnxruntime.InferenceSession | str:
    """Return a session that really runs on ``provider``, or why there is none."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # A row is 257 multiply-adds: handing it to a second thread costs more than the work.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # fatal: everything below comes back as an exception
    try:
        session = onnxruntime.InferenceSession(
            data, options, providers=[provider], enable_fallback=0
        )
    except _errors() as error:
        if provider == "CPUExecutionProvider":
            raise ModelFormatError(
                f"ONNX Runtime cannot load the model ({_first_line(error)})", given=name
            ) from error
        return f"{provider} could not be used ({_first_line(error)})"
    # A provider whose driver is missing is dropped by ONNX Runtime without an error.
    if session.get_providers()[0] != provider:
        return f"{provider} did not bind, its driver or libraries are missing"
    return session


def check_interface(session: onnxruntime.InferenceSession, name: str) -> Interface:
    """Find out the graph's interface; ModelFormatError unless it scores feature rows.

    What a graph declares as output shape need not be what it computes, so it is run.
    """
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or inputs[0].type not in _DTYPES or not _is_rows(inputs[0].shape):
        raise ModelFormatError(
            f"{name} does not take feature rows",
            given=_describe(inputs),
            expected=_EXPECTED_INPUT,
        )
    has_bootstrap = len(outputs) == 2 and _is_bootstrap(outputs[1])
    if len(outputs) != 1 + has_bootstrap or outputs[0].type not in _DTYPES:
        raise ModelFormatError(
            f"{name} does not give one score per row",
            given=_describe(outputs),
            expected=_EXPECTED_OUTPUT,
        )
    in_dtype = _DTYPES[inputs[0].type]
    ends = outputs[0].name, inputs[0].name
    _trial_run(session, ends, in_dtype, name, rows=3)
    row_shape = _trial_run(session, ends, in_dtype, name, rows=1)
    return Interface(
        input=inputs[0].name,
        in_dtype=in_dtype,
        output=outputs[0].name,
        out_dtype=_DTYPES[outputs[0].type],
        row_shape=row_shape,
        has_bootstrap=has_bootstrap,
    )


def gain_limit_in(session: onnxruntime.InferenceSession, name: str) -> float | None:
    """The enhancement gain limit that the graph's metadata asks for; None when it does not."""
    text = session.get_modelmeta().custom_metadata_map.get(GAIN_LIMIT)
    if text is None:
        return None
    try:
        limit = float(text)
    except ValueError:
        limit = math.nan
    if not limit >= 1:
        raise ModelFormatError(
            f"{name} asks for an impossible gain limit", given=repr(text), expected="1.0 or more"
        )
    return limit


def _is_rows(shape: Sequence[int | str | None]) -> bool:
    return len(shape) == 2 and not isinstance(shape[0], int) and shape[1] == len(FEATURES)


def _is_bootstrap(node: Any) -> bool:
    return (node.name, node.type, node.shape[1:]) == (BOOTSTRAP, "tensor(double)", [3])


def _describe(nodes: Sequence[Any]) -> str:
    return ", ".join(f"{node.name} {node.type} {node.shape}" for node in nodes)


def _trial_run(
    session: onnxruntime.InferenceSession,
    ends: tuple[str, str],
    dtype: _Float,
    name: str,
    *,
    rows: int,
) -> tuple[int, ...]:
    """Score ``rows`` rows and return the output's shape; ``ends``: names of output and input."""
    output, node = ends
    try:
        (scores,) = session.run([output], {node: np.full((rows, len(FEATURES)), 0.5, dtype)})
    except _errors() as error:
        raise ModelFormatError(
            f"{name} cannot score {rows} rows ({_first_line(error)})", expected=_EXPECTED_OUTPUT
        ) from error
    shape: tuple[int, ...] = scores.shape
    if shape not in ((rows,), (rows, 1)):
        raise ModelFormatError(
            f"{name} does not give one score per row",
            given=f"output shape {shape} for {rows} rows",
            expected=_EXPECTED_OUTPUT,
        )
    return shape


def _errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises: one class per status code without a common base, or a plain one."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [item for item in vars(state).values() if isinstance(item, type)]
    return RuntimeError, ValueError, *(item for item in own if issubclass(item, Exception))


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
