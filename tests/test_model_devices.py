"""Which execution provider a device name means, and what happens when it is not there."""

from __future__ import annotations

from typing import Any

import onnxruntime
import pytest
from model_graphs import MODELS

from pyvmaf_tiny.errors import ModelDeviceError, OptionError
from pyvmaf_tiny.model import DEVICES, load_model
from pyvmaf_tiny.model.devices import PROVIDERS, bind

EVERY = [provider for names in PROVIDERS.values() for provider in names]
MODEL = MODELS / "vmaf_tiny_d1.onnx"


def works(provider: str) -> tuple[str]:
    """A stand-in for a session."""
    return (provider,)


@pytest.mark.parametrize(
    ("device", "provider"),
    [
        ("auto", "CUDAExecutionProvider"),
        ("cuda", "CUDAExecutionProvider"),
        ("openvino", "OpenVINOExecutionProvider"),
        ("rocm", "MIGraphXExecutionProvider"),
        ("cpu", "CPUExecutionProvider"),
    ],
)
def test_device_names(device: str, provider: str) -> None:
    bound = bind(device, EVERY, works)
    assert bound.provider == provider
    assert bound.session == (provider,)
    assert bound.skipped == ()


def test_older_runtimes_call_amds_provider_rocm() -> None:
    assert bind("rocm", ["ROCMExecutionProvider"], works).provider == "ROCMExecutionProvider"


def test_auto_walks_cuda_openvino_rocm_cpu_and_says_why() -> None:
    tried = []

    def make(provider: str) -> tuple[str] | str:
        tried.append(provider)
        return works(provider) if provider == "CPUExecutionProvider" else f"{provider}: no driver"

    bound = bind("auto", EVERY, make)
    assert tried == [
        "CUDAExecutionProvider",
        "OpenVINOExecutionProvider",
        "MIGraphXExecutionProvider",
        "ROCMExecutionProvider",
        "CPUExecutionProvider",
    ]
    assert bound.device == "cpu"
    assert len(bound.skipped) == 4
    assert all("no driver" in reason for reason in bound.skipped)


def test_auto_takes_the_first_that_works() -> None:
    bound = bind("auto", ["OpenVINOExecutionProvider", "CPUExecutionProvider"], works)
    assert bound.device == "openvino"
    assert [reason.partition(":")[0] for reason in bound.skipped] == ["cuda"]


@pytest.mark.parametrize("device", ["cuda", "openvino", "rocm"])
def test_a_device_asked_for_is_never_replaced(device: str) -> None:
    with pytest.raises(
        ModelDeviceError, match=f"pip install onnxruntime-.*{PROVIDERS['cpu'][0][:3]}|cpu"
    ):
        bind(device, ["CPUExecutionProvider"], works)


@pytest.mark.parametrize("device", ["gpu", "CUDA", "", "cuda:0"])
def test_unknown_device(device: str) -> None:
    with pytest.raises(OptionError, match="auto, cpu, cuda, openvino, rocm"):
        load_model(MODEL, device=device)


def test_every_device_has_providers() -> None:
    assert set(DEVICES) == {"auto", *PROVIDERS}


class Unbound:
    """A session as ONNX Runtime makes it when the driver is missing: on the CPU, no error."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def get_providers(self) -> list[str]:
        return ["CPUExecutionProvider"]


def test_a_provider_that_does_not_bind_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: EVERY)
    monkeypatch.setattr(onnxruntime, "InferenceSession", Unbound)
    with pytest.raises(ModelDeviceError, match="did not bind"):
        load_model(MODEL, device="cuda")


def test_the_session_says_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    model = load_model(MODEL, device="auto")
    assert (model.device, model.provider) == ("cpu", "CPUExecutionProvider")
    assert len(model.skipped) == 3
    with pytest.raises(ModelDeviceError, match="onnxruntime-gpu"):
        load_model(MODEL, device="cuda")
