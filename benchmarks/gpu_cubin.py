"""Compiled kernels, taken apart: instructions, registers, shared memory.

NVRTC compiles them and nvdisasm (``pip install nvidia-cuda-nvdisasm``) shows the machine code; no
GPU is needed.
"""

from __future__ import annotations

import functools
import importlib.metadata
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from pyvmaf_tiny.engine.gpu.nvrtc import compile_source
from pyvmaf_tiny.engine.gpu.source import kernel_source

#: A label, or an instruction behind its predicate.
_LINE = re.compile(r"\s*(\.L_x_\d+:)|\s+/\*[0-9a-f]{4,}\*/\s+(?:@(!?U?P\w+)\s+)?(.*?)\s*;")

#: The entry of ``.nv.info`` that holds a kernel's registers: its symbol's number, the count.
_REGISTERS = b"\x04\x2f\x08\x00"

#: Which of the two ways of level 0's vertical pass is taken depends on the bit depth alone.
_NARROW = "p->power_shift < 16"


@dataclass(frozen=True, slots=True)
class Line:
    """An instruction with its predicate, or a label with its colon."""

    text: str
    predicate: str = ""

    @property
    def is_label(self) -> bool:
        return self.text.endswith(":")


@dataclass(slots=True)
class Kernel:
    """What one kernel is made of; ``shared`` is bytes of a group."""

    lines: list[Line] = field(default_factory=list)
    registers: int = 0
    shared: int = 0

    def labels(self) -> dict[str, int]:
        """Where every label is."""
        return {line.text[:-1]: at for at, line in enumerate(self.lines) if line.is_label}

    def jumps(self) -> Iterator[tuple[int, int]]:
        """Every branch, and where it goes to."""
        labels = self.labels()
        for at, line in enumerate(self.lines):
            if found := re.match(r"BRA\S*\s.*\((\.L_x_\d+)\)", line.text):
                yield at, labels[found[1]]


@functools.cache
def kernels_of(target: str, bit_depth: int) -> dict[str, Kernel]:
    """All kernels for one gain limit and frames of that depth."""
    source = kernel_source(1 if bit_depth == 8 else 2)
    if source.count(_NARROW) != 1:
        raise AssertionError(f"there is no {_NARROW!r} in the kernels any more")
    cubin = compile_source(source.replace(_NARROW, str(int(bit_depth < 16))), target)
    kernels = _disassembled(cubin)
    sections = dict(_sections(cubin))
    names = [
        _string(sections[".strtab"], entry[0])
        for entry in struct.iter_unpack("<IBBHQQ", sections[".symtab"])
    ]
    info = sections[".nv.info"]
    for found in re.finditer(re.escape(_REGISTERS), info):
        symbol, count = struct.unpack_from("<II", info, found.end())
        if symbol < len(names) and names[symbol] in kernels:
            kernels[names[symbol]].registers = count
    for name, kernel in kernels.items():
        kernel.shared = _shared_bytes(cubin, name)
    return kernels


def find_disassembler() -> str:
    """nvdisasm, of the pip package or of a toolkit that is on the PATH."""
    try:
        for file in importlib.metadata.files("nvidia-cuda-nvdisasm") or []:
            if file.name == "nvdisasm":
                return str(file.locate())
    except importlib.metadata.PackageNotFoundError:
        pass
    program = shutil.which("nvdisasm")
    if program is None:
        raise SystemExit("no nvdisasm here: pip install nvidia-cuda-nvdisasm")
    return program


def _disassembled(cubin: bytes) -> dict[str, Kernel]:
    program = find_disassembler()
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        run = [program, "-c", file.name]
        text = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    kernels: dict[str, Kernel] = {}
    for line in text.splitlines():
        if found := re.match(r"\.text\.(\w+):", line):
            lines = kernels.setdefault(found[1], Kernel()).lines
        elif found := _LINE.match(line):
            lines.append(Line(found[1] or found[3], found[2] or ""))
    return kernels


def _headers(cubin: bytes) -> Iterator[tuple[str, int, int]]:
    """Name, offset and size of every section of the ELF file."""
    (start,) = struct.unpack_from("<Q", cubin, 40)
    count, names_at = struct.unpack_from("<HH", cubin, 60)
    headers = [struct.unpack_from("<IIQQQQIIQQ", cubin, start + 64 * i) for i in range(count)]
    names = cubin[headers[names_at][4] :]
    for header in headers:
        yield _string(names, header[0]), header[4], header[5]


def _sections(cubin: bytes) -> Iterator[tuple[str, bytes]]:
    for name, offset, size in _headers(cubin):
        yield name, cubin[offset : offset + size]


def _shared_bytes(cubin: bytes, kernel: str) -> int:
    return sum(size for name, _, size in _headers(cubin) if name == f".nv.shared.{kernel}")


def _string(table: bytes, offset: int) -> str:
    return table[offset : table.index(b"\0", offset)].decode()
