"""The package as an installation has it: a folder with its Python files, module and models.

An editable installation looks at every start whether the C module is up to date, which takes longer
than all that is to be measured.
"""

from __future__ import annotations

import importlib.resources
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyvmaf_tiny
from pyvmaf_tiny import _native


@contextmanager
def installed_copy() -> Iterator[Path]:
    """A folder that holds the package and nothing else."""
    with tempfile.TemporaryDirectory(prefix="pyvmaf-tiny-") as folder:
        package = Path(folder) / "pyvmaf_tiny"
        unwanted = shutil.ignore_patterns("__pycache__", "tiny_models", "_native.*so")
        shutil.copytree(Path(pyvmaf_tiny.__file__).parent, package, ignore=unwanted)
        shutil.copy(_native.__file__, package)
        models = package / "tiny_models"
        models.mkdir()
        for item in (importlib.resources.files("pyvmaf_tiny") / "tiny_models").iterdir():
            if item.is_file():
                (models / item.name).write_bytes(item.read_bytes())
        yield Path(folder)


def environment_of(copy: Path) -> dict[str, str]:
    """The environment in which a Python takes the package from there, editable or not."""
    build = Path(_native.__file__).parents[2]
    return os.environ | {"PYTHONPATH": str(copy), "MESONPY_EDITABLE_SKIP": str(build)}
