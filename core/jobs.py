"""Long work outside the page: jobs of small tasks, run in turn by a few processes, with progress and a way to stop."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from functools import partial
from types import ModuleType
from typing import Any

from core.errors import UserError
from core.jobs_telling import Line, Stopped, followed
from core.jobs_working import KEPT, begin, call_and_tell, import_modules

LIVE = ("queued", "running")
AGAIN = 2
"""How often a task is run again after its process was killed; it may be the one that asks for too much memory."""


class Job:
    """Tasks that belong together. Made by ``Runner.start``; read it as often as you like.

    Parameters
    ----------
    tasks : sequence of (callable, arguments)
        The callable is a function of an importable module; everything travels to another process.
    """

    def __init__(self, tasks: Sequence[tuple[Callable, tuple]]) -> None:
        self._tasks = tuple(tasks)
        self._todo = deque(range(len(self._tasks)))
        self._killed: Counter[int] = Counter()
        self._news = threading.Condition()
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
    def by_position(self) -> dict[int, Any]:
        """What has arrived, by the position of its task."""
        return self._results.copy()

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
        return "running" if len(self._todo) < self.total else "queued"

    @property
    def live(self) -> bool:
        """Whether results may still arrive."""
        return self.state in LIVE

    def cancel(self) -> None:
        """Start no further task; of those that run, an iterator stops at its next value, any other is finished and its result is dropped."""
        self._cancelled = self.done < self.total
        if self._cancelled:
            self._stop()
            self._tell()

    @property
    def _suspected(self) -> bool:
        """Whether the process of the next task was killed before; it then runs alone, so that it takes no other task with it."""
        return bool(self._todo) and self._killed[self._todo[0]] > 0

    def wait(self, seconds: float) -> None:
        """Wait until a task ends, or until the time is over."""
        with self._news:
            if self.live:
                self._news.wait(seconds)

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
        self._tell()

    def _failed(self, error: BaseException) -> None:
        self.error = error
        self._stop()
        self._tell()

    def _tell(self) -> None:
        with self._news:
            self._news.notify_all()


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
        self._running: list[Job] = []
        self._alone = False
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

    def stop(self, *, now: bool = False) -> None:
        """End the processes; jobs that are not done are cancelled. What runs is finished first, unless the end is to come ``now``."""
        with self._lock:
            for job in (*self._waiting, *(self._running if now else ())):
                job.cancel()
            pool, line, self._pool = self._pool, self._line, None
        if pool:
            line.stop_all()
            for process in list((pool._processes or {}).values()) if now else ():
                process.terminate()
            pool.shutdown(wait=True, cancel_futures=True)
            line.close()

    def _run_here(self, job: Job) -> None:
        for i, (function, arguments) in enumerate(job._tasks):
            job._todo.popleft()
            try:
                job._ended(i, followed(function(*arguments), partial(job._told, i)))
            except UserError as error:
                job.error = error
                return

    def _dispatch(self) -> None:
        with self._lock:
            while len(self._running) < self.workers and self._waiting and not self._alone:
                job = self._waiting[0]
                if job.live and job._suspected and self._running:
                    return
                self._waiting.popleft()
                if not job.live:
                    continue
                self._alone = job._suspected
                position = job._todo.popleft()
                if job._todo:
                    self._waiting.append(job)
                self._running.append(job)
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
            future = pool.submit(call_and_tell, function, arguments, dict(self._shared.get(key, {})), call)
        except RuntimeError as error:  # the processes are broken or were ended
            future = Future()
            future.set_exception(error)

        def arrived(finished: Future) -> None:
            with self._lock:
                self._running.remove(job)
                self._alone = False
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
            if not job.live or self._again(job, position):
                return
            error = UserError("The machine stopped the computation.", "Try again, or choose a smaller table.")
        if error is not None:
            job._failed(error)
            level = logging.INFO if isinstance(error, UserError) else logging.ERROR
            logging.getLogger(__name__).log(level, "a task failed", exc_info=error)
            return
        value, news = (Stopped, {}) if future.cancelled() else future.result()
        self._remember(key, news)
        if value is Stopped:
            job.cancel()
        elif job.state != "cancelled":
            job._ended(position, value)

    def _again(self, job: Job, position: int) -> bool:
        """Queue a task again whose process was killed; what is done stays done."""
        job._killed[position] += 1
        if job._killed[position] > AGAIN:
            return False
        job._todo.appendleft(position)
        if job not in self._waiting:
            self._waiting.appendleft(job)
        return True

    def _remember(self, key: Any, news: dict[Any, Any]) -> None:
        if key is not None:
            self._shared[key] = self._shared.pop(key, {}) | news
            while len(self._shared) > KEPT:
                self._shared.popitem(last=False)


def workers_of_this_machine() -> int:
    """How many processes to use: the environment variable COUNTERPOISE_WORKERS, or one or two."""
    return int(os.environ.get("COUNTERPOISE_WORKERS", min(2, os.cpu_count() or 1)))


def _processes(workers: int, line: Line) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=begin, initargs=line.given)
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")  # or each worker would run the page
    try:
        for _ in range(workers):  # one process is started for each task that finds none idle
            pool.submit(int)
    finally:
        sys.modules["__main__"] = main
    return pool
