"""The libvmaf engine on the test library: every version's rows, call sequences, endless streams."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import OpenFake
from fakevmaf import expected
from fakevmaf.library import CUDA, CUDA_FORK, SYCL, VERSIONS, Fake, Variant

import pyvmaf_tiny
from pyvmaf_tiny.engine import EngineSpec, open_engine
from pyvmaf_tiny.engine.base import Rows
from pyvmaf_tiny.engine.libvmaf import LibvmafEngine, settings
from pyvmaf_tiny.engine.libvmaf.loading import LIBRARY_VARIABLE
from pyvmaf_tiny.errors import DeviceError, EngineStateError, FrameSizeError
from pyvmaf_tiny.frames import FeatureVector, Plane

WIDTH, HEIGHT = 50, 36
NEWEST = VERSIONS[-1]
ALL = (*VERSIONS, CUDA, CUDA_FORK, SYCL)
DEVICES = {CUDA: "cuda", CUDA_FORK: "cuda", SYCL: "sycl"}


def name_of(variant: Variant) -> str:
    """For test ids."""
    free = "-fork" if variant.cuda_state_free else ""
    return f"{variant.version}-{DEVICES.get(variant, 'cpu')}{free}"


def clip(count: int, bit_depth: int = 8) -> tuple[list[Plane], list[Plane]]:
    """Two noisy sequences of planes with rows that do not follow each other at once."""
    random = np.random.default_rng(count)
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    both = random.integers(0, 1 << bit_depth, (2, count, HEIGHT, WIDTH + 14), dtype)
    ref, dis = (list(planes[:, :, 3 : 3 + WIDTH]) for planes in both)
    return ref, dis


def open_on(fake: Fake, *, gain_limit: float = 100.0, **options: object) -> LibvmafEngine:
    """The engine on the variant, on its device; the ledger is empty afterwards but for this."""
    device = DEVICES.get(fake.variant, "cpu")
    spec = {"width": WIDTH, "height": HEIGHT, "threads": 1, "device": device} | options
    spec["gain_limits"] = (gain_limit,)
    return LibvmafEngine(EngineSpec(library=str(fake.path), **spec))  # type: ignore[arg-type]


def probed(fake: Fake) -> Fake:
    """The library once the engine has tried what it does, with an empty ledger."""
    open_on(fake).close()
    fake.reset()
    return fake


def run(engine: LibvmafEngine, ref: Sequence[Plane], dis: Sequence[Plane]) -> list[Rows]:
    """What every push and the flush returned."""
    given = [engine.push(pair[0], pair[1:]) for pair in zip(ref, dis, strict=True)]
    return [*given, engine.flush()]


def rows_of(given: Sequence[Rows]) -> list[FeatureVector]:
    return [row for rows in given for lanes in rows for row in lanes]


@pytest.mark.parametrize("variant", ALL, ids=name_of)
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("period", [2, 2048])
def test_rows_of_every_version(
    open_fake: OpenFake,
    monkeypatch: pytest.MonkeyPatch,
    variant: Variant,
    threads: int,
    period: int,
) -> None:
    monkeypatch.setattr(settings, "PERIOD", period)
    fake = open_fake(variant)
    for frames, limit, depth in ((1, 100.0, 8), (2, 1.0, 8), (11, 1.5, 10), (7, 100.0, 16)):
        ref, dis = clip(frames, depth)
        engine = open_on(fake, threads=threads, gain_limit=limit, bit_depth=depth)
        given = run(engine, ref, dis)
        assert np.array_equal(rows_of(given), expected.rows(ref, dis, gain_limit=limit))
        if variant not in DEVICES:
            assert [len(rows) for rows in given] == [0, *[1] * frames]
        engine.close()
        assert fake.live == {}


@pytest.mark.parametrize("variant", VERSIONS, ids=name_of)
@pytest.mark.parametrize("period", [3, 2048])
def test_where_only_motion2_is_published(
    open_fake: OpenFake, monkeypatch: pytest.MonkeyPatch, variant: Variant, period: int
) -> None:
    """Late, but right; and no later than the context's end."""
    from pyvmaf_tiny.engine.libvmaf import probing

    fake = open_fake(variant)
    fake.hide_motion(True)
    probing.behaviour.cache_clear()
    monkeypatch.setattr(settings, "PERIOD", period)
    ref, dis = clip(10)
    engine = open_on(fake)
    given = run(engine, ref, dis)
    probing.behaviour.cache_clear()
    assert np.array_equal(rows_of(given), expected.rows(ref, dis))
    assert max(map(len, given)) <= period + 2
    engine.close()


