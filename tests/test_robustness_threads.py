"""Threads and forks: scorers are independent, and one that is shared says so."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from conftest import RunPython
from numpy.typing import NDArray
from oracle.cases import Case, random_case
from oracle.compare import assert_same_features
from oracle.libvmaf import libvmaf_features

import pyvmaf_tiny
from pyvmaf_tiny import Scorer, errors


def test_many_scorers_in_many_threads() -> None:
    """Contexts are independent: every thread gets what libvmaf gives for its own frames."""
    cases = [random_case(seed, largest=150) for seed in range(48)]
    clips = [case.planes() for case in cases]
    expected = [
        libvmaf_features(*planes, bit_depth=case.bit_depth)
        for case, planes in zip(cases, clips, strict=True)
    ]

    def extract(number: int) -> NDArray[np.float64]:
        depth = cases[number].bit_depth
        return pyvmaf_tiny.features(*clips[number], bit_depth=depth, threads=1 + number % 3)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            for case, actual, wanted in zip(
                cases, pool.map(extract, range(len(cases))), expected, strict=True
            ):
                assert_same_features(actual, wanted, case)


def test_threads_that_share_a_scorer_lose_no_frame() -> None:
    """A call either works or says that another thread is at it; what was taken comes out."""
    ref, dis = Case(320, 240, 8, "texture", "grain", seed=1, frames=1).planes()
    taken = delivered = 0
    surprises: list[BaseException] = []
    lock = threading.Lock()
    end = time.monotonic() + 1.0

    def work(scorer: Scorer) -> None:
        nonlocal taken, delivered
        while time.monotonic() < end:
            try:
                rows = scorer.push(ref[0], dis[0])
            except errors.EngineStateError:
                continue
            except BaseException as error:
                surprises.append(error)
                raise
            else:
                with lock:
                    taken, delivered = taken + 1, delivered + len(rows)

    with Scorer(320, 240, model=False, keep_frames=True) as scorer:
        workers = [threading.Thread(target=work, args=(scorer,)) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        delivered += len(scorer.flush())
        result = scorer.result()
    assert not surprises
    assert delivered == taken == len(result)
    indices = [row.index for row in result]
    assert indices == list(range(taken))


def test_closing_while_another_thread_pushes(run_python: RunPython) -> None:
    code = """
    import threading
    from oracle.child import *
    from pyvmaf_tiny import errors

    for round in range(60):
        scorer = scorer_of(1 + round % 3)
        started = threading.Event()

        def push():
            try:
                while True:
                    scorer.push(REF[0], DIS[0])
                    started.set()
            except errors.EngineStateError:
                pass

        pushers = [threading.Thread(target=push) for _ in range(2)]
        for pusher in pushers:
            pusher.start()
        started.wait()
        for call in (scorer.flush, scorer.reset, scorer.close):
            try:
                call()
            except errors.EngineStateError:
                pass
        scorer.close()
        for pusher in pushers:
            pusher.join()
    print("alive")
    """
    assert run_python(code) == "alive\n"


def test_a_fork_with_a_live_scorer(run_python: RunPython) -> None:
    """The child is told so, makes scorers of its own; the parent's stream goes on."""
    code = """
    import gc, os
    from oracle.child import *
    from pyvmaf_tiny import errors

    for threads in (1, 2, 3):
        scorer = scorer_of(threads)
        rows = scorer.push(REF[0], DIS[0])
        child = os.fork()
        if child == 0:
            try:
                scorer.push(REF[1], DIS[1])
                scorer.reset()
                passed = right(scorer)
            except errors.EngineStateError as error:
                passed = "fork" in str(error)
            with scorer_of(threads) as own:
                passed = passed and right(own)
            scorer.close()
            del scorer
            gc.collect()
            os._exit(0 if passed else 7)
        for pair in zip(REF[1:], DIS[1:]):
            rows += scorer.push(*pair)
        rows += scorer.flush()
        assert np.array_equal([row.features for row in rows], EXPECTED)
        _, status = os.waitpid(child, 0)
        assert status == 0, (threads, status)
    print("alive")
    """
    assert run_python(code) == "alive\n"


def test_a_fork_while_another_thread_pushes(run_python: RunPython) -> None:
    code = """
    import os, threading
    from oracle.child import *

    stop = threading.Event()

    def push(threads):
        with scorer_of(threads) as scorer:
            while not stop.is_set():
                scorer.push(REF[0], DIS[0])

    pushers = [threading.Thread(target=push, args=(n,)) for n in (1, 3)]
    for pusher in pushers:
        pusher.start()
    for _ in range(30):
        child = os.fork()
        if child == 0:
            with scorer_of(2) as own:
                os._exit(0 if right(own) else 7)
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    for pusher in pushers:
        pusher.join()
    print("alive")
    """
    assert run_python(code) == "alive\n"


def test_python_runs_while_a_frame_is_measured() -> None:
    """The interpreter lock is free in the middle of a push: another thread gets its turns."""
    ref, dis = Case(1920, 1080, 16, "texture", "grain", seed=1, frames=1).planes()
    turns: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.001):
            turns.append(time.perf_counter())

    ticker = threading.Thread(target=tick)
    options: dict[str, Any] = {"model": False, "threads": 1, "cpu_mask": 0xFFFFFFFF}
    with Scorer(1920, 1080, bit_depth=16, **options) as scorer:
        ticker.start()
        start = time.perf_counter()
        scorer.push(ref[0], dis[0])
        end = time.perf_counter()
        done.set()
        ticker.join()
    quarter = (end - start) / 4
    assert len([turn for turn in turns if start + quarter < turn < end - quarter]) >= 2
