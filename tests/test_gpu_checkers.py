"""The checkers of the GPU kernels notice faults, each of its kind: see gpuhost/broken.cl."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pytest
from gpuhost.backend import HostBackend, KernelFault
from gpuhost.build import (
    ADDRESS,
    ADDRESS_GCC,
    CHECKERS,
    MEMORY,
    RACES,
    Checker,
    Program,
    broken_text,
    build,
)
from numpy.typing import NDArray

from pyvmaf_tiny.engine.gpu.backend import constant
from pyvmaf_tiny.engine.gpu.source import ITEMS

pytestmark = pytest.mark.sanitize

GROUPS = 2

Builds = Callable[[Checker], Program]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """The broken kernels under a checker, compiled once."""
    folder = tmp_path_factory.mktemp("broken")
    return functools.cache(lambda checker: build(checker, broken_text(), folder / checker.name))


def result_of(program: Program, kernel: str) -> NDArray[np.int32]:
    """What a kernel leaves, of rising numbers from 2^30 on."""
    backend = HostBackend(program)
    try:
        numbers = np.arange(GROUPS * ITEMS, dtype=np.int32) + (1 << 30)
        given = constant(backend, numbers)
        out = backend.allocate(numbers.nbytes)
        backend.launch(kernel, (GROUPS, 1, 1), (given, out))
        result = backend.allocate_host(numbers.nbytes)
        backend.download(result, out)
        return result.view(np.int32)
    finally:
        backend.close()


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.name)
def test_no_fault_is_found_where_there_is_none(builds: Builds, checker: Checker) -> None:
    result = result_of(builds(checker), "fine")
    expected = np.arange(GROUPS * ITEMS).reshape(GROUPS, ITEMS)[:, ::-1] + (1 << 30)
    assert (result.reshape(GROUPS, ITEMS) == expected).all()


#: Kernel, who has to notice, and what it says.
FAULTS: tuple[tuple[str, tuple[Checker, ...], str], ...] = (
    ("no_barrier_before_reading", (RACES,), "item 1, .*reads byte 0 .*which item 0 has written"),
    ("no_barrier_before_writing", (RACES,), "item 1, .*writes byte 4 .*which item 0 has read"),
    ("two_items_write", (RACES,), "item 1, .*writes byte 0 .*which item 0 has written"),
    ("two_groups_write", (RACES,), "group 1 0 0, .*which group number 1 has written"),
    ("a_group_reads_what_another_writes", (RACES,), "reads .*which group number 1 has written"),
    ("barrier_for_some", CHECKERS, "ended while others wait at the barrier at broken.cl"),
    ("different_barriers", CHECKERS, "different barriers, at broken.cl:.* and at broken.cl"),
    ("reads_behind_a_buffer", (ADDRESS, ADDRESS_GCC), "heap-buffer-overflow"),
    ("reads_before_a_buffer", (ADDRESS, ADDRESS_GCC), "heap-buffer-overflow"),
    ("writes_behind_a_buffer", (ADDRESS, ADDRESS_GCC), "heap-buffer-overflow"),
    ("writes_far_behind_a_buffer", (ADDRESS, ADDRESS_GCC), "heap-buffer-overflow"),
    (
        "reads_behind_a_shared_object",
        (ADDRESS, ADDRESS_GCC),
        "global-buffer-overflow|insufficient space",
    ),
    (
        "reads_before_a_shared_object",
        (ADDRESS, ADDRESS_GCC),
        "global-buffer-overflow|insufficient space",
    ),
    ("reads_beyond_an_array", (ADDRESS, ADDRESS_GCC), f"index {ITEMS} out of bounds"),
    ("misaligned", (ADDRESS, ADDRESS_GCC), "misaligned address"),
    ("sum_overflows", (ADDRESS, ADDRESS_GCC), "signed integer overflow"),
    ("product_overflows", (ADDRESS, ADDRESS_GCC), "signed integer overflow"),
    ("shifts_too_far", (ADDRESS, ADDRESS_GCC), "shift exponent 32 is too large"),
    ("shifts_a_negative_number", (ADDRESS, ADDRESS_GCC), "left shift of negative value"),
    ("double_beyond_int", (ADDRESS, ADDRESS_GCC), "outside the range of representable values"),
    ("divides_by_zero", (ADDRESS, ADDRESS_GCC), "division by zero"),
    ("reads_an_empty_buffer", (MEMORY,), "use-of-uninitialized-value"),
    ("leaves_a_number_out", (MEMORY,), "at offset 308 inside"),
    ("reads_an_empty_shared_object", (MEMORY,), "use-of-uninitialized-value"),
    ("reads_what_the_group_before_left", (MEMORY,), "use-of-uninitialized-value"),
)


@pytest.mark.parametrize(
    ("kernel", "checker", "message"),
    [
        pytest.param(kernel, checker, message, id=f"{kernel}-{checker.name}")
        for kernel, checkers, message in FAULTS
        for checker in checkers
    ],
)
def test_a_fault_is_found(builds: Builds, kernel: str, checker: Checker, message: str) -> None:
    with pytest.raises(KernelFault, match=message) as fault:
        result_of(builds(checker), kernel)
    assert kernel in str(fault.value) or checker is MEMORY  # that notices when results are used


@pytest.mark.parametrize("checker", [ADDRESS, ADDRESS_GCC], ids=lambda checker: checker.name)
@pytest.mark.parametrize("kernel", ["reads_before_a_buffer", "writes_behind_a_buffer"])
def test_a_piece_of_a_buffer_has_ends(builds: Builds, checker: Checker, kernel: str) -> None:
    backend = HostBackend(builds(checker))
    size = 4 * GROUPS * ITEMS
    given = constant(backend, np.zeros(3 * size, np.uint8))
    pieces = [backend.piece(each, size, size) for each in (given, backend.allocate(3 * size))]
    backend.launch("fine", (GROUPS, 1, 1), pieces)
    with pytest.raises(KernelFault, match="use-after-poison"):
        backend.launch(kernel, (GROUPS, 1, 1), pieces)


def test_the_last_group_is_a_corner(builds: Builds) -> None:
    backend = HostBackend(builds(ADDRESS), corners=True)
    buffers = [constant(backend, np.zeros(999 * ITEMS, np.int32)) for _ in range(2)]
    backend.launch("fine", (999, 1, 1), buffers)
    with pytest.raises(KernelFault, match="heap-buffer-overflow"):
        backend.launch("fine", (1000, 1, 1), buffers)


def test_every_fault_has_its_test(builds: Builds) -> None:
    assert set(builds(RACES).kernels) == {"fine"} | {kernel for kernel, _, _ in FAULTS}