@pytest.mark.parametrize("variant", ALL, ids=name_of)
def test_skipped_frames(
    open_fake: OpenFake, monkeypatch: pytest.MonkeyPatch, variant: Variant
) -> None:
    monkeypatch.setattr(settings, "PERIOD", 4)
    ref, dis = clip(11)
    engine = open_on(open_fake(variant), subsample=3)
    given: list[Rows] = []
    for index, (ref_plane, dis_plane) in enumerate(zip(ref, dis, strict=True)):
        given.append(engine.skip(ref_plane) if index % 3 else engine.push(ref_plane, (dis_plane,)))
    given.append(engine.flush())
    assert np.array_equal(rows_of(given), expected.rows(ref, dis)[::3])
    engine.close()


# ---- what is called, and in which order ---------------------------------------------------------

SEQUENCES = {
    NEWEST: """vmaf_init vmaf_use_feature*3 vmaf_preallocate_pictures
        vmaf_fetch_preallocated_picture*2 vmaf_read_pictures""",
    VERSIONS[0]: "vmaf_init vmaf_use_feature*3 vmaf_picture_alloc*2 vmaf_read_pictures",
    CUDA: """vmaf_init vmaf_cuda_state_init vmaf_cuda_import_state vmaf_use_feature*3
        vmaf_cuda_preallocate_pictures vmaf_cuda_fetch_preallocated_picture*2
        vmaf_read_pictures""",
    SYCL: """vmaf_init vmaf_sycl_state_init vmaf_sycl_import_state vmaf_use_feature*3
        vmaf_picture_alloc*2 vmaf_read_pictures""",
}

ENDS = {
    CUDA_FORK: ["vmaf_close", "vmaf_cuda_state_free"],
    SYCL: ["vmaf_close", "vmaf_sycl_state_free"],
}


def spelled(text: str) -> list[str]:
    """The functions of a sequence; ``*3`` repeats."""
    parts = (part.partition("*") for part in text.split())
    return [name for name, _, times in parts for _ in range(int(times or 1))]


def without_silence(names: list[str]) -> list[str]:
    """The calls without the empty context that makes libvmaf silent (or sets its CPU mask)."""
    kept: list[str] = []
    for name in names:
        if name == "vmaf_close" and kept[-1:] == ["vmaf_init"]:
            kept.pop()
        else:
            kept.append(name)
    return kept


@pytest.mark.parametrize("variant", SEQUENCES, ids=name_of)
def test_the_documented_order(open_fake: OpenFake, variant: Variant) -> None:
    fake = probed(open_fake(variant))
    ref, dis = clip(1)
    engine = open_on(fake)
    engine.push(ref[0], (dis[0],))
    calls = without_silence(fake.names)
    assert [name for name in calls if name != "vmaf_feature_score_at_index"] == spelled(
        SEQUENCES[variant]
    )
    suffix = f"_{DEVICES[variant]}" if variant in DEVICES else ""
    used = {call.split("name=")[1].split(",")[0] for call in fake.calls if "use_feature" in call}
    assert used == {f"adm{suffix}", f"vif{suffix}", f"motion{suffix}"}
    engine.close()


@pytest.mark.parametrize("variant", ENDS, ids=name_of)
def test_a_state_goes_after_its_context(open_fake: OpenFake, variant: Variant) -> None:
    fake = open_fake(variant)
    engine = open_on(fake)
    engine.close()
    assert fake.names[-2:] == ENDS[variant]


