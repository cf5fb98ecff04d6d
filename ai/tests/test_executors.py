"""Corpora on real Dask workers: the same rows, also when a worker dies in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pyvmaf_tiny_ai.executors import SchedulerError, open_executor
from test_corpus import Here, manifest, new_build

__all__ = ["manifest"]  # a fixture


class Dying(Executor):
    """Hands tasks to workers of which the first one is killed in the middle of its task."""

    def __init__(self, inner: Executor, flag: Path) -> None:
        self.inner, self.flag = inner, flag

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self.inner.submit(die_once, str(self.flag), fn, *args)


def die_once(flag: str, work: Any, task: Any) -> Any:
    """Do the work; the first process that gets here is killed before it can deliver."""
    done = work(task)
    with contextlib.suppress(FileExistsError):
        Path(flag).touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGKILL)
    return done


@pytest.mark.filterwarnings("ignore")  # Dask's own, in threads of its own
def test_a_dask_worker_that_is_killed_costs_nothing(manifest: Path, tmp_path: Path) -> None:
    expected = new_build(manifest)
    expected.run(Here())
    build = new_build(manifest)
    build.cache.folder = tmp_path / "another cache"
    with open_executor(2) as executor:
        assert "dask" in type(executor).__module__ or "distributed" in type(executor).__module__
        build.run(Dying(executor, tmp_path / "killed"))
    assert (tmp_path / "killed").exists()
    assert build.done == expected.done
    assert build.missing == expected.missing
    again = new_build(manifest)
    again.cache.folder = tmp_path / "another cache"
    again.resume()
    assert again.done == expected.done


@pytest.mark.filterwarnings("ignore")
def test_no_scheduler_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyvmaf_tiny_ai.executors._PATIENCE", "1s")
    with (
        pytest.raises(SchedulerError, match="no Dask scheduler answers"),
        open_executor(1, "tcp://127.0.0.1:1"),
    ):
        pass


def test_processes_where_there_is_no_dask(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SchedulerError, match="needs Dask"), open_executor(1, "tcp://x:1"):
        pass
    expected = new_build(manifest)
    expected.run(Here())
    with open_executor(1) as executor:
        assert isinstance(executor, ProcessPoolExecutor)
        build = new_build(manifest)
        build.run(executor)
    assert build.done == expected.done
