"""What ``device`` names: where features are computed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyvmaf_tiny.errors import OptionError

_DEVICE = re.compile(r"(cpu|auto|cuda|sycl|opencl)(?::(0|[1-9][0-9]{0,3}))?")

_EXPECTED = '"cpu", "cuda", "sycl", "opencl" or "auto", with ":1" and so on for one of several GPUs'


@dataclass(frozen=True, slots=True)
class EngineDevice:
    """A kind and the number among several; None where the engine chooses.

    ``kind`` is "cpu", "cuda", "sycl", "opencl", or "auto" for the first GPU that works and
    else the CPU.
    """

    kind: str
    index: int | None


def engine_device(name: object) -> EngineDevice:
    """Read "cpu", "cuda", "cuda:1", "sycl:0", "opencl", "auto"; OptionError for anything else."""
    found = _DEVICE.fullmatch(name) if isinstance(name, str) else None
    if found is None or (found[1] in ("cpu", "auto") and found[2]):
        raise OptionError("unknown device", given=repr(name), expected=_EXPECTED)
    return EngineDevice(found[1], None if found[2] is None else int(found[2]))
