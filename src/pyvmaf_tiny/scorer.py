"""The streaming front door: frames in, scored frames out, one frame later."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Literal

import numpy as np

from .engine import EngineSpec, open_engine
from .engine.base import Rows, TaughtVector, gain_limit_of
from .errors import (
    BitDepthError,
    EngineStateError,
    FrameSizeError,
    ModelError,
    OptionError,
    VmafTinyError,
)
from .frames import NEG_GAIN_LIMIT, AnyArray, FeatureVector, FrameScore, Plane
from .options import whole_number
from .pooling import Pooling
from .results import ResultInfo, ScoreResult
from .rows import FrameRows
from .source.arrays import to_array
from .source.base import as_plane
from .source.videoframe import LumaReader, is_video_frame
from .version import __version__

if TYPE_CHECKING:
    import av

    from .model import Model

#: What ``model=`` takes: None (the default model), an id, the path of an ``.onnx`` file, or False.
ModelSpec = str | os.PathLike[str] | None | Literal[False]


class _Turn:
    """Lets one thread at a time into a scorer and turns a second one away.

    A turn that an interrupt cut off before it could end is its own thread's to take again. That
    holds at every moment: taking a turn and ending it are one operation each, which an interrupt
    comes before or after, never into.
    """

    def __init__(self) -> None:
        self._owner: dict[Literal["thread"], int] = {}

    def __enter__(self) -> None:
        thread = threading.get_ident()
        if self._owner.setdefault("thread", thread) != thread:
            raise EngineStateError(
                "another thread is using this scorer", hint="give every thread a scorer of its own"
            )

    def __exit__(self, *_: object) -> None:
        self._owner.pop("thread", None)


class Scorer:
    """Scores a stream of frame pairs, frame by frame, in bounded memory.

    A context manager for encoder loops::

        with Scorer(1920, 1080) as scorer:
            for ref, dis in frames:
                for frame in scorer.push(ref, dis):
                    print(frame.index, frame.score)
            for frame in scorer.flush():
                print(frame.index, frame.score)
            print(scorer.result().mean)

    motion2 looks one frame ahead, so frame n arrives with push n+1 and the last one with
    :meth:`flush`. One scorer belongs to one thread at a time; scorers in several threads run in
    parallel, because the GIL is free while the engine works.
    """

    def __init__(
        self,
        w: int,
        h: int,
        *,
        bit_depth: int = 8,
        model: ModelSpec = None,
        neg: bool = False,
        engine: str = "auto",
        threads: int | None = None,
        gain_limit: float | None = None,
        device: str = "cpu",
        cpu_mask: int = 0,
        engine_device: str = "cpu",
        gpu_mask: int = 0,
        teacher: str | os.PathLike[str] | None = None,
        subsample: int = 1,
        keep_frames: bool = False,
        batch: int = 1,
    ) -> None:
        """Allocate the engine and load the model.

        Args:
            w: luma width in samples, 33 to 16384.
            h: luma height in samples, 33 to 16384.
            bit_depth: 8 (uint8 planes), 10, 12 or 16 (uint16 planes).
            model: None for the default model, a registry id, the path of an ``.onnx`` file of
                your own or of a libvmaf model (``.json``), or False for features without scores.
            neg: no credit for enhancement (libvmaf's NEG): enhancement gain limit 1.0.
            engine: "auto", "native", "libvmaf", or "libvmaf:/path/to/library".
            threads: threads that share a frame; None for as many as are useful here. Results
                do not depend on it.
            gain_limit: enhancement gain limit of your own, from 1.0 up; None for 100, or 1 with
                ``neg``.
            device: where the model runs: "cpu", "cuda", "openvino", "rocm" or "auto".
            cpu_mask: bits of CPU features to leave unused (8 AVX2, 16 AVX-512, 32 AVX-512 VNNI).
            engine_device: where the libvmaf engine works: "cpu", "cuda" or "sycl", with ":1" and
                so on for one of several GPUs.
            gpu_mask: libvmaf's gpumask: anything but 0 keeps its models' features off the GPU.
            teacher: with the libvmaf engine, its own model to score every frame, too:
                "vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1" or the path of a JSON file.
            subsample: score every n-th frame only; the others still count for motion, as in
                libvmaf.
            keep_frames: keep every frame for :meth:`result`; otherwise pooled figures only.
            batch: frames that go to the model at once. Above 1 they come back later, up to
                ``batch`` at a time; the numbers are the same.

        Raises FrameSizeError, BitDepthError, OptionError, ModelError, EngineError.
        """
        self._subsample = whole_number("subsample", subsample, least=1)
        self._batch = whole_number("batch", batch, least=1)
        self._spec = EngineSpec(
            width=w,
            height=h,
            bit_depth=bit_depth,
            gain_limit=gain_limit_of(neg, gain_limit),
            threads=threads,
            cpu_mask=cpu_mask,
            subsample=self._subsample,
            lag=self._batch,
            device=engine_device,
            gpu_mask=gpu_mask,
            teacher=teacher,
        )
        self._model = self._load(model, device)
        if self._model is not None:
            _check_gain_limit(self._model, self._spec.gain_limit)
        self._engine = open_engine(engine, self._spec)
        self._shape = (h, w)
        self._readers = {name: LumaReader(name) for name in ("reference", "distorted")}
        self._turn = _Turn()
        self._kept: list[FrameScore] | None = [] if keep_frames else None
        self._start()

    @staticmethod
    def _load(model: ModelSpec, device: str) -> Model | None:
        if model is False:
            return None
        from .model import load_model

        return load_model(model, device=device)

    def _start(self) -> None:
        self._pushed = 0  # frames taken so far
        self._due: deque[int] = deque()  # frames whose rows the engine holds back
        self._waiting: list[tuple[int, FeatureVector]] = []  # rows that wait for their batch
        self._unsent: list[FrameScore] = []  # scored in a call that then failed
        self._pooling = Pooling(
            with_score=self._model is not None, with_teacher=self._spec.teacher is not None
        )
        self._sum = 0.0
        self._seconds = 0.0
        self._torn = False
        if self._kept is not None:
            self._kept = []

    # ---- the stream -----------------------------------------------------------------------------

    def push(
        self, ref: AnyArray | av.VideoFrame, dis: AnyArray | av.VideoFrame
    ) -> list[FrameScore]:
        """Take one pair of frames and return what became ready: usually the frame before.

        ``ref`` and ``dis`` are luma planes (height, width), uint8 at 8 bit and uint16 above,
        or PyAV video frames. They are used in place and are free again afterwards.

        Raises FrameTypeError, FrameSizeError, FrameLayoutError, BitDepthError, PixelFormatError,
        SampleRangeError, EngineStateError: then the push has changed nothing. Raises ModelError
        when the model gives no finite score: that frame is left out, the stream goes on.
        """
        started = time.perf_counter()
        with self._turn:
            self._check_whole()
            ref_plane = self._plane(ref, "reference")
            dis_plane = self._plane(dis, "distorted")
            scored = self._pushed % self._subsample == 0
            with self._advancing():
                engine = self._engine
                rows = engine.push(ref_plane, dis_plane) if scored else engine.skip(ref_plane)
                if scored:
                    self._due.append(self._pushed)
                self._pushed += 1
                ready = self._collect(rows) if rows else []
                self._seconds += time.perf_counter() - started
        return ready

    def flush(self) -> list[FrameScore]:
        """End the stream and return the frames that were still due; a second flush has none.

        Afterwards :meth:`reset` starts a new stream. After an interrupt in mid-push only what
        waited for the model comes. Raises EngineStateError, ModelError.
        """
        started = time.perf_counter()
        with self._turn:
            if self._torn:
                return self._score_waiting()
            with self._advancing():
                ready = self._collect(self._engine.flush())
                ready += self._score_waiting()
                self._seconds += time.perf_counter() - started
        return ready

    def reset(self) -> None:
        """Forget all frames and figures; the next push is frame 0 of a new stream."""
        with self._turn:
            self._engine.reset()
            self._start()

    def close(self) -> None:
        """Free the engine's memory; may be called twice. :meth:`result` still works."""
        self._engine.close()

    def __enter__(self) -> Scorer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _advancing(self) -> Iterator[None]:
        """Marks the stream as torn while engine and scorer are not at the same frame.

        Our own errors leave both where they belong. Anything else that gets in between, which
        is Ctrl-C, may come after the engine took a frame and before the scorer knew.
        """
        self._torn = True
        try:
            yield
        except VmafTinyError:
            self._torn = False
            raise
        self._torn = False

    def _check_whole(self) -> None:
        if self._torn:
            raise EngineStateError(
                "an interrupt cut off an earlier push, so the next frame cannot be told",
                hint="reset() starts a new stream",
            )

    def _plane(self, frame: AnyArray | av.VideoFrame, name: str) -> Plane:
        """The luma of a frame, checked; well under a microsecond for an array."""
        index, bit_depth = self._pushed, self._spec.bit_depth
        if type(frame) is np.ndarray:
            luma: AnyArray = frame
        elif is_video_frame(frame):
            luma, depth = self._readers[name].read(frame, index)
            if depth != bit_depth:
                raise BitDepthError(
                    f"{name}, frame {index}: another bit depth than the scorer's",
                    given=f"{frame.format.name}, {depth} bit",
                    expected=f"{bit_depth} bit",
                    hint=f"make the scorer with bit_depth={depth}, or convert the frame",
                )
        else:
            luma = to_array(frame, f"{name}, frame {index}")
        plane = as_plane(luma, bit_depth=bit_depth, name=name, index=index)
        if plane.shape != self._shape:
            height, width = plane.shape
            raise FrameSizeError(
                f"{name}, frame {index}: another size than the scorer's",
                given=f"{width}x{height}",
                expected=f"{self._shape[1]}x{self._shape[0]}",
                hint="scale it first, or make a scorer of its size",
            )
        return plane

    # ---- scores ---------------------------------------------------------------------------------

    def _collect(self, rows: Rows) -> list[FrameScore]:
        """Score the rows that became known, at once or when their batch is complete."""
        due = self._due
        if self._model is None:
            return [self._finish(due.popleft(), None, row) for row in rows]
        if self._batch == 1 and len(rows) == 1 and not (self._waiting or self._unsent):
            return [self._finish(due.popleft(), self._model.predict_one(rows[0]), rows[0])]
        self._waiting += [(due.popleft(), row) for row in rows]
        return self._score_waiting() if len(self._waiting) >= self._batch else []

    def _score_waiting(self) -> list[FrameScore]:
        if self._model is None:
            return []
        if not self._waiting:
            frames, self._unsent = self._unsent, []
            return frames
        scores = self._model.predict(np.array([row for _, row in self._waiting]))
        frames = self._unsent
        for score in scores.tolist():
            index, row = self._waiting[0]
            # A frame that an interrupt left in the queue after it was finished is not due again.
            if not (self._kept and self._kept[-1].index == index):
                try:
                    frames.append(self._finish(index, score, row))
                except ModelError:
                    del self._waiting[0]
                    raise
            del self._waiting[0]
        self._unsent = []
        return frames

    def _finish(self, index: int, score: float | None, row: FeatureVector) -> FrameScore:
        if score is not None:
            if not math.isfinite(score):
                raise _no_score(index, score, row)
            self._sum += score
        teacher = row.teacher if isinstance(row, TaughtVector) else None
        frame = FrameScore(index, score, row, teacher)
        self._pooling.add(score, row, teacher)
        if self._kept is not None:
            self._kept.append(frame)
        return frame

    @property
    def mean(self) -> float | None:
        """Mean score of the frames so far; None before the first one and without a model."""
        return self._sum / len(self._pooling) if self._model and len(self._pooling) else None

    def result(self) -> ScoreResult:
        """The figures of the frames returned so far; also in mid-stream.

        Frames are in it only with ``keep_frames``. ``seconds`` is the time spent in the scorer.
        After an interrupt in mid-push only the frames that were kept are sure; without them
        EngineStateError is raised.
        """
        return self.result_with(self._seconds)

    def result_with(
        self,
        seconds: float,
        *,
        reference: str | None = None,
        distorted: str | None = None,
        frame_rate: float | None = None,
        ended_by: str | None = None,
    ) -> ScoreResult:
        """:meth:`result` with what the caller knows of the clip: wall time, names, frame rate.

        ``ended_by`` says what ended it early.
        """
        model = self._model
        rows = self._rows()
        if self._torn and rows is None:
            self._check_whole()
        info = ResultInfo(
            version=__version__,
            engine=self._engine.name,
            engine_version=self._engine.version,
            width=self._spec.width,
            height=self._spec.height,
            bit_depth=self._spec.bit_depth,
            frames=self._pushed,
            seconds=seconds,
            cpu_tier=self._engine.tier,
            threads=self._engine.threads,
            gain_limit=self._spec.gain_limit,
            subsample=self._subsample,
            engine_device=self._spec.device,
            teacher=None if self._spec.teacher is None else os.fspath(self._spec.teacher),
            model_id=model.id if model else None,
            model_digest=model.digest if model else None,
            provider=model.provider if model else None,
            reference=reference,
            distorted=distorted,
            frame_rate=frame_rate,
            complete=ended_by is None,
            ended_by=ended_by,
        )
        pooling = self._pooling
        if self._torn and rows is not None:
            pooling = Pooling(
                with_score=rows.scores is not None, with_teacher=rows.teachers is not None
            )
            pooling.add_many(rows.scores, rows.features, rows.teachers)
        return ScoreResult(pooling, info, frames=rows)

    def _rows(self) -> FrameRows | None:
        if self._kept is None:
            return None
        return FrameRows(
            [frame.index for frame in self._kept],
            [frame.score for frame in self._kept] if self._model else None,  # type: ignore[arg-type]
            np.array([frame.features for frame in self._kept]).reshape(len(self._kept), 6),
            [frame.teacher for frame in self._kept] if self._spec.teacher is not None else None,  # type: ignore[arg-type]
        )


def _check_gain_limit(model: Model, gain_limit: float) -> None:
    """Raise OptionError when the model was made for features with another gain limit."""
    wanted = model.gain_limit
    if wanted is not None and wanted != gain_limit:
        raise OptionError(
            f"{model.id} was made for other features",
            given=f"enhancement gain limit {gain_limit:g}",
            expected=f"{wanted:g}",
            hint="say neg=True (--neg)" if wanted == NEG_GAIN_LIMIT else None,
        )


def _no_score(index: int, score: float, row: FeatureVector) -> ModelError:
    whole = all(map(math.isfinite, row))
    return ModelError(
        f"frame {index}: the score is not a finite number",
        given=score,
        hint="check the model: its weights or its scaler are broken"
        if whole
        else "nor are the features: ADM's sums overflow on such frames, in libvmaf as well",
    )
