"""The test library itself: what it computes, counts, notes and breaks."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_double, c_void_p

import numpy as np
import pytest
from conftest import OpenFake
from fakevmaf import expected
from fakevmaf.client import YUV420, Client, Parameters, SyclConfiguration
from fakevmaf.library import CUDA, CUDA_FORK, SYCL, VERSIONS, Fake, Variant

from pyvmaf_tiny.frames import Plane

NEWEST = VERSIONS[-1]
SIDE = 40
FEATURES = ("adm", "vif", "motion")


def planes(seed: int, count: int, side: int = SIDE) -> list[Plane]:
    """Random 8-bit luma planes."""
    return list(np.random.default_rng(seed).integers(0, 256, (count, side, side), np.uint8))


def read_all(client: Client, context: c_void_p, ref: Sequence[Plane], dis: Sequence[Plane]) -> None:
    """Every pair as pictures of its own, and the flush."""
    for index, pair in enumerate(zip(ref, dis, strict=True)):
        assert client.read(context, index, *map(client.picture, pair)) == 0
    assert client.flush(context) == 0


@pytest.mark.parametrize("variant", VERSIONS, ids=lambda variant: variant.version)
@pytest.mark.parametrize("limit", [None, "1", "1.5", "100"])
def test_scores_follow_the_pictures(
    open_fake: OpenFake, variant: Variant, limit: str | None
) -> None:
    fake = open_fake(variant)
    client = Client(fake)
    ref, dis = planes(1, 5), planes(2, 5)
    _, context = client.init()
    assert client.use(context, *FEATURES, limit=limit) == [0, 0, 0]
    read_all(client, context, ref, dis)
    named = "" if limit in (None, "100") else str(limit)
    rows = [client.row(context, index, named) for index in range(5)]
    assert np.array_equal(rows, expected.rows(ref, dis, gain_limit=float(limit or 100)))
    assert fake.live["scores"] == fake.peaks["scores"] >= 30
    assert fake.lib.vmaf_close(context) == 0


@pytest.mark.parametrize("variant", VERSIONS, ids=lambda variant: variant.version)
def test_motion2_is_late_as_in_the_real_versions(open_fake: OpenFake, variant: Variant) -> None:
    client = Client(open_fake(variant))
    assert client.lib.vmaf_version().decode() == variant.version
    ref = planes(3, 3)
    _, context = client.init()
    client.use(context, "motion")
    for index in range(3):
        client.read(context, index, client.picture(ref[index]), client.picture(ref[index]))
    one_frame_late = [True, True, False]
    at_the_flush = [False, False, False]
    has_motion2 = [client.score(context, "motion2", index) is not None for index in range(3)]
    has_sad = [client.score(context, "motion_sad", index) is not None for index in range(3)]
    newest = variant.number >= (3, 2)
    assert has_motion2 == (at_the_flush if newest else one_frame_late)
    assert has_sad == [newest] * 3
    client.flush(context)
    assert client.score(context, "motion2", 2) == expected.rows(ref, ref)[2, 5]
    client.lib.vmaf_close(context)


def test_preallocated_pictures_run_out_as_in_the_real_library(open_fake: OpenFake) -> None:
    fake = open_fake(NEWEST)
    client = Client(fake)
    ref, dis = planes(4, 6), planes(5, 6)
    _, context = client.init()
    client.use(context, *FEATURES)
    assert client.lib.vmaf_preallocate_pictures(context, Parameters(SIDE, SIDE, 8, 4, 4)) == 0
    for index, pair in enumerate(zip(ref, dis, strict=True)):
        pictures = client.picture_type(), client.picture_type()
        for picture, plane in zip(pictures, pair, strict=True):
            assert client.lib.vmaf_fetch_preallocated_picture(context, byref(picture)) == 0
            client.fill(picture, plane)
        assert client.read(context, index, *pictures) == 0
    assert fake.violations == []
    spare = [client.picture_type() for _ in range(3)]
    fetched = [client.lib.vmaf_fetch_preallocated_picture(context, byref(one)) for one in spare]
    assert fetched[:2] == [0, 0]
    assert fetched[2] != 0, "the last two reference pictures are still in use"
    client.flush(context)
    rows = [client.row(context, index) for index in range(6)]
    assert np.array_equal(rows, expected.rows(ref, dis))
    assert client.lib.vmaf_close(context) == 0
    assert [text.partition(":")[0] for text in fake.violations] == [
        "a picture from a pool of 4 that is empty",
        "vmaf_close",
    ]
    fake.reset()


def test_older_versions_have_no_newer_functions(open_fake: OpenFake) -> None:
    older, newer = (open_fake(variant).lib for variant in (VERSIONS[2], NEWEST))
    assert hasattr(open_fake(VERSIONS[0]).lib, "compute_vmaf")
    assert not hasattr(older, "compute_vmaf")
    assert not hasattr(older, "vmaf_preallocate_pictures")
    assert hasattr(newer, "vmaf_preallocate_pictures")
    assert not hasattr(newer, "vmaf_cuda_state_init")
    assert not hasattr(newer, "vmaf_sycl_state_init")
    assert not hasattr(open_fake(CUDA).lib, "vmaf_cuda_state_free")
    assert hasattr(open_fake(CUDA_FORK).lib, "vmaf_cuda_state_free")


def test_scores_come_later_with_threads(open_fake: OpenFake) -> None:
    client = Client(open_fake(NEWEST))
    ref, dis = planes(6, 4), planes(7, 4)
    _, context = client.init(threads=2)
    client.use(context, *FEATURES)
    for index, pair in enumerate(zip(ref, dis, strict=True)):
        client.read(context, index, *map(client.picture, pair))
    assert client.score(context, "adm2", 1) is not None
    assert client.score(context, "adm2", 3) is None
    assert client.score(context, "adm2", 3) is None, "whoever waits gets one more pair at a time"
    assert client.score(context, "adm2", 3) == expected.rows(ref, dis)[3, 0]
    client.lib.vmaf_close(context)


def test_only_every_nth_frame_is_scored(open_fake: OpenFake) -> None:
    client = Client(open_fake(NEWEST))
    ref, dis = planes(8, 5), planes(9, 5)
    _, context = client.init(subsample=2)
    client.use(context, *FEATURES)
    read_all(client, context, ref, dis)
    assert [client.score(context, "adm2", i) is not None for i in range(5)] == [1, 0, 1, 0, 1]
    assert client.score(context, "motion2", 3) == expected.rows(ref, dis)[3, 5]
    client.lib.vmaf_close(context)


def test_models_score(open_fake: OpenFake) -> None:
    client = Client(open_fake(VERSIONS[0]))
    lib = client.lib
    ref, dis = planes(10, 3), planes(11, 3)
    _, context = client.init()
    model = c_void_p()
    configuration = (ctypes.c_uint64 * 2)()
    assert lib.vmaf_model_load(byref(model), configuration, b"vmaf_v0.6.1neg") == 0
    assert lib.vmaf_use_features_from_model(context, model) == 0
    read_all(client, context, ref, dis)
    wanted = expected.vmaf(expected.rows(ref, dis, gain_limit=1.0))
    for index in range(3):
        score = c_double()
        assert lib.vmaf_score_at_index(context, model, byref(score), index) == 0
        assert score.value == wanted[index]
    lib.vmaf_model_destroy(model)
    lib.vmaf_close(context)


def failing_run(fake: Fake, client: Client) -> list[int]:
    """One whole run on a variant with pools; the answers of all calls."""
    lib = client.lib
    answers = []
    answer, context = client.init()
    if answer:
        return [answer]
    options = c_void_p()
    answers.append(lib.vmaf_feature_dictionary_set(byref(options), b"adm_enhn_gain_limit", b"1"))
    answers.append(lib.vmaf_use_feature(context, b"adm", options))
    if answers[-1] and options:
        lib.vmaf_feature_dictionary_free(byref(options))
    answers.append(lib.vmaf_preallocate_pictures(context, Parameters(SIDE, SIDE, 8, 4, 4)))
    pictures = client.picture_type(), client.picture_type()
    for picture in pictures:
        answers.append(lib.vmaf_picture_alloc(byref(picture), 4, 8, SIDE, SIDE))
    if all(picture.ref for picture in pictures):
        answers.append(client.read(context, 0, *pictures))
    for picture in pictures:
        if picture.ref:
            answers.append(lib.vmaf_picture_unref(byref(picture)))
    answers.append(client.flush(context))
    answers.append(0 if client.score(context, "integer_adm2_egl_1", 0) is not None else -1)
    answers.append(lib.vmaf_close(context))
    return answers


def test_every_function_fails_when_told_to(open_fake: OpenFake) -> None:
    fake = open_fake(NEWEST)
    client = Client(fake)
    assert not any(failing_run(fake, client))
    counts = {name: fake.count(name) for name in fake.names}
    assert counts["vmaf_picture_alloc"] == 2
    for name, count in counts.items():
        for nth in range(1, count + 1):
            fake.reset()
            fake.fail(name, nth, -12)
            answers = failing_run(fake, client)
            assert -12 in answers or (name == "vmaf_feature_score_at_index" and -1 in answers)
            assert fake.live == {}, f"{name}, call {nth}"
            assert fake.violations == [], f"{name}, call {nth}"


def test_a_failed_read_leaves_the_pictures_or_takes_them(open_fake: OpenFake) -> None:
    fake = open_fake(NEWEST)
    client = Client(fake)
    _, context = client.init()
    pictures = [client.picture(plane) for plane in planes(12, 2)]
    fake.fail("vmaf_read_pictures", 1, -22)
    assert client.read(context, 0, *pictures) == -22
    assert all(picture.ref for picture in pictures)
    assert fake.live["references"] == 2
    fake.failure_takes_pictures(True)
    fake.fail("vmaf_read_pictures", 2, -22)
    assert client.read(context, 0, *pictures) == -22
    assert not any(picture.ref for picture in pictures)
    client.lib.vmaf_close(context)


def misuse(client: Client, kind: str) -> None:
    """One thing that libvmaf does not allow."""
    lib = client.lib
    _, context = client.init()
    plane = planes(13, 1)[0]
    if kind == "too small":
        client.picture(plane[:32])
    elif kind == "unref twice":
        picture = client.picture(plane)
        copy = client.picture_type.from_buffer_copy(picture)
        lib.vmaf_picture_unref(byref(picture))
        lib.vmaf_picture_unref(byref(copy))
    elif kind == "unref nothing":
        lib.vmaf_picture_unref(byref(client.picture_type()))
    elif kind == "chroma":
        picture = client.picture(plane, YUV420)
        ctypes.memset(picture.data[1], 128, 5)
        lib.vmaf_picture_unref(byref(picture))
    elif kind == "one row too many":
        picture = client.picture(plane)
        ctypes.memset(picture.data[0] + picture.stride[0] * SIDE, 1, 1)
        lib.vmaf_picture_unref(byref(picture))
    elif kind == "read after close":
        lib.vmaf_close(context)
        client.read(context, 0, client.picture(plane), client.picture(plane))
    elif kind == "close twice":
        lib.vmaf_close(context)
        lib.vmaf_close(context)
    elif kind == "read after flush":
        client.flush(context)
        client.read(context, 0, client.picture(plane), client.picture(plane))
    elif kind == "index again":
        for _ in range(2):
            client.read(context, 7, client.picture(plane), client.picture(plane))
    elif kind == "two sizes":
        client.read(context, 0, client.picture(plane), client.picture(plane[:34]))


@pytest.mark.parametrize(
    ("kind", "noted"),
    [
        ("too small", "a picture of 40x32: libvmaf crashes below 33x33"),
        ("unref twice", "vmaf_picture_unref: a picture that holds no reference"),
        ("unref nothing", "vmaf_picture_unref: a picture that holds no reference"),
        ("chroma", "picture 2: chroma, or memory behind the last row, was written"),
        ("one row too many", "picture 2: chroma, or memory behind the last row, was written"),
        ("read after close", "vmaf_read_pictures: a context that is gone"),
        ("close twice", "vmaf_close: a context that is gone"),
        ("read after flush", "vmaf_read_pictures: the context was flushed"),
        ("index again", "frame 7 after frame 7"),
        ("two sizes", "vmaf_read_pictures: the pictures differ in size, depth or place"),
    ],
)
def test_misuse_is_noted(open_fake: OpenFake, kind: str, noted: str) -> None:
    fake = open_fake(NEWEST)
    misuse(Client(fake), kind)
    assert fake.violations == [noted]
    fake.reset()


@pytest.mark.parametrize("variant", [CUDA, CUDA_FORK], ids=["netflix", "fork"])
def test_cuda(open_fake: OpenFake, variant: Variant) -> None:
    fake = open_fake(variant)
    client = Client(fake)
    lib = client.lib
    ref, dis = planes(14, 4), planes(15, 4)
    state = c_void_p()
    assert lib.vmaf_cuda_state_init(byref(state), c_void_p()) == 0
    _, context = client.init()
    assert client.use(context, "adm_cuda") != [0], "before the state is imported"
    assert fake.violations == ["vmaf_use_feature: adm_cuda before its state was imported"]
    lib.vmaf_close(context)

    fake.reset()
    assert lib.vmaf_cuda_state_init(byref(state), c_void_p()) == 0
    _, context = client.init()
    assert lib.vmaf_cuda_import_state(context, state) == 0
    assert client.use(context, *(f"{name}_cuda" for name in FEATURES)) == [0, 0, 0]
    pinned = Parameters(SIDE, SIDE, 8, 4, 3)
    assert lib.vmaf_cuda_preallocate_pictures(context, pinned) == 0
    for index, pair in enumerate(zip(ref, dis, strict=True)):
        pictures = client.picture_type(), client.picture_type()
        for picture, plane in zip(pictures, pair, strict=True):
            assert lib.vmaf_cuda_fetch_preallocated_picture(context, byref(picture)) == 0
            client.fill(picture, plane)
        assert client.read(context, index, *pictures) == 0
        assert pictures[0].ref, "a CUDA build works on copies"
    assert client.score(context, "adm2", 3) is None, "the GPU is still at it"
    assert client.flush(context) == 0
    rows = [client.row(context, index) for index in range(4)]
    assert np.array_equal(rows, expected.rows(ref, dis))
    assert fake.live["cuda_states"] == 1
    lib.vmaf_close(context)
    if variant.cuda_state_free:
        assert fake.live == {"cuda_states": 1}
        assert lib.vmaf_cuda_state_free(state) == 0


def test_sycl_with_pictures_and_without(open_fake: OpenFake) -> None:
    fake = open_fake(SYCL)
    client = Client(fake)
    lib = client.lib
    lib.vmaf_sycl_upload_plane.argtypes = [c_void_p, c_void_p, *[ctypes.c_uint] * 5]
    ref, dis = planes(16, 4), planes(17, 4)
    for copies in (True, False):
        state = c_void_p()
        assert lib.vmaf_sycl_state_init(byref(state), SyclConfiguration(1, 0)) == 0
        _, context = client.init()
        assert lib.vmaf_sycl_import_state(context, state) == 0
        client.use(context, *(f"{name}_sycl" for name in FEATURES))
        assert lib.vmaf_sycl_init_frame_buffers(context, SIDE, SIDE, 8) == 0
        for index, pair in enumerate(zip(ref, dis, strict=True)):
            if copies:
                assert client.read(context, index, *map(client.picture, pair)) == 0
                continue
            for is_ref, plane in zip((1, 0), pair, strict=True):
                address = plane.ctypes.data
                lib.vmaf_sycl_upload_plane(state, address, plane.strides[0], is_ref, SIDE, SIDE, 8)
            assert lib.vmaf_read_pictures_sycl(context, index) == 0
        assert (client.flush(context) if copies else lib.vmaf_flush_sycl(context)) == 0
        rows = [client.row(context, index) for index in range(4)]
        assert np.array_equal(rows, expected.rows(ref, dis))
        lib.vmaf_close(context)
        assert fake.live == {"sycl_states": 1}
        lib.vmaf_sycl_state_free(byref(state))
        assert not state


def test_states_go_after_their_contexts(open_fake: OpenFake) -> None:
    fake = open_fake(SYCL)
    client = Client(fake)
    state = c_void_p()
    client.lib.vmaf_sycl_state_init(byref(state), SyclConfiguration())
    _, context = client.init()
    client.lib.vmaf_sycl_import_state(context, state)
    client.lib.vmaf_sycl_state_free(byref(state))
    assert fake.violations == ["vmaf_sycl_state_free: before the context was closed"]
    client.lib.vmaf_close(context)
    fake.reset()


@pytest.mark.parametrize(
    ("variant", "function", "configuration"),
    [
        (CUDA, "vmaf_cuda_state_init", c_void_p()),
        (SYCL, "vmaf_sycl_state_init", SyclConfiguration()),
    ],
)
def test_a_machine_without_a_device(
    open_fake: OpenFake, variant: Variant, function: str, configuration: object
) -> None:
    fake = open_fake(variant)
    fake.gpu(False)
    state = c_void_p()
    assert getattr(fake.lib, function)(byref(state), configuration) != 0
    assert state, "libvmaf leaves something there that must not be used"
