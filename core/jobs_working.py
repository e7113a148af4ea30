"""What a worker process does: it begins, keeps what it was given, calls, and tells what is new."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from core.jobs_telling import answer, followed, telling

KEPT = 4
"""How many studies a worker keeps, so that what they have computed once serves the next task."""

TRAVELS = 8_000_000
"""Bytes of a shared part that go from one worker to the others; a larger one is computed by each."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_kept: OrderedDict[Any, Any] = OrderedDict()


def import_modules(*names: str) -> None:
    """Import modules by name, so that the first real task finds them ready."""
    for name in names:
        importlib.import_module(name)


def begin(*line: Any) -> None:
    """One thread for each process, said before numpy is imported; and no process outlives the one that started it."""
    answer(*line)
    os.environ.update(dict.fromkeys(THREADS, "1"))
    parent = multiprocessing.parent_process()

    def watch() -> None:
        parent.join()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def call(function: Callable, arguments: tuple) -> Any:
    """Call with what is kept already in place of what has the same key."""
    return function(*(_kept_one(argument) for argument in arguments))


def call_and_tell(
    function: Callable, arguments: tuple, known: dict[Any, Any], place: tuple[int, int]
) -> tuple[Any, dict[Any, tuple[int, Any]]]:
    """Call with what other workers have computed already, and tell what is new, with its size in bytes."""
    memories = [kept._memory for kept in map(_kept_one, arguments) if hasattr(kept, "_memory")]
    for memory in memories:
        memory.update({name: part for name, part in known.items() if name not in memory})
    before = [set(memory) for memory in memories]
    tell = telling(*place)
    value = followed(call(function, arguments), tell)
    news = {
        name: part
        for memory, old in zip(memories, before, strict=True)
        for name, part in memory.items()
        if name not in old
    }
    sizes = {name: len(pickle.dumps(part)) for name, part in news.items()}
    return value, {name: (sizes[name], part) for name, part in news.items() if sizes[name] <= TRAVELS}


def _kept_one(argument: Any) -> Any:
    key = getattr(argument, "key", None)
    if key is None:
        return argument
    key = (type(argument).__qualname__, key)
    _kept[key] = _kept.pop(key, argument)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return _kept[key]
