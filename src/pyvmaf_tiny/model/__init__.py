"""Models: the registry that vouches for the shipped ones, and the sessions that run them.

Importing this package is cheap: ONNX Runtime is imported when a session is made.
"""

from .devices import DEVICES
from .registry import ModelInfo, Registry, models
from .registry_format import ModelEntry
from .session import Model, load_model

__all__ = ["DEVICES", "Model", "ModelEntry", "ModelInfo", "Registry", "load_model", "models"]
