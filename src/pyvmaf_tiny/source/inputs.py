"""Opens a reference and its distorted versions, all with the same options."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import combinations

from pyvmaf_tiny.errors import InputError, OptionError

from .base import LumaSource
from .groups import FrameGroups, FramePairs, blame, role_of
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
    """Open two inputs, see :func:`open_groups`."""
    ref_source, dis_source = _open_all(
        (ref, dis), width, height, bit_depth=bit_depth, pixel_format=pixel_format
    )
    return FramePairs(
        ref_source,
        dis_source,
        frames=frames,
        skip_ref=skip_ref,
        skip_dis=skip_dis,
        shortest=shortest,
    )


def open_groups(
    ref: object,
    renditions: Sequence[object],
    width: int | None = None,
    height: int | None = None,
    *,
    bit_depth: int | None = None,
    pixel_format: str = "420",
    frames: int | None = None,
    skip_ref: int = 0,
    skip_dis: int = 0,
    shortest: bool = False,
) -> FrameGroups:
    """Open all inputs with the same options, see :func:`open_source` and :class:`FrameGroups`.

    Raises OptionError when two are the same file object, iterator or standard input: their
    frames would be dealt out in turn.
    """
    ref_source, *sources = _open_all(
        (ref, *renditions), width, height, bit_depth=bit_depth, pixel_format=pixel_format
    )
    return FrameGroups(
        ref_source,
        sources,
        frames=frames,
        skip_ref=skip_ref,
        skip_dis=skip_dis,
        shortest=shortest,
    )


def _open_all(
    inputs: Sequence[object],
    width: int | None,
    height: int | None,
    *,
    bit_depth: int | None,
    pixel_format: str,
) -> list[LumaSource]:
    for (first, one), (second, other) in combinations(enumerate(inputs), 2):
        if _is_one_stream(one, other):
            roles = [role_of(position, len(inputs)).rstrip(",") for position in (first, second)]
            raise OptionError(
                f"{roles[0]} and {roles[1]} are one and the same stream",
                given=repr(one),
                expected="two, each read from its own beginning",
            )
    sources: list[LumaSource] = []
    with ExitStack() as undo:
        for position, each in enumerate(inputs):
            try:
                source = open_source(
                    each, width, height, bit_depth=bit_depth, pixel_format=pixel_format
                )
            except InputError as error:
                blame(error, position, len(inputs))
                raise
            undo.callback(source.close)
            sources.append(source)
        undo.pop_all()
    return sources


def _is_one_stream(one: object, other: object) -> bool:
    first, second = (
        standard_input() if isinstance(each, str) and each == STDIN else each
        for each in (one, other)
    )
    consumed = hasattr(first, "read") or hasattr(first, "__next__")
    return first is second and consumed and not isinstance(first, mmap.mmap)
