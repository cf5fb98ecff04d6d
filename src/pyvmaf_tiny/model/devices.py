"""Devices: which ONNX Runtime execution provider stands behind which ``--tiny-device`` name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pyvmaf_tiny.errors import ModelDeviceError, OptionError

#: Provider names by device, in the order in which "auto" tries the devices. AMD's provider was
#: ROCMExecutionProvider before ONNX Runtime 1.23 and is MIGraphXExecutionProvider since.
PROVIDERS: dict[str, tuple[str, ...]] = {
    "cuda": ("CUDAExecutionProvider",),
    "openvino": ("OpenVINOExecutionProvider",),
    "rocm": ("MIGraphXExecutionProvider", "ROCMExecutionProvider"),
    "cpu": ("CPUExecutionProvider",),
}

#: What a device may be called: "auto" or one of the above.
DEVICES: tuple[str, ...] = ("auto", "cpu", "cuda", "openvino", "rocm")

#: The PyPI package whose ONNX Runtime carries the provider.
PACKAGES = {
    "cuda": "onnxruntime-gpu",
    "openvino": "onnxruntime-openvino",
    "rocm": "onnxruntime-migraphx",
    "cpu": "onnxruntime",
}

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Bound(Generic[S]):
    """A session and where it runs; ``skipped`` says why "auto" passed over earlier devices."""

    session: S
    device: str
    provider: str
    skipped: tuple[str, ...]


def bind(
    device: str,
    available: Sequence[str],
    make: Callable[[str], S | str],
) -> Bound[S]:
    """Make a session on ``device``.

    ``available`` holds the providers of the installed ONNX Runtime. ``make(provider)`` returns a
    session that really runs there, or a sentence that says why there is none.

    Raises OptionError (unknown device) and ModelDeviceError (the device asked for is not here; with
    "auto", none is).
    """
    if device not in DEVICES:
        raise OptionError("unknown device", given=repr(device), expected=", ".join(DEVICES))
    reasons: list[str] = []
    for name in PROVIDERS if device == "auto" else (device,):
        present = [provider for provider in PROVIDERS[name] if provider in available]
        if not present:
            reasons.append(f"{name}: the installed ONNX Runtime has no {PROVIDERS[name][0]}")
        for provider in present:
            session = make(provider)
            if not isinstance(session, str):
                return Bound(session, name, provider, tuple(reasons))
            reasons.append(f"{name}: {session}")
    raise ModelDeviceError(
        f"no session on device {device}",
        given="; ".join(reasons),
        expected="an ONNX Runtime that runs there",
        hint=f"pip install {PACKAGES.get(device, 'onnxruntime')} and the driver it needs, "
        'or use model_device="cpu"',
    )
