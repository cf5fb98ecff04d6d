"""A comparison under way: pairs in, rows compared as soon as both engines have them."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np

from pyvmaf_tiny.engine import EngineSpec, open_engine
from pyvmaf_tiny.errors import EngineError
from pyvmaf_tiny.frames import FeatureVector, Plane
from pyvmaf_tiny.source import FramePairs

from .choice import ALL_BITS
from .deviations import AFFECTED, Explanation, causes
from .result import ComparisonResult
from .side import Side
from .tally import Tally

#: Bytes of pairs that are kept until their rows are there, so that the worst one can be looked at
#: again; the last pair is kept in any case.
_MOST_KEPT = 64 << 20


@dataclass(frozen=True, slots=True)
class _Worst:
    """The frame with the largest difference that libvmaf's SIMD code may have made."""

    frame: int
    pair: tuple[Plane, Plane] | None
    rows: tuple[FeatureVector, ...]


class Run:
    """Two sides, the pairs, and what has been found so far."""

    def __init__(self, pairs: FramePairs, spec: EngineSpec, sides: list[Side]) -> None:
        self._pairs = pairs
        self._spec = spec
        self._sides = sides
        self._tally = Tally()
        self._pushed = 0
        self._due: deque[int] = deque()  # frames whose rows both sides do not have yet
        self._kept: dict[int, tuple[Plane, Plane]] = {}
        self._worst: _Worst | None = None

    def push(self, ref: Plane, dis: Plane) -> None:
        """Give a pair to both engines and compare the rows that both have."""
        scored = self._pushed % self._spec.subsample == 0
        for side in self._sides:
            side.push(ref, dis, scored=scored)
        if scored:
            self._due.append(self._pushed)
            if any(side.simd for side in self._sides):
                self._kept[self._pushed] = (ref.copy(), dis.copy())
        self._pushed += 1
        self._compare()
        while len(self._kept) > max(1, _MOST_KEPT // (ref.nbytes + dis.nbytes)):
            del self._kept[next(iter(self._kept))]

    def flush(self) -> None:
        """Compare the rows that are still due.

        Raises EngineError when an engine did not give one row for every frame.
        """
        for side in self._sides:
            side.flush()
        self._compare()
        rows = [self._tally.frames + len(side.rows) for side in self._sides]
        if self._due or any(side.rows for side in self._sides):
            raise EngineError(
                "the engines did not give one row for each frame",
                given=f"{rows[0]} and {rows[1]} rows",
                expected=f"{self._tally.frames + len(self._due)}",
            )

    def _compare(self) -> None:
        first, second = (side.rows for side in self._sides)
        while first and second and self._due:
            frame = self._due.popleft()
            rows = first.popleft(), second.popleft()
            pair = self._kept.pop(frame, None)
            if set(AFFECTED).intersection(self._tally.add(frame, *rows)):
                self._worst = _Worst(frame, pair, rows)

    @contextmanager
    def delivering(self) -> Iterator[None]:
        """Give whatever ends the block early what was compared until then."""
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:
            if self._pushed:
                # A frame that only one side has taken counts for the motion of the one before.
                if all(side.pushed == self._pushed for side in self._sides):
                    with suppress(EngineError):
                        self.flush()
                error.comparison = self.result(complete=False)  # type: ignore[union-attr]
            raise

    def result(self, *, complete: bool = True) -> ComparisonResult:
        """What has been found; nothing can be pushed after it."""
        first, second = (side.described() for side in self._sides)
        reference, distorted = self._pairs.names
        result = ComparisonResult(
            engines=(first, second),
            reference=reference,
            distorted=distorted,
            width=self._spec.width,
            height=self._spec.height,
            bit_depth=self._spec.bit_depth,
            gain_limit=self._spec.gain_limits[0],
            subsample=self._spec.subsample,
            frames=self._tally.frames,
            features=self._tally.features(),
            complete=complete,
        )
        simd = [position for position, side in enumerate(self._sides) if side.simd]
        if result.equal or not simd:
            return result
        if not complete:
            return dataclasses.replace(result, explanation=self._explanation(simd, result, None))
        for side in self._sides:
            side.close()  # libvmaf cannot have two CPU masks at a time in one process
        same = self._again_without_simd(simd)
        return dataclasses.replace(result, explanation=self._explanation(simd, result, same))

    # ---- what libvmaf's SIMD code has to do with it ---------------------------------------------

    def _explanation(
        self, simd: list[int], result: ComparisonResult, scalar_equal: bool | None
    ) -> Explanation:
        name, path = result.engines[simd[0]].choice, self._sides[simd[0]].simd or ""
        unexplained = tuple(feature for feature in result.different if feature not in AFFECTED)
        worst = self._worst
        if worst is None:
            return Explanation(engine=name, simd=path, causes=(), unexplained=unexplained)
        plane = worst.pair[1] if worst.pair else None
        return Explanation(
            engine=name,
            simd=path,
            causes=causes(path, result.width, result.gain_limit, plane, result.bit_depth),
            frame=worst.frame,
            scalar_equal=scalar_equal,
            unexplained=unexplained,
        )

    def _again_without_simd(self, simd: list[int]) -> bool | None:
        """Whether the worst frame, alone, is the same on both sides with libvmaf's scalar code.

        The affected features of a frame depend on no other frame. None when it is not kept.
        """
        worst = self._worst
        if worst is None or worst.pair is None:
            return None
        rows = list(worst.rows)
        for position in simd:
            spec = dataclasses.replace(self._sides[position].spec, cpu_mask=ALL_BITS)
            engine = open_engine("libvmaf", spec)
            try:
                ref, dis = worst.pair
                ((rows[position],),) = (*engine.push(ref, (dis,)), *engine.flush())
            finally:
                engine.close()
        first, second = ([getattr(row, name) for name in AFFECTED] for row in rows)
        return bool(np.array_equal(first, second, equal_nan=True))
