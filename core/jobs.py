"""Long work outside the page: jobs of small tasks, run in turn by a few processes, with progress and a way to stop."""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import pickle
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from functools import partial
from types import ModuleType
from typing import Any

from core.errors import UserError
from core.jobs_telling import Line, Stopped, answer, followed, telling

LIVE = ("queued", "running")
KEPT = 4
"""How many studies a worker keeps, so that what they have computed once serves the next task."""

TRAVELS = 8_000_000
"""Bytes of a shared part that go from one worker to the others; a larger one is computed by each."""

_kept: OrderedDict[Any, Any] = OrderedDict()


class Job:
    """Tasks that belong together. Made by ``Runner.start``; read it as often as you like.

    Parameters
    ----------
    tasks : sequence of (callable, arguments)
        The callable is a function of an importable module; everything travels to another process.
    """

    def __init__(self, tasks: Sequence[tuple[Callable, tuple]]) -> None:
        self._tasks = tuple(tasks)
        self._next = 0
        self._results: dict[int, Any] = {}
        self._partial: dict[int, Any] = {}
        self._stops: dict[int, Callable[[], None]] = {}
        self._cancelled = False
        self.error: BaseException | None = None

    @property
    def total(self) -> int:
        """How many tasks there are."""
        return len(self._tasks)

    @property
    def done(self) -> int:
        """How many tasks have given a result."""
        return len(self._results)

    @property
    def results(self) -> list[Any]:
        """What has arrived, in the order of the tasks."""
        return [self._results[i] for i in sorted(self._results.copy())]

    @property
    def latest(self) -> list[Any]:
        """The newest of each task, in the order of the tasks: its result, or the last partial one of a task that is an iterator."""
        newest = self._partial.copy() | self._results.copy()
        return [newest[i] for i in sorted(newest)]

    @property
    def state(self) -> str:
        """ "queued", "running", "done", "failed" or "cancelled"."""
        if self.error is not None:
            return "failed"
        if self.done == self.total:
            return "done"
        if self._cancelled:
            return "cancelled"
        return "running" if self._next else "queued"

    @property
    def live(self) -> bool:
        """Whether results may still arrive."""
        return self.state in LIVE

    def cancel(self) -> None:
        """Start no further task; of those that run, an iterator stops at its next value, any other is finished and its result is dropped."""
        self._cancelled = self.done < self.total
        if self._cancelled:
            self._stop()

    def _stop(self) -> None:
        for stop in tuple(self._stops.values()):
            stop()

    def _told(self, position: int, part: Any) -> bool:
        if part is not None and position not in self._results:
            self._partial[position] = part
        return not self._cancelled

    def _ended(self, position: int, value: Any) -> None:
        self._results[position] = value
        self._partial.pop(position, None)


