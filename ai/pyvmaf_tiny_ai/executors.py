"""Where a corpus is built: a Dask cluster, or processes of this machine.

Tasks are lost with a worker that dies; Dask gives them to another one.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor

#: How often Dask tries a task again whose worker died or which raised an exception.
_RETRIES = 2

#: How long a scheduler may take to answer.
_PATIENCE = "20s"


class SchedulerError(Exception):
    """The Dask scheduler cannot be used; the message says what to do."""


@contextlib.contextmanager
def open_executor(jobs: int, scheduler: str | None = None) -> Iterator[Executor]:
    """Open an executor: ``scheduler``'s workers, or ``jobs`` processes here.

    Where Dask is installed these are a local cluster's workers, else a pool's. Workers elsewhere
    need the same checkout on their path and the same packages installed.
    """
    try:
        import distributed
    except ImportError as error:
        if scheduler is not None:
            raise SchedulerError(
                f"--scheduler {scheduler} needs Dask: pip install 'distributed>=2024.8'"
            ) from error
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            yield pool
        return
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            cluster = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=jobs, threads_per_worker=1, dashboard_address=None
                )
            )
            client = stack.enter_context(distributed.Client(cluster))
        else:
            try:
                client = stack.enter_context(distributed.Client(scheduler, timeout=_PATIENCE))
            except (OSError, ValueError) as error:
                raise SchedulerError(
                    f"no Dask scheduler answers at {scheduler}: {error}; "
                    "start one with `dask scheduler`, and `dask worker` on every machine"
                ) from error
        yield client.get_executor(retries=_RETRIES)
