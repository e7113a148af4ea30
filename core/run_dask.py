"""Tasks on a Dask cluster that is running already."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from core.errors import UserError
from core.store import code_version
from core.wording import quoted

ANSWER = 10
"""Seconds in which a scheduler must answer."""


def on_cluster(
    tasks: Sequence[tuple[Callable[..., Any], tuple]], address: str, called: Callable[..., Any], step: float
) -> Iterator[tuple[int, Any] | None]:
    """Run tasks on the workers of a cluster; what several tasks share, such as a study, is sent once.

    Parameters
    ----------
    tasks : sequence of (callable, arguments)
    address : str
        Host and port of the scheduler.
    called : callable
        Calls a function with its arguments, in a worker.
    step : float
        Seconds between two moments without news.

    Yields
    ------
    tuple of (int, object) or None
        Position and value of a task that has ended, or None where there is nothing new.
    """
    from distributed import Client, KilledWorker
    from distributed.client import FutureCancelledError

    try:
        client = Client(f"tcp://{address}", timeout=ANSWER, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        problem = f"No Dask scheduler answers at {quoted(address)} ({type(error).__name__})."
        raise UserError(problem, "Start one with 'dask scheduler', or choose threads.") from None
    with client:
        _check_workers(client, address)
        ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        futures = _submitted(client, tasks, called)
        try:
            for future in list(futures):
                future.add_done_callback(ended.put)
            while futures:
                try:
                    future = ended.get(timeout=step)
                except queue.Empty:
                    yield None
                    continue
                yield futures.pop(future), future.result()
        except (KilledWorker, FutureCancelledError) as error:
            problem = f"The cluster at {quoted(address)} lost the computation ({type(error).__name__})."
            raise UserError(problem, "Look at its workers, or choose threads.") from None
        finally:
            client.cancel(list(futures))


def _check_workers(client: Any, address: str) -> None:
    """Look whether all workers compute with the code that runs here."""
    try:
        found = set(client.run(code_version).values())
    except Exception as error:
        problem = f"A worker of the cluster at {quoted(address)} cannot load this software ({type(error).__name__})."
        raise UserError(problem, "Install the same version there.") from None
    if not found:
        raise UserError(f"The cluster at {quoted(address)} has no workers.", "Start one with 'dask worker'.")
    if found != {code_version()}:
        problem = (
            f"A worker of the cluster at {quoted(address)} has another version of this software or of its libraries."
        )
        raise UserError(problem, "Install the same version there.")


def _submitted(
    client: Any, tasks: Sequence[tuple[Callable[..., Any], tuple]], called: Callable[..., Any]
) -> dict[Any, int]:
    sent: dict[int, Any] = {}
    for argument in (argument for _, arguments in tasks for argument in arguments):
        if hasattr(argument, "_memory") and id(argument) not in sent:
            sent[id(argument)] = client.scatter(argument, broadcast=True, hash=False)
    futures = {}
    for position, (function, arguments) in enumerate(tasks):
        there = [sent.get(id(argument), argument) for argument in arguments]
        futures[client.submit(_called_with, called, function, *there, pure=False)] = position
    return futures


def _called_with(called: Callable[..., Any], function: Callable[..., Any], *arguments: Any) -> Any:
    return called(function, arguments)
