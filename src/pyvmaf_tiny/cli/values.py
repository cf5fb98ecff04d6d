"""Values of options, read as libvmaf's tool reads them."""

from __future__ import annotations

import click

from pyvmaf_tiny.frames import BIT_DEPTHS, MAX_SIZE, MIN_SIZE


def unsigned(value: str) -> int:
    """An unsigned 32-bit number, decimal or 0x..., as the ``vmaf`` tool reads it."""
    try:
        number = int(value, 0)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a whole number.") from None
    if not 0 <= number <= 0xFFFFFFFF:
        raise click.BadParameter(f"{number} is not in 0..4294967295.")
    return number


def side(value: str) -> int:
    """A width or a height, in the engines' range."""
    number = unsigned(value)
    if not MIN_SIZE <= number <= MAX_SIZE:
        raise click.BadParameter(f"{number} is not in {MIN_SIZE}..{MAX_SIZE}.")
    return number


def depth(value: str) -> int:
    """A bit depth that the engines take."""
    number = unsigned(value)
    if number not in BIT_DEPTHS:
        known = ", ".join(map(str, BIT_DEPTHS))
        raise click.BadParameter(f"{number} is not one of {known}.")
    return number


def cpu_bits(value: str) -> int:
    """Like :func:`unsigned`; -1 means all bits."""
    return 0xFFFFFFFF if value == "-1" else unsigned(value)
