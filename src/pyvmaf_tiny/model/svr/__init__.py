"""libvmaf's own models (support vector regressions) as ONNX models of ours.

``document.py`` reads the JSON, ``graph.py`` writes the graph, ``embedded.py`` finds the models
that a libvmaf library carries inside.
"""

from __future__ import annotations

from pathlib import Path

from pyvmaf_tiny.errors import ModelNotFoundError
from pyvmaf_tiny.model.registry import MAX_MODEL_BYTES, read_capped

from .document import SvrCollection, SvrModel, parse_models
from .embedded import KNOWN, embedded_models
from .graph import svr_onnx


def import_models(
    source: Path | str, *, library: Path | None = None, transform: bool = False
) -> bytes:
    """Turn a libvmaf model into an ONNX model of ours, in float64.

    Args:
        source: the path of a libvmaf model JSON, or the name of a model that libvmaf has built
            in, such as "vmaf_v0.6.1".
        library: the libvmaf library to take a built-in model from.
        transform: apply the model's score transform (the phone model of vmaf_v0.6.1).

    Returns the bytes of an ONNX file, ``features`` float64 [N, 6] -> ``vmaf`` float64 [N]; they
    are the same for the same source. Raises ModelNotFoundError, ModelFormatError, OptionError.
    """
    if str(source) in KNOWN:
        data, name = _built_in(str(source), library), str(source)
    else:
        data, name = read_capped(Path(source), MAX_MODEL_BYTES), Path(source).stem
    return svr_onnx(parse_models(data, name), name, source=data, transform=transform)


def _built_in(name: str, library: Path | None) -> bytes:
    found = {} if library is None else embedded_models(library)
    if name not in found:
        raise ModelNotFoundError(
            f"no libvmaf here has {name} built in",
            given=library or "no library",
            expected="a libvmaf library with built-in models",
            hint="name the library, or pass the path of the model's JSON file",
        )
    return found[name]


__all__ = ["KNOWN", "SvrCollection", "SvrModel", "embedded_models", "import_models", "parse_models"]
