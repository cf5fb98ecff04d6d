"""Where and with what the measurement was made."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from oracle.libvmaf import library

from pyvmaf_tiny import __version__, _native
from pyvmaf_tiny.engine.base import usable_cpus

_CHECKOUT = Path(__file__).resolve().parents[1]


def facts() -> dict[str, str]:
    """What a reader has to know, in the order of the report."""
    return {
        "date": datetime.now().astimezone().isoformat(" ", "minutes"),
        "command": " ".join(["python", *sys.argv]),
        "commit": _commit(),
        "pyvmaf-tiny": f"{__version__}, compiled with {_compiler()}",
        "libvmaf": f"{library().vmaf_version().decode()}, shared library of PyAV's wheel",
        "CPU": f"{_processor()}, {usable_cpus()} usable",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
    }


def load() -> str:
    """Load averages, to tell a quiet machine from a busy one."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def _processor() -> str:
    """Name, family and model: virtual machines often hide the name."""
    text = Path("/proc/cpuinfo").read_text()
    fields = dict(re.findall(r"^(model name|cpu family|model)\s*:\s*(.+)$", text, re.MULTILINE))
    return f"{fields['model name']} (family {fields['cpu family']}, model {fields['model']})"


def _compiler() -> str:
    """What the compiler wrote into the module."""
    content = Path(_native.__file__).read_bytes()
    match = re.search(rb"GCC: \([^)]*\) [\d.]+|clang version [\d.]+", content)
    return match[0].decode() if match else "an unknown compiler"


def _commit() -> str:
    """The commit of the checkout, and whether tracked files differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(_CHECKOUT), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "native", "src")
    return git("rev-parse", "--short=12", "HEAD") + (" with changes" if changed else "")
