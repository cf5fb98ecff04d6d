"""The libvmaf engine on the real libvmaf: its very numbers, streamed, over seams, by threads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from clips import moving_planes, noisy, write_video
from numpy.typing import NDArray
from oracle.cases import Case, random_case
from oracle.compare import assert_same_features
from oracle.fetch_libvmaf import LIBRARY
from oracle.libraries import LIBRARIES, name_of
from oracle.libvmaf import FASTEST, libvmaf_features

import pyvmaf_tiny
from pyvmaf_tiny import Scorer
from pyvmaf_tiny.engine import EngineSpec
from pyvmaf_tiny.engine.libvmaf import LibvmafEngine, probing, settings
from pyvmaf_tiny.engine.libvmaf.loading import load
from pyvmaf_tiny.frames import BIT_DEPTHS, Plane

SCALAR = 2**32 - 1

Features = NDArray[np.float64]
Planes = Sequence[Plane] | Plane


def given_by(
    path: Path, ref: Planes, dis: Planes, *, gain_limit: float = 100.0, **options: object
) -> Features:
    """Rows of a stream; every push gives the row of the frame before, the flush the last one."""
    height, width = ref[0].shape
    chosen = {"width": width, "height": height, "cpu_mask": SCALAR, "threads": 1} | options
    chosen["gain_limits"] = (gain_limit,)
    engine = LibvmafEngine(EngineSpec(library=str(path), **chosen))
    given = [engine.push(plane, (other,)) for plane, other in zip(ref, dis, strict=True)]
    given.append(engine.flush())
    engine.close()
    assert [len(rows) for rows in given] == [0, *[1] * len(ref)]
    return np.array([lane for rows in given for (lane,) in rows])


@pytest.mark.parametrize("path", LIBRARIES, ids=name_of)
@pytest.mark.parametrize("threads", [1, 3])
def test_generated_frames(path: Path, threads: int) -> None:
    """Sizes, depths, contents and limits at random; native gives the same, but for old motion."""
    motion_is_native = load(str(path)).version.startswith("3.2")
    frames = 0
    for seed in range(70):
        case = random_case(1000 * threads + seed, largest=200)
        limit = (100.0, 1.0, 1.5)[seed % 3]
        ref, dis = case.planes()
        options = {"bit_depth": case.bit_depth, "gain_limit": limit}
        rows = given_by(path, ref, dis, threads=threads, **options)
        own = libvmaf_features(ref, dis, path=path, **options)  # type: ignore[arg-type]
        assert_same_features(rows, own, case)
        native = pyvmaf_tiny.features(ref, dis, **options)  # type: ignore[arg-type]
        columns = slice(None) if motion_is_native else slice(0, 5)
        np.testing.assert_array_equal(rows[:, columns], native[:, columns], err_msg=str(case))
        frames += len(ref)
    assert frames > 130


@pytest.mark.parametrize("path", LIBRARIES, ids=name_of)
@pytest.mark.parametrize("bit_depth", BIT_DEPTHS)
def test_seams_change_nothing(monkeypatch: pytest.MonkeyPatch, path: Path, bit_depth: int) -> None:
    """Contexts of 2, 3 and 7 frames against one for the whole clip, alone and with threads."""
    case = Case(97, 62, bit_depth, "texture", "grain", seed=bit_depth, frames=48)
    ref, dis = case.planes()
    own = libvmaf_features(ref, dis, bit_depth=bit_depth, path=path)
    for period, threads in ((2048, 1), (2048, 4), (2, 1), (2, 3), (3, 2), (7, 1), (7, 4)):
        monkeypatch.setattr(settings, "PERIOD", period)
        rows = given_by(path, ref, dis, bit_depth=bit_depth, threads=threads)
        assert_same_features(rows, own, f"{case}, contexts of {period}, {threads} threads")


@pytest.mark.parametrize("path", LIBRARIES, ids=name_of)
@pytest.mark.parametrize("threads", [1, 3])
def test_skipped_frames_over_seams(
    monkeypatch: pytest.MonkeyPatch, path: Path, threads: int
) -> None:
    monkeypatch.setattr(settings, "PERIOD", 4)
    ref, dis = Case(64, 48, 8, "texture", "grain", seed=4, frames=29).planes()
    for subsample in (2, 3, 5):
        rows = pyvmaf_tiny.features(
            ref,
            dis,
            engine=f"libvmaf:{path}",
            subsample=subsample,
            threads=threads,
            cpu_mask=SCALAR,
        )
        own = libvmaf_features(ref, dis, subsample=subsample, path=path)
        assert_same_features(rows, own, f"every {subsample}th frame")


@pytest.mark.parametrize("path", LIBRARIES, ids=name_of)
def test_simd_is_libvmafs_own(path: Path) -> None:
    """Without a mask the numbers are those of libvmaf's fastest code, with its deviations."""
    ref, dis = Case(176, 81, 8, "texture", "grain", seed=3, frames=9).planes()
    own = libvmaf_features(ref, dis, cpumask=FASTEST, path=path)
    assert_same_features(given_by(path, ref, dis, cpu_mask=0), own, "SIMD")


