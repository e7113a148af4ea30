"""A gate for made rows: which of them no real row of their class could be, and rows drawn again in their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core.learners.sampling.draw import Draw
from core.learners.sampling.rules import Rule
from core.learners.sampling.space import Space
from core.learners.sampling.told_apart import FEWEST, MOST, ToldApart, enough
from core.numerics.level_pairs import LevelPairs
from core.wording import count, of, plural, quoted, share

REASONS = ("accepted", "breaks a rule", "impossible pair", "recognised as made", "looks like another class")
ROUNDS = 8
"""How often rows are drawn again for those that were turned away."""

LARGEST_ROUND = 3
"""Rows of one round, in multiples of the rows that are wanted."""

BROKEN = 0.03
"""A rule that more than this share of the real rows of the class break is noted."""

Made = tuple[np.ndarray, np.ndarray]
"""Numbers (n, n_numeric) with NaN for missing, and levels (n, n_text) with -1."""


@dataclass(frozen=True)
class Gate:
    """What turns a made row away; the first reason counts.

    A row is turned away when it breaks a rule; when it holds a pair of levels that no real row of its class holds, though five or more
    were expected to (``core.numerics.level_pairs``); when a model that tells made rows from real ones gives it a probability above
    ``recognised`` of being made; or when a model of the classes gives it one above ``other_class`` of belonging to another class. Both
    models are boosted trees, are asked only about rows that they were not fitted on, and speak at equal shares of both sides. Where more than 5 % of
    the real rows of the class would be turned away like this, the limit is raised until they are not. Classes of fewer than 20 rows
    are not asked about by models.

    Parameters
    ----------
    rules : tuple of Rule
    pairs : bool
        Whether impossible pairs are turned away.
    recognised, other_class : float
        Limits of the two models; 1 leaves a model out.
    """

    rules: tuple[Rule, ...] = ()
    pairs: bool = True
    recognised: float = 0.9
    other_class: float = 0.9


@dataclass(frozen=True, eq=False)
class Passage:
    """What a gate did with the rows made for one class.

    Parameters
    ----------
    code : int
        The class.
    counts : ndarray of int (n_reasons,)
        Made rows by reason, in the order of ``REASONS``.
    rounds : int
        How often rows were drawn.
    copies : int
        Real rows that were copied because too few made rows passed.
    area : float
        The chance that the model tells a made row from a real one, 0.5 being guessing; NaN where it was not asked.
    """

    code: int
    counts: np.ndarray
    rounds: int
    copies: int
    area: float


def through(draw: Draw, make: Callable[[int], Made], gate: Gate) -> Made:
    """Make rows until as many as are wanted have passed a gate; works for the rows of any sampler.

    At most ``ROUNDS`` rounds are drawn, two where no row passes them. What is then still wanted is filled with copies of random real rows of the class, those that break no
    rule where there are any: class sizes stay exact, and it is noted.

    Parameters
    ----------
    draw : Draw
        Its ``passages`` and ``notes`` are added to.
    make : callable
        ``make(n) -> (numbers, levels)``.
    gate : Gate

    Returns
    -------
    numbers : ndarray (draw.n, n_numeric)
    levels : ndarray of int (draw.n, n_text)
    """
    judge = _Judge(draw, gate)
    numbers, levels, wanted = [], [], draw.n
    counts, rounds = np.zeros(len(REASONS), dtype=int), 0
    while wanted and rounds < (ROUNDS if counts[0] else 2):
        rate = max(counts[0] / max(1, counts.sum()), 0.05) if rounds else 1.0
        made = make(int(min(np.ceil(1.05 * wanted / rate) + 2 if rounds else wanted, LARGEST_ROUND * draw.n + 50)))
        draw.space.tidy(made[0])
        reasons = judge.reasons(*made)
        counts += np.bincount(reasons, minlength=len(REASONS))
        kept = np.flatnonzero(reasons == 0)[:wanted]
        numbers.append(made[0][kept])
        levels.append(made[1][kept])
        wanted, rounds = wanted - len(kept), rounds + 1
    if wanted:
        copied = judge.sound[draw.rng.integers(0, len(judge.sound), wanted)]
        numbers.append(draw.numbers[copied])
        levels.append(draw.levels[copied])
    passage = Passage(draw.code, counts, rounds, wanted, judge.area)
    draw.passages.append(passage)
    _tell(draw, passage)
    return np.vstack(numbers), np.vstack(levels)


def acceptance(passages: list[Passage], labels: np.ndarray) -> pd.DataFrame:
    """Made rows by class and reason.

    Parameters
    ----------
    passages : list of Passage
        The ``passages_`` of a sampler.
    labels : ndarray (n_classes,)
        The class of each code.

    Returns
    -------
    pandas.DataFrame
        ``class``, ``reason``, ``rows``, ``share`` of the rows that were made for the class, ``rounds``, ``copies``, ``area``.
    """
    rows = [
        {
            "class": labels[found.code], "reason": reason, "rows": int(n), "share": n / max(1, found.counts.sum()),
            "rounds": found.rounds, "copies": found.copies, "area": found.area,
        }
        for found in passages
        for reason, n in zip(REASONS, found.counts, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["class", "reason", "rows", "share", "rounds", "copies", "area"])


def as_table(space: Space, numbers: np.ndarray, levels: np.ndarray) -> pd.DataFrame:
    """Numbers and levels as a table with the names of the columns they came from; an array's columns are x0, x1 and so on."""
    made = dict(zip(space.numeric.tolist(), numbers.T, strict=True))
    for j, found, codes in zip(space.text.tolist(), space.categories, levels.T, strict=True):
        made[j] = pd.Categorical.from_codes(codes, categories=found.categories)
    out = pd.DataFrame({j: made[j] for j in sorted(made)}, index=range(len(numbers)))
    out.columns = space.form.columns if isinstance(space.form, pd.DataFrame) else [f"x{j}" for j in range(len(made))]
    return out


