"""The shapes that remedies give to a classifier: unfitted in, unfitted out, refitted inside every fold."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from core.learners.encoding import as_frame
from core.learners.rows import Rows, represented
from core.learners.shown import rate_shown
from core.numerics.case_control import at_shares


class Wrapped(ClassifierMixin, BaseEstimator):
    """A classifier around another: ``classifier`` is unfitted, ``classifier_`` is its fitted clone.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Takes a table; may itself be wrapped.
    """

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes), in the order of ``classes_``."""
        check_is_fitted(self, "classifier_")
        return self.classifier_.predict_proba(as_frame(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _keep(self, fitted: Any) -> Any:
        self.classifier_, self.classes_, self.n_features_in_ = fitted, fitted.classes_, fitted.n_features_in_
        return self


class PriorCorrected(Wrapped):
    """Learns from a working sample and speaks of the whole table.

    The inner classifier is fitted on the rows as they are, without weights, and its probabilities are carried to the shares of the
    table: ``p_c · w_c / Σ_k p_k · w_k``, where ``w_c`` is how many rows of the table a row of class c stands for. In a
    logistic regression this corrects the intercept. It is more precise than weights where the classifier can fit
    the truth; a linear model that cannot then fits the rare class a little better than all rows would make it. Where what a row stands
    for differs within its class, as for synthetic rows, weights of mean 1 say so. Rows that come with ``sample_weight``
    are fitted with these weights, and ``w_c`` is what the weights of class c leave to be corrected. Batches that are composed by class
    are to show what they would show of the whole table.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Its ``fit`` takes ``sample_weight``.

    References
    ----------
    Prentice and Pyke (1979), Biometrika 66. King and Zeng (2001), Political Analysis 9. Dal Pozzolo et al. (2015), IEEE SSCI.
    """

    def fit(self, X: Any, y: Any, rows: Rows | None = None, sample_weight: np.ndarray | None = None) -> PriorCorrected:
        """Fit the inner classifier and note the correction."""
        stands, inner = represented(rows), clone(self.classifier)
        _, positions, sizes = np.unique(y, return_inverse=True, return_counts=True)
        self.factor_ = np.ones(len(sizes))
        if stands is not None:
            total = np.bincount(positions, stands)
            if sample_weight is None and not np.allclose(within := stands / (total / sizes)[positions], 1):
                sample_weight = within
            self.factor_ = total / np.bincount(positions, sample_weight)
            if batches := getattr(inner, "batches", None):
                self.factor_ = self.factor_ * rate_shown(batches, total) / rate_shown(batches, sizes)
        given = {} if sample_weight is None else {"sample_weight": sample_weight}
        return self._keep(inner.fit(as_frame(X), y, **given))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes) at the shares of the whole table."""
        return at_shares(super().predict_proba(X), self.factor_)

    @property
    def log_shift_(self) -> np.ndarray:
        """What the correction adds to the scores (n_classes,) of the inner classifier; the shifts of all classes sum to 0."""
        return score_shift(self.factor_)


class Weighted(Wrapped):
    """Gives each row a weight by its class, computed from the rows given to ``fit``.

    In a working sample the class sizes are those of the whole table. A row of a rarer class weighs as much more than one of the
    largest as both together, what they stand for and the weights, say; where that would be less, it weighs the same and the
    probabilities are corrected instead.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Its ``fit`` takes ``sample_weight``.
    power : float
        Weights are ``(n_largest / n_class) ** power``, scaled to mean 1.
    """

    def __init__(self, classifier: Any, power: float = 1.0) -> None:
        super().__init__(classifier)
        self.power = power

    def fit(self, X: Any, y: Any, rows: Rows | None = None) -> Weighted:
        """Fit the inner classifier with weights."""
        stands = represented(rows)
        _, positions, sizes = np.unique(y, return_inverse=True, return_counts=True)
        table = sizes if stands is None else np.bincount(positions, stands)
        weight = ((table.max() / table) ** self.power)[positions]
        if stands is None:
            return self._keep(clone(self.classifier).fit(as_frame(X), y, sample_weight=weight / weight.mean()))
        mass = stands * weight
        each = np.bincount(positions, mass) / sizes
        level = np.maximum(each / each[table.argmax()], 1)
        weight = mass * (level / each)[positions] if isinstance(self.classifier, PriorCorrected) else mass
        return self._keep(
            fit_on(clone(self.classifier), X, y, Rows(represents=mass), sample_weight=weight / weight.mean())
        )


class Resampled(Wrapped):
    """Fits on resampled rows and predicts on untouched ones.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Sees only the resampled rows.
    sampler : imbalanced-learn sampler
        Its ``fit_resample`` takes a table and labels, and, for a working sample, what each row stands for; it then keeps as
        ``represents_`` what each of the new rows stands for.
    """

    def __init__(self, classifier: Any, sampler: Any) -> None:
        super().__init__(classifier)
        self.sampler = sampler

    def fit(self, X: Any, y: Any, rows: Rows | None = None) -> Resampled:
        """Resample, then fit the inner classifier."""
        sampler = clone(self.sampler)
        if len(np.unique(y)) == 1:  # the only row of the other class is in the fold that is held out
            return self._keep(fit_on(clone(self.classifier), X, y, rows))
        X_new, y_new = resampled(sampler, as_frame(X), np.asarray(y), rows)
        made = None if represented(rows) is None else Rows(represents=sampler.represents_)
        self.n_samples_fit_ = len(y_new)
        return self._keep(fit_on(clone(self.classifier), X_new, y_new, made))


def resampled(sampler: Any, X: Any, y: Any, rows: Rows | None = None) -> tuple[Any, Any]:
    """Let a sampler change rows; one that ``asks_for_rows`` is told which belong together and which came first, others only what they stand for."""
    if getattr(sampler, "asks_for_rows", False):
        return sampler.fit_resample(X, y, rows=rows)
    stands = represented(rows)
    return sampler.fit_resample(X, y) if stands is None else sampler.fit_resample(X, y, stands)


def score_shift(factor: np.ndarray) -> np.ndarray:
    """What ``at_shares`` adds to the scores (n_classes,); the shifts of all classes sum to 0."""
    shift = np.log(factor)
    return shift - shift.mean() if len(shift) != 2 else shift - shift[::-1]


def fit_on(classifier: Any, X: Any, y: Any, rows: Rows | None = None, **given: Any) -> Any:
    """Fit a classifier, and tell it what is known about the rows if it is one that asks.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Not fitted; it is fitted in place and returned. The learners themselves ask for nothing, wrappers do.
    X : pandas.DataFrame (n_samples, n_features)
    y : array (n_samples,)
    rows : Rows or None
    **given
        Goes to ``fit``.
    """
    if rows is not None and isinstance(classifier, Wrapped):
        given["rows"] = rows
    return classifier.fit(as_frame(X), y, **given)
