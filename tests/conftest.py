"""What several test files share: Python code that runs, and may crash, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent

RunPython = Callable[..., str]


@pytest.fixture
def run_python() -> RunPython:
    """Run code in a fresh interpreter; its stdout. A crash, an error or a hang fails the test."""

    def run(code: str, *, timeout: float = 60.0) -> str:
        preamble = f"import sys; sys.path.insert(0, {str(TESTS)!r})\n"
        finished = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", preamble + textwrap.dedent(code)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert finished.returncode == 0, f"exit {finished.returncode}\n{finished.stderr}"
        return finished.stdout

    return run
