"""What several test files share: Python code that runs, and may crash, in a process of its own."""

from __future__ import annotations

import functools
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from fakevmaf.library import Fake, Variant, build
from gpu_device import held

TESTS = Path(__file__).resolve().parent

RunPython = Callable[..., str]
OpenFake = Callable[[Variant], Fake]

_PREAMBLE = f"import sys; sys.path.insert(0, {str(TESTS)!r})\n"


# A shell starts background jobs with Ctrl-C ignored, and that is inherited; tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def run_python() -> RunPython:
    """Run code in a fresh interpreter; its stdout. A crash, an error or a hang fails the test.

    More keywords are environment variables.
    """

    def run(code: str, *, timeout: float = 60.0, **variables: object) -> str:
        finished = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", _PREAMBLE + dedent(code)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=os.environ | {name: str(value) for name, value in variables.items()},
        )
        assert finished.returncode == 0, f"exit {finished.returncode}\n{finished.stderr}"
        return finished.stdout

    return run


@pytest.fixture(scope="session", autouse=True)
def _context() -> Iterator[None]:
    """A GPU that the tests run on stays open from the first to the last."""
    with held():
        yield


@pytest.fixture(scope="session")
def fake_builds(tmp_path_factory: pytest.TempPathFactory) -> OpenFake:
    """The variants of the test library that are compiled already, each once per session."""
    folder = tmp_path_factory.mktemp("fakevmaf")
    return functools.cache(lambda variant: Fake(variant, build(variant, folder)))


@pytest.fixture
def open_fake(fake_builds: OpenFake) -> Iterator[OpenFake]:
    """Load a variant with an empty ledger; at the end nothing may be alive or misused.

    A test that leaves something behind on purpose calls ``reset()`` on the library.
    """
    opened: list[Fake] = []

    def open_one(variant: Variant) -> Fake:
        fake = fake_builds(variant)
        if fake not in opened:
            gc.collect()
            fake.reset()
            opened.append(fake)
        return fake

    yield open_one
    gc.collect()
    for fake in opened:
        assert fake.violations == []
        assert fake.live == {}
