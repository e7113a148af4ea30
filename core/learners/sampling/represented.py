"""Samplers that leave rows out, and a learner that is told what the rows that are kept stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from core.learners.encoding import as_frame
from core.learners.resampling import shared_out
from core.learners.rows import Rows, represented
from core.learners.sampling.goals import Goal
from core.learners.sampling.space import Space
from core.learners.wrapping import PriorCorrected, Resampled, Wrapped, fit_on


@dataclass(frozen=True)
class PerRare(Goal):
    """Each class keeps at most so many rows for every row of the smallest class, rounded down.

    Parameters
    ----------
    most : float
        Rows per row of the smallest class.

    Examples
    --------
    >>> PerRare(2.0)(np.repeat([0, 1, 2], [90, 15, 10]))
    {0: 20, 1: 15, 2: 10}
    """

    most: float

    def rows(self, sizes: np.ndarray) -> np.ndarray:
        """Rows (n_classes,) after sampling, see the class."""
        return np.minimum(sizes, np.floor(np.round(self.most * sizes.min(), 9)))

    def __call__(self, y: Any) -> dict[Any, int]:
        """Rows after sampling of each label of ``y``."""
        labels, sizes = np.unique(np.asarray(y), return_counts=True)
        return dict(zip(labels.tolist(), self.rows(sizes).astype(int).tolist(), strict=True))


class Represented(Resampled):
    """Fits on some of the rows, and speaks of all of them.

    Each row that is kept stands for rows of its class, and what the rows of a class stand for adds up to all that it had before rows
    were left out. By "weights", it weighs as much. By "intercept", the learner is fitted without class weights and its probabilities are
    carried to the class sizes before sampling, see ``PriorCorrected``.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Its ``fit`` takes ``sample_weight``.
    sampler : UnderSampler
        Says in ``sample_indices_`` which rows are kept; how many rows of the whole table a row stood for before does not matter to it.
    correct : str
        "intercept" or "weights".
    nearest : bool
        A row stands for the rows of its class that lie nearer to it than to any other row that is kept; otherwise all that are kept of
        a class stand for the same number.
    """

    def __init__(self, classifier: Any, sampler: Any, correct: str = "intercept", nearest: bool = False) -> None:
        super().__init__(classifier, sampler)
        self.correct = correct
        self.nearest = nearest

    def fit(self, X: Any, y: Any, rows: Rows | None = None) -> Represented:
        """Leave rows out, then fit the inner classifier and tell it what the others stand for."""
        X, y = as_frame(X), np.asarray(y)
        if len(np.unique(y)) == 1:
            return self._keep(fit_on(clone(self.classifier), X, y, rows))
        given = represented(rows)
        stands = np.ones(len(y)) if given is None else given
        self.sampler_ = sampler = clone(self.sampler)
        X_new, y_new = sampler.fit_resample(X, y)
        kept, labels, codes = sampler.sample_indices_, *np.unique(y, return_inverse=True)
        if self.nearest:
            now = territories(Space(X), codes, kept, stands)
        else:
            total = dict(zip(labels.tolist(), np.bincount(codes, stands).tolist(), strict=True))
            now = shared_out(stands[kept], y_new, total)
        self.represents_, self.n_samples_fit_ = now, len(y_new)
        return self._keep(self._fitted(X_new, y_new, now))

    def _fitted(self, X: Any, y: np.ndarray, stands: np.ndarray) -> Any:
        if self.correct == "intercept":
            return fit_on(told(clone(self.classifier)), X, y, Rows(represents=stands))
        inner = clone(self.classifier)
        if isinstance(inner, Wrapped) and not isinstance(inner, PriorCorrected):
            return fit_on(inner, X, y, Rows(represents=stands))
        return fit_on(inner, X, y, Rows(represents=stands), sample_weight=stands / stands.mean())


def told(classifier: Any) -> Any:
    """An unfitted classifier whose innermost learner is told what rows stand for, see ``PriorCorrected``."""
    if isinstance(classifier, PriorCorrected):
        return classifier
    if isinstance(classifier, Wrapped):
        return classifier.set_params(classifier=told(classifier.classifier))
    return PriorCorrected(classifier)


def territories(space: Space, codes: np.ndarray, kept: np.ndarray, stands: np.ndarray | None = None) -> np.ndarray:
    """How many rows each row that is kept stands for: those of its class that lie nearest to it.

    Parameters
    ----------
    space : Space
        All rows.
    codes : ndarray of int (n_samples,)
        The class of each.
    kept : ndarray of int (n_kept,)
        Row numbers, each once.
    stands : ndarray (n_samples,) or None
        What each row stood for.

    Returns
    -------
    ndarray (n_kept,)
        The sum is that of ``stands``.
    """
    total = (np.ones(len(codes)) if stands is None else stands).copy()
    lost = np.ones(len(codes), dtype=bool)
    lost[kept] = False
    for code in np.unique(codes[lost]):
        members, pool = np.flatnonzero(lost & (codes == code)), kept[codes[kept] == code]
        nearest = space.nearest(members, pool, 1)[0][:, 0]
        np.add.at(total, nearest, total[members])
    return total[kept]
