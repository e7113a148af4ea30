"""imbalanced-learn's own samplers on real tables: they see rows without gaps and text, and what they do is carried back."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from imblearn.base import BaseSampler

from core.learners.resampling import reached
from core.learners.sampling.draw import Draw
from core.learners.sampling.filled import Filled
from core.learners.sampling.forms import FORMS, Form, grower, remover
from core.learners.sampling.labels import Labels
from core.learners.sampling.output import Output
from core.learners.sampling.sampler import _Sampler
from core.learners.sampling.space import Space
from core.wording import count, plural

FAILURES = (ValueError, RuntimeError, IndexError, ZeroDivisionError, TypeError)
"""What imbalanced-learn's samplers raise on rows that they cannot work with."""

ALIKE = "The rows of a class are one row or all alike; they were copied."


class Adapted(_Sampler, BaseSampler):
    """A sampler of imbalanced-learn for tables with gaps, text and tiny classes.

    It sees numbers in robust units with gaps at the median, and text as 0/1 columns with gaps at the most frequent level (SMOTE: as levels, by
    SMOTE-NC or SMOTE-N). Rows that it selects come back as they were. Rows that it makes come back in the units, types and levels of the
    table, with the gaps of a random row of their class. Classes grow one by one, each with as many neighbours as it has rows for.
    Where a class cannot be sampled its rows stay as they were, and ``notes_`` says why. No class is removed.

    Parameters
    ----------
    choose : str
        A key of ``core.learners.sampling.forms.FORMS``.
    options : dict or None
        Further arguments of that sampler.
    balance, sampling_strategy, random_state
        As in ``OverSampler`` or ``UnderSampler``, whichever it is like; samplers that clean decide themselves how many rows they remove.

    Attributes
    ----------
    notes_, represents_
        As in ``OverSampler``.
    sample_indices_ : ndarray of int
        The rows of the table that are kept; made rows follow them.
    """

    @property
    def _form(self) -> Form:
        if self.choose not in FORMS:
            raise ValueError(f"choose is {self.choose!r}; it must be one of {', '.join(FORMS)}.")
        return FORMS[self.choose]

    @property
    def cleans(self) -> bool:
        """Whether rows are taken away after others were added."""
        return self._form.then is not None

    @property
    def _down(self) -> bool:
        return self._form.kind in ("under", "centres", "clean")

    @property
    def _sampling_type(self) -> str:
        kinds = {"under": "under-sampling", "centres": "under-sampling", "clean": "clean-sampling"}
        return kinds.get(self._form.kind, "over-sampling")

    def fit_resample(self, X: Any, y: Any, represents: np.ndarray | None = None) -> tuple[Any, Any]:
        """Change which rows there are; as ``OverSampler`` has it."""
        self._found, self._given = None, represents
        table, labels = super().fit_resample(X, y)
        self.represents_ = None if represents is None else self._stands(represents)
        del self._found, self._given, self._trace
        return table, labels

    def _wanted(self, labels: Labels) -> np.ndarray:
        if self._given is None:
            return super()._wanted(labels)
        grown = not self._down and self._form.kind != "copies"
        self._found = reached(labels.codes, self._given, self.balance, down=self._down, made=grown)
        return np.array(list(self._found.wanted.values()))

    def _resample(
        self, space: Space, codes: np.ndarray, wanted: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, Any]:
        work = _Work(self._form, dict(self.options or {}), space, codes, wanted, rng, self.notes_)
        rows, parts = work.thinned() if self._down else work.cleaned(work.grown())
        self.sample_indices_ = rows
        out, start = Output(space, rows, sum(map(len, parts))), 0
        for part in parts:
            place = slice(start, start := start + len(part))
            if part.copies:
                out.copy(place, part.rows)
                continue
            out.numbers[place], out.levels[place] = part.numbers, part.levels
            space.tidy(out.numbers[place])
        new = np.concatenate([np.empty(0, dtype=int), *(np.full(len(part), part.code) for part in parts)])
        self._trace = codes, wanted, rows, new, work.failed
        return rows, new, out.table()

    def _stands(self, represents: np.ndarray) -> np.ndarray:
        """What each new row stands for: a class that changed has the rows that sampling the whole table would give it."""
        codes, wanted, rows, new, failed = self._trace
        table = np.bincount(codes, represents)
        goal, sizes = np.array(list(self._found.rows.values())), np.bincount(codes)
        n_new, left = np.bincount(new, minlength=len(sizes)), np.bincount(codes[rows], represents[rows], len(sizes))
        kept, fresh = np.ones(len(sizes)), np.zeros(len(sizes))
        if not self._down:
            fresh = (goal - table) / np.maximum(wanted - sizes, 1)
        elif self._form.kind != "clean" and not failed:
            fresh = goal / np.maximum(n_new, 1)
            kept = np.divide(goal, left, out=kept, where=left > 0)
        return np.concatenate([represents[rows] * kept[codes[rows]], fresh[new]])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = True
        return tags


