"""Optional dependencies: imported when needed, and an error that says how to get them."""

from __future__ import annotations

import importlib
from typing import Any

from pyvmaf_tiny.errors import OptionError


def require(module: str, extra: str) -> Any:
    """The module, or :class:`OptionError` naming the extra that installs its package."""
    package = module.partition(".")[0]
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        # A module missing inside an installed package is that package's failure.
        if error.name != package:
            raise
        raise OptionError(
            f"this needs {package}, which is not installed",
            hint=f'pip install "pyvmaf-tiny[{extra}]"',
        ) from error
    return importlib.import_module(module)
