"""Feature rows become scored frames: at once, or a batch at a time."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from pyvmaf_tiny.engine import EngineSpec
from pyvmaf_tiny.engine.base import Lanes, Rows, TaughtVector
from pyvmaf_tiny.errors import ModelError, OptionError
from pyvmaf_tiny.frames import NEG_GAIN_LIMIT, FeatureVector, FrameScore
from pyvmaf_tiny.pooling import Pooling

from .kept import KeptFrames

if TYPE_CHECKING:
    from pyvmaf_tiny.model import Model

#: What ``model=`` takes: None (the default model), an id, the path of an ``.onnx`` file, or False.
ModelSpec = str | os.PathLike[str] | None | Literal[False]

#: One frame, scored: one :class:`FrameScore` per rendition.
Scored = tuple[FrameScore, ...]


class Scoring:
    """The second half of a stream: knows models, keeps figures, and frames if it shall.

    ``models`` are one per gain limit, or none at all. A frame is finished in all lanes or in
    none, so what is kept of the renditions always belongs together.
    """

    def __init__(
        self, spec: EngineSpec, models: tuple[Model, ...], *, batch: int, keep_frames: bool
    ) -> None:
        self.models = models
        self._lane_models = models * len(spec.renditions)
        # Of shipped models it is tested that rows do not depend on those beside them.
        self._at_once = len(spec.renditions) > 1 and all(model.trusted for model in models)
        self._renditions = spec.renditions
        self._limits = len(spec.gain_limits)
        self._lanes = spec.lanes
        self._with_teacher = spec.teacher is not None
        self._batch = batch
        self._keep = keep_frames
        self.start()

    def start(self) -> None:
        """Forget everything: a new stream."""
        self._waiting: list[tuple[int, Lanes]] = []  # rows that wait for their batch
        self._unsent: list[Scored] = []  # scored in a call that then failed
        self._sums = [0.0] * self._lanes
        #: The figures of each lane.
        self.poolings = [
            Pooling(with_score=bool(self.models), with_teacher=self._with_teacher)
            for _ in range(self._lanes)
        ]
        #: Every finished frame, if frames are kept.
        self.kept = KeptFrames(self._lanes) if self._keep else None

    def collect(self, due: deque[int], rows: Rows) -> list[Scored]:
        """Score the rows that became known, at once or when their batch is complete.

        ``due`` has their frame numbers in front.
        """
        if not self.models:
            return [self._finish(due.popleft(), None, lanes) for lanes in rows]
        if self._batch == 1 and len(rows) == 1 and not (self._waiting or self._unsent):
            (lanes,) = rows
            return [self._finish(due.popleft(), self._predict_now(lanes), lanes)]
        self._waiting += [(due.popleft(), lanes) for lanes in rows]
        return self.rest() if len(self._waiting) >= self._batch else []

    def rest(self) -> list[Scored]:
        """Score what waits for its batch."""
        if not self._waiting:
            frames, self._unsent = self._unsent, []
            return frames
        scores = self._predict([lanes for _, lanes in self._waiting])
        frames = self._unsent
        for frame_scores in scores:
            index, lanes = self._waiting[0]
            # A frame that an interrupt left in the queue after it was finished is not due again.
            if self.kept is None or self.kept.last != index:
                try:
                    frames.append(self._finish(index, frame_scores, lanes))
                except ModelError:
                    del self._waiting[0]
                    raise
            del self._waiting[0]
        self._unsent = []
        return frames

    def mean(self, rendition: int) -> float | None:
        """Mean score of a rendition so far; of its first gain limit."""
        lane = rendition * self._limits
        frames = len(self.poolings[lane])
        return self._sums[lane] / frames if self.models and frames else None

    def _predict_now(self, lanes: Lanes) -> Sequence[float]:
        """The scores of one frame, at the lowest latency."""
        if self._at_once:
            rows = np.array(lanes)
            scores = np.empty(self._lanes)
            for limit, model in enumerate(self.models):
                scores[limit :: self._limits] = model.predict(rows[limit :: self._limits])
            return scores.tolist()
        pairs = zip(self._lane_models, lanes, strict=True)
        return [model.predict_one(row) for model, row in pairs]

    def _predict(self, rows: Sequence[Lanes]) -> list[tuple[float, ...]]:
        """The scores of all lanes, frame by frame.

        Lane by lane: where a model's last bits depend on how many rows it gets at once, they are
        those of a scorer of that lane alone.
        """
        features = np.array(rows).swapaxes(0, 1)
        lanes = [
            model.predict(lane).tolist()
            for model, lane in zip(self._lane_models, features, strict=True)
        ]
        return list(zip(*lanes, strict=True))

    def _finish(self, index: int, scores: Sequence[float] | None, lanes: Lanes) -> Scored:
        if scores is not None:
            for lane, score in enumerate(scores):
                if not math.isfinite(score):
                    raise self._no_score(index, lane, score, lanes[lane])
        frames: list[FrameScore] = []
        for lane in range(0, self._lanes, self._limits):
            neg = None
            if self._limits == 2:
                neg = self._frame(index, lane + 1, scores, lanes, None)
            frames.append(self._frame(index, lane, scores, lanes, neg))
        if self.kept is not None:
            self.kept.add(index, scores, lanes)
        return tuple(frames)

    def _frame(
        self,
        index: int,
        lane: int,
        scores: Sequence[float] | None,
        lanes: Lanes,
        neg: FrameScore | None,
    ) -> FrameScore:
        score, row = None if scores is None else scores[lane], lanes[lane]
        teacher = row.teacher if isinstance(row, TaughtVector) else None
        if score is not None:
            self._sums[lane] += score
        self.poolings[lane].add(score, row, teacher)
        return FrameScore(index, score, row, teacher, neg)

    def _no_score(self, index: int, lane: int, score: float, row: FeatureVector) -> ModelError:
        rendition, limit = divmod(lane, self._limits)
        several = len(self._renditions) > 1
        where = f"{self._renditions[rendition]}, frame {index}" if several else f"frame {index}"
        which = "NEG score" if limit else "score"
        whole = all(map(math.isfinite, row))
        error = ModelError(
            f"{where}: the {which} is not a finite number",
            given=score,
            hint="check the model: its weights or its scaler are broken"
            if whole
            else "nor are the features: ADM's sums overflow on such frames, in libvmaf as well",
        )
        error.rendition = rendition
        return error


def load_models(
    spec: EngineSpec, model: ModelSpec, neg_model: ModelSpec, model_device: str
) -> tuple[Model, ...]:
    """The model of every gain limit; ``neg_model`` None means the same one for NEG.

    Where no model is named, every gain limit has the registry's default for it.

    Raises ModelError, and OptionError when a model was made for features with another gain limit.
    """
    limits = spec.gain_limits
    if len(limits) == 1 and neg_model is not None:
        raise OptionError(
            "neg_model scores the NEG features beside the others",
            given=f"neg_model={neg_model!r}",
            hint='say neg="both"',
        )
    if model is False:
        if neg_model not in (None, False):
            raise OptionError("neg_model without a model", given="model=False")
        return ()
    from pyvmaf_tiny.model import load_model

    if neg_model is False:
        raise OptionError("neg_model is a model", given="False", hint="leave neg='both' out")
    models = [load_model(model, device=model_device, neg=limits[0] == NEG_GAIN_LIMIT)]
    if neg_model is not None:
        models.append(load_model(neg_model, device=model_device))
    elif len(limits) > 1:
        named = model is not None
        models.append(models[0] if named else load_model(device=model_device, neg=True))
    for each, limit in zip(models, limits, strict=True):
        check_gain_limit(each.id, each.gain_limit, limit)
    return tuple(models)


def check_gain_limit(model: str, wanted: float | None, limit: float) -> None:
    """OptionError when a model's features must have another gain limit."""
    if wanted is not None and wanted != limit:
        raise OptionError(
            f"{model} was made for other features",
            given=f"enhancement gain limit {limit:g}",
            expected=f"{wanted:g}",
            hint="say neg=True (--neg)" if wanted == NEG_GAIN_LIMIT else None,
        )
