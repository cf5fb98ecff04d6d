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
from pyvmaf_tiny.engine.native.settings import check
from pyvmaf_tiny.errors import EngineError, EngineStateError, OptionError, VmafTinyError
from pyvmaf_tiny.frames import AnyPlane, FeatureVector
from pyvmaf_tiny.version import __version__

from .backend import Backend
from .layout import Stream
from .pipeline import SLOTS, Pipeline, Slot
from .staging import Stager

_ffi: Any = _native.ffi
_lib: Any = _native.lib

#: Frames that are worked on at once, where rows may come late enough.
_LARGEST_BATCH = 8

#: Work groups that a GPU takes along the second and third axes, where pairs and frames are.
_MOST_PAIRS = 65535


class _Frame(NamedTuple):
    """A frame whose row or motion is still due."""

    slot: Slot
    number: int  # in its batch
    scored: int | None  # which of the batch's scored frames it is; None: it is not scored


def open_pipeline(
    spec: EngineSpec, batch: int, open_backend: Callable[[int, int], Backend]
) -> Pipeline:
    """Check the specification, open the device and allocate everything a stream needs.

    ``open_backend`` is given a sample's bytes and the number of gain limits. OptionError for more
    pairs in a batch than a GPU takes.
    """
    check(spec)
    stream = Stream(
        width=spec.width,
        height=spec.height,
        bit_depth=spec.bit_depth,
        renditions=len(spec.renditions),
        limits=len(spec.gain_limits),
        batch=batch,
    )
    if stream.batch * stream.pairs > _MOST_PAIRS:
        raise OptionError(
            "a batch has more pairs than can be worked on at once",
            given=f"batch={batch}, {stream.renditions} renditions, {stream.limits} gain limits",
            expected=f"at most {_MOST_PAIRS} in all",
            hint=f"a batch of {_MOST_PAIRS // stream.pairs} can be",
        )
    stager = Stager(spec)
    backend = open_backend(stream.sample_bytes, stream.limits)
    with backend.entered():
        try:
            return Pipeline(backend, stream, stager, spec.gain_limits, spec.features)
        except VmafTinyError:
            backend.close()
            raise


class GpuEngine:
    """One stream on one device (see :class:`pyvmaf_tiny.engine.base.Engine`)."""

    name = "native"
    version = __version__

    def __init__(self, spec: EngineSpec, open_backend: Callable[[int, int], Backend]) -> None:
        """Allocate everything the stream needs; ``open_backend`` is given a sample's bytes
        and the number of gain limits.

        Raises what :func:`pyvmaf_tiny.engine.gpu.create` says.
        """
        batch = max(1, min(_LARGEST_BATCH, spec.lag // SLOTS))
        self._pipeline: Pipeline | None = open_pipeline(spec, batch, open_backend)
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
        self._due: deque[_Frame] = deque()  # in order; the first one is the next to be delivered
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
                while self._due and self._due[0].slot is slot:
                    self._deliver()
                slot.empty()
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

    def _launch(self, slot: Slot) -> None:
        """Start a batch, and make the other slot free to be filled."""
        pipeline = self._open()
        pipeline.launch(slot)
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
        """The device is used within. When it fails, the stream ends with what is complete."""
        try:
            with pipeline.backend.entered():
                yield
        except EngineError as error:
            # What was not launched as a whole never gets totals: those that are there are older.
            self._due = deque(frame for frame in self._due if frame.slot.launched)
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
        if frame.scored is not None:
            lanes = self._spec.lanes
            totals = self._open().pair_totals(frame.slot)[lanes * frame.scored :]
            self._rows.append(tuple(self._vector(totals[lane], motion) for lane in range(lanes)))
        self._is_first = False
        self._due.popleft()

    def _motion_of(self, frame: _Frame) -> float:
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
