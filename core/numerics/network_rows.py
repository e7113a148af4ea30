"""The rows that networks are trained on: which a step sees, gathered once for all networks that see the same."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from core.numerics.batching import Batches, BatchRows, instance
from core.numerics.loss_terms import indicator


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Rows of one table, as networks are given them.

    Parameters
    ----------
    X : ndarray (n_samples, n_features + 1)
        Its last column is 1; its number type is that of the training.
    codes : ndarray of int (n_samples,)
        Classes.
    n_classes : int
    weight : ndarray (n_samples,) or None
        Weight of each row, 1 on average.
    groups : ndarray of int (n_samples,) or None
        The group of each row.
    held_out : TrainingRows or None
        Rows that are looked at after each epoch.
    judged : bool
        Whether training may stop early by them.
    """

    X: np.ndarray
    codes: np.ndarray
    n_classes: int
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None
    held_out: TrainingRows | None = None
    judged: bool = True

    @property
    def sizes(self) -> np.ndarray:
        """Rows of each class (n_classes,)."""
        return np.bincount(self.codes, minlength=self.n_classes)

    @property
    def counts(self) -> np.ndarray:
        """Rows of each class (n_classes,), weighted where rows are; a class whose rows have no weight has next to none."""
        return np.maximum(np.bincount(self.codes, self.weight, minlength=self.n_classes), 1e-6)

    def take(self, index: np.ndarray, held_out: TrainingRows | None = None) -> TrainingRows:
        """The same of some rows; their weights are 1 on average again."""
        weight = None if self.weight is None else self.weight[index] / self.weight[index].mean()
        groups = None if self.groups is None else self.groups[index]
        return TrainingRows(self.X[index], self.codes[index], self.n_classes, weight, groups, held_out)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows held out of several streams; where some have fewer, rows of weight 0 fill up.

    Parameters
    ----------
    X : ndarray (n_streams, n_held_out, n_features + 1)
    own : ndarray (n_streams, n_classes, n_held_out)
    weight : ndarray (n_streams, 1, n_held_out)
        1 on average.
    groups : ndarray of int (n_streams, n_held_out) or None
    """

    X: np.ndarray
    own: np.ndarray
    weight: np.ndarray
    groups: np.ndarray | None

    @classmethod
    def of(cls, rows: Sequence[TrainingRows]) -> HeldOut:
        """Stack the rows held out of several tables."""
        most = max(len(each.codes) for each in rows)
        places = [np.resize(np.arange(len(each.codes)), most) for each in rows]
        weight = np.stack([_filled(each, most) for each in rows])
        own = indicator(
            np.stack([each.codes[p] for each, p in zip(rows, places, strict=True)]), rows[0].n_classes, rows[0].X.dtype
        )
        groups = None
        if rows[0].groups is not None:
            groups = np.stack([each.groups[p] for each, p in zip(rows, places, strict=True)])
        return cls(stacked([each.X for each in rows], places), own, weight[:, None].astype(rows[0].X.dtype), groups)


class _Stream:
    """The rows of one network, or of several that see the same, in the order of its own draws."""

    def __init__(self, rows: TrainingRows, batches: Batches | None, seed: int, n_rows: int, least_steps: int) -> None:
        self.rows, self.batches, self.rng = rows, batches, np.random.default_rng([seed, 1])
        n = len(rows.codes)
        self.known = BatchRows(rows.codes, rows.sizes, min(n_rows, n))
        self.passes = ceil(least_steps / self.known.n_steps)
        self.loss: np.ndarray | None = None

    def composed(self, progress: float) -> np.ndarray:
        """The rows (n_steps, batch_size) of the next epoch."""
        known = BatchRows(self.known.codes, self.known.counts, self.known.batch_size, progress, self.loss)
        compose = self.batches or instance
        index = [np.asarray(compose(known, self.rng)) for _ in range(self.passes)]
        return np.concatenate(index)


class Streams:
    """Which rows several networks see in each step.

    Parameters
    ----------
    lessons : sequence of Lesson
        Those that hold the same rows, seed and no composer of their own see the same batches.

    Attributes
    ----------
    rows : list of TrainingRows
        One for each stream; network j sees stream ``j % n_streams``.
    held_out : HeldOut or None
    """

    def __init__(self, lessons: Sequence[Any]) -> None:
        plan = lessons[0].plan
        keys = [(id(each.rows), each.seed, each.batches and index) for index, each in enumerate(lessons)]
        first = {key: index for index, key in reversed(list(enumerate(keys)))}
        made = {
            key: _Stream(each.rows, each.batches, each.seed, plan.batch_size, plan.least_steps)
            for key, each in ((key, lessons[index]) for key, index in first.items())
        }
        self._arrange([made[key] for key in keys])

    def _arrange(self, streams: list[_Stream]) -> None:
        """Note the stream of each network; where they do not come in the same order again and again, each has its own."""
        distinct = list(dict.fromkeys(streams))
        n = len(distinct)
        if len(streams) % n or any(stream is not distinct[j % n] for j, stream in enumerate(streams)):
            distinct = [copy.copy(stream) for stream in streams]
            for stream in distinct:
                stream.rng = copy.deepcopy(stream.rng)
            streams, n = distinct, len(distinct)
        self.of_network, self.streams = streams, distinct
        self.rows = [stream.rows for stream in distinct]
        self.batch_size = distinct[0].known.batch_size
        self._place = np.arange(len(streams)) % n
        self._known: dict[tuple, Any] = {}
        self._all: tuple | None = None
        held_out = [rows.held_out for rows in self.rows]
        self.held_out = None if any(rows is None for rows in held_out) else HeldOut.of(held_out)
        self.whole = all(s.batches is None and s.known.batch_size == len(s.rows.codes) for s in distinct)

    def kept(self, kept: np.ndarray) -> Streams:
        """The same for some of the networks."""
        fewer = copy.copy(self)
        fewer._arrange([self.of_network[j] for j in kept])
        return fewer

    def of(self, place: slice) -> Any:
        """The streams of neighbouring networks, as an index of the first axis."""
        key = (place.start, place.stop)
        if key not in self._known:
            at = self._place[place]
            run = np.array_equal(at, np.arange(at[0], at[0] + len(at)))
            self._known[key] = slice(int(at[0]), int(at[0]) + len(at)) if run else at
        return self._known[key]

    def composed(self, progress: float) -> np.ndarray:
        """The rows (n_streams, n_steps, batch_size) of the next epoch."""
        if self.whole:
            passes, n = self.streams[0].passes, self.batch_size
            return np.broadcast_to(np.arange(n), (len(self.streams), passes, n))
        index = [stream.composed(progress) for stream in self.streams]
        return np.stack([each if each.shape == index[0].shape else np.resize(each, index[0].shape) for each in index])

    def gathered(self, index: np.ndarray) -> tuple:
        """Rows with a last column of ones, codes, weights and groups of the places (n_streams, n)."""
        if self.whole and self._all is not None:
            return self._all
        found = (
            stacked([rows.X for rows in self.rows], index),
            np.stack([rows.codes[each] for rows, each in zip(self.rows, index, strict=True)]),
            self._of_rows("weight", index, self.rows[0].X.dtype),
            self._of_rows("groups", index, int),
        )
        if found[2] is not None:
            found = (*found[:2], found[2][:, None], found[3])
        if self.whole:
            self._all = found
        return found

    def keep_losses(self, index: np.ndarray, value: np.ndarray) -> None:
        """Note the losses (n_networks, n) of rows where composers may ask for them."""
        for j, stream in enumerate(self.of_network):
            if stream.batches is not None:
                if stream.loss is None:
                    stream.loss = np.full(len(stream.rows.codes), np.nan)
                stream.loss[index[j % len(self.streams)]] = value[j]

    def _of_rows(self, name: str, index: np.ndarray, dtype: type) -> np.ndarray | None:
        """A property of the rows, or None where no table has it; 1 or 0 where only some have."""
        values = [getattr(rows, name) for rows in self.rows]
        if all(each is None for each in values):
            return None
        missing = 1 if name == "weight" else -1
        filled = [
            np.full(index.shape[1], missing) if each is None else each[i] for each, i in zip(values, index, strict=True)
        ]
        return np.stack(filled).astype(dtype, copy=False)


def stacked(tables: Sequence[np.ndarray], index: Sequence[np.ndarray]) -> np.ndarray:
    """Rows (n_tables, n, n_columns) of several tables, each at its own places (n,)."""
    found = np.empty((len(tables), len(index[0]), tables[0].shape[1]), tables[0].dtype)
    for place, (table, rows) in enumerate(zip(tables, index, strict=True)):
        np.take(table, rows, axis=0, out=found[place], mode="clip")
    return found


def _filled(rows: TrainingRows, most: int) -> np.ndarray:
    """Weights (most,) of held-out rows, 1 on average, with 0 behind the last row."""
    n = len(rows.codes)
    weight = np.zeros(most)
    weight[:n] = 1.0 if rows.weight is None else rows.weight
    return weight * (most / weight.sum())
