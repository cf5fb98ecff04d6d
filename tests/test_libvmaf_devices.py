"""Which device libvmaf works on, and which library where: on the test library, driver and names."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import OpenFake
from fakevmaf import expected
from fakevmaf.library import CUDA, CUDA_FORK, SYCL, Fake, Variant
from test_libvmaf_fake import clip, name_of, open_on, probed, rows_of, run

import pyvmaf_tiny
from pyvmaf_tiny.engine.libvmaf import devices, loading
from pyvmaf_tiny.errors import DeviceError, EngineUnavailableError, OptionError

#: A CUDA driver with two devices that counts who holds a primary context.
DRIVER = """
int held, asked = -1;
int cuInit(unsigned flags) { return (int)flags; }
int cuDeviceGet(int *device, int index) { *device = asked = index; return index < 2 ? 0 : 101; }
int cuDevicePrimaryCtxRetain(void **context, int device)
{
    held++;
    *context = &held;
    return device != 1;
}
int cuDevicePrimaryCtxRelease(int device)
{
    held -= device;
    return 0;
}
"""


@pytest.fixture(scope="module")
def driver_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("driver") / "libcuda.so.1"
    command = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", str(output), "-x", "c", "-"]
    subprocess.run(command, input=DRIVER, text=True, check=True)
    return output


@pytest.fixture
def driver(driver_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ctypes.CDLL]:
    """The stand-in for CUDA's driver, in place of a real one; at the end nobody holds a context."""
    monkeypatch.setattr(devices, "_CUDA_DRIVER", str(driver_file))
    loaded = ctypes.CDLL(str(driver_file))
    yield loaded
    gc.collect()
    assert held(loaded) == 0


def held(driver: ctypes.CDLL) -> int:
    """Contexts that nobody has given back."""
    return ctypes.c_int.in_dll(driver, "held").value


@pytest.mark.parametrize("variant", [CUDA, CUDA_FORK], ids=name_of)
def test_the_second_cuda_device(open_fake: OpenFake, driver: ctypes.CDLL, variant: Variant) -> None:
    """Its primary context goes to libvmaf and is held as long as the stream."""
    fake = probed(open_fake(variant))
    ref, dis = clip(5)
    engine = open_on(fake, device="cuda:1")
    assert "vmaf_cuda_state_init(context=given)" in fake.calls
    assert (held(driver), ctypes.c_int.in_dll(driver, "asked").value) == (1, 1)
    assert np.array_equal(rows_of(run(engine, ref, dis)), expected.rows(ref, dis))
    engine.close()
    gc.collect()
    assert held(driver) == 0


@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_the_first_cuda_device_is_libvmafs_own(open_fake: OpenFake, device: str) -> None:
    fake = probed(open_fake(CUDA))
    open_on(fake, device=device).close()
    assert "vmaf_cuda_state_init(context=own)" in fake.calls


def test_a_cuda_device_that_is_not_there(open_fake: OpenFake, driver: ctypes.CDLL) -> None:
    fake = probed(open_fake(CUDA))
    with pytest.raises(DeviceError, match=r"refuses the device: given 101 from cuDeviceGet\(\)"):
        open_on(fake, device="cuda:2")
    fake.gpu(False)
    with pytest.raises(DeviceError, match="cuda:1"):  # it is given back, too
        open_on(fake, device="cuda:1")


def test_no_cuda_driver(open_fake: OpenFake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_CUDA_DRIVER", "libcuda-that-nobody-has.so.1")
    with pytest.raises(DeviceError, match=r"CUDA's driver cannot be loaded: given libcuda-that"):
        open_on(open_fake(CUDA), device="cuda:1")


@pytest.mark.parametrize("device", ["auto", "tpu", "cuda:x", "cuda:-1", "cpu:1", "", 0, None])
def test_devices_that_are_none(open_fake: OpenFake, device: object) -> None:
    with pytest.raises(OptionError):
        open_on(open_fake(SYCL), device=device)


def test_the_gpu_mask(open_fake: OpenFake) -> None:
    fake = probed(open_fake(CUDA))
    open_on(fake, gpu_mask=5).close()
    assert any("gpumask=5" in call for call in fake.calls)


def test_what_engines_says_of_gpus(open_fake: OpenFake, monkeypatch: pytest.MonkeyPatch) -> None:
    for variant, listed in ((CUDA, ("cpu", "cuda")), (SYCL, ("cpu", "sycl"))):
        monkeypatch.setenv(loading.LIBRARY_VARIABLE, str(open_fake(variant).path))
        (info,) = (info for info in pyvmaf_tiny.engines() if info.name == "libvmaf")
        assert info.devices == listed


# ---- libraries ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.5.3", "2.2.1", "4.0.0"])
def test_versions_that_are_refused(fake_builds: Callable[[Variant], Fake], version: str) -> None:
    fake = fake_builds(Variant(version=version))
    with pytest.raises(
        EngineUnavailableError, match=f"(?s)2.3 to 3.x.*version {version}.*libvmaf 2.3 to 3.x"
    ):
        loading.load(str(fake.path))


@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("linux", ["libvmaf.so.3", "libvmaf.so.1", "libvmaf.so"]),
        ("darwin", ["libvmaf.3.dylib", "libvmaf.1.dylib", "libvmaf.dylib"]),
        ("win32", ["vmaf.dll", "libvmaf.dll", "libvmaf-3.dll"]),
    ],
)
def test_the_systems_names(
    monkeypatch: pytest.MonkeyPatch, platform: str, names: list[str]
) -> None:
    """What the loader is asked for, in order; that it has none of them is no news by itself."""
    asked = []

    def lacks(name: str) -> loading.Library:
        asked.append(name)
        raise OSError(f"{name}: not here")

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(loading, "_loaded", lacks)
    monkeypatch.setattr(loading, "_pyav_copies", list)
    with pytest.raises(EngineUnavailableError, match=r"^no libvmaf was found \(pip install"):
        loading.load()
    assert asked == names
