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
    ModelDeviceError,
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
    from .engine.gpu import DeviceArray, DeviceFrames
    from .many import features_many, score_many
    from .model import Model, ModelInfo, load_model, models
    from .parity import ComparisonResult, compare
    from .renditions import ScoreResults
    from .result_info import ResultInfo
    from .results import ScoreResult
    from .scorer import ReferenceScorer, Scorer
    from .scorer.device import DeviceScorer
    from .version import __version__

_LAZY = {
    "ComparisonResult": "parity",
    "DeviceArray": "engine.gpu",
    "DeviceFrames": "engine.gpu",
    "DeviceScorer": "scorer.device",
    "EngineInfo": "engine",
    "Model": "model",
    "ModelInfo": "model",
    "ReferenceScorer": "scorer",
    "ResultInfo": "result_info",
    "ScoreResult": "results",
    "ScoreResults": "renditions",
    "Scorer": "scorer",
    "__version__": "version",
    "compare": "parity",
    "engines": "engine",
    "features": "api",
    "features_many": "many",
    "load_model": "model",
    "models": "model",
    "score": "api",
    "score_many": "many",
}

__all__ = [
    "FEATURES",
    "BitDepthError",
    "ComparisonResult",
    "DeviceArray",
    "DeviceError",
    "DeviceFrames",
    "DeviceScorer",
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
    "ModelDeviceError",
    "ModelDigestError",
    "ModelError",
    "ModelFormatError",
    "ModelInfo",
    "ModelNotFoundError",
    "OptionError",
    "OutOfMemoryError",
    "PixelFormatError",
    "ReferenceScorer",
    "ResultInfo",
    "SampleRangeError",
    "ScoreResult",
    "ScoreResults",
    "Scorer",
    "SourceError",
    "TruncatedInputError",
    "VmafTinyError",
    "__version__",
    "compare",
    "engines",
    "errors",
    "features",
    "features_many",
    "load_model",
    "models",
    "score",
    "score_many",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
