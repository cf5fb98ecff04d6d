"""Compiles the kernels for the host under a checker.

What is in ``native/gpu/`` is taken as it is, files and kernels alike. Only ``dialect.h`` is
replaced, and objects that a group shares are announced to the host.
"""

from __future__ import annotations

import importlib.resources
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyvmaf_tiny.engine.gpu import source

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Checker:
    """A way to compile: flags of the kernels, and of all else that is linked to them."""

    name: str
    kernel_flags: tuple[str, ...]
    host_flags: tuple[str, ...] = ()
    more_sources: tuple[str, ...] = ()
    compiler: str = "clang"


_UNDEFINED = (
    *("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"),
    "-fno-omit-frame-pointer",
)
_MEMORY = ("-fsanitize=memory", "-fsanitize-memory-track-origins", "-fno-omit-frame-pointer")

#: Accesses outside of buffers and shared objects, and undefined arithmetic.
ADDRESS = Checker("address", _UNDEFINED, _UNDEFINED)

#: The same, by the other compiler: each optimises, and checks, differently.
ADDRESS_GCC = Checker("address-gcc", _UNDEFINED, _UNDEFINED, compiler="gcc")

#: Results, branches and addresses that depend on what nobody has written.
MEMORY = Checker("memory", _MEMORY, _MEMORY)

#: Accesses of two items, or groups, that no barrier keeps apart. The compiler's half of
#: ThreadSanitizer, with races.c for the other half: that one knows of threads, not of groups.
RACES = Checker("races", ("-fsanitize=thread",), more_sources=("races.c",))

CHECKERS = (ADDRESS, ADDRESS_GCC, MEMORY, RACES)

_KERNEL = re.compile(r"\bHOST_KERNEL\s+(\w+)\s*\(([^)]*)\)")
_SHARED = re.compile(r"\bSHARED\s+\w+\s+(\w+)\s*(?:\[[^]]+\]\s*)*;")


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled device: how to start it, and the numbers of its kernels."""

    command: tuple[str | Path, ...]
    kernels: dict[str, int]
    environment: Mapping[str, str] = field(default_factory=dict)


def broken_text() -> str:
    """The kernels of broken.cl, in the same way."""
    text = (HERE / "broken.cl").read_text(encoding="utf-8")
    return f'#include "dialect.h"\n#line 1 "broken.cl"\n{text}'


def product_text(sample_bytes: int, limits: int) -> str:
    """The product's kernels with the host's dialect; messages name files and lines."""
    text = source.kernel_source(sample_bytes, limits)
    folder = importlib.resources.files("pyvmaf_tiny") / "gpu_kernels"
    for name in source.FILES:
        whole = (folder / name).read_text(encoding="utf-8")
        if text.count(whole) != 1:
            raise AssertionError(f"{name} is not in the kernels' text, or not once")
        here = '#include "dialect.h"\n' if name == "dialect.h" else f'#line 1 "{name}"\n{whole}'
        text = text.replace(whole, here)
    return text


def build(checker: Checker, text: str, folder: Path) -> Program:
    """Compile a text of kernels into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = text.replace("#pragma unroll", "")  # that would be far more code, and check nothing more
    text, announced = _SHARED.subn(r"\g<0> host_shared(&\1, sizeof \1);", text)
    if announced != len(re.findall(r"\bSHARED\b", text)):
        raise AssertionError("an object is shared in a way that build.py does not know")
    kernels = kernels_of(checker, text, folder)
    calls = [
        f"UNWATCHED void call_{name}(void *const *a)"
        f"{{ {name}({', '.join(f'a[{i}]' for i in range(count))}); }}\n"
        for name, count in kernels.items()
    ]
    table = ", ".join(f'{{"{name}", {count}, call_{name}}}' for name, count in kernels.items())
    code = folder / "kernels.c"
    code.write_text(
        f'{text}\n#line 1 "table"\n{"".join(calls)}'
        f"const host_kernel host_kernels[] = {{{table}}};\n"
        f"const int host_kernel_count = {len(kernels)};\n",
        encoding="utf-8",
    )
    compiled, program = folder / "kernels.o", folder / "device"
    warnings = ("-Wall", "-Wno-unknown-pragmas", "-Wno-unused-function", "-Wno-pass-failed")
    run_compiler(checker, *warnings, *checker.kernel_flags, "-c", "-o", compiled, code)
    others = [HERE / name for name in ("host.c", "serve.c", *checker.more_sources)]
    run_compiler(
        checker, "-Wall", "-Wextra", *checker.host_flags, "-o", program, *others, compiled, "-lm"
    )
    options = {
        "ASAN_OPTIONS": "redzone=2048:detect_leaks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    return Program((program,), {name: index for index, name in enumerate(kernels)}, options)


def kernels_of(checker: Checker, text: str, folder: Path) -> dict[str, int]:
    """Every kernel of the text and its number of parameters: the compiler expands the macros."""
    marked = folder / "marked.c"
    marked.write_text(text.replace('#include "dialect.h"', "#define KERNEL HOST_KERNEL"), "utf-8")
    expanded = run_compiler(checker, "-E", "-P", marked)
    return {name: parameters.count(",") + 1 for name, parameters in _KERNEL.findall(expanded)}


def run_compiler(checker: Checker, *arguments: str | Path) -> str:
    """What it says; AssertionError when it does not like something."""
    command: Sequence[str | Path] = (
        *(checker.compiler, "-std=c11", "-O1", "-g", "-ffp-contract=off", "-Werror"),
        *("-I", HERE, f"-DITEMS={source.ITEMS}", *arguments),
    )
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise AssertionError(f"{checker.compiler} says:\n{finished.stderr}")
    return finished.stdout
