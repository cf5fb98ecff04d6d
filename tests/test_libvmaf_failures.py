"""Every call of libvmaf's that can fail does so: a typed error, the rows before, nothing leaked."""

from __future__ import annotations

import ctypes
import gc
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import OpenFake
from fakevmaf import expected
from fakevmaf.library import CUDA, CUDA_FORK, SYCL, VERSIONS, Fake, Variant
from test_libvmaf_fake import ALL, clip, name_of, open_on, probed, rows_of, run

from pyvmaf_tiny.engine.base import Rows
from pyvmaf_tiny.engine.libvmaf import loading, probing, settings
from pyvmaf_tiny.errors import (
    EngineError,
    EngineStateError,
    EngineUnavailableError,
    VmafTinyError,
)
from pyvmaf_tiny.frames import FeatureVector

FRAMES = 4
NEWEST = VERSIONS[-1]

#: Asked again when it fails: libvmaf says "not yet" in the same way.
ASKED_AGAIN = "vmaf_feature_score_at_index"

#: Their answers cannot fail a stream: it is over, or the memory is gone anyway.
ENDINGS = frozenset({"vmaf_close", "vmaf_picture_unref", "vmaf_cuda_state_free"})

#: Calls after which a run may be right all the same. (One vmaf_init only silences libvmaf.)
IGNORED = ENDINGS | {ASKED_AGAIN, "vmaf_import_feature_score", "vmaf_score_at_index", "vmaf_init"}

#: Nobody can fail these.
WITHOUT_ANSWER = frozenset({"vmaf_model_destroy", "vmaf_sycl_state_free"})


CLIP = clip(FRAMES)
WANTED = expected.rows(*CLIP, gain_limit=1.5)


