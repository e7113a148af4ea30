"""Who is next: jobs wait in turn, so that neither a long job nor somebody with many jobs holds up the others."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Any

from core.job import Job


class Turns:
    """Jobs that wait: their owners take turns task by task, and so do the jobs of an owner."""

    def __init__(self) -> None:
        self._owners: OrderedDict[Any, deque[Job]] = OrderedDict()

    def __iter__(self) -> Iterator[Job]:
        """All that wait."""
        return iter([job for jobs in self._owners.values() for job in jobs])

    def add(self, job: Job, *, first: bool = False) -> None:
        """Let a job wait; the ``first`` one is next."""
        jobs = self._owners.setdefault(job.owner, deque())
        if first:
            jobs.appendleft(job)
            self._owners.move_to_end(job.owner, last=False)
        else:
            jobs.append(job)

    def next(self) -> Job | None:
        """The job whose turn it is; those that have ended meanwhile are dropped."""
        while self._owners:
            owner, jobs = next(iter(self._owners.items()))
            while jobs and not jobs[0].live:
                jobs.popleft()
            if jobs:
                return jobs[0]
            del self._owners[owner]
        return None

    def taken(self) -> int:
        """The next task of the job whose turn it is; its owner, and it among the owner's jobs, go to the end."""
        owner, jobs = next(iter(self._owners.items()))
        job = jobs.popleft()
        position = job._todo.popleft()
        if job._todo:
            jobs.append(job)
        self._owners.move_to_end(owner)
        return position
