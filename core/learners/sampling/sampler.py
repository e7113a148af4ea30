"""What every sampler of our own is: an imbalanced-learn sampler that says how to draw rows of one class, or which rows to keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.under_sampling.base import BaseUnderSampler
from sklearn.utils.validation import _check_feature_names

from core.learners.resampling import reached, shared_out, with_synthetic
from core.learners.sampling.draw import Draw
from core.learners.sampling.labels import Labels
from core.learners.sampling.output import Output
from core.learners.sampling.rows_between import Between
from core.learners.sampling.space import Space
from core.learners.sampling.wanted import check_options, rows_wanted, strategy
from core.learners.wrapping import Resampled


class _Sampler:
    """What over- and under-samplers share: any table in, the same kind of table out, exact counts, notes."""

    def __init__(
        self,
        choose: Callable,
        options: dict[str, Any] | None = None,
        *,
        balance: float = 1.0,
        sampling_strategy: Any = "auto",
        random_state: Any = 0,
    ) -> None:
        self.choose = choose
        self.options = options
        self.balance = balance
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """The sampler by its file, with what was set."""
        words = {**self._named, "balance": self.balance, "random_state": self.random_state}
        if self.sampling_strategy != "auto":
            words["sampling_strategy"] = self.sampling_strategy
        name = str(getattr(self.choose, "__module__", self.choose)).rpartition(".")[2]
        return f"{type(self).__name__}({name}, {', '.join(f'{key}={value!r}' for key, value in words.items())})"

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name; with ``deep`` also each of the options."""
        return {**super().get_params(deep=deep), **(self._named if deep else {})}

    def set_params(self, **params: Any) -> _Sampler:
        """Set parameters, or single options, by name."""
        own = {name: params.pop(name) for name in list(params) if name in self._named}
        super().set_params(**params)
        if own:
            self.options = {**self._named, **own}
        return self

    @property
    def _named(self) -> dict[str, Any]:
        return self.options if isinstance(self.options, dict) else {}

    def fit(self, X: Any, y: Any) -> _Sampler:
        """Check the rows and note how many of each class are wanted; nothing is drawn."""
        self._read(X, y)
        return self

    def fit_resample(self, X: Any, y: Any, represents: np.ndarray | None = None) -> tuple[Any, Any]:
        """Change which rows there are.

        Parameters
        ----------
        X : pandas.DataFrame, array or list (n_samples, n_features)
            Gaps and text columns may be there.
        y : array (n_samples,)
        represents : ndarray (n_samples,) or None
            How many rows of the whole table each row stands for, when the rows are a working sample.

        Returns
        -------
        X, y
            Rows that were there come first, in their order; the kinds and types are those that were given.
        """
        space, labels = self._read(X, y)
        codes, wanted = labels.codes, self._wanted(labels)
        rng = np.random.default_rng(_seed(self.random_state))
        self.notes_: list[str] = []
        self.passages_: list[Any] = []
        self.represents_, found, space.represents = None, None, represents
        if represents is not None:
            goal = getattr(self.sampling_strategy, "rows", None)
            found = reached(codes, represents, self.balance, down=self._down, made=self._made, goal=goal)
            wanted = np.array(list(found.wanted.values()))
        rows, made, table = self._resample(space, codes, wanted, rng)
        codes_new = np.concatenate([codes if rows is None else codes[rows], made])
        if found is not None:
            kept = represents if rows is None else represents[rows]
            share = with_synthetic if self._made else shared_out
            self.represents_ = share(kept, codes_new, found.rows)
        return table, labels.back(codes_new)

    def _fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        return self.fit_resample(X, y)

    def _wanted(self, labels: Labels) -> np.ndarray:
        return rows_wanted(labels, self.sampling_strategy_, down=self._down)

    def _read(self, X: Any, y: Any) -> tuple[Space, Labels]:
        check_options(self.options, self.balance)
        labels, space = Labels(y), Space(X)
        if len(labels) != len(space):
            raise ValueError(f"X has {len(space)} rows and y has {len(labels)}.")
        if isinstance(X, np.ndarray | list):
            vars(self).pop("feature_names_in_", None)
        else:
            _check_feature_names(self, X, reset=True)
        self.n_features_in_ = space.n_columns
        self.sampling_strategy_ = strategy(labels, self.sampling_strategy, self.balance, self._sampling_type)
        return space, labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.input_tags.allow_nan = tags.input_tags.string = True
        return tags