@dataclass(frozen=True, eq=False)
class _Part:
    """Rows that were added to a class: copies of ``rows``, or made ones with the gaps of ``rows``."""

    code: int
    rows: np.ndarray
    numbers: np.ndarray | None = None
    levels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def copies(self) -> bool:
        return self.numbers is None

    def take(self, keep: np.ndarray) -> _Part:
        return replace(self, **{k: v[keep] for k, v in vars(self).items() if isinstance(v, np.ndarray)})


class _Work:
    """One run of a sampler: what it is shown, and what its answer means."""

    def __init__(
        self,
        form: Form,
        options: dict,
        space: Space,
        codes: np.ndarray,
        wanted: np.ndarray,
        rng: np.random.Generator,
        notes: list[str],
    ) -> None:
        self.form, self.options, self.space, self.codes, self.wanted = form, options, space, codes, wanted
        self.rng, self.notes, self.sizes, self.failed = rng, notes, np.bincount(codes), False
        self.filled, self.coded = Filled(space), form.name == "SMOTE" and space.levels.shape[1] > 0
        most = np.maximum(form.most, wanted) if form.kind in ("under", "centres") else np.full(len(wanted), form.most)
        self.seen = np.arange(len(codes))
        for code in np.flatnonzero(self.sizes > most):
            members = np.flatnonzero(codes == code)
            hidden = rng.choice(members, len(members) - most[code], replace=False)
            self.seen = np.setdiff1d(self.seen, hidden, assume_unique=True)
        self.labels = codes[self.seen]
        if len(self.seen) < len(codes):
            self.notes.append(f"The sampler saw {count(len(self.seen))} random rows of {count(len(codes))}.")

    def grown(self) -> list[_Part]:
        """What is added to each class that grows."""
        parts = []
        for code in np.flatnonzero(self.wanted > self.sizes):
            members, n = self.seen[self.labels == code], int(self.wanted[code] - self.sizes[code])
            draw = Draw(self.space, self.codes, int(code), members, n, self.rng, self.notes)
            if self.form.kind != "copies" and (len(members) == 1 or draw.alike):
                draw.note(ALIKE)
                parts.append(_Part(draw.code, members[draw.seeds()]))
            elif (part := self._class(draw)) is not None:
                parts.append(part)
        return parts

    def _class(self, draw: Draw) -> _Part | None:
        Z = self.filled.coded(self.seen) if self.coded else self.filled.matrix(self.seen)
        words = self.space.levels.shape[1] if self.coded else 0
        columns = Z.shape[1] - words, words
        for name, k in self.form.neighbours[:1]:
            draw.fewer(self.options.get(name, k), len(draw.members) - 1)
        sampler = grower(self.form, self.options, self.labels, draw.code, draw.n, columns, _state(self.rng))
        found = self._run(sampler, Z, self.labels)
        if found is None or len(found[0]) <= len(Z):
            rows = plural(len(draw.members), "row")
            draw.note(f"{self.form.name} made nothing of a class with {rows}: {self.form.reason}.")
            return None
        if (n := len(found[0]) - len(Z)) < 0.9 * draw.n:
            draw.note(f"{self.form.name} made {count(n)} of {plural(draw.n, 'row')} of a class.")
        if self.form.kind == "copies":
            return _Part(draw.code, self.seen[sampler.sample_indices_[len(Z) :]])
        return self._back(found[0][len(Z) :], draw.code)

    def cleaned(self, parts: list[_Part]) -> tuple[np.ndarray, list[_Part]]:
        """All rows and what was added, without what a sampler that cleans as well removes."""
        rows = np.arange(len(self.codes))
        if self.form.then is None:
            return rows, parts
        added = [
            self.filled.matrix(part.rows) if part.copies else self.filled.encoded(part.numbers, part.levels)
            for part in parts
        ]
        labels = np.concatenate([self.labels, *(np.full(len(part), part.code) for part in parts)])
        sampler = remover(FORMS[self.form.then], {"sampling_strategy": "all"}, labels, {}, 0)
        if self._run(sampler, np.vstack([self.filled.matrix(self.seen), *added]), labels) is None:
            self.notes.append(f"{self.form.then} could not clean these rows: the classes are too small for it.")
            return rows, parts
        stays = np.zeros(len(labels), dtype=bool)
        stays[self._none_lost(sampler.sample_indices_, labels)] = True
        ends = np.cumsum([len(self.seen), *map(len, parts)])[:-1]
        first, *others = np.split(stays, ends)
        parts = [part.take(keep) for part, keep in zip(parts, others, strict=True)]
        return np.setdiff1d(rows, self.seen[~first], assume_unique=True), parts

    def thinned(self) -> tuple[np.ndarray, list[_Part]]:
        """The rows that are kept, and the centres that take the place of others."""
        everything = np.arange(len(self.codes))
        goal = {int(c): int(self.wanted[c]) for c in np.flatnonzero(self.wanted < self.sizes)}
        if not goal and self.form.kind != "clean":
            return everything, []
        sampler = remover(self.form, self.options, self.labels, goal, _state(self.rng))
        found = self._run(sampler, self.filled.matrix(self.seen), self.labels)
        if found is None:
            self.failed = True
            self.notes.append(f"{self.form.name} left the rows as they were: {self.form.reason}.")
            return everything, []
        shrunk = np.isin(self.codes, list(goal))
        if self.form.kind == "centres":
            return everything[~shrunk], [self._back(found[0][found[1] == code], code) for code in goal]
        kept = self._none_lost(np.unique(sampler.sample_indices_), self.labels)
        unseen = np.setdiff1d(everything, self.seen, assume_unique=True)
        return np.union1d(self.seen[kept], unseen if self.form.kind == "clean" else unseen[~shrunk[unseen]]), []

    def _none_lost(self, kept: np.ndarray, labels: np.ndarray) -> np.ndarray:
        lost = np.setdiff1d(labels, labels[kept])
        if len(lost):
            classes = plural(len(lost), "class", "classes")
            self.notes.append(f"Every row of {classes} would have been removed; they were kept.")
        return np.union1d(kept, np.flatnonzero(np.isin(labels, lost)))

    def _run(self, sampler: Any, Z: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                return sampler.fit_resample(Z, labels)
            except FAILURES:
                return None

    def _back(self, values: np.ndarray, code: int) -> _Part:
        """Made rows in the units and levels of the table, with the gaps of random rows of their class."""
        numbers, levels = self.filled.numbers_of(values), self.filled.levels_of(values, coded=self.coded)
        donors = self.rng.choice(np.flatnonzero(self.codes == code), len(values))
        numbers[np.isnan(self.space.raw[donors])] = np.nan
        levels[self.space.levels[donors] < 0] = -1
        return _Part(int(code), donors, numbers, levels)


def _state(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31 - 1))
