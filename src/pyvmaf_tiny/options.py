"""Checks of option values that several layers share."""

from __future__ import annotations

import operator

from .errors import OptionError


def whole_number(option: str, value: object, *, least: int | None = None) -> int:
    """``value`` as an int of at least ``least``; OptionError names the option otherwise.

    Anything with ``__index__`` will do (NumPy integers, too), except for booleans.
    """
    expected = "an integer" if least is None else f"an integer of at least {least}"
    if not isinstance(value, bool):
        try:
            number = operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            pass
        else:
            if least is None or number >= least:
                return number
    raise OptionError(
        f"{option} is not a whole number, or too small", given=repr(value), expected=expected
    )
