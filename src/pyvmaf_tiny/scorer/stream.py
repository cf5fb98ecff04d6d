"""What both scorers are: a stream of frames through an engine and its models."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING

from pyvmaf_tiny.engine import EngineSpec, open_engine
from pyvmaf_tiny.engine.base import Neg, cpu_mask_of, gain_limits_of
from pyvmaf_tiny.errors import VmafTinyError
from pyvmaf_tiny.options import whole_number
from pyvmaf_tiny.results import ScoreResult

from .outcome import ClipFacts, Outcome
from .planes import PlaneReader
from .pushed import Pushed
from .scoring import ModelSpec, Scored, Scoring, load_models

if TYPE_CHECKING:
    from .planes import Frame, Frames


class Stream(Pushed):
    """Reference frames and their distorted versions in, one scored frame per rendition out.

    The base of :class:`Scorer` (one rendition) and :class:`ReferenceScorer` (any number).
    """

    def __init__(
        self,
        w: int,
        h: int,
        renditions: tuple[str, ...],
        *,
        bit_depth: int,
        model: ModelSpec,
        neg: Neg,
        neg_model: ModelSpec,
        engine: str,
        threads: int | None,
        gain_limit: float | None,
        device: str,
        model_device: str,
        cpu_mask: int,
        gpu_mask: int,
        teacher: str | os.PathLike[str] | None,
        subsample: int,
        keep_frames: bool,
        batch: int,
    ) -> None:
        """``renditions`` are their names, for messages; the options are those of the scorers."""
        super().__init__()
        self._subsample = whole_number("subsample", subsample, least=1)
        batch = whole_number("batch", batch, least=1)
        self._spec = EngineSpec(
            width=w,
            height=h,
            bit_depth=bit_depth,
            renditions=renditions,
            gain_limits=gain_limits_of(neg, gain_limit),
            threads=threads,
            cpu_mask=cpu_mask_of(cpu_mask),
            subsample=self._subsample,
            lag=batch,
            device=device,
            gpu_mask=gpu_mask,
            teacher=teacher,
        )
        models = load_models(self._spec, model, neg_model, model_device)
        self._scoring = Scoring(self._spec, models, batch=batch, keep_frames=keep_frames)
        self._engine = open_engine(engine, self._spec)
        self._planes = PlaneReader(self._spec, self._engine.device_memory)
        self._start()

    def _start(self) -> None:
        self._pushed = 0  # frames taken so far
        self._due: deque[int] = deque()  # frames whose rows the engine holds back
        self._seconds = 0.0
        self._torn = False
        self._scoring.start()

    # ---- the stream -----------------------------------------------------------------------------

    def advance(self, ref: Frame, dis: Frames) -> list[Scored]:
        """Take a frame and return what became ready, a :class:`FrameScore` per rendition."""
        started = time.perf_counter()
        with self._turn:
            self._check_whole()
            ref_plane = self._planes.reference(ref, self._pushed)
            dis_planes = self._planes.renditions(dis, self._pushed)
            scored = self._pushed % self._subsample == 0
            self._torn = True
            try:
                engine = self._engine
                rows = engine.push(ref_plane, dis_planes) if scored else engine.skip(ref_plane)
                if scored:
                    self._due.append(self._pushed)
                self._pushed += 1
                ready = self._scoring.collect(self._due, rows) if rows else []
                self._seconds += time.perf_counter() - started
            except VmafTinyError:
                self._torn = False
                raise
            self._torn = False
        return ready

    def finish(self) -> list[Scored]:
        """End the stream and return the frames that were still due."""
        started = time.perf_counter()
        with self._turn:
            if self._torn:
                return self._scoring.rest()
            self._torn = True
            try:
                ready = self._scoring.collect(self._due, self._engine.flush())
                ready += self._scoring.rest()
                self._seconds += time.perf_counter() - started
            except VmafTinyError:
                self._torn = False
                raise
            self._torn = False
        return ready

    def reset(self) -> None:
        """Forget all frames and figures; the next push is frame 0 of a new stream."""
        with self._turn:
            self._engine.reset()
            self._start()

    def close(self) -> None:
        """Free the engine's memory; may be called twice. Results can still be asked for."""
        self._engine.close()

    # ---- figures --------------------------------------------------------------------------------

    def outcome(self, facts: ClipFacts) -> list[ScoreResult]:
        """A result per rendition, of the frames returned so far; also in mid-stream.

        Frames are in it only with ``keep_frames``. After an interrupt in mid-push only the frames
        that were kept are sure; without them EngineStateError is raised.
        """
        if self._scoring.kept is None:
            self._check_whole()
        outcome = Outcome(self._spec, self._engine, self._scoring, torn=self._torn)
        return outcome.results(facts, frames=self._pushed, seconds=self._seconds)
