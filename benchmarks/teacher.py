"""libvmaf's own models, imported: how close to libvmaf's scores, and how fast.

    python benchmarks/teacher.py

Prints the Markdown table of docs/models/libvmaf.md.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from feature_rows import likely_and_wild_rows
from oracle.fetch_libvmaf import LIBRARY
from oracle.libvmaf_model import libvmaf_bootstrap, libvmaf_scores

from pyvmaf_tiny.model.session import Model
from pyvmaf_tiny.model.svr import KNOWN, import_models

_BATCH = 1024


def main() -> None:
    """Compare and time every model that libvmaf has built in."""
    rows = likely_and_wild_rows()
    print("| model | largest difference | us, one row | us a row of 1024 | bytes |")
    print("| --- | --- | --- | --- | --- |")
    for name in KNOWN:
        data = import_models(name, library=LIBRARY)
        model = Model(data, name, trusted=False, device="cpu")
        if model.has_bootstrap:
            expected = libvmaf_bootstrap(rows, name)[:, 0]
        else:
            expected = libvmaf_scores(rows, name)
        difference = np.abs(model.predict(rows) - expected).max()
        one = _microseconds(lambda model=model: model.predict_one(rows[0].tolist()), 2000)  # type: ignore[misc]
        batch = np.resize(rows, (_BATCH, rows.shape[1]))
        many = _microseconds(lambda model=model, batch=batch: model.predict(batch), 30) / _BATCH  # type: ignore[misc]
        print(f"| `{name}` | {difference:.1e} | {one:.1f} | {many:.2f} | {len(data)} |")


def _microseconds(call: Callable[[], object], times: int) -> float:
    """Median time of a call."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6


if __name__ == "__main__":
    main()
