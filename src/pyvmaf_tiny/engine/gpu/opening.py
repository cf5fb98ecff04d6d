"""A stream's specification becomes a pipeline on a device."""

from __future__ import annotations

from collections.abc import Callable

from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.engine.native.settings import check
from pyvmaf_tiny.errors import OptionError, VmafTinyError

from .backend import Backend
from .layout import Stream
from .pipeline import Pipeline
from .staging import Stager

#: Work groups that a GPU takes along the second and third axes, where pairs and frames are.
MOST_PAIRS = 65535


def open_pipeline(
    spec: EngineSpec, batch: int, open_backend: Callable[[int, int], Backend]
) -> Pipeline:
    """Check the specification, open the device and allocate everything a stream needs.

    ``open_backend`` is given a sample's bytes and the number of gain limits. OptionError for more
    pairs in a batch than a GPU takes.
    """
    check(spec)
    stream = Stream(
        width=spec.width,
        height=spec.height,
        bit_depth=spec.bit_depth,
        renditions=len(spec.renditions),
        limits=len(spec.gain_limits),
        batch=batch,
    )
    if stream.batch * stream.pairs > MOST_PAIRS:
        raise OptionError(
            "a batch has more pairs than can be worked on at once",
            given=f"batch={batch}, {stream.renditions} renditions, {stream.limits} gain limits",
            expected=f"at most {MOST_PAIRS} in all",
            hint=f"a batch of {MOST_PAIRS // stream.pairs} can be",
        )
    stager = Stager(spec)
    backend = open_backend(stream.sample_bytes, stream.limits)
    with backend.entered():
        try:
            return Pipeline(backend, stream, stager, spec.gain_limits, spec.features)
        except VmafTinyError:
            backend.close()
            raise