class Runner:
    """Runs jobs in a few processes; jobs take turns, so that a long one does not hold up a short one.

    Parameters
    ----------
    workers : int
        Processes, started when the first job comes; 0 runs every job at once, in the caller.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._line: Line | None = None
        self._broken: list[ProcessPoolExecutor] = []  # kept: Python 3.13 hangs when one is freed in a callback
        self._waiting: deque[Job] = deque()
        self._running = 0
        self._shared: OrderedDict[Any, dict[Any, bytes]] = OrderedDict()
        self._lock = threading.RLock()

    def start(self, tasks: Iterable[tuple[Callable, tuple]]) -> Job:
        """Queue a job.

        Parameters
        ----------
        tasks : iterable of (callable, arguments)
            One result each; of a generator, or of a callable that returns an iterator, what it gives last, and ``Job.latest`` has what it
            gave before. An argument with an attribute ``key`` is kept by the worker and used again; what it has computed
            in its mapping ``_memory`` is told to the other workers.
        """
        job = Job(tuple(tasks))
        if self.workers == 0:
            self._run_here(job)
        else:
            with self._lock:
                self._waiting.append(job)
            self._dispatch()
        return job

    def warm(self, *modules: str) -> None:
        """Start the processes and import modules in them; returns at once."""
        if self.workers:
            self.start([(import_modules, modules)] * self.workers)

    def stop(self) -> None:
        """End the processes; jobs that are not done are cancelled."""
        with self._lock:
            for job in self._waiting:
                job.cancel()
            pool, line, self._pool = self._pool, self._line, None
        if pool:
            line.stop_all()
            pool.shutdown(wait=True, cancel_futures=True)
            line.close()

    def _run_here(self, job: Job) -> None:
        for i, (function, arguments) in enumerate(job._tasks):
            job._next = i + 1
            try:
                job._ended(i, followed(function(*arguments), partial(job._told, i)))
            except UserError as error:
                job.error = error
                return

    def _dispatch(self) -> None:
        with self._lock:
            while self._running < self.workers and self._waiting:
                job = self._waiting.popleft()
                if not job.live:
                    continue
                position, job._next = job._next, job._next + 1
                if job._next < job.total:
                    self._waiting.append(job)
                self._running += 1
                self._submit(job, position)

    def _submit(self, job: Job, position: int) -> None:
        if self._pool is None:
            self._line = Line(self.workers)
            self._pool = _processes(self.workers, self._line)
        pool, line = self._pool, self._line
        call = line.begin(partial(job._told, position))
        job._stops[position] = partial(line.stop, call[0])
        if job._cancelled:  # since it was taken from the queue
            job._stop()
        function, arguments = job._tasks[position]
        key = next((argument.key for argument in arguments if hasattr(argument, "_memory")), None)
        try:
            future = pool.submit(_call_and_tell, function, arguments, dict(self._shared.get(key, {})), call)
        except RuntimeError as error:  # the processes are broken or were ended
            future = Future()
            future.set_exception(error)

        def arrived(finished: Future) -> None:
            with self._lock:
                self._running -= 1
                line.end(call[0])
                job._stops.pop(position, None)
                self._arrived(job, position, finished, pool, line, key)
            self._dispatch()

        future.add_done_callback(arrived)

    def _arrived(
        self, job: Job, position: int, future: Future, pool: ProcessPoolExecutor, line: Line, key: Any
    ) -> None:
        error = None if future.cancelled() else future.exception()
        if isinstance(error, BrokenExecutor):
            self._broken.append(pool)
            self._pool = None if self._pool is pool else self._pool
            line.close()
            error = UserError("The machine stopped the computation.", "Try again, or choose a smaller table.")
        if error is not None:
            job.error = error
            job._stop()
            level = logging.INFO if isinstance(error, UserError) else logging.ERROR
            logging.getLogger(__name__).log(level, "a task failed", exc_info=error)
            return
        value, news = (Stopped, {}) if future.cancelled() else future.result()
        self._remember(key, news)
        if value is Stopped:
            job.cancel()
        elif job.state != "cancelled":
            job._ended(position, value)

    def _remember(self, key: Any, news: dict[Any, Any]) -> None:
        if key is not None:
            self._shared[key] = self._shared.pop(key, {}) | news
            while len(self._shared) > KEPT:
                self._shared.popitem(last=False)


def import_modules(*names: str) -> None:
    """Import modules by name, so that the first real task finds them ready."""
    for name in names:
        importlib.import_module(name)


def workers_of_this_machine() -> int:
    """How many processes to use: the environment variable COUNTERPOISE_WORKERS, or one or two."""
    return int(os.environ.get("COUNTERPOISE_WORKERS", min(2, os.cpu_count() or 1)))


def _processes(workers: int, line: Line) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=line.given)
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")  # or each worker would run the page
    try:
        for _ in range(workers):  # one process is started for each task that finds none idle
            pool.submit(int)
    finally:
        sys.modules["__main__"] = main
    return pool


def _begin(*line: Any) -> None:
    """One thread for each process, said before numpy is imported; and no process outlives the one that started it."""
    answer(*line)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    parent = multiprocessing.parent_process()

    def watch() -> None:
        parent.join()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def _call(function: Callable, arguments: tuple) -> Any:
    return function(*(_kept_one(argument) for argument in arguments))


def _call_and_tell(
    function: Callable, arguments: tuple, known: dict[Any, Any], call: tuple[int, int]
) -> tuple[Any, dict[Any, Any]]:
    """Call with what other workers have computed already, and tell what is new."""
    memories = [kept._memory for kept in map(_kept_one, arguments) if hasattr(kept, "_memory")]
    for memory in memories:
        memory.update({name: part for name, part in known.items() if name not in memory})
    value = followed(_call(function, arguments), telling(*call))
    news = {name: part for memory in memories for name, part in memory.items() if name not in known}
    return value, {name: part for name, part in news.items() if len(pickle.dumps(part)) <= TRAVELS}


def _kept_one(argument: Any) -> Any:
    key = getattr(argument, "key", None)
    if key is None:
        return argument
    key = (type(argument).__qualname__, key)
    _kept[key] = _kept.pop(key, argument)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return _kept[key]