def test_pictures_hold_luma_alone(open_fake: OpenFake) -> None:
    fake = probed(open_fake(VERSIONS[0]))
    engine = open_on(fake)
    run(engine, *clip(2))
    engine.close()
    allocated = [call for call in fake.calls if call.startswith("vmaf_picture_alloc")]
    assert len(allocated) == 4
    luma_only = "vmaf_picture_alloc(format=4, bpc=8, w=50, h=36)"
    assert set(allocated) == {luma_only}


@pytest.mark.parametrize(("device", "index"), [("sycl", -1), ("sycl:0", 0), ("sycl:2", 2)])
def test_the_sycl_device_is_chosen(open_fake: OpenFake, device: str, index: int) -> None:
    fake = probed(open_fake(SYCL))
    open_on(fake, device=device).close()
    assert f"vmaf_sycl_state_init(device={index})" in fake.calls


def test_options_of_the_context(open_fake: OpenFake) -> None:
    fake = probed(open_fake(NEWEST))
    open_on(fake, threads=4, subsample=5, cpu_mask=48, gain_limit=1.2).close()
    assert "vmaf_init(threads=4, subsample=5, cpumask=48)" in fake.calls
    keys = [call for call in fake.calls if call.startswith("vmaf_feature_dictionary_set")]
    assert sorted(call.split("key=")[1].split(",")[0] for call in keys) == [
        "adm_enhn_gain_limit",
        "vif_enhn_gain_limit",
    ]
    assert all(float(call.split("value=")[1].rstrip(")")) == 1.2 for call in keys)


# ---- endless streams ----------------------------------------------------------------------------


@pytest.mark.parametrize("variant", [NEWEST, VERSIONS[0], SYCL], ids=name_of)
def test_an_endless_stream_stays_bounded(
    open_fake: OpenFake, monkeypatch: pytest.MonkeyPatch, variant: Variant
) -> None:
    period, frames = 50, 3000
    monkeypatch.setattr(settings, "PERIOD", period)
    fake = open_fake(variant)
    fake.record(False)
    base = clip(7)
    ref, dis = (list(itertools.islice(itertools.cycle(planes), frames)) for planes in base)
    wanted = expected.rows([*base[0], *base[0]], [*base[1], *base[1]])
    engine = open_on(fake)
    frame = 0
    for pair in zip(ref, dis, strict=True):
        for (row,) in engine.push(pair[0], pair[1:]):
            # the second round of the clip, but for its last frame, which is followed by a third
            again = 6 if frame % 7 == 6 else 7 + frame % 7
            assert row == tuple(wanted[frame if frame < 7 else again])
            frame += 1
    frame += len(engine.flush())
    engine.close()
    assert frame == frames
    assert frames // period <= fake.count("vmaf_init") <= frames // period + 20
    assert fake.peaks["contexts"] <= 3
    assert fake.peaks["scores"] <= 8 * 2 * (period + 2)
    assert fake.peaks["pictures"] <= 12


