"""Opens a reference and its distorted versions, all with the same options."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import combinations

from pyvmaf_tiny.errors import InputError, OptionError

from .base import LumaSource
from .groups import FrameGroups, FramePairs
from .opening import open_wanted
from .roles import blame, roles_of
from .streams import STDIN, standard_input
from .wanted import Wanted


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
    wanted = Wanted.of(width, height, bit_depth, pixel_format)
    ref_source, dis_source = _open_all((ref, dis), wanted, roles_of(1))
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
    names: Sequence[str] | None = None,
) -> FrameGroups:
    """Open all inputs with the same options, see :func:`open_source` and :class:`FrameGroups`.

    ``names`` are the renditions', for messages.

    Raises OptionError when two are the same file object, iterator or standard input: their
    frames would be dealt out in turn.
    """
    wanted = Wanted.of(width, height, bit_depth, pixel_format)
    roles = roles_of(len(renditions), names)
    ref_source, *sources = _open_all((ref, *renditions), wanted, roles)
    return FrameGroups(
        ref_source,
        sources,
        frames=frames,
        skip_ref=skip_ref,
        skip_dis=skip_dis,
        shortest=shortest,
        names=names,
    )


def _open_all(inputs: Sequence[object], wanted: Wanted, roles: Sequence[str]) -> list[LumaSource]:
    for (first, one), (second, other) in combinations(enumerate(inputs), 2):
        if _is_one_stream(one, other):
            raise OptionError(
                f"{roles[first]} and {roles[second]} are one and the same stream",
                given=repr(one),
                expected="two, each read from its own beginning",
            )
    sources: list[LumaSource] = []
    with ExitStack() as undo:
        for position, each in enumerate(inputs):
            try:
                source = open_wanted(each, wanted)
            except (InputError, OptionError) as error:
                blame(error, position, roles)
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
