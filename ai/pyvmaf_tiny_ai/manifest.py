"""The corpus manifest (``ai/corpus.toml``): pinned packages, and the clips made from them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .packages import Package

#: Kinds of clips, each an array of tables in the manifest.
KINDS = ("film", "photo", "synthetic")

#: What a tier holds beside its own clips.
TIERS = {"small": ("small",), "full": ("small", "full")}


class ManifestError(ValueError):
    """The manifest contradicts itself."""


@dataclass(frozen=True)
class ClipEntry:
    """One clip to be made: ``settings`` are the manifest's, see ``clips.py`` for their meaning.

    ``source`` is the unit of every split. No choice may be made on a ``reserved`` source: it is
    never trained on and never part of a comparison that decides something.
    """

    kind: str
    name: str
    source: str
    reserved: bool
    package: Package | None
    settings: dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """``frames`` per clip; the teacher's model file; the clips of the tier that was read."""

    frames: int
    teacher_package: Package
    teacher_member: str
    clips: tuple[ClipEntry, ...]

    @property
    def teacher_pin(self) -> str:
        """Names the teacher's bytes."""
        return f"{self.teacher_package.sha256} {self.teacher_member}"

    @property
    def packages(self) -> tuple[Package, ...]:
        """All packages that are needed, the teacher's first."""
        needed = [self.teacher_package, *(clip.package for clip in self.clips if clip.package)]
        return tuple(dict.fromkeys(needed))


def load_manifest(path: Path, tier: str = "small") -> Manifest:
    """Read a manifest (TOML); ManifestError for an unknown tier, package or reserved source."""
    if tier not in TIERS:
        raise ManifestError(f"no tier {tier!r}: expected one of {', '.join(TIERS)}")
    document = tomllib.loads(path.read_text())
    packages = {item["name"]: Package(**item) for item in document["package"]}
    reserved = set(document.get("reserved", ()))
    entries = [(kind, dict(item)) for kind in KINDS for item in document.get(kind, ())]
    names = [item["name"] for _, item in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ManifestError(f"{path}: clips named more than once: {', '.join(twice)}")
    unknown = reserved - {item["source"] for _, item in entries}
    if unknown:
        raise ManifestError(f"{path}: reserved, but no clip's source: {', '.join(sorted(unknown))}")
    teacher = document["teacher"]
    return Manifest(
        frames=document["frames"],
        teacher_package=_package(path, packages, teacher["package"]),
        teacher_member=teacher["member"],
        clips=tuple(
            ClipEntry(
                kind=kind,
                name=item.pop("name"),
                source=source,
                reserved=source in reserved,
                package=None if kind == "synthetic" else _package(path, packages, item["package"]),
                settings=item,
            )
            for kind, item in entries
            if item.pop("tier", "small") in TIERS[tier]
            for source in (item.pop("source"),)
        ),
    )


def _package(path: Path, packages: dict[str, Package], name: str) -> Package:
    if name not in packages:
        raise ManifestError(f"{path}: no package {name!r}; it lists {', '.join(sorted(packages))}")
    return packages[name]
