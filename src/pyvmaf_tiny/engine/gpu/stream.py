"""The engine: a stream of frames through the pipeline, rows out in order."""

from __future__ import annotations

import math
from collections import deque
from typing import Any, NamedTuple

from pyvmaf_tiny import _native
from pyvmaf_tiny.engine.base import EngineSpec, Rows
from pyvmaf_tiny.engine.samples import sample_range_error
from pyvmaf_tiny.errors import EngineStateError
from pyvmaf_tiny.frames import FeatureVector, Plane
from pyvmaf_tiny.version import __version__

from .backend import Backend
from .layout import Stream
from .pipeline import SLOTS, Pipeline, Slot

_ffi: Any = _native.ffi
_lib: Any = _native.lib

#: Frames that are worked on at once, where rows may come late enough.
_LARGEST_BATCH = 8


class _Frame(NamedTuple):
    """A frame whose row or motion is still due."""

    slot: Slot
    index: int  # in its batch
    scored: int | None  # which of the batch's scored frames it is; None: it is not scored


class GpuEngine:
    """One stream on one device (see :class:`pyvmaf_tiny.engine.base.Engine`)."""

    name = "native"
    version = __version__

    def __init__(self, spec: EngineSpec, backend: Backend) -> None:
        """Allocate everything the stream needs. Raises OutOfMemoryError."""
        self.tier = backend.kind
        self.threads = 1
        self.device = backend.device
        self._spec = spec
        self._lag = spec.lag
        self._check_samples = spec.bit_depth in (10, 12)
        stream = Stream(
            width=spec.width,
            height=spec.height,
            bit_depth=spec.bit_depth,
            batch=max(1, min(_LARGEST_BATCH, spec.lag // SLOTS)),
        )
        self._pipeline: Pipeline | None = Pipeline(
            backend, stream, (spec.gain_limit,), spec.features
        )
        self._row = _ffi.new("pvt_features *")
        self._motion = _ffi.new("double *")
        self._start()

    def _start(self) -> None:
        self._pushed = 0
        self._flushed = False
        self._filling = 0  # the slot that takes frames
        self._due: deque[_Frame] = deque()  # in order; the first one is the next to be delivered
        self._first_frame = True  # whether that is frame 0
        for slot in self._open().slots:
            slot.empty()

    def push(self, ref: Plane, dis: Plane) -> Rows:
        """Take one pair; the rows that are due."""
        return self._take(ref, (dis,), reference=ref, distorted=dis)

    def skip(self, ref: Plane) -> Rows:
        """Take a reference frame that counts for the motion of its neighbours only."""
        return self._take(ref, (), reference=ref)

    def _take(self, ref: Plane, dists: tuple[Plane, ...], **planes: Plane) -> Rows:
        pipeline = self._open()
        if self._flushed:
            raise EngineStateError(
                "pushed after the stream was flushed", hint="reset() starts a new stream"
            )
        if self._check_samples:
            self._check(planes)
        slot = pipeline.slots[self._filling]
        rows: list[FeatureVector] = []
        if slot.frames == pipeline.stream.batch:  # its last batch; the place is needed now
            while self._due and self._due[0].slot is slot:
                self._deliver(rows)
            slot.empty()
        self._due.append(_Frame(slot, slot.frames, len(slot.scored) if dists else None))
        pipeline.stage(slot, ref, dists)
        self._pushed += 1
        if slot.frames == pipeline.stream.batch:
            self._launch(slot)
        while len(self._due) > self._lag:
            self._deliver(rows)
        return tuple(rows)

    def _check(self, planes: dict[str, Plane]) -> None:
        limit = (1 << self._spec.bit_depth) - 1
        if any(int(plane.max()) > limit for plane in planes.values()):
            raise sample_range_error(planes, self._spec.bit_depth, self._pushed)

    def _launch(self, slot: Slot) -> None:
        """Start a batch, and make the other slot free to be filled."""
        pipeline = self._open()
        pipeline.launch(slot)
        self._filling = (self._filling + 1) % SLOTS

    def flush(self) -> Rows:
        """End the stream; all rows that are still due."""
        pipeline = self._open()
        slot = pipeline.slots[self._filling]
        if 0 < slot.frames < pipeline.stream.batch and not self._flushed:
            self._launch(slot)
        self._flushed = True
        rows: list[FeatureVector] = []
        while self._due:
            self._deliver(rows)
        return tuple(rows)

    def _deliver(self, rows: list[FeatureVector]) -> None:
        """Wait for the oldest frame that is due; add its row, if it is to have one."""
        frame = self._due.popleft()
        motion = self._motion_of(frame)
        if self._first_frame:
            motion = motion * 0.0  # by definition; NaN stays
        elif self._due:
            motion = min(motion, self._motion_of(self._due[0]))
        self._first_frame = False
        if frame.scored is not None:
            rows.append(self._row_of(frame.slot, frame.scored, motion))

    def _motion_of(self, frame: _Frame) -> float:
        if "motion" not in self._spec.features:
            return math.nan
        total = self._open().motion_totals(frame.slot)[frame.index]
        _lib.pvt_score_motion(self._spec.width, self._spec.height, int(total), self._motion)
        return float(self._motion[0])

    def _row_of(self, slot: Slot, pair: int, motion: float) -> FeatureVector:
        totals = self._open().pair_totals(slot)[pair]
        address = _ffi.cast("pvt_totals *", totals.ctypes.data)
        _lib.pvt_score_totals(self._spec.width, self._spec.height, address, self._row)
        row = self._row[0]
        adm2 = row.adm2 if "adm" in self._spec.features else math.nan
        vif = list(row.vif_scale) if "vif" in self._spec.features else [math.nan] * 4
        return FeatureVector(adm2, *vif, motion)

    def reset(self) -> None:
        """Forget the stream; the next frame is frame 0."""
        self._open().backend.finish()
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
