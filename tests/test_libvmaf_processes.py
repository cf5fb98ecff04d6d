"""The real libvmaf at the ends of streams, threads and processes: no crash, no hang, no growth.

Everything here runs in a process of its own.
"""

from __future__ import annotations

import pytest
from conftest import RunPython
from oracle.fetch_libvmaf import LIBRARY

#: KiB that a process may grow by and still count as flat.
FLAT = 1024

SETUP = f"""
import gc, os, threading
import numpy as np
from oracle.child import *
from pyvmaf_tiny.engine.libvmaf import settings

def libvmaf(threads=1, **options):
    chosen = dict(engine="libvmaf:{LIBRARY}", model=False, threads=threads, cpu_mask=2**32 - 1)
    return Scorer(WIDTH, HEIGHT, **(chosen | options))

def push_some(scorer, count=3):
    for pair in list(zip(REF, DIS))[:count]:
        scorer.push(*pair)
    return scorer
"""


def test_closing_in_the_middle(run_python: RunPython) -> None:
    """With frames under way in libvmaf's threads, between contexts, before the first frame."""
    code = """
    settings.PERIOD = 2
    for threads in (1, 2, 5):
        for count in range(7):
            scorer = push_some(libvmaf(threads, batch=4), count)
            scorer.close()
            scorer.close()
    assert right(libvmaf(3))
    for _ in range(500):  # the last threads of a context end a moment after it
        if process_status("Threads") == threads_before:
            print("alive")
            break
        time.sleep(0.01)
    """
    setup = SETUP + 'import time\nthreads_before = process_status("Threads")\n'
    assert run_python(setup + _unindented(code)) == "alive\n"


def test_scorers_that_nobody_closes(run_python: RunPython) -> None:
    """The collector frees them; threads and memory stay flat."""
    code = """
    for number in range(240):
        holder = [push_some(libvmaf(1 + number % 3))]
        holder.append(holder)
        del holder
        gc.collect()
        if number == 90:
            before, threads = process_status("VmRSS"), process_status("Threads")
    assert process_status("Threads") == threads
    print(process_status("VmRSS") - before)
    """
    assert int(run_python(SETUP + _unindented(code))) < 4 * FLAT


def test_interpreter_exit_with_live_scorers(run_python: RunPython) -> None:
    """Unclosed ones, in globals, in a daemon thread that is still pushing."""
    code = """
    kept = [push_some(libvmaf(threads)) for threads in (1, 2, 3)]
    started = threading.Event()

    def push_for_ever():
        scorer = libvmaf(2)
        while True:
            scorer.push(REF[0], DIS[0])
            started.set()

    threading.Thread(target=push_for_ever, daemon=True).start()
    started.wait()
    print("alive")
    """
    for _ in range(3):
        assert run_python(SETUP + _unindented(code)) == "alive\n"


def test_a_fork_in_the_middle(run_python: RunPython) -> None:
    """The child is refused the parent's scorer and has new ones; the parent's goes on."""
    code = """
    from pyvmaf_tiny.errors import EngineStateError

    scorers = [push_some(libvmaf(threads)) for threads in (1, 3)]
    for scorer in scorers:
        child = os.fork()
        if child == 0:
            try:
                scorer.push(REF[0], DIS[0])
            except EngineStateError as error:
                assert "parent" in str(error), error
                scorer.close()
                assert right(libvmaf(2))
                gc.collect()
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        for pair in list(zip(REF, DIS))[3:]:
            scorer.push(*pair)
        scorer.flush()
        assert np.array_equal(scorer.result().figures("adm2").mean, EXPECTED[:, 0].mean())
    print("alive")
    """
    assert run_python(SETUP + _unindented(code)) == "alive\n"


def test_forks_while_another_thread_opens_scorers(run_python: RunPython) -> None:
    """No child inherits a lock that nobody gives back, nor the redirected standard error."""
    code = """
    over = threading.Event()

    def open_and_close():
        while not over.is_set():
            libvmaf(2).close()

    other = threading.Thread(target=open_and_close)
    libvmaf().close()
    where = os.fstat(2).st_ino
    other.start()
    children = []
    for number in range(30):
        child = os.fork()
        if child == 0:
            os._exit(7 if os.fstat(2).st_ino == where and right(libvmaf()) else 1)
        children.append(child)
    codes = {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}
    over.set()
    other.join()
    print(codes)
    """
    assert run_python(SETUP + _unindented(code), timeout=120) == "{7}\n"


