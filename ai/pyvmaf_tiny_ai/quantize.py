"""Post-training quantisation: int8 weights and activations, calibrated on rows of a table.

Static, with fixed scales: a dynamic quantiser takes its scales from the batch, so that a row's
score depends on the rows beside it, and a stream and a whole file no longer score alike.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from .export import INPUT


class BudgetError(ValueError):
    """Quantisation costs more agreement with the teacher than was allowed."""


class _Rows(CalibrationDataReader):  # type: ignore[misc]  # the base class has no types
    """All rows in one batch."""

    def __init__(self, features: NDArray[np.float64]) -> None:
        self._batches = iter([{INPUT: features.astype(np.float32)}])

    def get_next(self) -> dict[str, Any] | None:
        """The next batch, None after the last."""
        return next(self._batches, None)


def quantize_int8(model: Path, features: NDArray[np.float64], out: Path) -> None:
    """Write ``model`` with its matrix products in int8; scales cover the range over ``features``.

    The scaler, the sums that leave a product and the clip stay in float32: the last sum is the
    score, and eight bits of it would be steps of more than half a VMAF point.
    """
    # It advises a step for convolutions, through the root logger.
    logging.getLogger().addFilter(_not_advice)
    try:
        quantize_static(
            model,
            out,
            _Rows(features),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Gemm"],
            extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]},
        )
    finally:
        logging.getLogger().removeFilter(_not_advice)
    onnx.checker.check_model(onnx.load(out), full_check=True)


def _not_advice(record: logging.LogRecord) -> bool:
    return "pre-processing before quantization" not in record.getMessage()
