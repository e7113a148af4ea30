"""What a sampler is asked for, and what it may look at to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from core.learners.encoding import HUGE, scaled
from core.learners.sampling.space import Space
from core.numerics.apportion import largest_remainder
from core.numerics.own_neighbours import nearest_others
from core.wording import count, plural

MOST = 30_000
"""Rows among which neighbours are looked up; of more, a random sample of so many."""

SHARED = 0.25
"""Share of the columns, and one at least, that must be filled in both of two rows that are to be neighbours."""

FURTHER, FURTHEST = 4, 1024
"""How many times as many neighbours are looked at when too few share columns with a row; and how many at most."""


@dataclass(frozen=True, eq=False)
class Draw:
    """What is asked of a sampler: so many new rows of one class.

    Parameters
    ----------
    space : Space
        All rows.
    codes : ndarray of int (n_samples,)
        The class of each row.
    code : int
        The class that is drawn.
    members : ndarray of int (n_members,)
        Its rows; two or more, not all alike.
    n : int
        How many rows to make.
    rng : numpy.random.Generator
    notes : list of str
        Sentences to the analyst; a sampler may add to it.
    room : tuple of ndarray or None
        Numbers (n, n_numeric) and levels (n, n_text) to write made rows into, so that they need not be copied later.
    passages : list of core.learners.sampling.plausibility.Passage
        What a gate turned away; one for each class that passed one.
    """

    space: Space
    codes: np.ndarray
    code: int
    members: np.ndarray
    n: int
    rng: np.random.Generator
    notes: list[str]
    room: tuple[np.ndarray, np.ndarray] | None = None
    passages: list[Any] = field(default_factory=list)

    @cached_property
    def numbers(self) -> np.ndarray:
        """Numbers of the members (n_members, n_numeric), in the units of the table; an array of its own."""
        return self.space.some(self.members)

    @cached_property
    def levels(self) -> np.ndarray:
        """Levels of the members (n_members, n_text)."""
        return self.space.levels[self.members]

    @cached_property
    def alike(self) -> bool:
        """Whether all members are the same row."""
        for part in (slice(0, 8), slice(0, None)):  # most classes are told by their first rows
            numbers, levels = self.numbers[part], self.levels[part]
            same = (numbers == numbers[0]) | (np.isnan(numbers) & np.isnan(numbers[0]))
            if not same.all() or (levels != levels[0]).any():
                return False
        return True

    @cached_property
    def gappy(self) -> bool:
        """Whether a cell of a member is missing."""
        return bool(np.isnan(self.numbers).any() or (self.levels < 0).any())

    @cached_property
    def spread(self) -> np.ndarray:
        """Standard deviation of each numeric column (n_numeric,) in the class; 0 where fewer than two cells are filled."""
        found = np.zeros(self.numbers.shape[1])
        for j, column in enumerate(self.numbers.T):
            seen = np.clip(column[~np.isnan(column)], -HUGE, HUGE)
            found[j] = np.std(seen, ddof=1) if len(seen) > 1 else 0.0
        return found

    def seeds(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Positions in ``members`` (n,) that new rows start from: each as often as its weight says, exact to one row.

        Without weights every member comes equally often; what is left over is given to random members. With weights, shares are
        rounded by largest remainder.
        """
        size = len(self.members)
        if weights is None:
            times, left = divmod(self.n, size)
            counts = np.full(size, times)
            counts[self.rng.permutation(size)[:left]] += 1
        else:
            counts = largest_remainder(weights, self.n, self.rng)
        return np.repeat(np.arange(size), counts)

    def looked_up(self, rows: np.ndarray) -> np.ndarray:
        """Rows among which neighbours are looked up: all, or a random sample of ``MOST`` of them, which is noted."""
        if len(rows) <= MOST:
            return rows
        self.note(f"Neighbours were looked up among {count(MOST)} random rows of {count(len(rows))}.")
        return np.sort(self.rng.choice(rows, MOST, replace=False))

    def note(self, sentence: str) -> None:
        """Tell the analyst something, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def fewer(self, k: int, there: int) -> int:
        """The neighbours that there are, where k were asked for; noted where they are fewer."""
        if k > there:
            self.note(f"A class has {plural(there + 1, 'row')}: {there} and not {k} neighbours were used.")
        return min(k, there)

    def neighbours(self, k: int, asked: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The nearest other members of members, of those that share enough columns with them.

        Parameters
        ----------
        k : int
            Fewer where the class is small.
        asked : ndarray of int (n_asked,) or None
            Positions in ``members``; None for all.

        Returns
        -------
        near : ndarray of int (n_asked, k)
            Positions in ``members``, nearest first; those that do not share enough columns come last.
        enough : ndarray of int (n_asked,)
            How many of them do.
        """
        pool = self.looked_up(self.members)
        k, asked = self.fewer(k, len(pool) - 1), np.arange(len(self.members)) if asked is None else asked
        queries, found = self.members if len(asked) == len(self.members) else self.members[asked], None
        if queries is self.members is pool and 0 < self.numbers.shape[1] == self.space.n_columns:
            found = nearest_others(scaled(self.numbers, *self.space.units), k, self._fewest)
        if found is not None:
            return found
        near, enough = self._sharing(queries, asked, pool, k, k)
        wanting, wider = np.flatnonzero(enough < k), k
        while len(wanting) and wider < min(len(pool) - 1, FURTHEST):
            wider = min(FURTHER * wider, len(pool) - 1, FURTHEST)
            near[wanting], enough[wanting] = self._sharing(self.members[asked[wanting]], asked[wanting], pool, wider, k)
            wanting = wanting[enough[wanting] < k]
        return near, enough

    def _sharing(
        self, queries: np.ndarray, asked: np.ndarray, pool: np.ndarray, wider: int, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        near = np.searchsorted(self.members, self.space.nearest(queries, pool, wider)[0])
        if not self.gappy:
            return near, np.full(len(near), k)
        fewest, filled = self._fewest, self._filled.sum(axis=1)
        enough = (
            filled[near] >= (fewest + self.space.n_columns - filled[asked])[:, None]
        )  # so many that enough must be shared
        row, column = np.nonzero(~enough)
        for start in range(0, len(row), step := max(1, 1_000_000 // self.space.n_columns)):
            part = row[start : start + step], column[start : start + step]
            enough[part] = (self._filled[near[part]] & self._filled[asked[part[0]]]).sum(axis=1) >= fewest
        if enough.all():
            return near[:, :k], np.full(len(near), min(k, near.shape[1]))
        order = np.argsort(~enough, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(near, order, axis=1), np.minimum(enough.sum(axis=1), k)

    @property
    def _fewest(self) -> float:
        return max(1.0, SHARED * self.space.n_columns)

    @cached_property
    def _filled(self) -> np.ndarray:
        return np.hstack([~np.isnan(self.numbers), self.levels >= 0])

    def strangers(self, k: int) -> np.ndarray:
        """The share of rows of other classes among the k rows of the table nearest to each member (n_members,).

        In a working sample each row counts as many times as rows of the table it stands for.
        """
        pool = self.looked_up(np.arange(len(self.space)))
        near, _ = self.space.nearest(self.members, pool, self.fewer(k, len(pool) - 1))
        other = self.codes[near] != self.code
        stands = np.ones(1) if self.space.represents is None else self.space.represents
        weight = np.broadcast_to(stands, len(self.codes))[near] if len(stands) > 1 else np.ones(near.shape)
        return (other * weight).sum(axis=1) / weight.sum(axis=1)
