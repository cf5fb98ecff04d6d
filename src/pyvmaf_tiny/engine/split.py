"""Several lanes for an engine that has only one: an engine of its own for each of them."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import product

from pyvmaf_tiny.errors import EngineStateError
from pyvmaf_tiny.frames import FeatureVector, Plane

from .base import Engine, EngineSpec, Rows, check_renditions
from .samples import sample_range_error

#: Bit depths whose sample type holds nothing else.
_WHOLE_TYPES = (8, 16)


class SplitEngine:
    """An :class:`Engine` of several lanes, made of engines of one lane each.

    Nothing is shared between them; every one gets every reference frame. When one of them fails
    after another has taken the frame, the stream is broken: it takes no frame any more, and
    :meth:`flush` gives the rows that all lanes have.
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
        self._frames = 0
        self._broken = False

    def push(self, ref: Plane, dis: Sequence[Plane]) -> Rows:
        """Take a frame; raises SampleRangeError before any lane has taken it."""
        check_renditions(self._spec, dis)
        limits = len(self._spec.gain_limits)
        self._check_samples(ref, dis)
        return self._each(
            lambda number, lane: lane.push(ref, (dis[number // limits],)), taking=True
        )

    def skip(self, ref: Plane) -> Rows:
        """Take a reference frame that counts for the motion of its neighbours only."""
        self._check_samples(ref, ())
        return self._each(lambda _, lane: lane.skip(ref), taking=True)

    def flush(self) -> Rows:
        """End the stream: the rows that are still due."""
        # Lanes of a broken stream would not agree on the motion of its last frame.
        return self._complete() if self._broken else self._each(lambda _, lane: lane.flush())

    def reset(self) -> None:
        """Forget the stream; the next frame is frame 0."""
        for lane in self._lanes:
            lane.reset()
        self._start()

    def close(self) -> None:
        """Close every engine; may be called twice."""
        for lane in self._lanes:
            lane.close()

    def _each(self, call: Callable[[int, Engine], Rows], *, taking: bool = False) -> Rows:
        if self._broken and taking:
            raise EngineStateError(
                "an earlier frame reached some of the renditions only",
                hint="reset() starts a new stream",
            )
        for number, lane in enumerate(self._lanes):
            rows = call(number, lane)
            self._rows[number].extend(row for (row,) in rows)
            self._broken = taking
        self._broken = False
        self._frames += taking
        return self._complete()

    def _complete(self) -> Rows:
        """The rows that every lane has."""
        count = min(map(len, self._rows))
        return tuple(tuple(rows.popleft() for rows in self._rows) for _ in range(count))

    def _check_samples(self, ref: Plane, dis: Sequence[Plane]) -> None:
        if self._spec.bit_depth in _WHOLE_TYPES:
            return
        error = sample_range_error(self._spec, self._frames, ref, dis)
        if error is not None:
            raise error
