"""One of the two engines of a comparison."""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack

from pyvmaf_tiny.engine import Engine, EngineSpec, engines, open_engine
from pyvmaf_tiny.engine.base import Rows, cpu_mask_of
from pyvmaf_tiny.frames import FeatureVector, Plane

from .choice import EngineChoice
from .result import ComparedEngine

#: libvmaf's code paths, best first: their name, and the bit that masks them.
_SIMD = {"avx512": 16, "avx2": 8}


class Side:
    """An engine, opened with its first pair, and its rows that wait for the other side's.

    libvmaf keeps one CPU mask for the whole process and looks at it when a context gets its first
    pictures. So one side has taken its first pair before the next one is opened.
    """

    def __init__(self, choice: EngineChoice, spec: EngineSpec, stack: ExitStack) -> None:
        self.spec = choice.apply(spec)
        self.rows: deque[FeatureVector] = deque()
        self.pushed = 0
        self._choice = choice
        self._stack = stack
        self._engine: Engine | None = None
        self._simd: str | None = None

    @property
    def engine(self) -> Engine:
        """The engine, opened when first needed; the stack closes it."""
        if self._engine is None:
            self._engine = open_engine(self._choice.name, self.spec)
            self._stack.callback(self._engine.close)
            self._simd = self._libvmaf_simd(self._engine)
        return self._engine

    def close(self) -> None:
        """Free the engine; what :meth:`described` says stays."""
        self.engine.close()

    @property
    def simd(self) -> str | None:
        """The instruction set of libvmaf's SIMD code that this side runs; None for none."""
        return self._simd

    def push(self, ref: Plane, dis: Plane, *, scored: bool) -> None:
        """Give the engine a pair, or the reference of one that is not scored."""
        engine = self.engine
        self._take(engine.push(ref, (dis,)) if scored else engine.skip(ref))
        self.pushed += 1

    def flush(self) -> None:
        """Take the rows that are still due."""
        self._take(self.engine.flush())

    def _take(self, rows: Rows) -> None:
        self.rows.extend(row for (row,) in rows)

    def described(self) -> ComparedEngine:
        """The side as a result names it."""
        engine = self.engine
        return ComparedEngine(
            choice=str(self._choice),
            name=engine.name,
            version=engine.version,
            tier=engine.tier,
            threads=engine.threads,
            cpu_mask=cpu_mask_of(self.spec.cpu_mask),
        )

    def _libvmaf_simd(self, engine: Engine) -> str | None:
        if engine.name != "libvmaf":
            return None
        if engine.tier != "unknown":
            return next((simd for simd in _SIMD if engine.tier.startswith(simd)), None)
        # A libvmaf that does not say what it found in the CPU: our own engine knows.
        (native,) = (info for info in engines() if info.name == "native")
        mask = cpu_mask_of(self.spec.cpu_mask)
        usable = (
            simd for simd, bit in _SIMD.items() if simd in native.cpu_flags and not mask & bit
        )
        return next(usable, None)
