"""One stream of frames through either engine, in this process, under a stopwatch.

Both get a context of their own per stream, see the warm-up frames untimed, and are timed from the
next push to the end of the flush. libvmaf wants pictures of its own: they are allocated and filled
before the clock starts, so what is timed is ``vmaf_read_pictures`` alone.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from footage import Clip
from numpy.typing import NDArray
from oracle.libvmaf import (
    DEFAULT_GAIN_LIMIT,
    _Configuration,
    _names,
    _Picture,
    _picture,
    _score,
    library,
)
from plan import WARM_UP, Case, Format

from pyvmaf_tiny.cli.measure import PARTS
from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.engine.native import NativeEngine
from pyvmaf_tiny.frames import FEATURES, Plane

#: How the two engines are called in every table.
OURS, LIBVMAF = "pyvmaf-tiny", "libvmaf"

#: Is told what is being done.
Watch = Callable[[str], None]

Features = NDArray[np.float64]

#: Columns of a feature row that each group fills.
COLUMNS = {"adm": slice(0, 1), "vif": slice(1, 5), "motion": slice(5, 6)}


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds per timed frame, and the features of all frames; absent ones are NaN."""

    wall: float
    cpu: float
    features: Features


class Stopwatch:
    """Wall and CPU seconds of a ``with`` block; CPU time of all threads of the process."""

    wall: float
    cpu: float

    def __enter__(self) -> Stopwatch:
        self.wall, self.cpu = -time.perf_counter(), -time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu += time.process_time()
        self.wall += time.perf_counter()


def only(part: str, features: Features) -> Features:
    """The features of a part; the others NaN."""
    kept = np.full_like(features, np.nan)
    for group in PARTS[part]:
        kept[:, COLUMNS[group]] = features[:, COLUMNS[group]]
    return kept


def open_ours(
    kind: Format, case: Case, *, renditions: int = 1, gain_limits: tuple[float, ...] = (100.0,)
) -> NativeEngine:
    """A native engine for one case."""
    engine = NativeEngine(
        EngineSpec(
            width=kind.width,
            height=kind.height,
            bit_depth=kind.bit_depth,
            renditions=tuple(f"rendition {number}" for number in range(renditions)),
            gain_limits=gain_limits,
            threads=case.threads,
            cpu_mask=case.cpu_mask,
            features=PARTS[case.part],
        )
    )
    assert engine.tier == case.tier, f"{engine.tier} instead of {case.tier}"
    return engine


def time_ours(clip: Clip, case: Case) -> Sample:
    """Our engine over a clip, straight from its arrays."""
    sample = time_ladder([clip], case)
    return Sample(sample.wall, sample.cpu, sample.features[:, 0])


def time_ladder(
    clips: Sequence[Clip], case: Case, gain_limits: tuple[float, ...] = (100.0,)
) -> Sample:
    """Our engine over clips of one reference at once; features are (frames, lanes, 6)."""
    kind = clips[0].format
    engine = open_ours(kind, case, renditions=len(clips), gain_limits=gain_limits)
    versions = zip(*(clip.dis for clip in clips), strict=True)
    groups = list(zip(clips[0].ref, versions, strict=True))
    rows = [row for group in groups[:WARM_UP] for row in engine.push(*group)]
    with Stopwatch() as watch:
        for group in groups[WARM_UP:]:
            rows += engine.push(*group)
        rows += engine.flush()
    engine.close()
    return _sample(watch, len(groups), np.array(rows))


def time_libvmaf(clip: Clip, case: Case) -> Sample:
    """The real libvmaf over a clip, its pictures filled beforehand."""
    stream = LibvmafStream(clip, case)
    pairs = [stream.pictures(*planes) for planes in zip(clip.ref, clip.dis, strict=True)]
    for pair in pairs[:WARM_UP]:
        stream.push(pair)
    stream.wait()
    with Stopwatch() as watch:
        for pair in pairs[WARM_UP:]:
            stream.push(pair)
        stream.flush()
    features = stream.features()
    stream.close()
    return _sample(watch, len(pairs), features)


def _sample(watch: Stopwatch, frames: int, features: Features) -> Sample:
    timed = frames - WARM_UP
    return Sample(watch.wall / timed, watch.cpu / timed, features)


class LibvmafStream:
    """libvmaf with the extractors of one case; one thread means that it works in the caller's."""

    def __init__(self, clip: Clip, case: Case) -> None:
        self._bit_depth = clip.format.bit_depth
        self._case = case
        self._frames = 0
        self._context = ctypes.c_void_p()
        threads = 0 if case.threads == 1 else case.threads
        configuration = _Configuration(0, threads, 1, case.cpu_mask, 0)
        library().vmaf_init(ctypes.byref(self._context), configuration)
        for group in PARTS[case.part]:
            library().vmaf_use_feature(self._context, group.encode(), None)

    def pictures(self, *planes: Plane) -> list[_Picture]:
        """Copies in memory of libvmaf's own of a reference and a distorted plane."""
        return [_picture(plane, self._bit_depth, library()) for plane in planes]

    def push(self, pair: Sequence[_Picture]) -> None:
        """Hand one pair over; libvmaf frees it."""
        library().vmaf_read_pictures(self._context, *map(ctypes.byref, pair), self._frames)
        self._frames += 1

    def wait(self) -> None:
        """Until the frames so far are done; with one thread they already are.

        libvmaf's threads take whole frames, and nothing but a score that can be read tells that
        they have finished one. motion2 is not known before the next frame, so it is left out.
        """
        if self._case.threads == 1:
            return
        names = _names(DEFAULT_GAIN_LIMIT)[: FEATURES.index("motion2")]
        waiting = [(name, index) for name in names for index in range(self._frames)]
        while waiting:
            try:
                _score(library(), self._context, *waiting[-1])
                waiting.pop()
            except RuntimeError:  # not there yet
                time.sleep(1e-3)

    def flush(self) -> None:
        """End the stream and wait for the rest."""
        library().vmaf_read_pictures(self._context, None, None, 0)

    def features(self) -> Features:
        """(frames, 6) after the flush, NaN where no extractor was asked for."""
        features = np.full((self._frames, len(FEATURES)), np.nan)
        names = _names(DEFAULT_GAIN_LIMIT)
        for group in PARTS[self._case.part]:
            for column in range(*COLUMNS[group].indices(len(FEATURES))):
                for index in range(self._frames):
                    features[index, column] = _score(library(), self._context, names[column], index)
        return features

    def close(self) -> None:
        """Free libvmaf's memory."""
        library().vmaf_close(self._context)