def test_scorers_in_many_threads(run_python: RunPython) -> None:
    """Each has its own context; the first ones load and try the library at the same time."""
    code = """
    wrong = []

    def work(threads):
        for _ in range(4):
            if not right(libvmaf(threads)):
                wrong.append(threads)

    workers = [threading.Thread(target=work, args=(1 + number % 3,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    from pyvmaf_tiny.engine.libvmaf import loading
    print(wrong, len(loading._libraries))
    """
    assert run_python(SETUP + _unindented(code)) == "[] 1\n"


def test_closing_from_another_thread(run_python: RunPython) -> None:
    """A push that is under way ends as it would have; the next one is refused."""
    code = """
    from pyvmaf_tiny.errors import EngineStateError

    for number in range(30):
        scorer = libvmaf(1 + number % 3)
        started = threading.Event()
        said = []

        def push_on():
            try:
                while True:
                    scorer.push(REF[0], DIS[0])
                    started.set()
            except EngineStateError as error:
                said.append(str(error))

        worker = threading.Thread(target=push_on)
        worker.start()
        started.wait()
        scorer.close()
        worker.join()
        assert "closed" in said[0], said
    print("alive")
    """
    assert run_python(SETUP + _unindented(code)) == "alive\n"


def test_more_threads_than_anybody_needs(run_python: RunPython) -> None:
    """256 work, more are refused, and so is what the system has no room for."""
    code = """
    import resource
    from pyvmaf_tiny.errors import EngineError, OptionError

    assert right(libvmaf(256))
    for threads in (257, 2**31, 2**70, 0, -1):
        try:
            libvmaf(threads)
        except OptionError as error:
            assert "1 to 256" in str(error), error
        else:
            raise AssertionError(threads)
    limit_memory(100)
    try:
        libvmaf(256)
    except EngineError as error:
        assert "fewer threads" in str(error), error
        assert right(libvmaf(1))
        print("refused")
    """
    assert run_python(SETUP + _unindented(code)) == "refused\n"


def test_too_little_memory(run_python: RunPython) -> None:
    """Whatever libvmaf cannot allocate, at its opening or at a frame: an error."""
    code = """
    import resource
    from pyvmaf_tiny.errors import OutOfMemoryError

    before = resource.getrlimit(resource.RLIMIT_AS)

    def leave(mebibytes):
        room = process_status("VmSize") * 1024 + mebibytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (room, before[1]))

    frame = np.random.default_rng(0).integers(0, 256, (1080, 1920), dtype=np.uint8)
    for early in (True, False):
        for mebibytes in (3, 30, 60):
            if early:
                leave(mebibytes)
            try:
                with Scorer(1920, 1080, engine=LIBVMAF, model=False, threads=1) as scorer:
                    leave(mebibytes)
                    scorer.push(frame, frame)
            except OutOfMemoryError as error:
                print(early, mebibytes, "told")
            resource.setrlimit(resource.RLIMIT_AS, before)
    assert right(libvmaf(1))
    """
    setup = SETUP + f'LIBVMAF = "libvmaf:{LIBRARY}"\nlibvmaf().close()\n'
    told = run_python(setup + _unindented(code)).splitlines()
    # More may do, when the memory of an earlier scorer can be had again.
    assert {"True 3 told", "False 3 told"} <= set(told)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("teacher", [None, "vmaf_v0.6.1"])
def test_a_long_stream_stays_flat(run_python: RunPython, threads: int, teacher: str | None) -> None:
    """Contexts follow each other; the numbers at every seam are the clip's."""
    code = f"""
    settings.PERIOD = 100
    ref, dis = Case(33, 33, 8, "texture", "grain", seed=1, frames=6).planes()
    # the first round of the clip has no frame before it, the last one none after it
    expected = pyvmaf_tiny.features(np.tile(ref, (3, 1, 1)), np.tile(dis, (3, 1, 1)))
    rows = 0
    chosen = dict(engine="libvmaf:{LIBRARY}", model=False, cpu_mask=2**32 - 1)
    with Scorer(33, 33, threads={threads}, teacher={teacher!r}, **chosen) as scorer:
        for number in range(3_000):
            given = scorer.push(ref[number % 6], dis[number % 6])
            for frame in given:
                at = frame.index if frame.index < 6 else 6 + frame.index % 6
                assert frame.features == tuple(expected[at]), frame.index
            rows += len(given)
            if number == 800:
                before = process_status("VmRSS")
        rows += len(scorer.flush())
        assert rows == len(scorer.result()) == 3_000
        print(process_status("VmRSS") - before)
    """
    assert int(run_python(SETUP + _unindented(code), timeout=120)) < FLAT


def _unindented(code: str) -> str:
    """Code of a test at the level of the setup's."""
    return "\n".join(line.removeprefix("    ") for line in code.splitlines()) + "\n"
