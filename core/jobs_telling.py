"""What running tasks tell the process that started them: results so far; and what it tells them: to stop."""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import os
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from core.memory import resident

Listener = Callable[[Any], None]
Given = tuple[Connection, Any, Any, Any]

_line: Given | None = None
"""In a worker: where to tell, the lock that keeps messages whole, the numbers of the tasks that should stop, and which process is at work."""


class Stopped:
    """Stands for the result of a task that was stopped."""


class Line:
    """The line between the caller and the processes of one pool; it ends when they have ended.

    Parameters
    ----------
    workers : int
        Processes, and so tasks that run at one time.
    """

    def __init__(self, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        reader, writer = context.Pipe(duplex=False)
        self._stops, self._at_work = context.RawArray("q", workers), context.RawArray("q", 2 * workers)
        self.given: Given = (writer, context.Lock(), self._stops, self._at_work)
        self._listeners: dict[int, Listener] = {}
        self._places: dict[int, int] = {}
        self._numbers = itertools.count(1)
        self.close = weakref.finalize(self, writer.close)
        threading.Thread(target=_listen, args=(reader, self._listeners), daemon=True).start()

    def begin(self, listener: Listener) -> tuple[int, int]:
        """A number for a task that starts, and the place where it looks whether to stop; ``listener`` is given its results so far."""
        number = next(self._numbers)
        place = min(set(range(len(self._stops))) - set(self._places.values()))
        self._listeners[number], self._places[number] = listener, place
        self._at_work[2 * place] = 0
        return number, place

    def process(self, place: int) -> tuple[int, int]:
        """The process at work at a place, 0 before it has begun; and how many bytes of memory it held then."""
        return self._at_work[2 * place], self._at_work[2 * place + 1]

    def end(self, number: int) -> None:
        """Forget a task that has ended."""
        self._listeners.pop(number, None)
        self._places.pop(number, None)

    def stop(self, number: int) -> None:
        """Ask a task to stop; one that has ended is not disturbed, nor one that took its place."""
        place = self._places.get(number)
        if place is not None:
            self._stops[place] = number

    def stop_all(self) -> None:
        """Ask every task to stop."""
        for number in tuple(self._places):
            self.stop(number)


def answer(*given: Any) -> None:
    """In a worker: take the line that its pool was given."""
    global _line
    _line = given


def telling(number: int, place: int) -> Callable[[Any], bool]:
    """In a worker: what a task tells its results so far to; it says whether to go on.

    Parameters
    ----------
    number, place : int
        As ``Line.begin`` returned them.
    """
    writer, lock, stops, at_work = _line
    at_work[2 * place + 1] = resident() or 0
    at_work[2 * place] = os.getpid()

    def tell(part: Any) -> bool:
        if part is not None:
            message = pickle.dumps((number, part))
            with lock:
                writer.send_bytes(message)
        return stops[place] != number

    return tell


def followed(value: Any, tell: Callable[[Any], bool]) -> Any:
    """The value of a task; of an iterator what it gives last, or ``Stopped``.

    Parameters
    ----------
    value : object or iterator
        None that an iterator gives is no news, but a moment at which it can be stopped.
    tell : callable
        Takes what the iterator gives, and says whether to go on.
    """
    if not isinstance(value, Iterator):
        return value
    last = None
    for part in value:
        last = last if part is None else part
        if not tell(part):
            if hasattr(value, "close"):
                value.close()
            return Stopped
    return last


def _listen(reader: Connection, listeners: dict[int, Listener]) -> None:
    """Pass on what arrives until no process is left that could tell anything."""
    with reader:
        while True:
            try:
                message = reader.recv_bytes()
            except (EOFError, OSError):
                return
            try:
                number, part = pickle.loads(message)
                listeners.get(number, _nobody)(part)
            except Exception:
                logging.getLogger(__name__).exception("a result so far was lost")


def _nobody(part: Any) -> None:
    """The task has ended."""
