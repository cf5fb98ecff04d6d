"""Which engine, and what it is told apart from the other one: ``libvmaf:scalar,threads=2``."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass

from pyvmaf_tiny.engine import ENGINES, EngineSpec
from pyvmaf_tiny.errors import OptionError

#: A CPU mask with every bit set: the scalar path.
ALL_BITS = 0xFFFFFFFF

_EXPECTED = (
    "NAME or NAME:OPTION[,OPTION], with scalar, cpumask=BITS, threads=N or device=NAME, "
    "for libvmaf also the path of a library"
)

#: What the options with a value take.
_VALUES = {
    "cpumask": "bits of CPU features, decimal or 0x.., or -1 for all",
    "threads": "a whole number from 1 up",
    "device": "a device, such as cpu or cuda:1",
}


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """One side of a comparison.

    ``name`` is an engine's. ``threads`` and ``cpu_mask`` are the side's own; None leaves what the
    comparison says. ``device`` is as in ``EngineSpec``, and ``library``, which is libvmaf's.
    """

    name: str
    threads: int | None = None
    cpu_mask: int | None = None
    library: str | None = None
    device: str = "cpu"

    @classmethod
    def parse(cls, text: str) -> EngineChoice:
        """Read ``NAME[:OPTION[,OPTION...]]``.

        Options are ``scalar`` (no SIMD), ``cpumask=BITS`` (as ``EngineSpec.cpu_mask``; decimal,
        hexadecimal or -1 for all), ``threads=N`` and ``device=cuda``; for libvmaf also what has a
        slash, the path of the library. Raises OptionError.
        """
        name, colon, options = text.partition(":")
        if name not in ENGINES or (colon and not options):
            hint = "engines: " + ", ".join(ENGINES)
            raise OptionError(
                "not an engine to compare", given=repr(text), expected=_EXPECTED, hint=hint
            )
        choice = cls(name)
        for option in options.split(",") if options else ():
            choice = _with(choice, option, text)
        return choice

    def __str__(self) -> str:
        options = [] if self.library is None else [self.library]
        if self.device != "cpu":
            options.append(f"device={self.device}")
        if self.cpu_mask is not None:
            scalar = self.cpu_mask == ALL_BITS
            options.append("scalar" if scalar else f"cpumask={self.cpu_mask}")
        if self.threads is not None:
            options.append(f"threads={self.threads}")
        return self.name + (f":{','.join(options)}" if options else "")

    def apply(self, spec: EngineSpec) -> EngineSpec:
        """The specification of this side."""
        return dataclasses.replace(
            spec,
            threads=spec.threads if self.threads is None else self.threads,
            cpu_mask=spec.cpu_mask if self.cpu_mask is None else self.cpu_mask,
            library=self.library,
            device=self.device,
        )


def _with(choice: EngineChoice, option: str, text: str) -> EngineChoice:
    key, equals, value = option.partition("=")
    if option == "scalar":
        return dataclasses.replace(choice, cpu_mask=ALL_BITS)
    if key == "device" and value:
        return dataclasses.replace(choice, device=value)
    if choice.name == "libvmaf" and os.sep in option:
        return dataclasses.replace(choice, library=option)
    try:
        number = int(value, 0)
    except ValueError:
        number = -2
    if key == "cpumask" and number >= -1:
        return dataclasses.replace(choice, cpu_mask=number & ALL_BITS)
    if key == "threads" and number >= 1:
        return dataclasses.replace(choice, threads=number)
    if equals and key in _VALUES:
        raise OptionError(
            f"{key}= of an engine to compare", given=repr(text), expected=_VALUES[key]
        )
    raise OptionError(
        "unknown option of an engine to compare", given=repr(text), expected=_EXPECTED
    )
