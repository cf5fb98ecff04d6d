"""The engine: a stream of frames through the pipeline, rows out in order."""

from __future__ import annotations

import contextlib
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny import _native
from pyvmaf_tiny.engine.base import EngineSpec, Lanes, Rows, check_renditions
from pyvmaf_tiny.errors import EngineError, EngineStateError
from pyvmaf_tiny.frames import AnyPlane, FeatureVector
from pyvmaf_tiny.version import __version__

from .backend import Backend
from .opening import open_pipeline
from .pipeline import SLOTS, Pipeline, Slot
from .staging import StagingMemoryError

_ffi: Any = _native.ffi
_lib: Any = _native.lib

#: Frames that are worked on at once, where rows may come late enough.
LARGEST_BATCH = 8


class _Frame(NamedTuple):
    """A frame whose row or motion is still due, in the slot that has its totals."""

    slot: Slot
    number: int  # in its batch
    scored: int | None  # which of the batch's scored frames it is; None: it is not scored


class _Known(NamedTuple):
    """A frame whose row is due, and whose slot is needed for others."""

    motion: float
    totals: NDArray[np.uint64] | None  # of its lanes; None: it is not scored


class GpuEngine:
    """One stream on one device (see :class:`pyvmaf_tiny.engine.base.Engine`)."""

    name = "native"
    version = __version__

    def __init__(self, spec: EngineSpec, open_backend: Callable[[int, int], Backend]) -> None:
        """Allocate everything the stream needs; ``open_backend`` is given a sample's bytes
        and the number of gain limits.

        Raises what :func:`pyvmaf_tiny.engine.gpu.create` says.
        """
        batch = max(1, min(LARGEST_BATCH, spec.lag // SLOTS))
        self._pipeline: Pipeline | None = open_pipeline(spec, batch, open_backend)
        # Rows that may be late by no more than a frame wait for its motion, and for nothing else.
        self._early_motion = spec.lag < SLOTS * batch
        self._spec = spec
        self.threads = self._pipeline.threads
        backend = self._pipeline.backend
        self.device = backend.device
        self.tier = backend.device.partition(":")[0]
        self.device_memory = backend.memory
        self._row = _ffi.new("pvt_features *")
        self._motion = _ffi.new("double *")
        self._start()

    def _start(self) -> None:
        self._pushed = 0
        self._flushed = False
        self._filling = 0  # the slot that takes frames
        self._due: deque[_Frame | _Known] = deque()  # in order; the first one comes next
        self._is_first = True  # whether that is frame 0
        self._rows: list[Lanes] = []  # known, and not returned yet
        self._failure: str | None = None  # what the device said; nothing more comes after it
        self._open().restart()

    def push(self, ref: AnyPlane, dis: Sequence[AnyPlane]) -> Rows:
        """Take a frame; the rows that are due."""
        check_renditions(self._spec, dis)
        return self._take(ref, dis)

    def skip(self, ref: AnyPlane) -> Rows:
        """Take a reference frame that counts for the motion of its neighbours only."""
        return self._take(ref, ())

    def _take(self, ref: AnyPlane, dis: Sequence[AnyPlane]) -> Rows:
        pipeline = self._open()
        if self._failure is not None:
            raise EngineStateError(
                "pushed after the device failed",
                given=self._failure,
                hint="flush() gives the rows that were complete; make a new scorer",
            )
        if self._flushed:
            raise EngineStateError(
                "pushed after the stream was flushed", hint="reset() starts a new stream"
            )
        with self._at_work(pipeline):
            pipeline.check(ref, dis, self._pushed, self._spec.renditions)
            slot = pipeline.slots[self._filling]
            if slot.frames == pipeline.stream.batch:  # its last batch; the place is needed now
                self._vacate(slot)
            frame = _Frame(slot, slot.frames, len(slot.scored) if dis else None)
            pipeline.stage(slot, ref, dis, self._pushed, self._spec.renditions)
            self._due.append(frame)
            self._pushed += 1
            if slot.frames == pipeline.stream.batch:
                self._launch(slot)
            while len(self._due) > self._spec.lag:
                self._deliver()
        return self._take_rows()

    def _take_rows(self) -> Rows:
        rows, self._rows = tuple(self._rows), []
        return rows

    def _vacate(self, slot: Slot) -> None:
        """Wait for a batch, the only wait for it, and take out of its slot what is still due.

        The row of its last frame needs the motion of the next batch, which is still under way.
        """
        due = self._due
        self._open().wait(slot)
        while len(due) > 1 and _is_in(slot, due[1]):
            self._deliver()
        if due and _is_in(slot, due[0]):
            totals = self._totals_of(due[0])
            due[0] = _Known(self._motion_of(due[0]), None if totals is None else totals.copy())
        slot.empty()

    def _launch(self, slot: Slot) -> None:
        """Start a batch, and make the other slot free to be filled."""
        pipeline = self._open()
        pipeline.launch(slot, early_motion=self._early_motion)
        self._filling = (self._filling + 1) % SLOTS

    def flush(self) -> Rows:
        """End the stream; all rows that are still due."""
        pipeline = self._open()
        if self._failure is not None:
            return self._take_rows()
        with self._at_work(pipeline):
            slot = pipeline.slots[self._filling]
            if 0 < slot.frames < pipeline.stream.batch and not self._flushed:
                self._launch(slot)
            self._flushed = True
            while self._due:
                self._deliver()
        return self._take_rows()

    @contextlib.contextmanager
    def _at_work(self, pipeline: Pipeline) -> Iterator[None]:
        """The device is used within. When it fails, the stream ends with what is complete.

        It has not failed where there was no memory to stage a frame in, which changes nothing.
        """
        try:
            with pipeline.backend.entered():
                yield
        except StagingMemoryError:
            raise
        except EngineError as error:
            # What was not launched as a whole never gets totals: those that are there are older.
            self._due = deque(
                frame for frame in self._due if isinstance(frame, _Known) or frame.slot.launched
            )
            with contextlib.suppress(EngineError), pipeline.backend.entered():
                while len(self._due) > 1:  # the motion of the last one needs the next
                    self._deliver()
            self._due.clear()
            self._failure = str(error)
            raise

    def _deliver(self) -> None:
        """Wait for the oldest frame that is due, and make its row, if it is to have one."""
        frame = self._due[0]
        motion = self._motion_of(frame)
        if self._is_first:
            motion *= 0.0  # by definition; NaN stays
        elif len(self._due) > 1:
            motion = min(motion, self._motion_of(self._due[1]))
        totals = self._totals_of(frame)
        if totals is not None:
            self._rows.append(tuple(self._vector(lane, motion) for lane in totals))
        self._is_first = False
        self._due.popleft()

    def _totals_of(self, frame: _Frame | _Known) -> NDArray[np.uint64] | None:
        """By lanes; None for a frame that is not scored."""
        if isinstance(frame, _Known):
            return frame.totals
        if frame.scored is None:
            return None
        lanes = self._spec.lanes
        return self._open().pair_totals(frame.slot)[lanes * frame.scored :][:lanes]

    def _motion_of(self, frame: _Frame | _Known) -> float:
        if isinstance(frame, _Known):
            return frame.motion
        if "motion" not in self._spec.features:
            return math.nan
        total = self._open().motion_totals(frame.slot)[frame.number]
        _lib.pvt_score_motion(self._spec.width, self._spec.height, int(total), self._motion)
        return float(self._motion[0])

    def _vector(self, totals: NDArray[np.uint64], motion: float) -> FeatureVector:
        address = _ffi.cast("pvt_totals *", totals.ctypes.data)
        _lib.pvt_score_totals(self._spec.width, self._spec.height, address, self._row)
        row, features = self._row[0], self._spec.features
        adm2 = row.adm2 if "adm" in features else math.nan
        vif = list(row.vif_scale) if "vif" in features else [math.nan] * 4
        return FeatureVector._make((adm2, *vif, motion))

    def reset(self) -> None:
        """Forget the stream; the next frame is frame 0."""
        pipeline = self._open()
        with pipeline.backend.entered():
            pipeline.backend.finish()
        self._start()

    def close(self) -> None:
        """Free the engine's memory; may be called twice."""
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None

    def _open(self) -> Pipeline:
        if self._pipeline is None:
            raise EngineStateError("the engine is closed", hint="make a new one")
        return self._pipeline


def _is_in(slot: Slot, frame: _Frame | _Known) -> bool:
    return isinstance(frame, _Frame) and frame.slot is slot
