"""Which operators a model may use, whoever vouches for it.

A model here turns six numbers into one, with arithmetic that needs time and memory in proportion
to the rows. Operators that loop, branch, draw random numbers, make tensors of a size that the
graph chooses, or come from another vendor are not needed for that and are refused before ONNX
Runtime sees the file.
"""

from __future__ import annotations

import os

from pyvmaf_tiny.errors import ModelFormatError

from .onnxfile import GraphFacts, read_graph

#: Names more operators, separated by commas: ``Erf,com.microsoft:Gelu``.
VARIABLE = "PYVMAF_TINY_ALLOWED_OPS"

ALLOWED = frozenset(
    (
        # networks, whole and quantised
        *("Gemm", "MatMul", "MatMulInteger", "BatchNormalization", "LayerNormalization"),
        *("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"),
        # activations
        *("Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "Tanh"),
        *("Softplus", "Softsign", "Gelu", "HardSwish", "Mish", "Softmax", "ThresholdedRelu"),
        # arithmetic, value by value
        *("Add", "Sub", "Mul", "Div", "Neg", "Abs", "Sqrt", "Pow", "Exp", "Log", "Reciprocal"),
        *("Min", "Max", "Mean", "Sum", "Clip", "Erf", "Sign", "Floor", "Ceil", "Round", "Where"),
        *("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Not"),
        # sums and order of values
        *("ReduceSum", "ReduceMean", "ReduceMin", "ReduceMax", "ReduceSumSquare", "ReduceL2"),
        "TopK",
        # shapes and types
        *("Squeeze", "Unsqueeze", "Reshape", "Flatten", "Transpose", "Concat", "Split", "Slice"),
        *("Gather", "Shape", "Cast", "Constant", "Identity"),
        # scikit-learn's and libsvm's models
        *("ai.onnx.ml:SVMRegressor", "ai.onnx.ml:LinearRegressor", "ai.onnx.ml:Scaler"),
        "ai.onnx.ml:TreeEnsembleRegressor",
    )
)


def check_graph(data: bytes, name: str) -> GraphFacts:
    """Check an ONNX file before a session is made of it; return what is in it.

    Raises ModelFormatError: not an ONNX file, it does not carry all its weights, or it uses
    operators that are neither in :data:`ALLOWED` nor in ``$PYVMAF_TINY_ALLOWED_OPS``.
    """
    facts = read_graph(data, name)
    extra = {item.strip() for item in os.environ.get(VARIABLE, "").split(",")}
    refused = sorted(facts.operators - ALLOWED - extra)
    if refused:
        raise ModelFormatError(
            f"{name} uses operators that a model is not allowed to use",
            given=", ".join(refused),
            expected="arithmetic on feature rows: " + ", ".join(sorted(ALLOWED)[:12]) + ", ...",
            hint=f"if you trust the file, allow them: {VARIABLE}={','.join(refused)}",
        )
    return facts
