"""XML in the layout of libvmaf's log, plus one element of our own.

Elements, attributes and their order are those of libvmaf 3.2.0 (``vmaf --xml``), followed by a
``pyvmaf_tiny`` element whose attributes are the metadata. Numbers have all their digits (see
``json_log``). A figure that does not exist is left out; an unknown speed is ``fps="nan"``, which
parsers that expect a number can read. When the frames were not kept, ``frames`` is empty and our
element says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from pyvmaf_tiny.pooling import POOL_METHODS

from .log_names import log_names

if TYPE_CHECKING:
    from pyvmaf_tiny.results import ScoreResult

#: What XML 1.0 has no way to write, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(result: ScoreResult, file: BinaryIO) -> None:
    """Write the log as UTF-8. Characters that XML cannot hold appear as Python escapes."""
    file.write("".join(line + "\n" for line in _lines(result)).encode("utf-8"))


def _lines(result: ScoreResult) -> Iterator[str]:
    info, names = result.info, log_names(result)
    pooled = result.pooled
    size = (("qualityWidth", info.width), ("qualityHeight", info.height))
    yield f"<VMAF{_attributes([('version', info.version)])}>"
    yield f"  <params{_attributes(size)} />"
    yield f'  <fyi fps="{float("nan") if info.fps is None else info.fps:.2f}" />'
    yield "  <frames>"
    if result.has_frames:
        values = [result.series(metric).tolist() for metric in result.metrics]
        for index, *row in zip(result.indices.tolist(), *values, strict=True):
            numbers = " ".join(
                f'{name}="{x!r}"' for name, x in zip(names.values(), row, strict=True)
            )
            yield f'    <frame frameNum="{index}" {numbers} />'
    yield "  </frames>"
    yield "  <pooled_metrics>"
    for metric, name in names.items():
        figures = pooled[metric].to_dict()
        own = [(method, figures[method]) for method in POOL_METHODS]
        yield f"    <metric{_attributes([('name', name), *own])} />"
    yield "  </pooled_metrics>"
    yield "  <aggregate_metrics />"
    kept = {"scored_frames": len(result), "frames_kept": result.has_frames}
    yield f"  <pyvmaf_tiny{_attributes((info.to_dict() | kept).items())} />"
    yield "</VMAF>"


def _attributes(pairs: Iterable[tuple[str, object]]) -> str:
    """The pairs as XML attributes, each after a space; None means no attribute."""
    from xml.sax.saxutils import quoteattr  # imports an HTTP client, ssl and all

    return "".join(f" {key}={quoteattr(_text(value))}" for key, value in pairs if value is not None)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _FORBIDDEN.sub(lambda found: ascii(found[0])[1:-1], str(value))
