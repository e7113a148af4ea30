"""A job: tasks that belong together, what has arrived of them, and a way to stop; and what the jobs of one study may take."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.wording import number, plural, seconds

LIVE = ("queued", "running")
GIGABYTE = 10**9


@dataclass(eq=False)
class Budget:
    """What jobs may take together; shared by the jobs of one study.

    Parameters
    ----------
    seconds : float
        Of computing, those of all workers added up; waiting costs nothing. 0 for no limit.
    memory : float
        Bytes that a single task may add to its process; 0 for no limit. See ``core.memory`` for where it can be watched.
    spent : float
        Seconds that were computed so far.
    """

    seconds: float = 0.0
    memory: float = 0.0
    spent: float = 0.0

    @property
    def over(self) -> str:
        """Why nothing more is computed; empty while there is time."""
        if not self.seconds or self.spent < self.seconds:
            return ""
        minutes = self.seconds / 60
        took = plural(round(minutes), "minute") if minutes == round(minutes) else seconds(self.seconds)
        return f"Stopped: this study has computed for {took}, which is its limit."

    def too_large(self, size: float) -> str:
        """Why a task that has added so many bytes is stopped; empty while it may go on."""
        if not self.memory or size <= self.memory:
            return ""
        return f"Stopped: a computation took more than {number(self.memory / GIGABYTE)} GB of memory, which is the limit of this study."

    def renew(self) -> None:
        """Begin to count from 0."""
        self.spent = 0.0


class Job:
    """Tasks that belong together. Made by ``Runner.start``; read it as often as you like.

    Parameters
    ----------
    tasks : sequence of (callable, arguments)
        The callable is a function of an importable module; everything travels to another process.
    owner : object
        Whose job it is; owners take turns.
    budget : Budget or None
        What it may take.
    """

    def __init__(
        self, tasks: Sequence[tuple[Callable, tuple]], owner: Any = None, budget: Budget | None = None
    ) -> None:
        self.owner, self.budget = owner, budget or Budget()
        self._tasks = tuple(tasks)
        self._todo = deque(range(len(self._tasks)))
        self._killed: Counter[int] = Counter()
        self._news = threading.Condition()
        self._results: dict[int, Any] = {}
        self._partial: dict[int, Any] = {}
        self._stops: dict[int, Callable[[], None]] = {}
        self._cancelled = 0.0
        self.others: Callable[[], int] = int
        self.reason = ""
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
        if self.done < self.total:
            self._cancelled = self._cancelled or time.monotonic()
            self._stop()
            self._tell()

    def halt(self, reason: str) -> None:
        """Cancel because a limit was met; ``reason`` is the sentence that says which."""
        if self.live:
            self.reason = reason
            self.cancel()

    def stopped_before(self, moment: float) -> bool:
        """Whether it was cancelled before this moment of the clock ``time.monotonic``."""
        return 0 < self._cancelled < moment

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
