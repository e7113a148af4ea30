"""Networks that stand side by side because they share a loss or an optimiser, and what is remembered for them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from core.numerics.loss_terms import Known
from core.numerics.network_lesson import Lesson, plain


class LossGroup:
    """Neighbouring networks of one cohort that share a loss.

    Parameters
    ----------
    lessons : list of Lesson
    place : slice
        Where they stand among the networks of the cohort.
    dtype : type
        Number type of the training.
    """

    def __init__(self, lessons: list[Lesson], place: slice, dtype: type) -> None:
        first = lessons[0]
        self.place, self.loss, self.hidden = place, first.loss or plain, first.hidden
        self.counts = np.stack([lesson.rows.counts for lesson in lessons]).astype(dtype)[..., None]
        names = first.told
        self.told = {name: np.stack([lesson.told[name] for lesson in lessons]).astype(dtype) for name in names}
        self.state: np.ndarray | None = None

    def known(self, **now: Any) -> Known:
        """What the loss may know at this moment."""
        return Known(self.counts, **self.told, **now)

    def kept(self, kept: np.ndarray, place: slice) -> LossGroup:
        """The same of some of its networks."""
        group = copy.copy(self)
        group.place, group.counts, group.state = place, self.counts[kept], _of_networks(self.state, kept)
        group.told = {name: values[kept] for name, values in self.told.items()}
        return group


class StepGroup:
    """Neighbouring networks of one cohort that share an optimiser.

    Parameters
    ----------
    lessons : list of Lesson
    place : slice
        Where they stand among the networks of the cohort.
    dtype : type
        Number type of the training.
    """

    def __init__(self, lessons: list[Lesson], place: slice, dtype: type) -> None:
        self.place, self.optimiser, self.memory = place, lessons[0].optimiser, {}

    def kept(self, kept: np.ndarray, place: slice) -> StepGroup:
        """The same of some of its networks."""
        steps = copy.copy(self)
        steps.place, steps.memory = place, {name: _of_networks(part, kept) for name, part in self.memory.items()}
        return steps


def neighbours(lessons: list[Lesson], name: str, kind: type, dtype: type) -> list[Any]:
    """Neighbours with the same loss, or with the same optimiser."""
    things = [getattr(lesson, name) for lesson in lessons]
    starts = [j for j in range(len(things)) if j == 0 or things[j] is not things[j - 1]]
    return [kind(lessons[a:b], slice(a, b), dtype) for a, b in zip(starts, [*starts[1:], len(lessons)], strict=True)]


def going_on(groups: list[Any], kept: np.ndarray) -> list[Any]:
    """Groups of neighbours, when only some networks go on."""
    found, start = [], 0
    for group in groups:
        inside = kept[(kept >= group.place.start) & (kept < group.place.stop)] - group.place.start
        if len(inside):
            found.append(group.kept(inside, slice(start, start + len(inside))))
            start += len(inside)
    return found


def _of_networks(values: Any, kept: np.ndarray) -> Any:
    return values[kept] if isinstance(values, np.ndarray) and values.ndim else values
