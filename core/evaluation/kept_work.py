"""Work on recipes and folds: what a store holds is taken from there, the rest runs where the caller says and is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from core.recipe import Recipe
from core.run_tasks import run_tasks
from core.store import Store

Place = tuple[Recipe, int]
"""A recipe and the position of a fold."""

AnyPlace = Hashable
"""Also a fold alone, where all recipes of it are one piece of work."""


def completed(
    places: Sequence[AnyPlace],
    task: Callable[[Any], tuple],
    known: Callable[[Store, Any], Any],
    keep: Callable[[Store, Any, Any], None],
    *,
    store: str | os.PathLike = "",
    progress: Callable[[int, int], None] | None = None,
    **where: Any,
) -> dict[AnyPlace, Any]:
    """Do some work at each place.

    Parameters
    ----------
    places : sequence
        Such as a recipe with a fold.
    task : callable
        The callable and arguments of a place, as ``core.run_tasks.run_tasks`` takes them.
    known, keep : callable
        What a store holds of a place, or None; and how its value gets there.
    store : str or os.PathLike
        A file that keeps each value as soon as it is there; what it holds is not computed again. Empty keeps nothing.
    progress : callable or None
        Called with the number of places done and of all places.
    **where
        ``engine``, ``workers``, ``limit`` and ``cancelled`` of ``core.run_tasks.run_tasks``.

    Returns
    -------
    dict
        Without the places that were not reached in time.
    """
    held = Store(store) if store else None
    found = {} if held is None else {place: known(held, place) for place in places}
    found = {place: value for place, value in found.items() if value is not None}
    left = [place for place in places if place not in found]

    def arrived(position: int, value: Any) -> None:
        found[left[position]] = value
        if held is not None:
            keep(held, left[position], value)
        if progress:
            progress(len(found), len(places))

    if progress and found:
        progress(len(found), len(places))
    run_tasks([task(place) for place in left], arrived=arrived, **where)
    return {place: found[place] for place in places if place in found}
