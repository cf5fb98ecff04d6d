"""What the system says of a GPU while it works: driver, clocks, bus."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable

from pyvmaf_tiny.engine.gpu.backend import Backend

#: nvidia-smi's names -> ours.
_QUERIES = {
    "driver_version": "driver_version",
    "clocks.sm": "sm_mhz",
    "clocks.max.sm": "sm_mhz_max",
    "clocks.mem": "memory_mhz",
    "power.draw": "watts",
    "temperature.gpu": "celsius",
    "pcie.link.gen.current": "pcie_generation",
    "pcie.link.width.current": "pcie_lanes",
}


def facts_at_work(
    backend: Backend, keep_busy: Callable[[Callable[[], bool]], None]
) -> dict[str, str]:
    """The versions of a CUDA device and its clocks while it is kept busy; nothing of others.

    Clocks and the driver's version come from nvidia-smi, and are missing where that is missing.
    """
    if not backend.device.startswith("cuda"):
        return {}
    from pyvmaf_tiny.engine.gpu.cuda_devices import initialised, pci_bus_id, versions

    cuda = initialised()
    bus_id = pci_bus_id(cuda, int(backend.device.partition(":")[2]))
    query = [f"--query-gpu={','.join(_QUERIES)}", "--format=csv,noheader,nounits"]
    try:
        program = subprocess.Popen(
            ["nvidia-smi", f"--id={bus_id}", *query],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError:
        return versions(cuda)
    with program:
        try:
            keep_busy(lambda: program.poll() is not None)
        finally:
            program.kill()
        said = program.stdout.read() if program.stdout is not None else ""
    rows = list(csv.reader(said.splitlines(), skipinitialspace=True))
    if program.returncode != 0 or len(rows) != 1 or len(rows[0]) != len(_QUERIES):
        return versions(cuda)
    return versions(cuda) | dict(zip(_QUERIES.values(), rows[0], strict=True))
