"""The figures of a stream as results, one per rendition."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass

from pyvmaf_tiny.engine import Engine, EngineSpec
from pyvmaf_tiny.pooling import Pooling
from pyvmaf_tiny.result_info import ResultInfo
from pyvmaf_tiny.results import ScoreResult
from pyvmaf_tiny.rows import FrameRows
from pyvmaf_tiny.version import __version__

from .scoring import Scoring


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFacts:
    """What a caller knows of a clip and the engine does not.

    ``seconds`` of wall time, None for the time spent in the scorer; the inputs' names, of the
    distorted ones as many as there are renditions, and their bitrates in kbit/s; frames per
    second; what ended the clip early.
    """

    seconds: float | None = None
    reference: str | None = None
    distorted: tuple[str | None, ...] | None = None
    bitrates: tuple[float | None, ...] | None = None
    frame_rate: float | None = None
    ended_by: str | None = None


class Outcome:
    """Makes results of what a stream has scored so far.

    Of a torn stream only the frames that were kept are sure, and count.
    """

    def __init__(self, spec: EngineSpec, engine: Engine, scoring: Scoring, *, torn: bool) -> None:
        self._spec = spec
        self._engine = engine
        self._scoring = scoring
        self._torn = torn

    def results(self, facts: ClipFacts, *, frames: int, seconds: float) -> list[ScoreResult]:
        """One result per rendition; ``frames`` were pushed in ``seconds`` of the scorer's time."""
        common = self._info(facts, frames, seconds)
        renditions = range(len(self._spec.renditions))
        names = facts.distorted or [None for _ in renditions]
        bitrates = facts.bitrates or [None for _ in renditions]
        infos = [
            dataclasses.replace(common, distorted=name, bitrate=bitrate)
            for name, bitrate in zip(names, bitrates, strict=True)
        ]
        return [self._result(rendition, infos[rendition]) for rendition in renditions]

    def _info(self, facts: ClipFacts, frames: int, seconds: float) -> ResultInfo:
        spec, engine, models = self._spec, self._engine, self._scoring.models
        model = models[0] if models else None
        neg_model = models[1] if len(models) > 1 else None
        return ResultInfo(
            version=__version__,
            engine=engine.name,
            engine_version=engine.version,
            width=spec.width,
            height=spec.height,
            bit_depth=spec.bit_depth,
            frames=frames,
            seconds=seconds if facts.seconds is None else facts.seconds,
            cpu_tier=engine.tier,
            cpu_mask=spec.cpu_mask,
            threads=engine.threads,
            gain_limit=spec.gain_limits[0],
            subsample=spec.subsample,
            device=engine.device,
            teacher=None if spec.teacher is None else os.fspath(spec.teacher),
            model_id=model.id if model else None,
            model_digest=model.digest if model else None,
            provider=model.provider if model else None,
            neg_model_id=neg_model.id if neg_model else None,
            neg_model_digest=neg_model.digest if neg_model else None,
            renditions=len(spec.renditions),
            reference=facts.reference,
            frame_rate=facts.frame_rate,
            complete=facts.ended_by is None,
            ended_by=facts.ended_by,
        )

    def _result(self, rendition: int, info: ResultInfo) -> ScoreResult:
        limits = self._spec.gain_limits
        neg: ScoreResult | None = None
        if len(limits) > 1:
            neg_info = dataclasses.replace(
                info,
                gain_limit=limits[1],
                model_id=info.neg_model_id,
                model_digest=info.neg_model_digest,
                neg_model_id=None,
                neg_model_digest=None,
            )
            neg = self._lane(rendition * len(limits) + 1, neg_info, None)
        return self._lane(rendition * len(limits), info, neg)

    def _lane(self, lane: int, info: ResultInfo, neg: ScoreResult | None) -> ScoreResult:
        pooling, kept = self._scoring.poolings[lane], self._scoring.kept
        if kept is None:
            return ScoreResult(pooling, info, neg=neg)
        values = kept.lane(lane)
        rows = FrameRows(
            kept.indices(),
            values[:, 0] if pooling.with_score else None,
            values[:, 1:-1],
            values[:, -1] if pooling.with_teacher else None,
            None if neg is None else neg.frames,
        )
        if self._torn:
            pooling = Pooling(with_score=pooling.with_score, with_teacher=pooling.with_teacher)
            pooling.add_many(rows.scores, rows.features, rows.teachers)
        return ScoreResult(pooling, info, frames=rows, neg=neg)
