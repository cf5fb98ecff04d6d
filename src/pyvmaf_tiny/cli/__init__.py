"""The ``pyvmaf-tiny`` command: one file per command, no logic that the Python API lacks."""

from .app import main

__all__ = ["main"]