def test_a_reset_begins_a_new_stream(open_fake: OpenFake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PERIOD", 3)
    fake = open_fake(NEWEST)
    engine = open_on(fake)
    ref, dis = clip(5)
    for pushed in range(5):
        for pair in zip(ref[:pushed], dis[:pushed], strict=True):
            engine.push(pair[0], pair[1:])
        engine.reset()
        assert fake.live["contexts"] == 1
    assert np.array_equal(rows_of(run(engine, ref, dis)), expected.rows(ref, dis))
    with pytest.raises(EngineStateError):
        engine.push(ref[0], (dis[0],))
    engine.close()
    engine.close()
    with pytest.raises(EngineStateError):
        engine.flush()


# ---- teachers -----------------------------------------------------------------------------------


def model_file(folder: Path, **changes: object) -> Path:
    """A small model as JSON, with these fields of its "model_dict" changed; None drops one."""
    header = "svm_type nu_svr\nkernel_type rbf\ngamma 0.05\nnr_class 2\ntotal_sv 2\nrho -1.3\n"
    model = {
        "model_type": "LIBSVMNUSVR",
        "model": header + "SV\n-4 1:0.4 2:0.3\n4 1:0.9 2:1.1e-1\n",
        "norm_type": "linear_rescale",
        "slopes": [0.012, 2.8, 0.06],
        "intercepts": [-0.3, -1.7, -0.003],
        "feature_names": ["VMAF_integer_feature_adm2_score", "VMAF_integer_feature_motion2_score"],
        "score_clip": [0.0, 100.0],
    } | changes
    kept = {field: value for field, value in model.items() if value is not None}
    file = folder / "model.json"
    file.write_text(json.dumps({"model_dict": kept}))
    return file


@pytest.mark.parametrize("variant", VERSIONS, ids=name_of)
@pytest.mark.parametrize("teacher", ["vmaf_v0.6.1", "vmaf_v0.6.1neg", "file"])
def test_the_teacher_scores_every_frame(
    open_fake: OpenFake,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variant: Variant,
    teacher: str,
) -> None:
    monkeypatch.setattr(settings, "PERIOD", 4)
    if teacher == "file":
        teacher = str(model_file(tmp_path))
    ref, dis = clip(11)
    engine = open_on(open_fake(variant), teacher=teacher)
    rows = rows_of(run(engine, ref, dis))
    limit = 1.0 if teacher.endswith("neg") else 100.0
    wanted = expected.vmaf(expected.rows(ref, dis, gain_limit=limit))
    assert np.array_equal(rows, expected.rows(ref, dis))
    assert [row.teacher for row in rows] == wanted.tolist()  # type: ignore[attr-defined]
    engine.close()


# ---- the front door -----------------------------------------------------------------------------


def test_through_the_api(open_fake: OpenFake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = open_fake(NEWEST)
    planes = clip(6)
    ref, dis = map(np.array, planes)
    wanted = expected.rows(*planes)
    named = pyvmaf_tiny.features(ref, dis, engine=f"libvmaf:{fake.path}")
    assert np.array_equal(named, wanted)
    monkeypatch.setenv(LIBRARY_VARIABLE, str(fake.path))
    found = pyvmaf_tiny.features(ref, dis, engine="libvmaf", neg=True, threads=3)
    assert np.array_equal(found, expected.rows(*planes, gain_limit=1.0))
    (info,) = (info for info in pyvmaf_tiny.engines() if info.name == "libvmaf")
    assert info.available
    assert (info.file, info.version) == (str(fake.path.resolve()), "3.2.0")
    assert fake.live == {}


def test_small_frames_never_reach_libvmaf(open_fake: OpenFake) -> None:
    fake = probed(open_fake(NEWEST))
    for size in ((32, 64), (64, 32)):
        with pytest.raises(FrameSizeError):
            open_on(fake, width=size[0], height=size[1])
    assert fake.calls == []


@pytest.mark.parametrize("variant", [CUDA, SYCL], ids=name_of)
def test_no_such_hardware(
    open_fake: OpenFake, variant: Variant, caplog: pytest.LogCaptureFixture
) -> None:
    fake = probed(open_fake(variant))
    fake.gpu(False)
    with caplog.at_level(logging.ERROR), pytest.raises(DeviceError, match=DEVICES[variant]):
        open_on(fake)
    assert fake.live == {}


@pytest.mark.parametrize("device", ["cuda", "sycl"])
def test_no_such_functions(open_fake: OpenFake, device: str) -> None:
    fake = probed(open_fake(NEWEST))
    with pytest.raises(DeviceError, match=f"no functions for {device}"):
        open_on(fake, device=device)
    assert fake.calls == []


def test_two_engines_by_name(open_fake: OpenFake) -> None:
    """``libvmaf:PATH`` is an engine's name wherever one is taken."""
    fake = open_fake(NEWEST)
    engine = open_engine(f"libvmaf:{fake.path}", EngineSpec(width=WIDTH, height=HEIGHT))
    assert engine.name == "libvmaf"
    engine.close()
