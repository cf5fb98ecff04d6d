"""Feature rows and teacher scores of one distorted clip: one JSON file each.

The files lie under ``$VMAF_TINY_AI_CACHE`` (default ``~/.cache/vmaf-tiny-ai``) as
``<source>/<name>.json``. One write-then-rename per clip: a run that crashes leaves whole files
behind and the next one goes on from there. Every file carries the digest of the recipe that made
it; a file of another recipe (other manifest, other engine, other codecs) is stale, not wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: Where the cache lies; the environment variable that moves it.
VARIABLE = "VMAF_TINY_AI_CACHE"

#: Of the file's layout; another one is stale.
_LAYOUT = 1


class BrokenEntryError(Exception):
    """A cache file that is not what :meth:`ClipCache.store` wrote."""


@dataclass(frozen=True)
class Envelope:
    """One distorted clip of N frames: what it is, its features and its teacher's scores.

    ``recipe`` is a digest of everything that the values depend on, see :func:`recipe_digest`.
    ``about`` holds values that are the same for all rows (such as the distortion's name);
    ``features`` and ``teacher`` hold columns of N numbers by name.
    """

    source: str
    name: str
    recipe: str
    about: dict[str, str]
    features: dict[str, list[float]]
    teacher: dict[str, list[float]]

    def __post_init__(self) -> None:
        """ValueError when the columns differ in length or there are none."""
        lengths = {len(column) for column in (*self.features.values(), *self.teacher.values())}
        if len(lengths) != 1:
            raise ValueError(f"{self.source}/{self.name}: columns of {sorted(lengths)} rows")


def cache_folder() -> Path:
    """``$VMAF_TINY_AI_CACHE``, or ``~/.cache/vmaf-tiny-ai`` when it is not set (or empty)."""
    return Path(os.environ.get(VARIABLE) or "~/.cache/vmaf-tiny-ai").expanduser()


def recipe_digest(parts: Mapping[str, Any]) -> str:
    """The sha256 of a recipe: plain JSON values, in any order of their keys."""
    text = json.dumps(parts, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


class ClipCache:
    """The files below one folder; :func:`cache_folder` when none is named."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = cache_folder() if folder is None else folder

    def path(self, source: str, name: str) -> Path:
        """Where a clip lies; ValueError for names that would leave the folder."""
        for part in (source, name):
            if part in ("", ".", "..") or "/" in part or "\\" in part:
                raise ValueError(f"{part!r} is no file name: expected one without slashes")
        return self.folder / source / f"{name}.json"

    def load(self, source: str, name: str, recipe: str) -> Envelope | None:
        """Read a clip; None when there is none, or only one of another recipe.

        BrokenEntryError when the file cannot be read back: cut short, edited, of another clip.
        """
        path = self.path(source, name)
        try:
            document = json.loads(path.read_text())
            if document.pop("layout") != _LAYOUT or document["recipe"] != recipe:
                return None
            envelope = Envelope(**document)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BrokenEntryError(f"{path}: {type(error).__name__}: {error}") from error
        if (envelope.source, envelope.name) != (source, name):
            raise BrokenEntryError(f"{path}: holds {envelope.source}/{envelope.name}")
        return envelope

    def store(self, envelope: Envelope) -> Path:
        """Write a clip: all of it or nothing, also when several processes write it at once."""
        path = self.path(envelope.source, envelope.name)
        text = json.dumps({"layout": _LAYOUT, **asdict(envelope)}, allow_nan=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.stem}.", suffix=".part", delete=False
        ) as file:
            part = Path(file.name)
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        return path
