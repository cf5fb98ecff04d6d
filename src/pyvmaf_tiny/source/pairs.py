"""Two inputs side by side: a reference and its distorted version."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
from .opening import open_source
from .streams import STDIN, standard_input


def open_pairs(
    ref: object,
    dis: object,
    width: int | None = None,
    height: int | None = None,
    *,
    bit_depth: int | None = None,
    pixel_format: str = "420",
    frames: int | None = None,
    skip_ref: int = 0,
    skip_dis: int = 0,
    shortest: bool = False,
) -> FramePairs:
    """Open both inputs with the same options, see :func:`open_source` and :class:`FramePairs`.

    Raises OptionError when both are the same file object, iterator or standard input: their
    frames would be dealt out in turn.
    """
    if _is_one_stream(ref, dis):
        raise OptionError(
            "reference and distorted are one and the same stream",
            given=repr(ref),
            expected="two, each read from its own beginning",
        )
    with ExitStack() as undo:
        with _blaming("reference"):
            ref_source = open_source(
                ref, width, height, bit_depth=bit_depth, pixel_format=pixel_format
            )
        undo.callback(ref_source.close)
        with _blaming("distorted"):
            dis_source = open_source(
                dis, width, height, bit_depth=bit_depth, pixel_format=pixel_format
            )
        undo.pop_all()
    return FramePairs(
        ref_source,
        dis_source,
        frames=frames,
        skip_ref=skip_ref,
        skip_dis=skip_dis,
        shortest=shortest,
    )


def _is_one_stream(ref: object, dis: object) -> bool:
    first, second = (
        standard_input() if isinstance(each, str) and each == STDIN else each for each in (ref, dis)
    )
    consumed = hasattr(first, "read") or hasattr(first, "__next__")
    return first is second and consumed and not isinstance(first, mmap.mmap)


@contextmanager
def _blaming(role: str) -> Iterator[None]:
    """Put ``role`` ("reference", "distorted") in front of the message of an InputError."""
    try:
        yield
    except InputError as error:
        error.message = f"{role} {error.message}"
        raise


class FramePairs:
    """Iterates over ``(reference plane, distorted plane)``, once.

    Owns both sources: they are closed at the end, after an error, and by :meth:`close`. A pair
    is valid until the next one is asked for, and frames are taken from both sources only then.
    ``total`` is the number of pairs to expect, for a progress display; None when unknown.
    """

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
        """``frames``: stop after so many pairs. ``skip_ref``, ``skip_dis``: leave out so many
        frames at the beginning. ``shortest``: end quietly with the shorter input.

        Raises OptionError, FrameSizeError and BitDepthError; both sources are closed then.
        """
        self._sources = (ref, dis)
        with ExitStack() as undo:
            undo.callback(self.close)
            if ref is dis:
                raise OptionError(
                    "reference and distorted are one and the same open input",
                    given=ref.name,
                    expected="two inputs, each read from its own beginning",
                )
            self._limit = None if frames is None else whole_number("frames", frames, least=1)
            self._skips = (
                whole_number("skip_ref", skip_ref, least=0),
                whole_number("skip_dis", skip_dis, least=0),
            )
            self._shortest = shortest
            _check_formats(ref, dis)
            undo.pop_all()
        self.width, self.height, self.bit_depth = ref.width, ref.height, ref.bit_depth
        self.names = (ref.name, dis.name)
        self.frame_rate = ref.frame_rate or dis.frame_rate
        self._left = [
            None if source.frame_count is None else max(0, source.frame_count - skip)
            for source, skip in zip(self._sources, self._skips, strict=True)
        ]
        known = [count for count in (self._limit, *self._left) if count is not None]
        self.total = min(known) if known else None
        self._delivered = 0

    def __iter__(self) -> Iterator[tuple[Plane, Plane]]:
        """Raises, after the pairs before it: FrameCountError when one input ends before the
        other, EmptyInputError when one has no frame (left), and what the sources raise.
        """
        ref, dis = self._sources
        try:
            with _blaming("reference"):
                ref.skip(self._skips[0])
            with _blaming("distorted"):
                dis.skip(self._skips[1])
            ref_planes, dis_planes = iter(ref), iter(dis)
            while self._delivered != self._limit:
                ref_plane = _next(ref_planes, "reference")
                if ref_plane is None and self._shortest and self._delivered:
                    return
                # Asked for in any case: a damaged end outranks a different number of frames.
                dis_plane = _next(dis_planes, "distorted")
                if ref_plane is None or dis_plane is None:
                    self._check_end(ref_plane is None, dis_plane is None)
                    return
                self._delivered += 1
                yield ref_plane, dis_plane
        finally:
            self.close()

    def close(self) -> None:
        """Close both sources; may be called twice."""
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

    def _check_end(self, ref_ended: bool, dis_ended: bool) -> None:
        """Raise unless this is a proper end."""
        if self._delivered == 0:
            position = 0 if ref_ended else 1
            skipped = self._skips[position]
            raise EmptyInputError(
                f"{('reference', 'distorted')[position]} {self._sources[position].name}: no frame",
                given=f"{skipped} frames to skip" if skipped else None,
                expected="at least one frame after them" if skipped else "at least one",
            )
        if self._shortest or (ref_ended and dis_ended):
            return
        counts = [
            f"{self._delivered}" if ended else f"{left or f'more than {self._delivered}'}"
            for ended, left in zip((ref_ended, dis_ended), self._left, strict=True)
        ]
        after = " after skipping" if any(self._skips) else ""
        raise FrameCountError(
            "reference and distorted have different numbers of frames",
            given=f"{counts[0]} frames in {self._sources[0].name}, "
            f"{counts[1]} in {self._sources[1].name}{after}",
            expected="as many in both",
            hint="to score the common frames only say shortest=True",
        )


def _next(planes: Iterator[Plane], role: str) -> Plane | None:
    try:
        return next(planes, None)
    except InputError as error:
        error.message = f"{role} {error.message}"
        raise


def _check_formats(ref: LumaSource, dis: LumaSource) -> None:
    if (ref.width, ref.height) != (dis.width, dis.height):
        raise FrameSizeError(
            "reference and distorted differ in size",
            given=f"{ref.width}x{ref.height} ({ref.name}) and "
            f"{dis.width}x{dis.height} ({dis.name})",
            expected="the same size",
            hint="scale the distorted video to the size of the reference first",
        )
    if ref.bit_depth != dis.bit_depth:
        raise BitDepthError(
            "reference and distorted differ in bit depth",
            given=f"{ref.bit_depth} bit ({ref.name}) and {dis.bit_depth} bit ({dis.name})",
            expected="the same bit depth",
            hint="convert one of them, for example with ffmpeg -pix_fmt yuv420p10le",
        )
