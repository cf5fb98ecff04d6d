"""Writes what was measured: CSV files with everything, a Markdown report to read."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import sections
from instructions import Instructions
from memory import Memory
from overhead import Overhead
from processes import ProcessTiming
from renditions import Renditions
from scaling import Scaling
from targets import Target, targets
from timings import Timings


@dataclass(slots=True)
class Results:
    """All tables of a run; a table that was not asked for is empty."""

    facts: dict[str, str]
    timings: Timings = field(default_factory=lambda: Timings([], []))
    renditions: list[Renditions] = field(default_factory=list)
    scaling: list[Scaling] = field(default_factory=list)
    processes: list[ProcessTiming] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    overhead: list[Overhead] = field(default_factory=list)
    instructions: list[Instructions] = field(default_factory=list)

    def targets(self) -> list[Target]:
        """Each target with what this run has for it."""
        return targets(self.timings, self.renditions, self.scaling, self.memory)


def write_csv(results: Results, folder: Path) -> None:
    """One file per table that has rows."""
    tables: dict[str, Sequence[object]] = {
        "timings": results.timings.timings,
        "ratios": results.timings.ratios,
        "renditions": results.renditions,
        "threads": results.scaling,
        "processes": results.processes,
        "memory": results.memory,
        "overhead": results.overhead,
        "instructions": results.instructions,
    }
    for name, rows in tables.items():
        if rows:
            records = [asdict(row) for row in rows]  # type: ignore[call-overload]
            with (folder / f"{name}.csv").open("w", newline="") as output:
                writer = csv.DictWriter(output, list(records[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(records)


def markdown(results: Results) -> str:
    """The whole report, without a title, so that it can be put under one."""
    parts = [sections.table(("", ""), results.facts.items())]
    if results.timings.ratios:
        parts.append(sections.speed(results.timings))
    if results.renditions:
        parts.append(sections.ladders(results.renditions))
    if results.scaling:
        parts.append(sections.threads(results.scaling))
    if results.processes:
        parts.append(sections.processes(results.processes))
    if results.memory:
        parts.append(sections.memory(results.memory))
    if results.overhead:
        parts.append(sections.overhead(results.overhead))
    if results.instructions:
        parts.append(sections.instructions(results.instructions))
    parts.append(sections.aims(results.targets()))
    return "\n".join(parts)
