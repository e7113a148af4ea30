"""Under-sampling ensembles: members that each learn from a balanced part of the rows, and one voice from all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from core.learners.encoding import as_frame
from core.learners.rows import Rows, represented
from core.learners.wrapping import Wrapped, fit_on, score_shift
from core.numerics.case_control import at_shares

SMALLEST = 1e-15
BINS = 63
"""Steps per column that boosted members see: they learn from few rows, and half of their time would go to empty steps."""


class CommonClass:
    """A class that has more rows than a member is given, as it stands before one round.

    Parameters
    ----------
    members : ndarray of int
        The positions of its rows.
    stands : ndarray (n_members,)
        How many rows of the whole table each one stands for; 1 where every row of the table is in hand.
    goal : float
        Rows of the whole table that a member is given.
    n_rounds : int
    rng : numpy.random.Generator

    Attributes
    ----------
    round : int
        Counted from 0.
    hardness : ndarray (n_members,)
        1 − the probability of the own class by the members so far, at the shares at which they learned; NaN before the first is
        fitted and in rows for which it was not asked.
    pool : ndarray of int
        Places in ``members`` that are still drawn from; a function that chooses may make it smaller.
    """

    def __init__(
        self, members: np.ndarray, stands: np.ndarray, goal: float, n_rounds: int, rng: np.random.Generator
    ) -> None:
        self.members, self.stands, self.goal, self.n_rounds, self.rng = members, stands, goal, n_rounds, rng
        self.round, self.pool, self.hardness = 0, np.arange(len(members)), np.full(len(members), np.nan)

    def drawn(self, places: np.ndarray, rows: float) -> tuple[np.ndarray, np.ndarray]:
        """Draw some of the rows in hand at random so that they stand for ``rows`` rows of the table.

        Parameters
        ----------
        places : ndarray of int
            Places in ``members`` to draw from, at least one.
        rows : float
            As many rows are drawn, or all there are where a working sample has fewer.

        Returns
        -------
        places : ndarray of int
        stands : ndarray
            How many rows of the table each one stands for; the sum is ``rows``.
        """
        n = int(np.clip(np.round(rows), 1, len(places)))
        chosen = self.rng.choice(places, n, replace=False)
        stands = self.stands[chosen]
        return chosen, stands * (rows / stands.sum())


class UnderSampledEnsemble(Wrapped):
    """Fits the classifier several times, each time on a balanced part of the rows, and lets the fits vote.

    With N_s rows in the smallest class, a member is given ``min(N_c, ratio · N_s)`` rows of every class c. A class
    that is not larger is taken whole; of the others a function chooses the rows, with what it knows from the rounds before.
    With more than two classes this is our reading: the methods were stated for two. Of a working sample a member is given the rows that
    stand for as many of the table, or all there are where they are fewer; the classifier is told what each stands for.

    A member learns that classes are equally frequent, so its probabilities of rare classes are too high by construction.
    ``corrected`` carries the vote to the shares of the table, ``p_c · N_c / min(N_c, ratio · N_s)``, scaled to sum 1. It is
    exact where rows are chosen at random and members are right about the rows that they are given; it does not undo a sampler inside.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Not fitted; a wrapped one resamples or weighs within the rows of a member. A boosted learner gets ``BINS`` steps per column.
    choose : callable
        ``choose(common, **options) -> (places, stands)``: which rows of a ``CommonClass`` a member is given, as ``drawn`` returns it.
    options : dict or None
        Further arguments of ``choose``.
    n_members : int
        Fits that vote.
    ratio : float
        Rows of a larger class per row of the smallest one.
    vote : str
        "probabilities" takes their mean; "scores" the mean of their logarithms, scaled to sum 1, so that parts of a score
        can be added up.
    corrected : bool
        Carry the vote to the shares of the table.
    warm_up : int
        Members before those that vote, which only say which rows are hard.
    looks_back : bool
        Whether the function that chooses reads ``hardness``, which costs a prediction of the larger classes per round.
    random_state : int
        Seed.

    Attributes
    ----------
    members_ : list of classifiers
        Those that vote.
    factor_ : ndarray (n_classes,)
        How many times more rows each class has in the table than a member is given.
    """

    def __init__(
        self,
        classifier: Any,
        choose: Callable,
        options: dict | None = None,
        *,
        n_members: int = 10,
        ratio: float = 1.0,
        vote: str = "probabilities",
        corrected: bool = True,
        warm_up: int = 0,
        looks_back: bool = False,
        random_state: int = 0,
    ) -> None:
        super().__init__(classifier)
        self.choose = choose
        self.options = options
        self.n_members = n_members
        self.ratio = ratio
        self.vote = vote
        self.corrected = corrected
        self.warm_up = warm_up
        self.looks_back = looks_back
        self.random_state = random_state

    def fit(self, X: Any, y: Any, rows: Rows | None = None) -> UnderSampledEnsemble:
        """Fit the members, one round each."""
        X, y, stands = as_frame(X), np.asarray(y), represented(rows)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.n_features_in_ = X.shape[1]
        table = np.bincount(codes, stands).astype(float)
        goal = np.minimum(table, self.ratio * table.min())
        self.factor_ = table / goal
        larger = np.flatnonzero(goal < table)
        if len(larger) == 0:  # also where the only row of the other class is in the fold that is held out
            self.members_ = [fit_on(clone(self.classifier), X, y, rows)]
            return self
        n_rounds, rng = self.warm_up + self.n_members, np.random.default_rng(self.random_state)
        each = np.ones(len(y)) if stands is None else stands
        places = [np.flatnonzero(codes == c) for c in larger]
        commons = [CommonClass(p, each[p], goal[c], n_rounds, rng) for p, c in zip(places, larger, strict=True)]
        whole, classifier, fitted = (
            np.flatnonzero(~np.isin(codes, larger)),
            with_inner(self.classifier, max_bin=BINS),
            [],
        )
        for number in range(n_rounds):
            index, standing = self._drawn(commons, whole, each, number)
            known = rows if rows is None else rows.take(index)
            if stands is not None:
                known = replace(known, represents=standing)
            fitted.append(fit_on(clone(classifier), X.iloc[index], y[index], known))
            if self.looks_back and number < n_rounds - 1:
                self._look_back(fitted[-1], X, commons, larger)
        self.members_ = fitted[self.warm_up :]
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes): the vote of the members, at the shares of the table where ``corrected``."""
        check_is_fitted(self, "members_")
        X = as_frame(X)
        votes = [self._of(member, X) for member in self.members_]
        if self.vote == "scores":
            mean = np.mean([np.log(np.maximum(vote, SMALLEST)) for vote in votes], axis=0)
            proba = np.exp(mean - mean.max(axis=1, keepdims=True))
            proba /= proba.sum(axis=1, keepdims=True)
        else:
            proba = np.mean(votes, axis=0)
        return at_shares(proba, self.factor_) if self.corrected else proba

    @property
    def log_shift_(self) -> np.ndarray | float:
        """What the correction adds to the scores (n_classes,) of the vote; 0 without it."""
        return score_shift(self.factor_) if self.corrected else 0.0

    def _drawn(
        self, commons: list[CommonClass], whole: np.ndarray, each: np.ndarray, number: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The rows of one member, in the order of the table, and what each stands for."""
        parts, standing = [whole], [each[whole]]
        for common in commons:
            common.round = number
            places, stands = self.choose(common, **(self.options or {}))
            parts.append(common.members[places])
            standing.append(stands)
        index = np.concatenate(parts)
        order = np.argsort(index)
        return index[order], np.concatenate(standing)[order]

    def _look_back(self, member: Any, X: pd.DataFrame, commons: list[CommonClass], codes: np.ndarray) -> None:
        """Let the newest member say how hard the rows are that are still drawn from."""
        for common, code in zip(commons, codes, strict=True):
            pool, seen = common.pool, common.round
            hard = 1 - self._of(member, X.iloc[common.members[pool]])[:, code]
            before = common.hardness[pool] if seen else 0.0
            common.hardness[pool] = (before * seen + hard) / (seen + 1)

    def _of(self, member: Any, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of one member for all classes; a sampler inside may have left none of one."""
        proba = np.zeros((len(X), len(self.classes_)))
        proba[:, np.searchsorted(self.classes_, member.classes_)] = member.predict_proba(X)
        return proba


def with_inner(classifier: Any, **parameters: Any) -> Any:
    """A clone of a classifier whose innermost learner has other parameters, where it has parameters of these names.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Not changed; wrappers hold the next one as ``classifier``.
    **parameters
        Of the innermost learner; others are left out.
    """
    changed = inner = clone(classifier)
    while hasattr(inner, "classifier"):
        inner = inner.classifier
    known = inner.get_params(deep=False)
    inner.set_params(**{name: value for name, value in parameters.items() if name in known})
    return changed
