"""Batches of frames through the kernels: buffers, launches, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny import _native
from pyvmaf_tiny.frames import AnyPlane

from .backend import Backend, constant, keep_in_forks
from .incoming import Berth, Incoming
from .layout import PAIR_TOTALS, Launch, Layout, Stream, plan
from .marks import NO_MARK, Marks
from .staging import Stager, Staging

_ffi: Any = _native.ffi
_lib: Any = _native.lib

#: Batches under way at a time: one is filled while another is worked on.
SLOTS = 2


class Slot:
    """A batch: the frames that wait, and where they and their totals lie."""

    def __init__(self, backend: Backend, stream: Stream) -> None:
        plane = stream.width * stream.height * stream.sample_bytes
        frames, pairs = stream.batch, stream.batch * stream.pairs
        self.plane_bytes = plane
        self.refs = backend.allocate(plane * frames)
        self.dists = backend.allocate(plane * frames * stream.renditions)
        self.ref_berths = _berths(backend, self.refs, frames, plane)
        self.dis_berths = _berths(backend, self.dists, frames * stream.renditions, plane)
        self.host_frame_of = backend.allocate_host(4 * frames)
        self.frame_of = backend.allocate(4 * frames)
        self.host_pairs = backend.allocate_host(8 * PAIR_TOTALS * pairs)
        self.host_motion = backend.allocate_host(8 * frames)
        self.pair_totals = backend.allocate(8 * PAIR_TOTALS * pairs)
        self.motion_totals = backend.allocate(8 * frames)
        self.empty()

    def empty(self) -> None:
        """Make room for a new batch."""
        self.launched = False  # whether all its work is under way, or done
        self.frames = 0  # reference frames taken
        self.scored: list[int] = []  # those of them that have distorted versions
        self.motion_mark = self.mark = NO_MARK  # behind its work


class Pipeline:
    """The kernels of one stream. Frames are staged into a slot; a slot is launched as a whole."""

    def __init__(
        self,
        backend: Backend,
        stream: Stream,
        stager: Stager,
        limits: Sequence[float],
        features: Sequence[str],
    ) -> None:
        """Allocate everything; raises OutOfMemoryError."""
        keep_in_forks(self)
        self.backend = backend
        self.marks = Marks(backend)
        self.stream = stream
        self.threads = stager.threads  # that bring frames of the host's
        self.layout: Layout = plan(stream)
        self._features = frozenset(features)
        self.slots = [Slot(backend, stream) for _ in range(SLOTS)]
        layout = self.layout
        frames, pairs = stream.batch, stream.batch * stream.pairs
        dists = frames * stream.renditions
        self._history = backend.allocate(layout.plane_samples * stream.sample_bytes)
        self._limits = constant(backend, np.array(limits, np.float64))
        self._log_table = constant(backend, _log_table())
        self._vif = [_Level(self, launch, 2 * frames, 2 * dists) for launch in layout.vif]
        self._adm = [_Level(self, launch, 4 * frames, 4 * dists) for launch in layout.adm]
        self._motion_params = constant(backend, layout.motion.params)
        self._partials = backend.allocate(8 * layout.pair_partials * pairs)
        self._motion_partials = backend.allocate(8 * layout.frame_partials * frames)
        self._incoming = Incoming(backend, stream, stager)
        self._pair_table = constant(backend, layout.pair_totals)
        self._motion_table = constant(backend, layout.motion_totals)
        self.restart()

    def restart(self) -> None:
        """Forget all frames: the next one is the first of a stream. No work is under way."""
        self.marks.forget()
        self._starts = True
        for slot in self.slots:
            slot.empty()

    # ---- frames in ------------------------------------------------------------------------------

    def check(
        self, ref: AnyPlane, dists: Sequence[AnyPlane], frame: int, names: Sequence[str]
    ) -> None:
        """InputError for planes on the device that :meth:`stage` is not to be given.

        To be called before anything that waits: a wait while the stream of a plane is being
        captured into a CUDA graph would spoil the capture.
        """
        self._incoming.check((ref, *dists), frame, names)

    def stage(
        self,
        slot: Slot,
        ref: AnyPlane,
        dists: Sequence[AnyPlane],
        frame: int,
        names: Sequence[str],
    ) -> None:
        """Take a reference frame and its distorted versions, or none (it is not scored).

        ``frame`` is its number and ``names`` those of the renditions, for messages. Raises
        SampleRangeError, StagingMemoryError, and FrameTypeError for the stream of a plane on the
        device; the frame is not taken then.
        """
        first = len(slot.scored) * self.stream.renditions
        berths = (slot.ref_berths[slot.frames], *slot.dis_berths[first : first + len(dists)])
        self._incoming.take((ref, *dists), berths, frame, names)
        if dists:
            slot.scored.append(slot.frames)
        slot.frames += 1

    # ---- work -----------------------------------------------------------------------------------

    def launch(self, slot: Slot, *, to_host: bool = True, early_motion: bool = False) -> None:
        """Start the work on a batch; its totals are there when its marks are reached.

        With ``early_motion`` those of motion have a mark of their own, before the other features.
        Without ``to_host`` all stay on the device, and the mark is the caller's to set.
        """
        backend, frames, size = self.backend, slot.frames, slot.plane_bytes
        if "motion" in self._features:
            if self._starts:  # nothing is before the first frame; it is compared with itself
                backend.copy(self._history, 0, slot.refs, 0, size)
                self._starts = False
            self._run(
                self.layout.motion,
                frames,
                self._motion_params,
                self._history,
                slot.refs,
                self._motion_partials,
            )
            backend.copy(self._history, 0, slot.refs, size * (frames - 1), size)
            self._add_up(self._motion_table, 1, frames, self._motion_partials, slot.motion_totals)
            if to_host:
                backend.download(slot.host_motion[: 8 * frames], slot.motion_totals)
                if early_motion:
                    slot.motion_mark = self.marks.make()
        pairs = len(slot.scored) * self.stream.pairs
        if pairs:
            self._launch_pairs(slot, pairs)
        if to_host:
            if pairs:
                backend.download(slot.host_pairs[: 8 * PAIR_TOTALS * pairs], slot.pair_totals)
            slot.mark = self.marks.make()
            slot.motion_mark = slot.motion_mark or slot.mark
        slot.launched = True

    def _launch_pairs(self, slot: Slot, pairs: int) -> None:
        backend = self.backend
        slot.host_frame_of.view(np.int32)[: len(slot.scored)] = slot.scored
        backend.upload(slot.frame_of, 0, slot.host_frame_of)
        if "vif" in self._features:
            refs, dists = slot.refs, slot.dists
            for level in self._vif:
                extra = (self._limits, self._log_table, self._partials)
                level.run(len(slot.scored), slot.frame_of, refs, dists, extra)
                refs, dists = level.refs, level.dists
        if "adm" in self._features:
            refs, dists = slot.refs, slot.dists
            for level in self._adm:
                level.run(
                    len(slot.scored), slot.frame_of, refs, dists, (self._limits, self._partials)
                )
                refs, dists = level.refs, level.dists
        self._add_up(self._pair_table, PAIR_TOTALS, pairs, self._partials, slot.pair_totals)

    def wait(self, slot: Slot) -> None:
        """Wait for all that has been asked for of a batch."""
        self.marks.wait(slot.mark)

    # ---- totals out -----------------------------------------------------------------------------

    def motion_totals(self, slot: Slot) -> NDArray[np.uint64]:
        """Wait for a batch's sums of motion, one per frame."""
        self.marks.wait(slot.motion_mark)
        return slot.host_motion.view(np.uint64)

    def pair_totals(self, slot: Slot) -> NDArray[np.uint64]:
        """Wait for a batch's totals, (pairs, :data:`.layout.PAIR_TOTALS`)."""
        self.wait(slot)
        return slot.host_pairs.view(np.uint64).reshape(-1, PAIR_TOTALS)

    def _run(self, launch: Launch, count: int, *buffers: Any) -> None:
        self.backend.launch(launch.kernel, (*launch.grid, count), buffers)

    def _add_up(self, table: Any, totals: int, count: int, partials: Any, out: Any) -> None:
        self.backend.launch("totals", (totals, count, 1), (table, partials, out))

    def close(self) -> None:
        """Let go of everything on the device; may be called twice."""
        self.backend.close()


