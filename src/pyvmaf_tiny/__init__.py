"""VMAF-style video quality in process: exact libvmaf features, tiny ONNX models.

>>> import pyvmaf_tiny
>>> result = pyvmaf_tiny.score("reference.mp4", "distorted.mp4")  # doctest: +SKIP
>>> result.mean, result.percentile(5), result.min  # doctest: +SKIP

Names are loaded when first used, so importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import errors
from .errors import (
    BitDepthError,
    DeviceError,
    EmptyInputError,
    EngineError,
    EngineStateError,
    EngineUnavailableError,
    FrameCountError,
    FrameLayoutError,
    FrameSizeError,
    FrameTypeError,
    InputError,
    ModelDigestError,
    ModelError,
    ModelFormatError,
    ModelNotFoundError,
    OptionError,
    OutOfMemoryError,
    PixelFormatError,
    SampleRangeError,
    SourceError,
    TruncatedInputError,
    VmafTinyError,
)
from .frames import FEATURES, FeatureVector, FrameScore

if TYPE_CHECKING:
    from .api import features, score
    from .engine import EngineInfo, engines
    from .model import Model, ModelInfo, load_model, models
    from .parity import ComparisonResult, compare
    from .results import ResultInfo, ScoreResult
    from .scorer import Scorer
    from .version import __version__

_LAZY = {
    "ComparisonResult": "parity",
    "EngineInfo": "engine",
    "Model": "model",
    "ModelInfo": "model",
    "ResultInfo": "results",
    "ScoreResult": "results",
    "Scorer": "scorer",
    "__version__": "version",
    "compare": "parity",
    "engines": "engine",
    "features": "api",
    "load_model": "model",
    "models": "model",
    "score": "api",
}

__all__ = [
    "FEATURES",
    "BitDepthError",
    "ComparisonResult",
    "DeviceError",
    "EmptyInputError",
    "EngineError",
    "EngineInfo",
    "EngineStateError",
    "EngineUnavailableError",
    "FeatureVector",
    "FrameCountError",
    "FrameLayoutError",
    "FrameScore",
    "FrameSizeError",
    "FrameTypeError",
    "InputError",
    "Model",
    "ModelDigestError",
    "ModelError",
    "ModelFormatError",
    "ModelInfo",
    "ModelNotFoundError",
    "OptionError",
    "OutOfMemoryError",
    "PixelFormatError",
    "ResultInfo",
    "SampleRangeError",
    "ScoreResult",
    "Scorer",
    "SourceError",
    "TruncatedInputError",
    "VmafTinyError",
    "__version__",
    "compare",
    "engines",
    "errors",
    "features",
    "load_model",
    "models",
    "score",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
