"""Who is next: jobs wait in turn, so that neither a long job nor somebody with many jobs holds up the others."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Any

from core.job import Job

LEAST = 0.05
"""Seconds that every task counts at least."""


class Turns:
    """Jobs that wait: next is the owner that has computed for the least time since it came, and of its jobs the one that waits for longest."""

    def __init__(self) -> None:
        self._owners: OrderedDict[Any, deque[Job]] = OrderedDict()
        self._used: dict[Any, float] = {}
        self._clock = 0.0

    def __iter__(self) -> Iterator[Job]:
        """All that wait."""
        return iter([job for jobs in self._owners.values() for job in jobs])

    def add(self, job: Job, *, first: bool = False) -> None:
        """Let a job wait; the ``first`` one is next. Who comes anew begins where the others are."""
        jobs = self._owners.setdefault(job.owner, deque())
        self._used.setdefault(job.owner, self._clock)
        if first:
            jobs.appendleft(job)
            self._used[job.owner] = min(self._used.values())
            self._owners.move_to_end(job.owner, last=False)
        else:
            jobs.append(job)

    def count(self, owner: Any, seconds: float) -> None:
        """Add to what an owner has computed, as long as it has more that waits."""
        if owner in self._used:
            self._used[owner] += seconds

    def next(self) -> Job | None:
        """The job whose turn it is; those that have ended meanwhile are dropped."""
        while self._owners:
            owner = min(self._owners, key=self._used.get)
            jobs = self._owners[owner]
            while jobs and not jobs[0].live:
                jobs.popleft()
            if jobs:
                return jobs[0]
            del self._owners[owner], self._used[owner]
        return None

    def taken(self, job: Job) -> int:
        """The next task of the job whose turn it was; its owner, and it among the owner's jobs, go to the end."""
        jobs = self._owners[job.owner]
        jobs.remove(job)
        position = job._todo.popleft()
        if job._todo:
            jobs.append(job)
        self._clock = max(self._clock, self._used[job.owner])
        self.count(job.owner, LEAST)
        self._owners.move_to_end(job.owner)
        return position
