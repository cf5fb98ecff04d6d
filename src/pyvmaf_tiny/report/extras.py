"""Optional dependencies: imported when needed, and an error that says how to get them."""

from __future__ import annotations

import importlib
from typing import Any

from pyvmaf_tiny.errors import OptionError


def require(module: str, extra: str) -> Any:
    """The module, or :class:`OptionError` naming the extra that installs it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A missing module inside an installed package is that package's failure, not ours.
        if error.name is None or module.partition(".")[0] != error.name:
            raise
        raise OptionError(
            f"this needs {error.name}, which is not installed",
            hint=f'pip install "pyvmaf-tiny[{extra}]"',
        ) from error
