"""What messages call the inputs, and which rendition an error blames."""

from __future__ import annotations

from collections.abc import Sequence

from pyvmaf_tiny.errors import VmafTinyError

REFERENCE = "reference"
DISTORTED = "distorted"


def roles_of(renditions: int, names: Sequence[str] | None = None) -> tuple[str, ...]:
    """A role per input, the reference's first. ``names`` of the renditions: None for numbers,
    and for a pair of reference and distorted video where there is one alone.
    """
    if names is None:
        if renditions == 1:
            return REFERENCE, DISTORTED
        names = tuple(map(str, range(renditions)))
    return REFERENCE, *(f"rendition {name}" for name in names)


def titled(role: str, message: str) -> str:
    """The message about an input, its role in front."""
    return f"{role} {message}" if role in (REFERENCE, DISTORTED) else f"{role}, {message}"


def at_fault(position: int) -> int | None:
    """The ``rendition`` of an error about the input at ``position``; the reference is at 0."""
    return position - 1 if position else None


def blame(error: VmafTinyError, position: int, roles: Sequence[str]) -> None:
    """Say in an error about an input which one it is."""
    error.message = titled(roles[position], error.message)
    error.rendition = at_fault(position)
