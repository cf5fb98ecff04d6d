"""What the command lines share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import track

from pyvmaf_tiny.errors import VmafTinyError
from pyvmaf_tiny_ai.cache import BrokenEntryError, ClipCache
from pyvmaf_tiny_ai.corpus import load_teacher
from pyvmaf_tiny_ai.datasets import LOADERS
from pyvmaf_tiny_ai.extraction import extract
from pyvmaf_tiny_ai.manifest import load_manifest
from pyvmaf_tiny_ai.packages import PackageDigestError, PackageUnavailableError
from pyvmaf_tiny_ai.provenance import sha256
from pyvmaf_tiny_ai.teacher import Teacher

#: The package corpus: its manifest names the teacher's model file, fetched to the folder.
PACKAGES = Path("runs/cache/packages")
MANIFEST = Path(__file__).resolve().parents[2] / "corpus.toml"

_INPUT_ERRORS = (
    VmafTinyError,
    ValueError,
    OSError,
    BrokenEntryError,
    PackageDigestError,
    PackageUnavailableError,
)


def parser(documentation: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the script's docstring as it stands."""
    return argparse.ArgumentParser(
        description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def run(command: Callable[[], int]) -> int:
    """Run a command; what is wrong with its input becomes one line on stderr and exit status 2."""
    try:
        return command()
    except _INPUT_ERRORS as error:
        print(f"{Path(sys.argv[0]).name}: error: {error}", file=sys.stderr)
        return 2


def describe_corpus(path: Path, table: pd.DataFrame) -> dict[str, Any]:
    """What a model was trained on, for its sidecar."""
    return {
        "file": path.name,
        "sha256": sha256(path),
        "rows": len(table),
        "sources": sorted(table["source"].unique().tolist()),
    }


def seed_list(count: int) -> Sequence[int]:
    """The seeds of a sweep: 0, 1, 2 ..."""
    if count < 1:
        raise ValueError(f"{count} seeds, expected at least 1")
    return range(count)


def load_teacher_or(path: Path | None) -> Teacher:
    """The teacher in ``path``, or the package corpus's own, fetched when it is not here yet."""
    return Teacher.from_json(path) if path else load_teacher(load_manifest(MANIFEST), PACKAGES)


def load_corpus(name: str, root: Path, teacher: Path | None = None) -> pd.DataFrame:
    """Rows of a corpus laid out as its owner hands it out, clip by clip through the cache.

    CorpusLayoutError for another layout.
    """
    pairs = LOADERS[name](root)
    model = load_teacher_or(teacher)
    cache = ClipCache()
    shown = track(pairs, name, console=Console(stderr=True), disable=not sys.stderr.isatty())
    return pd.concat([extract(pair, model, cache) for pair in shown], ignore_index=True)


def select(table: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Rows for which ``COLUMN=VALUE`` holds; ValueError when there are none."""
    column, _, value = condition.partition("=")
    if column not in table.columns:
        raise ValueError(f"{condition!r}: no such column, expected {', '.join(table.columns)}")
    rows = table[table[column].astype(str) == value]
    if rows.empty:
        known = ", ".join(sorted(table[column].astype(str).unique()))
        raise ValueError(f"{condition!r}: no such rows, {column} has {known}")
    return rows.reset_index(drop=True)
