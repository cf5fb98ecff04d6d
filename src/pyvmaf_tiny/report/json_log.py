"""JSON in the layout of libvmaf's log, plus our own block.

Keys, order and nesting are those of libvmaf 3.2.0 (``vmaf --json``). Numbers differ in one way:
libvmaf rounds to six decimals, here every double is written with as many digits as it takes to
read the same double back. A figure that does not exist is null, as in libvmaf. ``version`` is
that of pyvmaf-tiny. When the frames were not kept, ``frames`` is empty and our block says so.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from pyvmaf_tiny.pooling import POOL_METHODS

from .log_names import log_names

if TYPE_CHECKING:
    from pyvmaf_tiny.results import ScoreResult


def to_dict(result: ScoreResult) -> dict[str, Any]:
    """The log as plain dictionaries, lists, numbers and strings."""
    names = log_names(result)
    pooled = {name: result.pooled[metric].to_dict() for metric, name in names.items()}
    fps = result.info.fps
    return {
        "version": result.info.version,
        "fps": None if fps is None else round(fps, 2),
        "frames": _frames(result, tuple(names.values())) if result.has_frames else [],
        "pooled_metrics": {
            name: {method: figures[method] for method in POOL_METHODS}
            for name, figures in pooled.items()
        },
        "aggregate_metrics": {},
        "pyvmaf_tiny": {
            **result.info.to_dict(),
            "scored_frames": len(result),
            "frames_kept": result.has_frames,
            "stddev": {name: figures["stddev"] for name, figures in pooled.items()},
        },
    }


def _frames(result: ScoreResult, names: tuple[str, ...]) -> list[dict[str, Any]]:
    values = [result.series(metric).tolist() for metric in result.metrics]
    return [
        {"frameNum": index, "metrics": dict(zip(names, row, strict=True))}
        for index, row in zip(result.indices.tolist(), zip(*values, strict=True), strict=True)
    ]


def write(result: ScoreResult, file: BinaryIO) -> None:
    """Write the log, indented like libvmaf's, as ASCII."""
    file.write(json.dumps(to_dict(result), indent=2, allow_nan=False).encode("ascii"))
    file.write(b"\n")
