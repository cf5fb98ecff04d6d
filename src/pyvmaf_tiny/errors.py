"""The exception tree: every error that pyvmaf-tiny raises on purpose.

    VmafTinyError
    +-- OptionError            an argument has a value that does not exist or does not fit
    +-- InputError             the frames or the file that holds them
    |   +-- SourceError            cannot be opened, read or decoded
    |   +-- PixelFormatError       a pixel format without a luma plane we can read in place
    |   +-- FrameSizeError         too small, too large, or reference and distorted differ
    |   +-- BitDepthError          unknown, unsupported, or reference and distorted differ
    |   +-- FrameTypeError         not a luma array: dtype, dimensions
    |   +-- FrameLayoutError       strides that the engine cannot walk
    |   +-- SampleRangeError       a sample above 2**bit_depth - 1
    |   +-- EmptyInputError        no frame at all
    |   +-- TruncatedInputError    the last frame is incomplete
    |   +-- FrameCountError        one input ended before the other
    +-- ModelError
    |   +-- ModelNotFoundError     no such id, no such file
    |   +-- ModelDigestError       the file is not the one that the registry vouches for
    |   +-- ModelFormatError       not an ONNX graph of [N, 6] -> [N], or a broken registry
    |   +-- ModelDeviceError       the model's device is not here; a DeviceError, too
    +-- EngineError
        +-- DeviceError            the device asked for is not here
        +-- EngineUnavailableError no such engine on this machine
        +-- EngineStateError       pushed after flush, used after close, used by two threads
        +-- OutOfMemoryError       the engine could not allocate its working memory

A message says what was given, what was expected and what to do. When frames had been scored
before the failure, ``error.result`` holds them (``error.results`` where there are several
renditions), and what had been compared before it is ``error.comparison``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .parity import ComparisonResult
    from .renditions import ScoreResults
    from .results import ScoreResult


class VmafTinyError(Exception):
    """Base of every deliberate error.

    ``given``, ``expected`` and ``hint`` are the parts of the message; ``result`` is what had
    been scored before the failure (None when nothing had), ``results`` the same of several
    renditions, ``comparison`` what had been compared. ``rendition`` is the position of the
    rendition at fault, 0 where there is one alone; None when it is none of them.
    """

    def __init__(
        self,
        message: str,
        *,
        given: object = None,
        expected: object = None,
        hint: str | None = None,
    ) -> None:
        self.message = message
        self.given = given
        self.expected = expected
        self.hint = hint
        self.rendition: int | None = None
        self.result: ScoreResult | None = None
        self.results: ScoreResults | None = None
        self.comparison: ComparisonResult | None = None
        super().__init__(message)

    def __str__(self) -> str:
        parts = []
        if self.given is not None:
            parts.append(f"given {self.given}")
        if self.expected is not None:
            parts.append(f"expected {self.expected}")
        text = self.message + (": " + ", ".join(parts) if parts else "")
        return text + (f" ({self.hint})" if self.hint else "")


class OptionError(VmafTinyError, ValueError):
    """An argument has a value that does not exist or does not fit the others."""


class InputError(VmafTinyError, ValueError):
    """Something is wrong with the frames or with the file that holds them."""


class SourceError(InputError):
    """An input cannot be opened, read or decoded."""


class PixelFormatError(InputError):
    """A pixel format that is unknown or has no luma plane that can be read in place."""


class FrameSizeError(InputError):
    """A frame is smaller than 33x33, too large, or of another size than expected."""


class BitDepthError(InputError):
    """A bit depth that is unknown, unsupported, or differs between the two inputs."""


class FrameTypeError(InputError, TypeError):
    """A frame is not a 2-D array of unsigned 8- or 16-bit samples, or a DeviceArray not NumPy's."""


class FrameLayoutError(InputError):
    """A frame's strides cannot be walked in place."""


class SampleRangeError(InputError):
    """A sample is larger than the bit depth allows."""


class EmptyInputError(InputError):
    """An input holds no frame."""


class TruncatedInputError(InputError):
    """An input ends in the middle of a frame."""


class FrameCountError(InputError):
    """One input ended before the other; ``result`` holds the common frames."""


class ModelError(VmafTinyError):
    """Something is wrong with a model or with the model registry."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """No model of that id or at that path."""


class ModelDigestError(ModelError):
    """A model file's sha256 is not the one in the registry; it is not loaded."""


class ModelFormatError(ModelError):
    """A file is not a model of ours: not ONNX, or not ``[N, 6] -> [N]``."""


class EngineError(VmafTinyError):
    """Something is wrong with the feature extraction engine."""


class DeviceError(EngineError):
    """A device is not available: an engine's GPU, or what a model should run on."""


class ModelDeviceError(ModelError, DeviceError):
    """The device that a model should run on is not available: no such execution provider."""


class EngineUnavailableError(EngineError):
    """The engine asked for does not exist on this machine."""


class EngineStateError(EngineError, RuntimeError):
    """A call that does not fit the engine's state."""


class OutOfMemoryError(EngineError, MemoryError):
    """The engine could not allocate its working memory."""
