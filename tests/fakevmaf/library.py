"""Compiles a variant of the test library and drives it."""

from __future__ import annotations

import ctypes
import dataclasses
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One kind of libvmaf: its version, as it says it, and the GPU functions it was built with.

    ``cuda_state_free`` is a function of forks: Netflix's library cannot free a CUDA state.
    """

    version: str = "3.2.0"
    cuda: bool = False
    cuda_state_free: bool = False
    sycl: bool = False

    @property
    def number(self) -> tuple[int, int]:
        """Major and minor version."""
        major, minor, *_ = self.version.lstrip("v").split(".")
        return int(major), int(minor)


class Counts(ctypes.Structure):
    """How many objects of each kind exist."""

    _fields_ = tuple(
        (name, ctypes.c_int)
        for name in (
            "contexts",
            "pictures",
            "references",
            "dictionaries",
            "models",
            "cuda_states",
            "sycl_states",
            "scores",
        )
    )

    def as_dict(self) -> dict[str, int]:
        """Those that are not zero."""
        counts = {str(field[0]): int(getattr(self, field[0])) for field in self._fields_}
        return {name: count for name, count in counts.items() if count}


def build(variant: Variant, folder: Path) -> Path:
    """Compile the variant into the folder; the path of the shared object."""
    compiler = os.environ.get("CC", "cc")
    if shutil.which(compiler) is None:
        raise FileNotFoundError(f"no C compiler: {compiler} (set CC)")
    major, minor = variant.number
    output = folder / f"libvmaf-{abs(hash(variant))}.so"
    command = [compiler, "-std=gnu17", "-O1", "-g", "-Wall", "-Wextra", "-Werror"]
    command += ["-fPIC", "-shared", "-fvisibility=hidden", "-o", str(output)]
    command += [f"-DFAKE_MAJOR={major}", f"-DFAKE_MINOR={minor}"]
    command += [f'-DFAKE_VERSION="{variant.version}"', f"-DFAKE_CUDA={int(variant.cuda)}"]
    command += [f"-DFAKE_CUDA_STATE_FREE={int(variant.cuda_state_free)}"]
    command += [f"-DFAKE_SYCL={int(variant.sycl)}", *map(str, sorted(SOURCES.glob("*.c")))]
    subprocess.run([*command, "-lm", "-lpthread"], check=True)
    return output


class Fake:
    """One loaded variant and its ledger."""

    def __init__(self, variant: Variant, path: Path) -> None:
        self.variant = variant
        self.path = path
        self.lib = ctypes.CDLL(str(path))
        for name in ("fake_calls", "fake_violations"):
            getattr(self.lib, name).restype = ctypes.c_char_p
        for name in ("fake_live", "fake_peaks"):
            getattr(self.lib, name).restype = Counts

    def reset(self) -> None:
        """Forget everything; what is still alive counts no more."""
        self.lib.fake_reset()

    @property
    def calls(self) -> list[str]:
        """Every call so far: ``name(argument=value, ...)``."""
        return str(self.lib.fake_calls().decode()).splitlines()

    @property
    def names(self) -> list[str]:
        """The functions called so far, in order."""
        return [call.partition("(")[0] for call in self.calls]

    @property
    def violations(self) -> list[str]:
        """How libvmaf was misused so far."""
        return str(self.lib.fake_violations().decode()).splitlines()

    @property
    def live(self) -> dict[str, int]:
        """What exists now, without what does not."""
        counts: Counts = self.lib.fake_live()
        return counts.as_dict()

    @property
    def peaks(self) -> dict[str, int]:
        """The most that ever existed at once."""
        counts: Counts = self.lib.fake_peaks()
        return counts.as_dict()

    def count(self, function: str) -> int:
        """How often the function was called."""
        return int(self.lib.fake_count(function.encode()))

    def fail(self, function: str, nth: int = 1, code: int = -12) -> None:
        """Let the nth call of the function fail, counted from the reset."""
        self.lib.fake_fail(function.encode(), nth, code)

    def record(self, on: bool) -> None:
        """Write calls down or only count them."""
        self.lib.fake_record(int(on))

    def lag(self, pairs: int) -> None:
        """Let scores appear so many pairs late."""
        self.lib.fake_set_lag(pairs)

    def gpu(self, present: bool) -> None:
        """Say whether there is a device behind the GPU functions."""
        self.lib.fake_set_gpu(int(present))

    def failure_takes_pictures(self, takes: bool) -> None:
        """Let a failing vmaf_read_pictures() keep the pictures, as forks do."""
        self.lib.fake_failure_takes_pictures(int(takes))


#: The library's versions: motion2 one frame late, and at the flush with pre-allocated pictures.
VERSIONS = tuple(Variant(version=version) for version in ("2.3.1", "3.0.0", "3.1.0", "3.2.0"))
CUDA = Variant(version="3.2.0", cuda=True)
CUDA_FORK = dataclasses.replace(CUDA, cuda_state_free=True)
SYCL = Variant(version="3.2.0", sycl=True)