class _Level:
    """One kernel of a feature: its parameters and the planes that it makes for the next level."""

    def __init__(self, pipeline: Pipeline, launch: Launch, ref_bytes: int, dis_bytes: int) -> None:
        backend = pipeline.backend
        self._backend, self._launch = backend, launch
        self._params = constant(backend, launch.params)
        # The last level makes nothing; its kernel gets something that it never touches.
        samples = launch.out_plane or 1
        self.refs = backend.allocate(ref_bytes * samples)
        self.dists = backend.allocate(dis_bytes * samples)

    def run(self, frames: int, frame_of: Any, refs: Any, dists: Any, extra: Sequence[Any]) -> None:
        """Launch it over the scored frames of a batch."""
        made = (self.refs, self.dists)
        self._backend.launch(
            self._launch.kernel,
            (*self._launch.grid, frames),
            (self._params, frame_of, refs, dists, *made, *extra),
        )


def _berths(backend: Backend, buffer: Any, planes: int, size: int) -> list[Berth]:
    """The places of so many planes of a size, one after the other."""
    staging = Staging(backend, planes, size)
    return [Berth(buffer, number * size, staging, number) for number in range(planes)]


def _log_table() -> NDArray[np.uint16]:
    table = np.empty(_lib.PVT_LOG_ENTRIES, np.uint16)
    _lib.pvt_log_table(_ffi.cast("uint16_t *", table.ctypes.data))
    return table
