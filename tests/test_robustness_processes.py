"""Signals, garbage collection, interpreter exit, exhausted memory: an error at most, no crash.

Everything here runs in a process of its own.
"""

from __future__ import annotations

from conftest import RunPython


def test_scorers_that_nobody_closes(run_python: RunPython) -> None:
    """The collector frees them, reference cycles included: memory and threads stay flat."""
    code = """
    import gc
    from oracle.child import *

    class Cycle:
        pass

    def leave_one(number):
        holder = Cycle()
        holder.scorer, holder.itself = scorer_of(1 + number % 3), holder
        holder.scorer.push(REF[0], DIS[0])

    threads = process_status("Threads")
    for number in range(600):
        leave_one(number)
        if number % 20 == 0:
            gc.collect()
        if number == 200:
            before = process_status("VmRSS")
    gc.collect()
    assert process_status("Threads") == threads, (process_status("Threads"), threads)
    grown = process_status("VmRSS") - before
    assert grown < 4096, grown
    print("alive")
    """
    assert run_python(code) == "alive\n"


def test_interpreter_exit_with_live_scorers(run_python: RunPython) -> None:
    """Unclosed ones, in globals, in daemon threads that are still pushing."""
    code = """
    import threading
    from oracle.child import *

    kept = [scorer_of(n) for n in (1, 2, 3)]
    for scorer in kept:
        scorer.push(REF[0], DIS[0])
    started = threading.Event()

    def push_for_ever():
        scorer = scorer_of(2)
        while True:
            scorer.push(REF[0], DIS[0])
            started.set()

    threading.Thread(target=push_for_ever, daemon=True).start()
    started.wait()
    print("alive")
    """
    for _ in range(5):
        assert run_python(code) == "alive\n"


def test_interrupts_at_any_moment(run_python: RunPython) -> None:
    """Ctrl-C between and inside calls; after a reset the scorer gives the right numbers."""
    code = """
    import signal
    from oracle.child import *

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    rng = np.random.default_rng(1)
    for threads in (1, 3):
        with scorer_of(threads) as scorer:
            for _ in range(150):
                try:
                    signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-4, 4e-3))
                    while True:
                        scorer.push(REF[0], DIS[0])
                except KeyboardInterrupt:
                    pass
                scorer.reset()
                assert right(scorer)
                scorer.reset()
    print("alive")
    """
    assert run_python(code) == "alive\n"


def test_too_little_memory(run_python: RunPython) -> None:
    """A frame size whose working memory cannot be had: an error, and smaller ones still work."""
    code = """
    from oracle.child import *
    from pyvmaf_tiny import errors

    limit_memory(mebibytes=300)
    for threads in (1, 2):
        try:
            Scorer(16384, 16384, bit_depth=16, model=False, threads=threads)
        except errors.OutOfMemoryError as error:
            assert "16384x16384" in str(error)
        else:
            raise AssertionError("300 MiB are not enough")
    with scorer_of(1) as scorer:
        assert right(scorer)
    print("alive")
    """
    assert run_python(code) == "alive\n"


def test_threads_that_cannot_be_started(run_python: RunPython) -> None:
    code = """
    from oracle.child import *
    from pyvmaf_tiny import errors

    limit_memory(mebibytes=100)
    try:
        scorer_of(200)
    except (errors.EngineError, errors.OutOfMemoryError):
        print("refused")
    with scorer_of(1) as scorer:
        assert right(scorer)
    """
    assert run_python(code) == "refused\n"
