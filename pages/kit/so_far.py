"""How far some jobs are, as a share and in words; a task that tells itself how far it is is asked first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.job import Job
from core.wording import plural


def share(jobs: Sequence[Job]) -> float:
    """The share of the work that is done, from 0 to 1."""
    done = sum(job.done + sum(part for part, _ in _told(job)) for job in jobs)
    return min(done / sum(job.total for job in jobs), 1.0)


def words(jobs: Sequence[Job], noun: str) -> str:
    """How far it is: what the tasks tell, or else how many of them are done."""
    told = [text for job in jobs for _, text in _told(job)]
    return ", ".join(told) or f"{sum(job.done for job in jobs)} of {plural(sum(job.total for job in jobs), noun)} done"


def _told(job: Job) -> list[tuple[float, str]]:
    """Share and words of the tasks that run, of those that tell them (``so_far`` in the provenance of a partial result)."""
    stamps: list[Any] = [getattr(part, "provenance", {}) for part in job.latest] if job.live else []
    return [stamp["so_far"] for stamp in stamps if "so_far" in stamp]