class _Judge:
    """A gate for the rows of one class: what it learns from the real rows, once."""

    def __init__(self, draw: Draw, gate: Gate) -> None:
        self.draw, self.gate, self.area = draw, gate, np.nan
        self._pairs = LevelPairs(draw.numbers, draw.levels) if gate.pairs else None
        self._made: ToldApart | None = None
        self.sound = np.arange(len(draw.members))
        if len(draw.members) < FEWEST and min(gate.recognised, gate.other_class) < 1:
            draw.note(
                f"No model was asked about the rows made for a class of {plural(len(draw.members), 'row')}: it is too small."
            )
        if gate.rules:
            self.sound = self._real_rows()

    def reasons(self, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Why each row (n,) is turned away, as a position in ``REASONS``; 0 when it is not."""
        out = np.zeros(len(numbers), dtype=int)
        for reason, look in enumerate((self._rules, self._impossible, self._recognised, self._other), start=1):
            left = np.flatnonzero(out == 0)
            if len(left):
                out[left[look(numbers[left], levels[left])]] = reason
        return out

    def _real_rows(self) -> np.ndarray:
        """Positions of the real rows that break no rule, all where every row breaks one; rules that many break are noted."""
        real = as_table(self.draw.space, self.draw.numbers, self.draw.levels)
        broken = np.array([rule.broken(real) for rule in self.gate.rules])
        for rule, rows in zip(self.gate.rules, broken, strict=True):
            if rows.mean() > BROKEN:
                found = of(rows.sum(), len(rows), "real row")
                self.draw.note(f"In a class, {found} break the rule {quoted(rule.text)}.")
        return np.flatnonzero(~broken.any(axis=0)) if not broken.any(axis=0).all() else self.sound

    def _rules(self, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        if not self.gate.rules:
            return np.zeros(len(numbers), dtype=bool)
        table = as_table(self.draw.space, numbers, levels)
        return np.any([rule.broken(table) for rule in self.gate.rules], axis=0)

    def _impossible(self, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        if self._pairs is None or not len(self._pairs.pairs):
            return np.zeros(len(numbers), dtype=bool)
        return self._pairs.broken(numbers, levels)

    def _recognised(self, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        draw, limit = self.draw, self.gate.recognised
        if limit >= 1 or len(draw.members) < FEWEST:
            return np.zeros(len(numbers), dtype=bool)
        if self._made is not None:
            return self._made.scores(numbers, levels) > self._made.limit(limit)
        if len(numbers) < FEWEST:
            return np.zeros(len(numbers), dtype=bool)
        rows = draw.rng.permutation(len(numbers))
        asked, rest = np.split(rows, [enough(len(self._own[0]))])
        self._made = ToldApart(self._own, (numbers[asked], levels[asked]), draw.rng)
        self.area, scores = self._made.area, np.empty(len(numbers))
        scores[asked] = self._made.strange_scores
        scores[rest] = self._made.scores(numbers[rest], levels[rest])
        return scores > self._made.limit(limit)

    def _other(self, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        limit = self.gate.other_class
        if limit >= 1 or len(self.draw.members) < FEWEST:
            return np.zeros(len(numbers), dtype=bool)
        return self._classes.scores(numbers, levels) > self._classes.limit(limit)

    @cached_property
    def _own(self) -> Made:
        members = self.draw.rng.permutation(self.draw.members)[:MOST]
        return self.draw.space.numbers[members], self.draw.space.levels[members]

    @cached_property
    def _classes(self) -> ToldApart:
        draw = self.draw
        others = draw.rng.permutation(np.flatnonzero(draw.codes != draw.code))[: enough(len(self._own[0]))]
        return ToldApart(self._own, (draw.space.numbers[others], draw.space.levels[others]), draw.rng)


def _tell(draw: Draw, passage: Passage) -> None:
    """Note what was turned away, and what was copied instead."""
    made, away = passage.counts.sum(), passage.counts[1:]
    if away.sum():
        reasons = [f"{count(n)} ({name})" for name, n in zip(REASONS[1:], away, strict=True) if n]
        draw.note(
            f"Of {plural(made, 'row')} made for a class of {count(len(draw.members))}, {share(away.sum() / made)} "
            f"were turned away and drawn again: {', '.join(reasons)}."
        )
    if passage.copies:
        draw.note(
            f"After {plural(passage.rounds, 'round')} too few made rows had passed: {of(passage.copies, draw.n)} are copies of real rows."
        )
