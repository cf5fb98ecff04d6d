"""Inputs side by side: a reference and any number of its distorted versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from pyvmaf_tiny.errors import (
    BitDepthError,
    EmptyInputError,
    FrameCountError,
    FrameSizeError,
    InputError,
    OptionError,
)
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.options import whole_number

from .base import LumaSource
from .roles import at_fault, blame, roles_of, titled

#: A reference plane and the planes of its distorted versions.
Group = tuple[Plane, tuple[Plane, ...]]


class FrameGroups:
    """Iterates over ``(reference plane, (plane of a rendition, ...))``, once.

    Owns all sources: they are closed at the end, after an error, and by :meth:`close`. A group
    is valid until the next one is asked for, and frames are taken from the sources only then.
    ``total`` is the number of groups to expect, for a progress display; None when unknown.
    """

    def __init__(
        self,
        ref: LumaSource,
        renditions: Sequence[LumaSource],
        *,
        frames: int | None = None,
        skip_ref: int = 0,
        skip_dis: int = 0,
        shortest: bool = False,
        names: Sequence[str] | None = None,
    ) -> None:
        """``frames``: stop after so many groups. ``skip_ref``, ``skip_dis``: leave out so many
        frames at the beginning. ``shortest``: end quietly with the shortest input. ``names``: of
        the renditions, for messages, see :func:`roles_of`.

        Raises OptionError, FrameSizeError and BitDepthError; all sources are closed then.
        """
        self._sources = (ref, *renditions)
        self._roles = roles_of(len(renditions), names)
        with ExitStack() as undo:
            undo.callback(self.close)
            self._check_distinct()
            self._limit = None if frames is None else whole_number("frames", frames, least=1)
            skips = whole_number("skip_ref", skip_ref, least=0)
            self._skips = [skips] + [whole_number("skip_dis", skip_dis, least=0)] * len(renditions)
            self._shortest = shortest
            for position in range(1, len(self._sources)):
                self._check_format(position)
            undo.pop_all()
        self.width, self.height, self.bit_depth = ref.width, ref.height, ref.bit_depth
        self.names = tuple(source.name for source in self._sources)
        rates = (source.frame_rate for source in self._sources)
        self.frame_rate = next((rate for rate in rates if rate), None)
        self._left = [
            None if source.frame_count is None else max(0, source.frame_count - skip)
            for source, skip in zip(self._sources, self._skips, strict=True)
        ]
        known = [count for count in (self._limit, *self._left) if count is not None]
        self.total = min(known) if known else None
        self._delivered = 0

    def groups(self) -> Iterator[Group]:
        """Raises, after the groups before it: FrameCountError when one input ends before the
        others, EmptyInputError when one has no frame (left), and what the sources raise.
        """
        try:
            for position, source in enumerate(self._sources):
                try:
                    source.skip(self._skips[position])
                except InputError as error:
                    blame(error, position, self._roles)
                    raise
            planes = [iter(source) for source in self._sources]
            while self._delivered != self._limit:
                group: list[Plane | None] = []
                for position, source_planes in enumerate(planes):
                    group.append(self._next(source_planes, position))
                    if group[0] is None and self._shortest and self._delivered:
                        return
                # All are asked: a damaged end outranks a different number of frames.
                ref, *renditions = group
                whole = tuple(plane for plane in renditions if plane is not None)
                if ref is None or len(whole) < len(renditions):
                    self._check_end([plane is None for plane in group])
                    return
                self._delivered += 1
                yield ref, whole
        finally:
            self.close()

    @property
    def bitrates(self) -> tuple[float | None, ...]:
        """kbit/s of every input that is encoded video, the reference's first."""
        return tuple(source.bitrate for source in self._sources)

    def close(self) -> None:
        """Close all sources; may be called twice."""
        for source in self._sources:
            source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _next(self, planes: Iterator[Plane], position: int) -> Plane | None:
        try:
            return next(planes, None)
        except InputError as error:
            blame(error, position, self._roles)
            raise

    def _check_distinct(self) -> None:
        for position, source in enumerate(self._sources):
            for earlier in range(position):
                if self._sources[earlier] is source:
                    raise OptionError(
                        f"{self._roles[earlier]} and {self._roles[position]} are one and the "
                        "same open input",
                        given=source.name,
                        expected="two inputs, each read from its own beginning",
                    )

    def _check_end(self, ended: Sequence[bool]) -> None:
        """Raise unless this is a proper end."""
        position = list(ended).index(True)
        if self._delivered == 0:
            skipped = self._skips[position]
            empty = EmptyInputError(
                titled(self._roles[position], f"{self._sources[position].name}: no frame"),
                given=f"{skipped} frames to skip" if skipped else None,
                expected="at least one frame after them" if skipped else "at least one",
            )
            empty.rendition = at_fault(position)
            raise empty
        if self._shortest or all(ended):
            return
        # The reference, and the first input that differs from it.
        other = next(at for at, each in enumerate(ended) if each != ended[0])
        counts = [
            f"{self._delivered}"
            if ended[at]
            else f"{self._left[at] or f'more than {self._delivered}'}"
            for at in (0, other)
        ]
        after = " after skipping" if any(self._skips) else ""
        error = FrameCountError(
            f"reference and {self._roles[other]} have different numbers of frames",
            given=f"{counts[0]} frames in {self._sources[0].name}, "
            f"{counts[1]} in {self._sources[other].name}{after}",
            expected="as many in both",
            hint="to score the common frames only say shortest=True",
        )
        # A reference that ends alone is itself at fault.
        error.rendition = None if ended[0] and not any(ended[1:]) else at_fault(other)
        raise error

    def _check_format(self, position: int) -> None:
        ref, dis = self._sources[0], self._sources[position]
        error: InputError | None = None
        if (ref.width, ref.height) != (dis.width, dis.height):
            error = FrameSizeError(
                f"reference and {self._roles[position]} differ in size",
                given=f"{ref.width}x{ref.height} ({ref.name}) and "
                f"{dis.width}x{dis.height} ({dis.name})",
                expected="the same size",
                hint="scale the distorted video to the size of the reference first",
            )
        elif ref.bit_depth != dis.bit_depth:
            error = BitDepthError(
                f"reference and {self._roles[position]} differ in bit depth",
                given=f"{ref.bit_depth} bit ({ref.name}) and {dis.bit_depth} bit ({dis.name})",
                expected="the same bit depth",
                hint="convert one of them, for example with ffmpeg -pix_fmt yuv420p10le",
            )
        if error is not None:
            error.rendition = at_fault(position)
            raise error


class FramePairs(FrameGroups):
    """Iterates over ``(reference plane, distorted plane)``, once: groups of one rendition."""

    def __init__(
        self,
        ref: LumaSource,
        dis: LumaSource,
        *,
        frames: int | None = None,
        skip_ref: int = 0,
        skip_dis: int = 0,
        shortest: bool = False,
    ) -> None:
        """See :class:`FrameGroups`."""
        super().__init__(
            ref, [dis], frames=frames, skip_ref=skip_ref, skip_dis=skip_dis, shortest=shortest
        )

    def __iter__(self) -> Iterator[tuple[Plane, Plane]]:
        """See :meth:`FrameGroups.groups`."""
        for ref, (dis,) in self.groups():
            yield ref, dis
