"""Long work outside the page: jobs of small tasks, run in turn by a few processes, with progress, limits and a way to stop."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from functools import partial
from types import ModuleType
from typing import Any

from core.errors import UserError
from core.job import Budget, Job
from core.jobs_limits import Running, count, to_be_ended, watch
from core.jobs_shared import Shared
from core.jobs_telling import Line, Stopped, followed
from core.jobs_turns import Turns
from core.jobs_working import begin, call_and_tell, import_modules

AGAIN = 2
"""How often a task is run again after its process was killed; it may be the one that asks for too much memory."""


class Runner:
    """Runs jobs in a few processes; owners take turns by the time that they have computed, so that a long job does not hold up a short one.

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
        self._turns = Turns()
        self._running: list[Running] = []
        self._watched: threading.Event | None = None
        self._alone = False
        self._shared = Shared()
        self._lock = threading.RLock()

    def start(self, tasks: Iterable[tuple[Callable, tuple]], owner: Any = None, budget: Budget | None = None) -> Job:
        """Queue a job.

        Parameters
        ----------
        tasks : iterable of (callable, arguments)
            One result each; of a generator, or of a callable that returns an iterator, what it gives last, and ``Job.latest`` has what it
            gave before. An argument with an attribute ``key`` is kept by the worker and used again; what it has computed
            in its mapping ``_memory`` is told to the other workers.
        owner : object
            Whose job it is.
        budget : Budget or None
            What it may take together with other jobs of the same budget; when that is reached, all of them are stopped.
        """
        job = Job(tuple(tasks), owner, budget)
        job.others = partial(self.others, owner)
        if self.workers == 0:
            self._run_here(job)
        elif reason := job.budget.over:
            job.halt(reason)
        else:
            with self._lock:
                self._turns.add(job)
            self._dispatch()
        return job

    def others(self, owner: Any) -> int:
        """How many other owners have jobs that run or wait."""
        with self._lock:
            return len({job.owner for job in self._all() if job.live} - {owner})

    def warm(self, *modules: str) -> None:
        """Start the processes and import modules in them; returns at once."""
        if self.workers:
            self.start([(import_modules, modules)] * self.workers)

    def stop(self, *, now: bool = False) -> None:
        """End the processes; jobs that are not done are cancelled. What runs is finished first, unless the end is to come ``now``."""
        with self._lock:
            for job in self._all() if now else self._turns:
                job.cancel()
            if self._watched:
                self._watched.set()
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

    def _all(self) -> list[Job]:
        return [*self._turns, *(one.job for one in self._running)]

    def _dispatch(self) -> None:
        with self._lock:
            while len(self._running) < self.workers and not self._alone and (job := self._turns.next()):
                if job._suspected and self._running:
                    return
                if reason := job.budget.over:
                    job.halt(reason)
                    continue
                self._alone = job._suspected
                self._submit(job, self._turns.taken(job))

    def _submit(self, job: Job, position: int) -> None:
        if self._pool is None:
            self._line = Line(self.workers)
            self._pool = _processes(self.workers, self._line)
            self._watched = self._watched or watch(self, Runner._look)
        pool, line = self._pool, self._line
        call = line.begin(partial(job._told, position))
        running = Running(job, position, line, call)
        self._running.append(running)
        job._stops[position] = partial(line.stop, call[0])
        if job._cancelled:  # since it was taken from the queue
            job._stop()
        function, arguments = job._tasks[position]
        key = next((argument.key for argument in arguments if hasattr(argument, "_memory")), None)
        try:
            future = pool.submit(call_and_tell, function, arguments, self._shared.of(key), call)
        except RuntimeError as error:  # the processes are broken or were ended
            future = Future()
            future.set_exception(error)

        def arrived(finished: Future) -> None:
            with self._lock:
                self._running.remove(running)
                self._alone = False
                line.end(call[0])
                job._stops.pop(position, None)
                self._arrived(running, finished, pool, key)
            self._dispatch()

        future.add_done_callback(arrived)

    def _look(self, elapsed: float) -> None:
        """Count what studies have computed, and end a process that must not go on."""
        with self._lock:
            count(self._running, self._turns, elapsed)
            for running in self._running:
                self._turns.count(running.job.owner, elapsed)
            one = to_be_ended(self._running, self._turns.next() is not None)
            process = (self._pool._processes or {}).get(one.process) if one and self._pool else None
            if process is None:
                return
            one.ended = True
            for other in self._running:
                if other is not one:  # it is run again through no fault of its own
                    other.job._killed[other.position] -= 1
            process.kill()

    def _arrived(self, running: Running, future: Future, pool: ProcessPoolExecutor, key: Any) -> None:
        job, position = running.job, running.position
        error = None if future.cancelled() else future.exception()
        if isinstance(error, BrokenExecutor):
            self._broken.append(pool)
            self._pool = None if self._pool is pool else self._pool
            running.line.close()
            if not job.live or self._again(job, position):
                return
            error = UserError("The machine stopped the computation.", "Try again, or choose a smaller table.")
        if error is not None:
            job._failed(error)
            level = logging.INFO if isinstance(error, UserError) else logging.ERROR
            logging.getLogger(__name__).log(level, "a task failed", exc_info=error)
            return
        value, news = (Stopped, {}) if future.cancelled() else future.result()
        self._shared.add(key, news)
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
        if job not in self._turns:
            self._turns.add(job, first=True)
        return True


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
