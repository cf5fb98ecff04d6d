"""What several test files share: Python code that runs, and may crash, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

TESTS = Path(__file__).resolve().parent

RunPython = Callable[..., str]

_PREAMBLE = f"import sys; sys.path.insert(0, {str(TESTS)!r})\n"


# A shell starts background jobs with Ctrl-C ignored, and that is inherited; tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def run_python() -> RunPython:
    """Run code in a fresh interpreter; its stdout. A crash, an error or a hang fails the test."""

    def run(code: str, *, timeout: float = 60.0) -> str:
        finished = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", _PREAMBLE + dedent(code)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert finished.returncode == 0, f"exit {finished.returncode}\n{finished.stderr}"
        return finished.stdout

    return run
