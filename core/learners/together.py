"""Several neural networks trained at once: folds and recipes as one batched matrix product, with the numbers that each would have alone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.learners.neural import NeuralNetwork
from core.learners.one_thread import one_thread
from core.numerics.batching import BatchRows
from core.numerics.network import with_ones
from core.numerics.network_lesson import Lesson
from core.numerics.network_rows import TrainingRows
from core.numerics.network_training import Cohort

Task = tuple[NeuralNetwork, Any, Any, np.ndarray | None]
Follow = Callable[[int, list[NeuralNetwork]], bool | None]

Encoded = tuple[tuple, NeuralNetwork, TrainingRows]
"""What a task gave to be encoded, the learner that did so, and the rows."""


def fit_together(tasks: Sequence[Task], follow: Follow | None = None) -> list[NeuralNetwork]:
    """Fit several neural networks at once.

    Networks of one shape take their steps together, those on the same rows share the batches, and a table that comes again is encoded once. Each result equals
    the one that ``fit`` gives alone, up to rounding.

    Parameters
    ----------
    tasks : sequence of (NeuralNetwork, X, y, sample_weight or None)
        The learners are copied and left unfitted. The same ``X`` object with equal classes and weights is encoded once.
    follow : callable or None
        ``follow(epoch, learners)`` is called after every epoch, counted from 1, with the learners as they are by then; training ends when it returns False.

    Returns
    -------
    list of NeuralNetwork
        Fitted, in the order of the tasks.
    """
    training = training_together(tasks)
    for epoch, learners in training:
        if epoch and follow is not None and follow(epoch, learners) is False:
            break
    training.close()
    return learners


def training_together(
    tasks: Sequence[Task],
    *,
    watched: Sequence[tuple[Any, Any] | None] | None = None,
    encoded: list[Encoded] | None = None,
) -> Iterator[tuple[int, list[NeuralNetwork]]]:
    """Fit several neural networks at once, and give them while their rows are encoded and after each epoch.

    Parameters
    ----------
    tasks
        As for ``fit_together``.
    watched : sequence of (X, y) or None, one for each task
        Rows that ``history_`` looks at after each epoch as held out; nothing is learned from them and nothing depends on them. Only of learners that hold no rows
        out themselves. The same ``X`` in tasks means the same rows here.
    encoded : list of Encoded or None
        Tables that earlier calls have encoded, which are not encoded again; those of this call are added. The same ``X`` stands for the same rows to look at, too.

    Yields
    ------
    epoch : int
        Counted from 1; 0 before training, after each network whose rows are encoded.
    learners : list of NeuralNetwork
        As they are by then, in the order of the tasks; always the same objects.
    """
    learners = [copy.copy(task[0]) for task in tasks]
    lessons: list[Lesson | None] = []
    encoded = [] if encoded is None else encoded
    for lesson in _lessons(learners, tasks, watched or [None] * len(tasks), encoded):
        lessons.append(lesson)
        yield 0, learners
    cohorts = [(places, Cohort([lessons[i] for i in places])) for places in _cohorts(lessons)]
    epoch, going = 0, True
    while going:
        _kept(learners, cohorts)
        yield epoch, learners
        with one_thread():
            going = sum(cohort.epoch() for _, cohort in cohorts) > 0
        epoch += going


def look_ahead(learners: Sequence[NeuralNetwork], X: Any) -> None:
    """Encode a table once for fitted learners that were encoded together and are each asked next about this very object, which nobody changes until then."""
    encoded: dict[int, np.ndarray] = {}
    for learner in learners:
        key = id(learner.encoder_)
        if key not in encoded:
            encoded[key] = learner.encode(X)
        learner.ahead_ = (X, encoded[key])


def _kept(learners: list[NeuralNetwork], cohorts: list[tuple[list[int], Cohort]]) -> None:
    for places, cohort in cohorts:
        results = cohort.results()
        for row, place in enumerate(places):
            learners[place].keep(cohort, row, results)


def _lessons(
    learners: list[NeuralNetwork],
    tasks: Sequence[Task],
    watched: Sequence[tuple[Any, Any] | None],
    encoded: list[Encoded],
) -> Iterator[Lesson | None]:
    """What is to be trained, one after the other; lessons that hold equal things hold the same object."""
    losses: list[Any] = []
    steps: list[Any] = []
    told: list[Any] = []
    begun: dict[tuple, np.ndarray] = {}
    for learner, (_, X, y, weight), seen in zip(learners, tasks, watched, strict=True):
        asked = (X, y, weight, learner.random_state, learner.patience, _groups(learner))
        known = next((each for each in encoded if _alike_rows(each[0], asked)), None)
        if known is None:
            rows = _with_watched(learner, learner.prepared(X, y, weight), seen)
            encoded.append((asked, learner, rows))
        else:
            rows = known[2]
            learner.take_encoder(known[1])
        learner.loss = _first_alike(learner.loss, told)
        lesson = learner.begin(rows, begun)
        if lesson is not None:
            loss, optimiser = _first_alike(lesson.loss, losses), _first_alike(lesson.optimiser, steps)
            lesson = replace(lesson, loss=loss, optimiser=optimiser)
        yield lesson


def _with_watched(learner: NeuralNetwork, rows: TrainingRows, seen: tuple[Any, Any] | None) -> TrainingRows:
    """Rows with others to look at, of the classes that are learned."""
    if seen is None or rows.held_out is not None:
        return rows
    X, y = seen
    known = np.isin(y, learner.classes_)
    if not known.any():
        return rows
    Z, codes = with_ones(learner.encode(X[known]), rows.X.dtype), np.searchsorted(learner.classes_, y[known])
    weight = None if rows.weight is None else np.ones(len(codes), rows.X.dtype)
    groups = None if rows.groups is None else np.arange(len(codes))
    return replace(rows, held_out=TrainingRows(Z, codes, rows.n_classes, weight, groups), judged=False)


def _groups(learner: NeuralNetwork) -> np.ndarray | None:
    return None if learner.loss is None else learner.loss.told.get("groups")


def _alike_rows(one: tuple, other: tuple) -> bool:
    """Whether two tasks see the same rows in the same way."""
    if one[0] is not other[0] or (one[3] is not other[3] and one[3] != other[3]) or bool(one[4]) != bool(other[4]):
        return False
    pairs = zip((one[1], one[2], one[5]), (other[1], other[2], other[5]), strict=True)
    return all(_alike(a, b) for a, b in pairs)


def _alike(a: Any, b: Any) -> bool:
    """Whether two losses, optimisers, options or arrays are equal."""
    if a is b:
        return True
    if a is None or b is None or (callable(a) and not hasattr(a, "options")):
        return False
    if isinstance(a, Mapping):
        return isinstance(b, Mapping) and a.keys() == b.keys() and all(_alike(a[name], b[name]) for name in a)
    if hasattr(a, "options"):
        return type(a) is type(b) and _alike(vars(a), vars(b))
    return bool(np.array_equal(a, b))


def _first_alike(thing: Any, seen: list[Any]) -> Any:
    """The first of the things seen that is equal to this one."""
    found = next((each for each in seen if _alike(each, thing)), thing)
    if found is thing:
        seen.append(thing)
    return found


def _cohorts(lessons: list[Lesson | None]) -> list[list[int]]:
    """Places of the lessons that can take their steps together, those with the same optimiser and loss side by side."""
    found: dict[tuple, list[int]] = {}
    for place, lesson in enumerate(lessons):
        if lesson is not None:
            n, size = len(lesson.rows.codes), lesson.plan.batch_size
            steps = (min(size, n), _n_steps(lesson, min(size, n)), lesson.rows.X.dtype, lesson.rows.held_out is None)
            own = (frozenset(lesson.told), lesson.rows.weight is None, lesson.rows.groups is None)
            found.setdefault((lesson.shape, lesson.plan, *steps, *own), []).append(place)
    return [sorted(places, key=lambda i: _rank(i, places, lessons)) for places in found.values()]


def _n_steps(lesson: Lesson, batch_size: int) -> int:
    """Steps of an epoch, which a way to compose batches may set."""
    rows = BatchRows(lesson.rows.codes, lesson.rows.sizes, batch_size)
    return rows.n_steps if lesson.batches is None else len(lesson.batches(rows, np.random.default_rng(lesson.seed)))


def _rank(place: int, places: list[int], lessons: list[Lesson | None]) -> tuple[int, ...]:
    """Where a lesson stands: by optimiser, by loss and by rows, each in order of first appearance."""
    lesson = lessons[place]
    first = [
        next(i for i in places if same(lessons[i], lesson))
        for same in (
            lambda a, b: a.optimiser is b.optimiser,
            lambda a, b: a.loss is b.loss,
            lambda a, b: a.rows is b.rows and a.seed == b.seed,
        )
    ]
    return *first, place
