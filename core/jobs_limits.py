"""What keeps a machine that several people share in working order: a look at what runs, a few times a second."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from core import memory
from core.job import Job
from core.jobs_telling import Line

LOOK = 0.25
"""Seconds between two looks."""

GRACE = 30.0
"""Seconds that a stopped task may go on while others wait; then its process is ended."""

SPARE = 0.03
"""Share of the memory that is left to the machine; the largest computation is stopped before less is free."""

NO_MEMORY = "Stopped: the machine that runs Counterpoise has almost no memory left."


@dataclass(eq=False)
class Running:
    """A task in a process.

    Parameters
    ----------
    job : Job
    position : int
        Of the task.
    line : Line
        To the processes of its pool.
    call : (int, int)
        Number and place of the task on the line.
    ended : bool
        Whether its process was ended from here.
    """

    job: Job
    position: int
    line: Line
    call: tuple[int, int]
    ended: bool = False

    @property
    def process(self) -> int:
        """The number of its process; 0 before it has begun."""
        return self.line.process(self.call[1])[0]

    @property
    def added(self) -> int:
        """Bytes that the task has added to its process; 0 where that is not told."""
        process, before = self.line.process(self.call[1])
        size = memory.resident(process) if process else None
        return max(0, size - before) if size is not None else 0


def watch(runner: Any, look: Callable[[Any, float], None]) -> threading.Event:
    """Look at a runner until the event is set or the runner is gone; ``look`` is given the runner and the seconds since the last time."""
    ended, seen = threading.Event(), weakref.ref(runner)

    def go_on() -> None:
        last = time.monotonic()
        while not ended.wait(LOOK):
            held, now = seen(), time.monotonic()
            if held is None:
                return
            look(held, now - last)
            last = now
            del held

    threading.Thread(target=go_on, daemon=True).start()
    return ended


def count(running: Iterable[Running], waiting: Iterable[Job], elapsed: float) -> None:
    """Add the time to what each study has computed, and stop those that have reached their limit."""
    running = list(running)
    for one in running:
        if one.job.live:
            one.job.budget.spent += elapsed
    for job in (*(one.job for one in running), *waiting):
        if reason := job.budget.over:
            job.halt(reason)


def to_be_ended(running: Iterable[Running], crowded: bool) -> Running | None:
    """A task whose process must be ended: it takes more memory than it may, the machine has none left, or it goes on long after it was stopped."""
    found = [one for one in running if not one.ended and one.process]
    sizes = {one: one.added for one in found}
    for one, size in sizes.items():
        if reason := one.job.budget.too_large(size):
            one.job.halt(reason)
            return one
    left, whole = memory.available(), memory.total()
    if sizes and left is not None and whole is not None and left < SPARE * whole:
        largest = max(sizes, key=sizes.get)
        if sizes[largest] > left:  # or else it is others that have taken it
            largest.job.halt(NO_MEMORY)
            return largest
    late = time.monotonic() - GRACE
    return next((one for one in found if crowded and one.job.stopped_before(late)), None)