@pytest.fixture(autouse=True)
def _short_contexts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Contexts of two frames, so that every run has seams; no waiting for dead threads."""
    monkeypatch.setattr(settings, "PERIOD", 2)
    monkeypatch.setattr(settings, "STALL_SECONDS", 0.05)
    logging.getLogger("pyvmaf_tiny.libvmaf").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("pyvmaf_tiny.libvmaf").setLevel(logging.NOTSET)


def broken_run(fake: Fake, **options: object) -> tuple[str | None, list[FeatureVector]]:
    """A whole stream: what the first error says, and the rows before it and of the last flush.

    The error itself does not leave: its traceback holds the engine's frames.
    """
    ref, dis = CLIP
    given: list[Rows] = []
    engine = None
    said = None
    try:
        engine = open_on(fake, gain_limit=1.5, **options)
        for pair in zip(ref, dis, strict=True):
            given.append(engine.push(pair[0], pair[1:]))
        given.append(engine.flush())
    except VmafTinyError as error:
        said = f"{type(error).__name__}: {error}"
        if engine is not None:
            given.append(flushed(engine.flush))
    if engine is not None:
        engine.close()
    return said, rows_of(given)


def flushed(flush: Callable[[], Rows]) -> Rows:
    """What a flush after an error gives."""
    try:
        return flush()
    except VmafTinyError:
        return ()


@pytest.mark.parametrize(
    ("variant", "teacher", "threads"),
    [
        (VERSIONS[0], None, 1),
        (NEWEST, None, 1),
        (NEWEST, "vmaf_v0.6.1neg", 2),
        (CUDA, None, 1),
        (CUDA_FORK, "vmaf_v0.6.1", 1),
        (SYCL, None, 1),
    ],
)
def test_every_call_fails_once(
    open_fake: OpenFake, variant: Variant, teacher: str | None, threads: int
) -> None:
    fake = probed(open_fake(variant))
    options: dict[str, Any] = {"threads": threads, "teacher": teacher}
    open_on(fake, **options).close()  # the teacher is tried, too
    fake.reset()
    said, rows = broken_run(fake, **options)
    assert said is None
    assert np.array_equal(rows, WANTED)
    counts = {name: fake.count(name) for name in fake.names}
    assert counts["vmaf_use_feature"] >= 6, "there is a seam"
    wrong = []
    for name, count in counts.items():
        for nth in range(1, count + 1) if name not in WITHOUT_ANSWER else ():
            fake.reset()
            fake.fail(name, nth, -22)
            said, rows = broken_run(fake, **options)
            flaws = [*map(str, fake.violations), *(f"leaks {kind}" for kind in fake.live)]
            flaws += flaws_of(name, said, rows)
            wrong += [f"{name}, call {nth} of {count}: {flaw}" for flaw in flaws]
    assert wrong == []


def flaws_of(name: str, said: str | None, rows: list[FeatureVector]) -> list[str]:
    """What is wrong with an outcome: rows as far as they go, and an error that names the call."""
    flaws = []
    known = np.array(rows).reshape(-1, 6)
    # The last frame that libvmaf took may have no motion after it.
    if not np.array_equal(known[:-1], WANTED[: len(known)][:-1]):
        flaws.append("wrong rows")
    if said is None:
        if name not in IGNORED:
            flaws.append("no error")
        if not np.array_equal(known, WANTED):
            flaws.append("not all rows")
    elif name not in said:
        flaws.append(said)
    return flaws


@pytest.mark.parametrize("variant", ALL, ids=name_of)
def test_a_stream_goes_on_after_a_reset(open_fake: OpenFake, variant: Variant) -> None:
    fake = probed(open_fake(variant))
    ref, dis = clip(FRAMES)
    engine = open_on(fake)
    fake.fail("vmaf_read_pictures", 2, -12)
    engine.push(ref[0], (dis[0],))
    with pytest.raises(EngineError, match="vmaf_read_pictures"):
        engine.push(ref[1], (dis[1],))
    with pytest.raises(EngineStateError):
        engine.push(ref[1], (dis[1],))
    engine.reset()
    assert np.array_equal(rows_of(run(engine, ref, dis)), expected.rows(ref, dis))
    engine.close()


@pytest.mark.parametrize("variant", [v for v in ALL if not v.cuda], ids=name_of)
def test_a_library_that_keeps_the_pictures_of_a_failure(
    open_fake: OpenFake, variant: Variant
) -> None:
    fake = probed(open_fake(variant))
    fake.failure_takes_pictures(True)
    ref, dis = clip(2)
    engine = open_on(fake)
    fake.fail("vmaf_read_pictures", 1, -12)
    with pytest.raises(EngineError, match="vmaf_read_pictures"):
        engine.push(ref[0], (dis[0],))
    engine.close()


def test_scores_that_never_come(open_fake: OpenFake) -> None:
    """A score that stays away is an error at the flush; the rows before it are there."""
    fake = probed(open_fake(NEWEST))
    ref, dis = clip(3)
    engine = open_on(fake)
    given = [engine.push(pair[0], pair[1:]) for pair in zip(ref, dis, strict=True)]
    for nth in range(fake.count(ASKED_AGAIN) + 1, fake.count(ASKED_AGAIN) + 2):
        fake.fail(ASKED_AGAIN, nth, -22)
    with pytest.raises(EngineError) as caught:
        engine.flush()
    assert "vmaf_feature_score_at_index" in str(caught.value)
    rows = rows_of([*given, engine.flush()])
    assert np.array_equal(rows, expected.rows(ref, dis)[: len(rows)])
    assert len(rows) == 2
    engine.close()


@pytest.mark.parametrize("variant", [NEWEST, VERSIONS[0]], ids=name_of)
def test_a_library_that_fails_when_it_is_tried(open_fake: OpenFake, variant: Variant) -> None:
    fake = open_fake(variant)
    library = loading.load(str(fake.path))
    fake.reset()
    probing.behaviour.__wrapped__(library)
    counts = {name: fake.count(name) for name in fake.names}
    for name in counts.keys() - WITHOUT_ANSWER - ENDINGS - {ASKED_AGAIN}:
        for nth in range(1, counts[name] + 1):
            fake.reset()
            fake.fail(name, nth, -12)
            with pytest.raises(EngineUnavailableError, match=name):
                probing.behaviour.__wrapped__(library)
            gc.collect()
            assert fake.live == {}
            assert fake.violations == []


def test_a_library_without_a_version(open_fake: OpenFake, tmp_path: Path) -> None:
    """Builds without tags report nothing; they are told by their functions."""
    fake = open_fake(Variant(version="3.2.0"))
    fake.fail("vmaf_version", 1, -1)
    library = loading._opened(ctypes.CDLL(str(fake.path)), str(fake.path))
    assert library.preallocated
    assert library.version is not None
