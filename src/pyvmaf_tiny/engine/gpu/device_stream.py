"""A stream of frames whose features and scores stay in the device's memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.errors import EngineStateError, VmafTinyError
from pyvmaf_tiny.frames import FEATURES, AnyPlane
from pyvmaf_tiny.network import Network

from .arrays import CudaArray, DeviceFrames, SyclArray
from .backend import Backend
from .network import NetworkKernel
from .opening import open_pipeline
from .pipeline import SLOTS, Pipeline, Slot
from .results import Result, ResultPool
from .rows import RowKernel

_FEATURE, _SCORE = np.dtype(np.float64), np.dtype(np.float32)
_ROW_BYTES = len(FEATURES) * _FEATURE.itemsize

#: Of the first byte of an array, which DLPack wants to be as CUDA's allocations are.
_ALIGNMENT = 256

_ARRAYS = {"cuda": CudaArray, "sycl": SyclArray}


class DeviceStream:
    """One stream on one device, with one gain limit.

    A batch is returned when its work has been asked for, not when it is done. The row of its last
    frame comes with the next batch, since motion2 looks one frame ahead.
    """

    def __init__(
        self,
        spec: EngineSpec,
        network: Network | None,
        batch: int,
        open_backend: Callable[[int, int], Backend],
        *,
        by_rendition: bool = False,
    ) -> None:
        """Allocate everything but the results. ``by_rendition``: they have an axis for them.

        Raises what :func:`pyvmaf_tiny.engine.gpu.create` says, and ModelError for the network.
        """
        self._spec = spec
        self._axis = (len(spec.renditions),) if by_rendition else ()
        pipeline = open_pipeline(spec, batch, open_backend)
        backend = pipeline.backend
        self.device, self.device_memory = backend.device, backend.memory
        self._array = _ARRAYS[backend.device.partition(":")[0]]
        self._pipeline: Pipeline | None = pipeline
        # A batch's rows, and that of the last frame; each has those of all renditions.
        rows = (batch + 1) * len(spec.renditions)
        self._scores_at = -(-_ROW_BYTES * rows // _ALIGNMENT) * _ALIGNMENT
        try:
            with backend.entered():
                self._features = RowKernel(pipeline)
                self._model = None if network is None else NetworkKernel(backend, network)
                nbytes = self._scores_at + _SCORE.itemsize * rows
                self._pool: ResultPool | None = ResultPool(backend.results(), nbytes)
        except VmafTinyError:
            backend.close()
            raise
        self._start()

    def _start(self) -> None:
        self._taken = 0  # frames
        self._given = 0  # rows
        self._ended = False
        self._broken = False  # work on a batch was asked for in part
        self._filling = 0  # the slot that takes frames
        self._open().restart()

    def push(self, ref: AnyPlane, dis: Sequence[AnyPlane]) -> list[DeviceFrames]:
        """Take a frame; the rows that are due when it completes a batch.

        A call that raises an InputError or OutOfMemoryError has changed nothing.
        """
        pipeline = self._open()
        if self._ended:
            raise EngineStateError(
                "pushed after the stream was flushed", hint="reset() starts a new stream"
            )
        with pipeline.backend.entered():
            pipeline.check(ref, dis, self._taken, self._spec.renditions)
            slot = self._slot()
            completes = slot.frames + 1 == pipeline.stream.batch
            rows = self._due() if completes else 0
            result = self._result(rows)
            pipeline.stage(slot, ref, dis, self._taken, self._spec.renditions)
            self._taken += 1
            return self._launch(slot, result, rows) if completes else []

    def flush(self) -> list[DeviceFrames]:
        """End the stream; the rows that are still due. OutOfMemoryError has changed nothing."""
        pipeline = self._open()
        if self._ended:
            return []
        with pipeline.backend.entered():
            slot, rows = self._slot(), self._due()
            result = self._result(rows)
            self._ended = True
            return self._launch(slot, result, rows)

    def _slot(self) -> Slot:
        """The slot that takes frames; waits when it is still being worked on."""
        pipeline = self._open()
        slot = pipeline.slots[self._filling]
        if slot.frames == pipeline.stream.batch:  # its last batch; the place is needed now
            pipeline.wait(slot)
            slot.empty()
        return slot

    def _due(self) -> int:
        """Rows that the next frame, or the end, makes known."""
        return self._taken - self._given

    def _result(self, rows: int) -> Result | None:
        return self._pool.take() if rows and self._pool is not None else None

    def _launch(self, slot: Slot, result: Result | None, rows: int) -> list[DeviceFrames]:
        """Ask for the work on what is in the slot, and make the next one free to be filled."""
        pipeline = self._open()
        backend, first, scores = pipeline.backend, self._given, None
        self._broken = True
        if slot.frames:
            pipeline.launch(slot, to_host=False)
        frames: list[DeviceFrames] = []
        if result is not None:
            before = self._taken - slot.frames - first  # rows of frames before those of the slot
            self._features.run(self._filling, rows, result.buffer, starts=not first, before=before)
            shape, count = (rows, *self._axis), rows * len(self._spec.renditions)
            if self._model is not None:
                part = backend.piece(result.buffer, self._scores_at, _SCORE.itemsize * count)
                self._model.run(result.buffer, count, part)
                scores = self._array(result, self._scores_at, shape, _SCORE)
            result.fill()
            features = self._array(result, 0, (*shape, len(FEATURES)), _FEATURE)
            frames.append(DeviceFrames(first, features, scores))
        slot.mark = pipeline.marks.make()
        self._filling = (self._filling + 1) % SLOTS
        self._given += rows
        self._broken = False
        return frames

    def reset(self) -> None:
        """Forget the stream; the next frame is frame 0. What was returned stays."""
        pipeline = self._open(broken=True)
        with pipeline.backend.entered():
            pipeline.backend.finish()
        self._start()

    def close(self) -> None:
        """Free the stream's memory, but for results that somebody has; may be called twice."""
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = self._pool = None

    def _open(self, *, broken: bool = False) -> Pipeline:
        if self._pipeline is None:
            raise EngineStateError("the engine is closed", hint="make a new one")
        if self._broken and not broken:
            raise EngineStateError(
                "the device failed in an earlier call, so the batch is lost",
                hint="reset() starts a new stream",
            )
        return self._pipeline
