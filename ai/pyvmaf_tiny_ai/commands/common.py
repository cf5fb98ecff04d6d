"""What the command lines share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pyvmaf_tiny.errors import VmafTinyError
from pyvmaf_tiny_ai.provenance import sha256


def parser(documentation: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the script's docstring as it stands."""
    return argparse.ArgumentParser(
        description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def run(command: Callable[[], int]) -> int:
    """Run a command; what is wrong with its input becomes one line on stderr and exit status 2."""
    try:
        return command()
    except (VmafTinyError, ValueError, OSError) as error:
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
