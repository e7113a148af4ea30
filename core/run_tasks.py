"""Where tasks run on the command line and from Python: here, in threads, in processes, or on a Dask cluster; with equal results everywhere.

Pages, which come and go while work goes on, use the processes of ``core.jobs`` themselves.
"""

from __future__ import annotations

import itertools
import os
import queue
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from typing import Any

from core.errors import UserError, unknown
from core.jobs import Runner
from core.wording import quoted

ENGINES = ("threads", "processes", "here")
DASK = "dask://"
STEP = 0.2
"""Seconds between two looks whether to stop."""

Task = tuple[Callable[..., Any], tuple]
Arrived = Iterator[tuple[int, Any] | None]
"""Position and value of a task that has ended; None is a moment to look whether to stop."""


def run_tasks(
    tasks: Sequence[Task],
    engine: str = "here",
    *,
    workers: int = 0,
    limit: float = 0.0,
    arrived: Callable[[int, Any], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[int, Any]:
    """Run tasks, and give their values by position.

    Matrix products run on one thread, so that values are equal wherever the tasks run. While threads are at work, warnings are not shown.

    Parameters
    ----------
    tasks : sequence of (callable, arguments)
        The callable is a function of an importable module, and nothing that it is given is changed.
    engine : str
        "here", "threads", "processes", or the address of the scheduler of a running cluster, such as "dask://10.0.0.5:8786". Whoever rules
        that scheduler rules this process, so it must be one's own; its workers need the same version of this software.
    workers : int
        Threads or processes; 0 for one per processor.
    limit : float
        Seconds after which no task is started and what has arrived is returned; 0 for none. A task that runs "here" or in a thread is not
        interrupted: the first is waited for, the second ends in the background and its value is dropped.
    arrived : callable or None
        Called in this thread with position and value of each task when it ends.
    cancelled : callable or None
        Asked several times a second, "here" between two tasks, whether to stop.

    Returns
    -------
    dict of int to object
        Without the tasks that did not end in time.

    Raises
    ------
    UserError
        The engine is not known or not at hand. An error of a task is raised as it is, and no further task is started.
    """
    check_engine(engine)
    if not tasks:
        return {}
    workers = min(workers or os.cpu_count() or 1, len(tasks))
    end, values = time.monotonic() + (limit or float("inf")), {}
    with closing(_started(tasks, engine, workers)) as ended:
        for one in ended:
            if one is not None:
                values[one[0]] = one[1]
                if arrived:
                    arrived(*one)
            if len(values) == len(tasks) or time.monotonic() >= end or (cancelled and cancelled()):
                break
    return values


def in_order(tasks: Sequence[Task], progress: Callable[[int, int], None] | None = None, **where: Any) -> list[Any]:
    """The values of all tasks in their order; ``progress`` is called with the number of tasks done and of all."""
    done = itertools.count(1)

    def told(position: int, value: Any) -> None:
        if progress:
            progress(next(done), len(tasks))

    values = run_tasks(tasks, arrived=told, **where)
    return [values[position] for position in range(len(tasks))]


def check_engine(engine: str) -> None:
    """Look whether the engine is known.

    Raises
    ------
    UserError
        It is not, or it needs a package that is not there.
    """
    if engine.startswith(DASK):
        host, _, port = engine.removeprefix(DASK).rpartition(":")
        if not host or not port.isdecimal():
            raise UserError(f"{quoted(engine)} is no address of a cluster.", "Write dask://HOST:PORT.")
        try:
            import distributed  # noqa: F401
        except ImportError:
            problem = "A Dask cluster needs the package 'distributed', which is not installed."
            raise UserError(problem, "Install it with 'pip install distributed', or choose threads.") from None
    elif engine not in ENGINES:
        raise unknown("engine", engine, (*ENGINES, DASK + "HOST:PORT"))


def _started(tasks: Sequence[Task], engine: str, workers: int) -> Arrived:
    if engine.startswith(DASK):
        from core.run_dask import on_cluster

        return on_cluster(tasks, engine.removeprefix(DASK), called_there, STEP)
    return {"here": _here, "threads": _in_threads, "processes": _in_processes}[engine](tasks, workers)


def called(function: Callable[..., Any], arguments: tuple) -> Any:
    """Call a function with matrix products on one thread."""
    with _one_thread():
        return function(*arguments)


def called_there(function: Callable[..., Any], arguments: tuple) -> Any:
    """Call a function in a worker of a cluster, whose matrix products stay on one thread from then on: its tasks overlap."""
    _for_good()
    return function(*arguments)


@cache
def _for_good() -> Any:
    limits = _one_thread()
    limits.__enter__()
    return limits


def _one_thread() -> Any:
    import scipy.linalg  # noqa: F401  (its products must be loaded before they can be limited)

    from core.learners.one_thread import one_thread

    return one_thread()


def _here(tasks: Sequence[Task], workers: int) -> Arrived:
    for position, task in enumerate(tasks):
        yield position, called(*task)


def _in_threads(tasks: Sequence[Task], workers: int) -> Arrived:
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    ended: queue.SimpleQueue[tuple[int, Any, BaseException | None]] = queue.SimpleQueue()
    for position in range(len(tasks)):
        waiting.put(position)
    stopped = threading.Event()

    def work() -> None:
        while not stopped.is_set():
            try:
                position = waiting.get_nowait()
            except queue.Empty:
                return
            function, arguments = tasks[position]
            try:
                ended.put((position, function(*arguments), None))
            except BaseException as error:  # told to the caller
                ended.put((position, None, error))

    with _calm():
        for _ in range(workers):
            threading.Thread(target=work).start()
        try:
            for _ in tasks:
                yield from _next(ended)
        finally:
            stopped.set()


def _next(ended: queue.SimpleQueue) -> Arrived:
    """The next value, after as many moments as it takes."""
    while True:
        try:
            position, value, error = ended.get(timeout=STEP)
        except queue.Empty:
            yield None
            continue
        if error is not None:
            raise error
        yield position, value
        return


@contextmanager
def _calm() -> Iterator[None]:
    """Filters of warnings and the threads of matrix products belong to the whole process: set once, they do not change under a task."""
    with warnings.catch_warnings(), _one_thread():
        warnings.simplefilter("ignore")
        yield


def _in_processes(tasks: Sequence[Task], workers: int) -> Arrived:
    runner = Runner(workers)
    try:
        job, told = runner.start(tasks), set()
        while True:
            job.wait(STEP)
            live, done = job.live, job.by_position
            yield from ((position, done[position]) for position in sorted(done.keys() - told))
            told |= done.keys()
            if job.error is not None:
                raise job.error
            if job.reason:
                raise UserError(job.reason, "Choose a smaller table, or fewer workers.")
            if not live:
                return
            yield None
    finally:
        runner.stop(now=True)