class OverSampler(_Sampler, BaseOverSampler):
    """A sampler that makes rows of the smaller classes; a function says how.

    Parameters
    ----------
    choose : callable
        ``choose(draw, **options)`` makes ``draw.n`` rows of one class: either row numbers (n,) of rows to copy, or a tuple of numbers
        (n, n_numeric) in the units of the table and levels (n, n_text). Whole columns are rounded and values kept within
        those of the table afterwards.
    options : dict or None
        Further arguments of ``choose``; ``get_params`` and ``set_params`` know them by name.
    balance : float
        How far classes grow towards the largest, between 0 and 1.
    sampling_strategy : "auto", dict, float or callable
        As in imbalanced-learn; "auto" follows ``balance``. A callable that is a ``Goal`` also says what a working sample is to stand for.
    random_state : int, RandomState or None
        Seed.

    Attributes
    ----------
    notes_ : list of str
        What could not be done as asked, in sentences.
    passages_ : list of core.learners.sampling.plausibility.Passage
        What a gate turned away, one for each class that passed one; ``plausibility.acceptance`` makes a table of them.
    represents_ : ndarray or None
        How many rows of the whole table each new row stands for; None unless ``represents`` was given.
    """

    _down, _made = False, True

    def _resample(
        self, space: Space, codes: np.ndarray, wanted: np.ndarray, rng: np.random.Generator
    ) -> tuple[None, np.ndarray, Any]:
        new = np.maximum(wanted - np.bincount(codes), 0)
        out, start = Output(space, None, int(new.sum())), 0
        for code in np.flatnonzero(new):
            part = slice(start, start := start + int(new[code]))
            room = out.numbers[part], out.levels[part]
            members, told = np.flatnonzero(codes == code), (self.notes_, room, self.passages_)
            draw = Draw(space, codes, int(code), members, int(new[code]), rng, *told)
            found = self._drawn(draw)
            if isinstance(found, tuple):
                for ready, made in zip(room, found, strict=True):
                    if made is not ready:
                        ready[...] = made
                space.tidy(room[0], within=isinstance(found, Between))
            else:
                out.copy(part, found)
        return None, np.repeat(np.arange(len(new)), new), out.table()

    def _drawn(self, draw: Draw) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
        size = len(draw.members)
        if size > 1 and not draw.alike:
            return self.choose(draw, **(self.options or {}))
        draw.note(
            "A class has 1 row; it was copied."
            if size == 1
            else f"All {size} rows of a class are alike; they were copied."
        )
        return draw.members[draw.seeds()]


class CopyingOverSampler(OverSampler):
    """A sampler that draws rows of the smaller classes again; a function says which.

    In a working sample, a copy stands for what its row does.

    Parameters
    ----------
    choose : callable
        ``choose(draw, **options) -> rows``: row numbers (n,) of those that are copied.
    options, balance, sampling_strategy, random_state
        As in ``OverSampler``.

    Attributes
    ----------
    notes_, represents_
        As in ``OverSampler``.
    sample_indices_ : ndarray of int
        The row that each row is, or is a copy of.
    """

    _made = False

    def _resample(
        self, space: Space, codes: np.ndarray, wanted: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, Any]:
        rows, new = [np.arange(len(codes))], np.maximum(wanted - np.bincount(codes), 0)
        for code in np.flatnonzero(new):
            draw = Draw(space, codes, int(code), np.flatnonzero(codes == code), int(new[code]), rng, self.notes_)
            rows.append(self.choose(draw, **(self.options or {})))
        self.sample_indices_ = np.concatenate(rows)
        return self.sample_indices_, np.empty(0, dtype=int), Output(space, self.sample_indices_, 0).table()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = True
        return tags


class UnderSampler(_Sampler, BaseUnderSampler):
    """A sampler that keeps some of the rows; a function says which.

    Parameters
    ----------
    choose : callable
        ``choose(draw, **options) -> rows``: the row numbers of those ``draw.n`` of ``draw.members`` that are kept.
    options, balance, sampling_strategy, random_state
        As in ``OverSampler``; classes shrink towards the smallest.

    Attributes
    ----------
    notes_, represents_
        As in ``OverSampler``.
    sample_indices_ : ndarray of int
        The rows that are kept.
    """

    _down, _made = True, False

    def _resample(
        self, space: Space, codes: np.ndarray, wanted: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, Any]:
        sizes, kept = np.bincount(codes), []
        for code in range(len(sizes)):
            members = np.flatnonzero(codes == code)
            if wanted[code] < sizes[code]:
                draw = Draw(space, codes, code, members, int(wanted[code]), rng, self.notes_)
                members = self.choose(draw, **(self.options or {}))
            kept.append(members)
        self.sample_indices_ = rows = np.sort(np.concatenate(kept))
        return rows, np.empty(0, dtype=int), Output(space, rows, 0).table()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = True
        return tags


def _seed(random_state: Any) -> Any:
    """A seed for numpy's generators from what scikit-learn calls a random state."""
    return random_state.randint(2**31 - 1) if hasattr(random_state, "randint") else random_state


def oversampled(
    classifier: Any, choose: Callable, *, balance: float = 1.0, random_state: Any = 0, **options: Any
) -> Resampled:
    """Wrap a classifier so that it is fitted on the rows there are and on rows made by ``choose``, see ``OverSampler``."""
    return Resampled(classifier, OverSampler(choose, options, balance=balance, random_state=random_state))


def copied(
    classifier: Any, choose: Callable, *, balance: float = 1.0, random_state: Any = 0, **options: Any
) -> Resampled:
    """Wrap a classifier so that it is fitted on the rows there are and on copies of those that ``choose`` names, see ``CopyingOverSampler``."""
    return Resampled(classifier, CopyingOverSampler(choose, options, balance=balance, random_state=random_state))


def undersampled(
    classifier: Any, choose: Callable, *, balance: float = 1.0, random_state: Any = 0, **options: Any
) -> Resampled:
    """Wrap a classifier so that it is fitted on the rows that ``choose`` keeps, see ``UnderSampler``."""
    return Resampled(classifier, UnderSampler(choose, options, balance=balance, random_state=random_state))
