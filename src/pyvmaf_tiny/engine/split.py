"""Several lanes for an engine that has only one: an engine of its own for each of them."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import product

from pyvmaf_tiny.errors import EngineError, EngineStateError
from pyvmaf_tiny.frames import FeatureVector, Plane

from .base import Engine, EngineSpec, Lanes, Rows, TaughtVector, check_renditions
from .samples import sample_range_error

#: Bit depths whose sample type holds nothing else.
_WHOLE_TYPES = (8, 16)


class SplitEngine:
    """An :class:`Engine` of several lanes, made of engines of one lane each.

    Nothing is shared between them; every one gets every reference frame. When one of them fails
    after another has taken the frame, the stream is broken: it takes no frame any more, but
    :meth:`flush` gives the rows of the frames before, as if the stream had ended there.
    """

    def __init__(self, spec: EngineSpec, create: Callable[[EngineSpec], Engine]) -> None:
        """Open the engines; raises what ``create`` does, and leaves nothing open then."""
        self._spec = spec
        self._lanes: list[Engine] = []
        with ExitStack() as undo:
            for name, limit in product(spec.renditions, spec.gain_limits):
                lane = dataclasses.replace(spec, renditions=(name,), gain_limits=(limit,))
                self._lanes.append(create(lane))
                undo.callback(self._lanes[-1].close)
            undo.pop_all()
        first = self._lanes[0]
        self.name, self.version = first.name, first.version
        self.tier, self.threads, self.device = first.tier, first.threads, first.device
        self.device_memory = first.device_memory
        self._start()

    def _start(self) -> None:
        self._rows: list[deque[FeatureVector]] = [deque() for _ in self._lanes]
        self._frames = 0  # taken by all lanes
        self._due = 0  # of those, the ones without a row
        self._broken = False

    def push(self, ref: Plane, dis: Sequence[Plane]) -> Rows:
        """Take a frame; raises SampleRangeError before any lane has taken it."""
        check_renditions(self._spec, dis)
        limits = len(self._spec.gain_limits)
        self._check_samples(ref, dis)
        self._each(lambda number, lane: lane.push(ref, (dis[number // limits],)))
        self._due += 1
        return self._complete()

    def skip(self, ref: Plane) -> Rows:
        """Take a reference frame that counts for the motion of its neighbours only."""
        self._check_samples(ref, ())
        self._each(lambda _, lane: lane.skip(ref))
        return self._complete()

    def flush(self) -> Rows:
        """End the stream: the rows that are still due.

        When a lane fails here, a second flush gives the rows that are complete.
        """
        failure: EngineError | None = None
        for rows, lane in zip(self._rows, self._lanes, strict=True):
            try:
                rows.extend(row for (row,) in lane.flush())
            except EngineError as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return self._complete(last=True)

    def reset(self) -> None:
        """Forget the stream; the next frame is frame 0."""
        for lane in self._lanes:
            lane.reset()
        self._start()

    def close(self) -> None:
        """Close every engine; may be called twice."""
        for lane in self._lanes:
            lane.close()

    def _each(self, call: Callable[[int, Engine], Rows]) -> None:
        """Give every lane a frame."""
        if self._broken:
            raise EngineStateError(
                "an earlier frame reached some of the renditions only",
                hint="reset() starts a new stream",
            )
        for number, lane in enumerate(self._lanes):
            rows = call(number, lane)
            self._rows[number].extend(row for (row,) in rows)
            self._broken = True
        self._broken = False
        self._frames += 1

    def _complete(self, *, last: bool = False) -> Rows:
        """The rows that every lane has, of frames that all of them have taken."""
        count = min(self._due, *map(len, self._rows))
        complete = [tuple(rows.popleft() for rows in self._rows) for _ in range(count)]
        if last and count == self._due > 0:
            complete[-1:] = _without_a_next(complete[-1])
        self._due -= count
        return tuple(complete)

    def _check_samples(self, ref: Plane, dis: Sequence[Plane]) -> None:
        if self._spec.bit_depth in _WHOLE_TYPES:
            return
        error = sample_range_error(self._spec, self._frames, ref, dis)
        if error is not None:
            raise error


def _without_a_next(lanes: Lanes) -> Rows:
    """The last frame of a stream, for which some lanes may have seen one more.

    Lanes take a frame in turn, so the last one knows the motion without it, and that is the motion
    of all: it depends on the reference alone. A teacher's score of another motion is none of this
    stream's, though: then there is no such row.
    """
    motion2 = lanes[-1].motion2
    if all(row.motion2 == motion2 for row in lanes):
        return (lanes,)
    if any(isinstance(row, TaughtVector) for row in lanes):
        return ()
    return (tuple(row._replace(motion2=motion2) for row in lanes),)