def test_what_is_probed() -> None:
    """Motion is there at once under one of two names; motion2 in 3.2 at the flush only."""
    for path in LIBRARIES:
        library = load(str(path))
        assert probing.behaviour(library).gives_motion, path
        assert library.preallocated == library.version.startswith("3.2"), path


# ---- real encodes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "pixel_format", "bit_depth", "options"),
    [
        ("libx264", "yuv420p", 8, {"crf": "34"}),
        ("libx265", "yuv420p10le", 10, {"crf": "36", "x265-params": "log-level=error"}),
    ],
)
def test_real_encodes(
    tmp_path: Path, codec: str, pixel_format: str, bit_depth: int, options: dict[str, str]
) -> None:
    """Whole files and a stream of decoded frames; native and libvmaf, default and NEG."""
    rendered = moving_planes(30, 258, 146, bit_depth=bit_depth)
    files = tmp_path / "ref.mkv", tmp_path / "dis.mkv"
    write_video(files[0], rendered, codec="ffv1", pixel_format=pixel_format)
    write_video(files[1], rendered, codec=codec, pixel_format=pixel_format, options=options)
    for neg in (False, True):
        chosen = {"engine": f"libvmaf:{LIBRARY}", "cpu_mask": SCALAR, "neg": neg}
        native = pyvmaf_tiny.features(*files, neg=neg)
        assert len(native) == 30
        whole = pyvmaf_tiny.features(*files, **chosen)  # type: ignore[arg-type]
        assert_same_features(whole, native, f"{codec}, whole files, neg={neg}")
        rows = streamed(files, bit_depth, threads=2, **chosen)
        assert_same_features(rows, native, f"{codec}, streamed, neg={neg}")


def streamed(files: tuple[Path, Path], bit_depth: int, **options: object) -> Features:
    """Features of frames that are pushed as they leave the decoders."""
    import av

    with av.open(str(files[0])) as ref, av.open(str(files[1])) as dis:
        video = ref.streams.video[0]
        chosen = {"bit_depth": bit_depth, "model": False} | options
        with Scorer(video.width, video.height, **chosen) as scorer:  # type: ignore[arg-type]
            pairs = zip(ref.decode(video), dis.decode(video=0), strict=True)
            given = [scorer.push(*pair) for pair in pairs]
            assert [len(frames) for frames in given] == [0, *[1] * (len(given) - 1)]
            given.append(scorer.flush())
    return np.array([frame.features for frames in given for frame in frames])


def test_scores_are_those_of_the_native_engine() -> None:
    """The same doubles in, the same scores out."""
    ref = moving_planes(8, 128, 96)
    dis = noisy(ref)
    ours = pyvmaf_tiny.score(ref, dis)
    theirs = pyvmaf_tiny.score(ref, dis, engine=f"libvmaf:{LIBRARY}", cpu_mask=SCALAR)
    assert np.array_equal(ours.scores, theirs.scores)
    info = theirs.info
    assert (info.engine, info.engine_version, info.cpu_tier) == ("libvmaf", "3.2.0", "scalar")
