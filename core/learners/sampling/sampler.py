"""What every sampler of our own is: an imbalanced-learn sampler that says how to draw rows of one class, or which rows to keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.under_sampling.base import BaseUnderSampler
from imblearn.utils import check_sampling_strategy, check_target_type
from imblearn.utils._validation import ArraysTransformer
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_feature_names

from core.learners.resampling import reached, shared_out, targets, with_synthetic
from core.learners.sampling.space import Space
from core.learners.wrapping import Resampled


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
    """

    space: Space
    codes: np.ndarray
    code: int
    members: np.ndarray
    n: int
    rng: np.random.Generator
    notes: list[str]

    def seeds(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Positions in ``members`` (n,) that new rows start from: each as often as its weight says, exact to one row.

        Without weights every member comes equally often; what is left over is given to random members. With weights, shares are
        rounded by largest remainder.
        """
        from core.numerics.apportion import largest_remainder

        shares = np.ones(len(self.members)) if weights is None else weights
        counts = largest_remainder(shares, self.n, self.rng)
        return np.repeat(np.arange(len(self.members)), counts)


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
        space, labels, codes, give_back = self._read(X, y)
        rng = np.random.default_rng(_seed(self.random_state))
        wanted = np.array([self.sampling_strategy_rows_[label] for label in labels.tolist()])
        self.notes_: list[str] = []
        found = None
        space.represents = represents
        if represents is not None:
            goal = getattr(self.sampling_strategy, "rows", None)
            found = reached(codes, represents, self.balance, down=self._down, made=not self._down, goal=goal)
            wanted = np.array(list(found.wanted.values()))
        rows, numbers, levels, made = self._resample(space, codes, wanted, rng)
        codes_new = np.concatenate([codes if rows is None else codes[rows], made])
        self.represents_ = None
        if found is not None:
            kept = represents if rows is None else represents[rows]
            share = shared_out if self._down else with_synthetic
            self.represents_ = share(kept, codes_new, found.rows)
        return space.restore(rows, numbers, levels), give_back(labels[codes_new])

    def _fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        return self.fit_resample(X, y)

    def _read(self, X: Any, y: Any) -> tuple[Space, np.ndarray, np.ndarray, Any]:
        check_classification_targets(y)
        forms = ArraysTransformer(np.zeros((1, 1)), y)
        flat, one_vs_all = check_target_type(y, indicate_one_vs_all=True)
        flat = np.asarray(flat).ravel()
        space = Space(X)
        if len(flat) != len(space):
            raise ValueError(f"X has {len(space)} rows and y has {len(flat)}.")
        _check_feature_names(self, X, reset=True)
        self.n_features_in_ = len(space.columns)
        labels, codes = np.unique(flat, return_inverse=True)
        if len(labels) < 2:
            raise ValueError("There is 1 class; at least 2 classes are needed.")
        sizes = dict(zip(labels.tolist(), np.bincount(codes).tolist(), strict=True))
        self.sampling_strategy_ = check_sampling_strategy(self.sampling_strategy, flat, self._sampling_type)
        if isinstance(self.sampling_strategy, str) and self.sampling_strategy == "auto":
            self.sampling_strategy_rows_ = targets(flat, self.balance, down=self._down)
        else:
            change = {label: int(n) for label, n in self.sampling_strategy_.items()}
            self.sampling_strategy_rows_ = {
                label: change.get(label, n) if self._down else n + change.get(label, 0) for label, n in sizes.items()
            }

        def give_back(labels_new: np.ndarray) -> Any:
            if one_vs_all:
                labels_new = (labels_new[:, None] == labels).astype(int)
            return forms.transform(np.zeros((1, 1)), labels_new)[1]

        return space, labels, codes, give_back

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
        ``choose(draw, **options) -> (numbers, levels)``: makes ``draw.n`` rows of one class, numbers (n, n_numeric) in the units of
        the table and levels (n, n_text). Whole columns are rounded and values kept within those of the table afterwards.
    options : dict or None
        Further arguments of ``choose``.
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
    represents_ : ndarray or None
        How many rows of the whole table each new row stands for; None unless ``represents`` was given.
    """

    _down = False

    def _resample(
        self, space: Space, codes: np.ndarray, wanted: np.ndarray, rng: np.random.Generator
    ) -> tuple[None, np.ndarray, np.ndarray, np.ndarray]:
        sizes = np.bincount(codes)
        new = np.maximum(wanted - sizes, 0)
        numbers = np.empty((new.sum(), space.numbers.shape[1]))
        levels = np.empty((new.sum(), space.levels.shape[1]), dtype=np.int32)
        start = 0
        for code in np.flatnonzero(new):
            part = slice(start, start + new[code])
            draw = Draw(space, codes, int(code), np.flatnonzero(codes == code), int(new[code]), rng, self.notes_)
            reason = _alike(draw)
            if reason:
                self.notes_.append(reason)
                rows = draw.members[draw.seeds()]
                numbers[part], levels[part] = space.numbers[rows], space.levels[rows]
            else:
                numbers[part], levels[part] = self.choose(draw, **(self.options or {}))
                _tidy(numbers[part], space)
            start += new[code]
        return None, numbers, levels, np.repeat(np.arange(len(sizes)), new)


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

    _down = True

    def _resample(
        self, space: Space, codes: np.ndarray, wanted: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        sizes, kept = np.bincount(codes), []
        for code in range(len(sizes)):
            members = np.flatnonzero(codes == code)
            if wanted[code] < sizes[code]:
                draw = Draw(space, codes, code, members, int(wanted[code]), rng, self.notes_)
                members = self.choose(draw, **(self.options or {}))
            kept.append(members)
        self.sample_indices_ = rows = np.sort(np.concatenate(kept))
        nothing = np.empty((0, space.numbers.shape[1])), np.empty((0, space.levels.shape[1]), dtype=np.int32)
        return rows, *nothing, np.empty(0, dtype=int)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = True
        return tags


def _alike(draw: Draw) -> str:
    """Why a class can only be copied; empty when it need not be."""
    if len(draw.members) == 1:
        return "A class has 1 row; it was copied."
    first, rest = draw.members[0], draw.members[1:]
    same = np.array_equal(
        draw.space.levels[rest], np.broadcast_to(draw.space.levels[first], (len(rest), draw.space.levels.shape[1]))
    )
    numbers = draw.space.numbers
    if same and np.array_equal(
        numbers[rest], np.broadcast_to(numbers[first], (len(rest), numbers.shape[1])), equal_nan=True
    ):
        return f"All {len(draw.members)} rows of a class are alike; they were copied."
    return ""


def _tidy(numbers: np.ndarray, space: Space) -> None:
    """Keep whole columns whole and every column within the values of the table, in place."""
    for j in np.flatnonzero(space.whole):
        np.round(numbers[:, j], out=numbers[:, j])
    np.clip(numbers, *space.bounds, out=numbers)


def _seed(random_state: Any) -> Any:
    """A seed for numpy's generators from what scikit-learn calls a random state."""
    return random_state.randint(2**31 - 1) if hasattr(random_state, "randint") else random_state


def oversampled(
    classifier: Any, choose: Callable, *, balance: float = 1.0, random_state: Any = 0, **options: Any
) -> Resampled:
    """Wrap a classifier so that it is fitted on the rows there are and on rows made by ``choose``, see ``OverSampler``."""
    return Resampled(classifier, OverSampler(choose, options, balance=balance, random_state=random_state))


def undersampled(
    classifier: Any, choose: Callable, *, balance: float = 1.0, random_state: Any = 0, **options: Any
) -> Resampled:
    """Wrap a classifier so that it is fitted on the rows that ``choose`` keeps, see ``UnderSampler``."""
    return Resampled(classifier, UnderSampler(choose, options, balance=balance, random_state=random_state))
