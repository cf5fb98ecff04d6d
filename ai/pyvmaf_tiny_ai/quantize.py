"""Post-training quantisation: int8 weights and activations, calibrated on rows of a table.

Static, with fixed scales: a dynamic quantiser takes its scales from the batch, so that a row's
score depends on the rows beside it, and a stream and a whole file no longer score alike.

Only the products between the first and the last are quantised. The first one's input is the
features, which have no end that a table would show: with its scales from encodes, enhanced video
lost up to half of its score. The last one's output is the score.
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


class _Rows(CalibrationDataReader):  # type: ignore[misc]  # the base class has no types
    """All rows in one batch."""

    def __init__(self, features: NDArray[np.float64]) -> None:
        self._batches = iter([{INPUT: features.astype(np.float32)}])

    def get_next(self) -> dict[str, Any] | None:
        """The next batch, None after the last."""
        return next(self._batches, None)


def quantize_int8(model: Path, features: NDArray[np.float64], out: Path) -> None:
    """Write ``model`` with its inner matrix products in int8, scales over ``features``.

    The first and the last product, the scaler, the sums and the clip stay in float32.

    ValueError when there is no product between the first and the last.
    """
    graph = onnx.load(model)
    products = []
    for at, node in enumerate(graph.graph.node):
        node.name = f"{node.op_type}{at}"  # by which ONNX Runtime is told what to leave alone
        products += [node.name] if node.op_type == "Gemm" else []
    if len(products) < 3:
        raise ValueError(
            f"{model}: {len(products)} matrix products, expected at least 3: the first and the "
            "last one stay in float32"
        )
    # It advises a step for convolutions, through the root logger.
    logging.getLogger().addFilter(_not_advice)
    try:
        quantize_static(
            graph,
            out,
            _Rows(features),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=products[1:-1],
            op_types_to_quantize=["Gemm"],
            extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]},
        )
    finally:
        logging.getLogger().removeFilter(_not_advice)
    onnx.checker.check_model(onnx.load(out), full_check=True)


def _not_advice(record: logging.LogRecord) -> bool:
    return "pre-processing before quantization" not in record.getMessage()
