"""Jobs of the page on a Dask cluster that is running already, instead of on the processes of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from core.job import Budget, Job
from core.run_tasks import run_tasks


class ClusterRunner:
    """Runs jobs on a cluster; each is watched by a thread of its own, and what it computes counts as its budget says.

    Parameters
    ----------
    engine : str
        As ``core.run_tasks.run_tasks`` takes it, such as "dask://10.0.0.5:8786".
    """

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self._jobs: list[Job] = []
        self._lock = threading.Lock()

    def start(
        self,
        tasks: Iterable[tuple[Callable, tuple]],
        owner: Any = None,
        budget: Budget | None = None,
        *,
        known: Mapping[int, Any] | None = None,
        keep: Callable[[Any], None] | None = None,
    ) -> Job:
        """Start a job.

        Parameters
        ----------
        tasks : iterable of (callable, arguments)
            One result each.
        owner, budget
            As for ``core.jobs.Runner.start``; the seconds that count are those on the clock, and memory is the cluster's own concern.
        known : mapping of int to object
            Results by the position of tasks that need not run.
        keep : callable or None
            Given each result that arrives.
        """
        job = Job(tuple(tasks), owner, budget)
        job.others = partial(self.others, owner)
        for position, value in (known or {}).items():
            job._ended(position, value)
        job._todo.clear()
        if reason := job.budget.over:
            job.halt(reason)
        elif job.live:
            with self._lock:
                self._jobs = [*(one for one in self._jobs if one.live), job]
            threading.Thread(target=self._run, args=(job, keep), daemon=True).start()
        return job

    def others(self, owner: Any) -> int:
        """How many other owners have jobs there."""
        with self._lock:
            return len({job.owner for job in self._jobs if job.live} - {owner})

    def _run(self, job: Job, keep: Callable[[Any], None] | None) -> None:
        left = [position for position in range(job.total) if position not in job.by_position]
        last = time.monotonic()

        def arrived(position: int, value: Any) -> None:
            if job.live:
                job._ended(left[position], value)
            if keep:
                keep(value)

        def stopped() -> bool:
            nonlocal last
            now = time.monotonic()
            job.budget.spent += now - last
            last = now
            if reason := job.budget.over:
                job.halt(reason)
            return not job.live

        try:
            run_tasks([job._tasks[position] for position in left], self.engine, arrived=arrived, cancelled=stopped)
        except Exception as error:  # told to the caller
            job._failed(error)
