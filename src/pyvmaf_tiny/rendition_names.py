"""Several renditions as callers give them, and what each of them is called."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .errors import OptionError
from .options import whole_number


def named_inputs(
    ref: object, renditions: Iterable[Any] | Mapping[str, Any]
) -> tuple[tuple[str, ...], list[Any]]:
    """The names of the renditions of ``ref``, if they have any, and the inputs.

    Raises OptionError for what is one input, or the frames of one, instead of several.
    """
    if _is_one_input(renditions):
        raise OptionError(
            "renditions are a list of inputs, or a dictionary of them",
            given=_described(renditions),
            expected="such as [dis] for one",
        )
    if isinstance(renditions, Mapping):
        for name in renditions:
            if not isinstance(name, str):
                raise OptionError(
                    "the names of renditions are strings: numbers are their positions",
                    given=repr(name),
                    expected=repr(str(name)),
                    hint="{str(name): input, ...}",
                )
        names, inputs = tuple(renditions), list(renditions.values())
    else:
        names, inputs = (), list(renditions)
        # One-frame clips are as good as any, but then the reference is one, too.
        if inputs and all(map(_is_frame, inputs)) and not _is_frame(ref):
            raise OptionError(
                "renditions are a list of clips, not of the frames of one",
                given=f"{len(inputs)} single frames",
                expected="such as [dis] for one clip",
                hint="a clip of one frame is frame[None]",
            )
    if not inputs:
        raise OptionError("no rendition", given=repr(renditions), expected="at least one")
    return names, inputs


def rendition_names(renditions: int | Sequence[str]) -> tuple[str, ...]:
    """The names of so many renditions, or the ones given. OptionError when they are neither."""
    if isinstance(renditions, Sequence) and not isinstance(renditions, (str, bytes)):
        if not renditions or not all(isinstance(name, str) for name in renditions):
            raise OptionError(
                "renditions have names", given=repr(renditions), expected="at least one string"
            )
        return unique_names(renditions)
    if isinstance(renditions, Iterable):
        raise OptionError(
            "renditions are a number or a list of names",
            given=_described(renditions),
            expected="3, or a list such as ['6M', '3M', '1M']",
        )
    count = whole_number("renditions", renditions, least=1)
    return tuple(f"rendition {number}" for number in range(count))


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names; those that occur more than once with a number behind them.

    That is their position, or the next number that makes a name which is not taken yet. Names
    that are unique stay as they are.
    """
    counts = Counter(names)
    taken = set(names)
    unique = []
    for position, name in enumerate(names):
        if counts[name] > 1:
            number = position
            while f"{name} {number}" in taken:
                number += 1
            name = f"{name} {number}"
            taken.add(name)
        unique.append(name)
    return tuple(unique)


def _is_one_input(renditions: object) -> bool:
    if isinstance(renditions, (str, bytes, bytearray, memoryview, os.PathLike)):
        return True
    if hasattr(renditions, "read") or not isinstance(renditions, Iterable):
        return True
    # A column of paths is a list, too, and (renditions, frames, height, width) one of clips.
    return len(getattr(renditions, "shape", (0,))) in (0, 2, 3)


def _is_frame(value: object) -> bool:
    from .source.videoframe import is_video_frame

    return len(getattr(value, "shape", ())) == 2 or is_video_frame(value)


def _described(value: object) -> str:
    """In one line."""
    shape = getattr(value, "shape", None)
    return repr(value) if shape is None else f"an array of shape {tuple(shape)}"
