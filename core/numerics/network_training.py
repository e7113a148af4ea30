"""Training of several networks as one: mini-batches, losses, steps, early stopping, and what happened to each class."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from core.numerics.class_history import ClassSums
from core.numerics.loss_terms import Known, indicator
from core.numerics.network import Networks, Passes, with_ones
from core.numerics.network_groups import LossGroup, StepGroup, going_on, neighbours
from core.numerics.network_lesson import Lesson, Plan
from core.numerics.network_rows import HeldOut, Streams, TrainingRows
from core.numerics.optimising import Optimiser, Step

CELLS = 2**18
"""Cells that are gathered at once, so that they stay in the cache until they are used."""

LEAST_GAIN = 1e-4
"""Share by which the loss of held-out rows must fall to count as better."""


class Cohort:
    """Networks of one shape that take every step together; no network knows of the others.

    Parameters
    ----------
    lessons : list of Lesson
        Of one shape, plan and number type, with equally many steps in an epoch. Where lessons with the same loss or the same optimiser stand side by side, they share its
        calls; where each loss sees the same rows in the same order, they share the rows.

    Attributes
    ----------
    networks : Networks
        As they are now, those that still learn.
    active : list of int
        Places in ``lessons`` of the networks that still learn.
    """

    def __init__(self, lessons: list[Lesson]) -> None:
        self.lessons, self.plan, self.shape = lessons, lessons[0].plan, lessons[0].shape
        dtype = lessons[0].rows.X.dtype
        self.networks = Networks(self.shape, np.stack([lesson.start for lesson in lessons]).astype(dtype))
        self.active, self.epochs, self.step = list(range(len(lessons))), 0, 0
        self.seen: np.ndarray | float = 0.0
        self.groups = neighbours(lessons, "loss", LossGroup, dtype)
        self.steps = neighbours(lessons, "optimiser", StepGroup, dtype)
        self.decays = self.shape.decays.astype(dtype)
        self.best = self.networks.flat.copy()
        self.best_loss, self.waited = np.full(len(lessons), np.inf), np.zeros(len(lessons), int)
        self.n_epochs = np.zeros(len(lessons), int)
        self.sums = [ClassSums(self.shape.n_classes) for _ in lessons]
        self._lay_out(Streams(lessons))

    def epoch(self) -> bool:
        """Train for one epoch; False when there was nothing left to train."""
        if self.epochs >= self.plan.n_epochs or not self.active:
            return False
        index = self.streams.composed(self.epochs / self.plan.n_epochs)
        (n_steps, batch), self.seen = index.shape[1:], 0.0
        if batch != self.batch:
            self._make_room(batch)
        for start in range(0, n_steps, self.at_once):
            self._portion(index[:, start : start + self.at_once], n_steps)
        if self.plan.recorded:
            for place, sums in zip(self.active, self.seen, strict=True):
                self.sums[place].add(self.epochs, False, sums)
        self.epochs += 1
        self.n_epochs[self.active] = self.epochs
        self._look_at_held_out()
        return True

    def results(self) -> np.ndarray:
        """Parameters (n_lessons, n_parameters): the best on held-out rows where there are some, else the latest."""
        found = self.best.copy()
        judged = self.streams.held_out is not None and self.plan.patience > 0
        if not judged:
            found[self.active] = self.networks.flat
        return found

    def _lay_out(self, streams: Streams) -> None:
        self.streams, self.batch = streams, 0
        self._make_room(streams.batch_size)

    def _make_room(self, batch: int) -> None:
        n, dtype = len(self.active), self.networks.flat.dtype
        self.batch = batch
        self.passes = Passes(self.networks, len(self.streams.rows), batch)
        cells = len(self.streams.rows) * batch * (self.shape.n_features + 1) + 2 * n * batch * self.shape.n_classes
        self.at_once = 1 if self.streams.whole else max(1, CELLS // cells)
        size = (n, self.shape.n_classes, batch * self.at_once)
        self.scores, self.slope, self.value = np.empty(size, dtype), np.empty(size, dtype), np.empty(size[::2], dtype)

    def _portion(self, index: np.ndarray, n_steps: int) -> None:
        """Take the steps whose rows are given (n_streams, n_at_once, batch_size)."""
        batch, flat_index = index.shape[2], index.reshape(len(index), -1)
        X, codes, weight, groups = self.streams.gathered(flat_index)
        own = indicator(codes, self.shape.n_classes, X.dtype)
        end = flat_index.shape[1]
        total = n_steps * self.plan.n_epochs
        at = [self.streams.of(group.place) for group in self.groups]
        parts = [
            (group, own[i], _taken(weight, i), _taken(groups, i)) for group, i in zip(self.groups, at, strict=True)
        ]
        for start in range(0, end, batch):
            now = slice(start, start + batch)
            self._step(X[:, now], parts, _cut(weight, now), now, self.step / total)
        self._note(own, codes, weight, flat_index, end)

    def _step(self, X: np.ndarray, parts: list[tuple], weight: np.ndarray | None, now: slice, progress: float) -> None:
        """Take one step; ``parts`` holds each group of losses with what it sees of the portion."""
        scores, slope, value = self.scores[..., now], self.slope[..., now], self.value[..., now]
        self.passes.forward(X, scores)
        given = None
        for group, own, w, rows_of in parts:
            place, mine, w, rows_of = group.place, own[..., now], _cut(w, now), _cut(rows_of, now)
            known = group.known(progress=progress, weight=w, state=group.state, step=self.step, groups=rows_of)
            terms = group.loss(scores[place], mine, known)
            group.state = terms.state
            share = 1 / self.batch if w is None else w / self.batch
            np.multiply(terms.gradient, share, out=slope[place], casting="same_kind")
            value[place] = terms.value
            if group.hidden is not None and self.shape.hidden:
                given = self._regularised(group, mine, known, share, value, given)
        gradient = self.passes.backward(X, slope, given)
        self._move(gradient, value, weight, progress)

    def _regularised(
        self, group: LossGroup, own: np.ndarray, known: Known, share: Any, value: np.ndarray, given: np.ndarray | None
    ) -> np.ndarray:
        """Add what a loss asks of the hidden layer to the loss, and to the gradient by the hidden layer."""
        given = np.zeros_like(self.passes.H) if given is None else given
        more, gradient = group.hidden(self.passes.given[group.place].swapaxes(1, 2), own, known)
        value[group.place] += more
        given[group.place] += (gradient * share).swapaxes(1, 2)
        return given

    def _move(self, gradient: np.ndarray, value: np.ndarray, weight: np.ndarray | None, progress: float) -> None:
        """Let the optimisers take their step."""
        self.step += 1
        fade = 0.5 * (1 + math.cos(math.pi * progress)) if self.plan.fading else 1.0
        seen = value if weight is None else value * weight[self.streams.of(slice(None))][:, 0]
        mean, flat = np.add.reduce(seen, axis=1, keepdims=True) / self.batch, self.networks.flat
        for steps in self.steps:
            place, optimiser = steps.place, steps.optimiser
            step = Step(self.step, optimiser.rate * fade, mean[place], self.decays)
            optimiser(flat[place], gradient[place], steps.memory, step)

    def _note(self, own: np.ndarray, codes: np.ndarray, weight: np.ndarray | None, index: np.ndarray, end: int) -> None:
        """Keep losses of rows for the composers that ask for them, and sums over classes."""
        self.streams.keep_losses(index, self.value[:, :end])
        if self.plan.recorded:
            sums = ClassSums.of(self.value[:, :end], self.scores[..., :end], self.slope[..., :end], own)
            sums[..., 3:] *= self.batch
            self.seen = self.seen + sums

    def _look_at_held_out(self) -> None:
        """Judge networks by rows held out, and stop those that no longer get better."""
        if self.streams.held_out is None:
            return
        held, flat, at = self.streams.held_out, self.networks.flat, self.streams.of(slice(None))
        value, scores, slope = self._held_terms(held)
        if self.plan.recorded:
            of = ClassSums.of(value, scores, slope, held.own * (held.weight > 0))
            for place, sums in zip(self.active, of, strict=True):
                self.sums[place].add(self.epochs - 1, True, sums)
        if not self.plan.patience:
            return
        loss = (value * held.weight[at][:, 0]).mean(axis=1)
        active = np.asarray(self.active)
        better = loss < self.best_loss[active] - LEAST_GAIN * np.abs(loss)
        self.best_loss[active[better]], self.best[active[better]] = loss[better], flat[better]
        self.waited[active] = np.where(better, 0, self.waited[active] + 1)
        going = self.waited[active] < self.plan.patience
        if not going.all():
            self._let_go(np.flatnonzero(going))

    def _held_terms(self, held: HeldOut) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        scores = self.networks.scores(held.X[self.streams.of(slice(None))][..., :-1])
        value, slope = np.empty(scores.shape[::2], scores.dtype), np.empty_like(scores)
        for group in self.groups:
            place, at = group.place, self.streams.of(group.place)
            known = group.known(progress=1.0, weight=held.weight[at], step=self.step, groups=_taken(held.groups, at))
            terms = group.loss(scores[place], held.own[at], known)
            value[place] = terms.value
            np.multiply(terms.gradient, held.weight[at], out=slope[place], casting="same_kind")
        return value, scores, slope

    def _let_go(self, kept: np.ndarray) -> None:
        """Go on with some of the networks."""
        self.networks = Networks(self.shape, self.networks.flat[kept])
        self.active = [self.active[i] for i in kept]
        self.groups, self.steps = going_on(self.groups, kept), going_on(self.steps, kept)
        if self.active:
            self._lay_out(self.streams.kept(kept))


def training(
    networks: Networks,
    X: np.ndarray,
    codes: np.ndarray,
    weight: np.ndarray,
    *,
    plan: Plan,
    optimiser: Optimiser,
    random_state: int = 0,
) -> Iterator[Networks]:
    """Train networks by cross-entropy and give them after every epoch, the untrained ones first.

    Parameters
    ----------
    networks : Networks
        Left as they are.
    X : ndarray (n_networks or 1, n_samples, n_features)
        Rows, one set for all networks or one for each.
    codes : ndarray of int (n_networks or 1, n_samples)
        Classes.
    weight : ndarray (n_networks or 1, n_samples)
        Weight of each row in the loss; divided by its mean.
    plan : Plan
    optimiser : Optimiser
    random_state : int
        Order of the rows in batches.

    Yields
    ------
    Networks
        The next epoch overwrites its arrays: copy what is kept.
    """
    n, shape = len(networks.flat), networks.shape
    X, codes, weight = (np.broadcast_to(part, (len(X), *part.shape[1:])) for part in (X, codes, weight))
    rows = [
        TrainingRows(with_ones(x), c, shape.n_classes, w / w.mean()) for x, c, w in zip(X, codes, weight, strict=True)
    ]
    cohort = Cohort(
        [Lesson(rows[j % len(rows)], shape, networks.flat[j], plan, optimiser, seed=random_state) for j in range(n)]
    )
    yield cohort.networks
    while cohort.epoch():
        yield cohort.networks


def _cut(part: np.ndarray | None, now: slice) -> np.ndarray | None:
    return None if part is None else part[..., now]


def _taken(part: np.ndarray | None, at: Any) -> np.ndarray | None:
    return None if part is None else part[at]
