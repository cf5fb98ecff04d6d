"""The kernels on Intel's OpenCL CPU device, under valgrind."""

from __future__ import annotations

import importlib.resources
import os
import subprocess
import sys
from pathlib import Path

from pyvmaf_tiny.engine.gpu.runtime import opencl_runtime
from pyvmaf_tiny.engine.gpu.source import ITEMS

from .backend import HostBackend
from .build import ADDRESS_GCC, HERE, Program, kernels_of, run_compiler

#: A CPU that valgrind knows how to be.
_CPU = {"CL_CONFIG_CPU_TARGET_ARCH": "core-avx2", "CL_CONFIG_CPU_TBB_NUM_WORKERS": "1"}

#: Compiling takes minutes under valgrind, so it is done before.
_COMPILE = """
import sys, warnings
from pyvmaf_tiny.engine.gpu.opencl_devices import load_pyopencl
cl = load_pyopencl()
warnings.simplefilter("ignore", cl.CompilerWarning)
(device,) = cl.get_platforms()[0].get_devices()
text = open(sys.argv[1], encoding="utf-8").read()
options = ["-cl-std=CL1.2", "-DITEMS=" + sys.argv[3]]
program = cl.Program(cl.Context([device]), text).build(options, cache_dir=False)
open(sys.argv[2], "wb").write(program.get_info(cl.program_info.BINARIES)[0])
"""


def build_for_opencl(text: str, folder: Path) -> Program:
    """Compile a text of kernels, as build.py has it, into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    runtime = opencl_runtime()
    assert runtime is not None
    environment = _CPU | {"OCL_ICD_FILENAMES": str(runtime), "OCL_ICD_VENDORS": str(runtime)}
    source, binary, device = (folder / name for name in ("kernels.cl", "kernels.bin", "device"))
    product = importlib.resources.files("pyvmaf_tiny") / "gpu_kernels" / "dialect.h"
    dialect = product.read_text(encoding="utf-8")
    source.write_text(text.replace('#include "dialect.h"', dialect), encoding="utf-8")
    command = [sys.executable, "-c", _COMPILE, str(source), str(binary), str(ITEMS)]
    subprocess.run(command, check=True, env=os.environ | environment | {"PYOPENCL_NO_CACHE": "1"})
    kernels = kernels_of(ADDRESS_GCC, text, folder)
    table = folder / "table.c"
    entries = ", ".join(f'{{"{name}", {count}, NULL}}' for name, count in kernels.items())
    table.write_text(
        f'#include "host.h"\nconst host_kernel host_kernels[] = {{{entries}}};\n'
        f"const int host_kernel_count = {len(kernels)};\n",
        encoding="utf-8",
    )
    loader = (runtime.with_name("libOpenCL.so.1"), f"-Wl,-rpath-link,{runtime.parent}")
    sources = (HERE / "opencl.c", HERE / "serve.c", table)
    run_compiler(ADDRESS_GCC, "-Wall", "-Wextra", "-o", device, *sources, *loader)
    return Program(
        ("valgrind", "--quiet", "--error-exitcode=9", "--vex-guest-max-insns=20", device),
        {name: index for index, name in enumerate(kernels)},
        environment | {"GPUHOST_BINARY": str(binary), "LD_LIBRARY_PATH": str(runtime.parent)},
    )


class MemcheckBackend(HostBackend):
    """One process for several engines: starting it takes most of the time."""

    def close(self) -> None:
        """Nothing; see :meth:`end`."""

    def said(self) -> str:
        """All that valgrind has said so far."""
        self._said.seek(0)
        return self._said.read().decode(errors="replace")

    def end(self) -> None:
        """End the process; KernelFault when valgrind has said something."""
        super().close()
