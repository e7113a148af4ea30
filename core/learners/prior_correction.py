"""Probabilities learned from resampled or weighted rows, carried back to the shares of the table where that is seen to work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from core import wording
from core.learners.blind import asserted_shares
from core.learners.cross_fitting import cross_fitted
from core.learners.encoding import as_frame
from core.learners.rows import Rows, represented
from core.learners.wrapping import Wrapped, fit_on
from core.numerics.case_control import at_shares

SMALLEST = 1e-15
UNTRUE = 1.5
"""How many times too high or too low probabilities are before they are called untrue."""

Z = 1.959963984540054


@dataclass(frozen=True)
class Checked:
    """What the correction did to rows that inner folds left out.

    Parameters
    ----------
    log_loss, log_loss_corrected : float
        Before and after; lower is better.
    difference, low, high : float
        Of the two, row by row, with the normal interval of its mean; it speaks of these inner models.
    observed, observed_corrected : float
        Rows of the rarest class over the sum of its probabilities, before and after; 1 is right.
    """

    log_loss: float
    log_loss_corrected: float
    difference: float
    low: float
    high: float
    observed: float
    observed_corrected: float


class CheckedCorrection(Wrapped):
    """Carries probabilities to the shares of the rows given to ``fit``: ``p_c · π_c / π′_c``, scaled to sum 1.

    π′ are the shares that the inner wrappers assert, found by running them with a learner that sees no columns.

    Parameters
    ----------
    classifier : scikit-learn classifier
    check : bool
        Correct only where rows left out by inner folds, at their natural class sizes, are not predicted worse for it.
    random_state : int
        Seed of the inner folds.

    Attributes
    ----------
    factor_ : ndarray (n_classes,)
        π / π′, scaled to mean 1.
    corrected_ : bool
        Whether the probabilities are corrected.
    sentence_ : str
        What was decided, and why.
    check_ : Checked or None
        The numbers behind it; None when nothing was checked.
    out_of_fold_proba_ : ndarray (n_samples, n_classes)
        Only when checked: probabilities from inner folds, corrected or not as decided; NaN for rows that no fold tested.
    """

    restores_prior = True

    def __init__(self, classifier: Any, check: bool = True, random_state: int = 0) -> None:
        super().__init__(classifier)
        self.check = check
        self.random_state = random_state

    def fit(self, X: Any, y: Any, rows: Rows | None = None) -> CheckedCorrection:
        """Fit the inner classifier, find the correction and look whether it helps."""
        X, y, stands = as_frame(X), np.asarray(y), represented(rows)
        self._keep(fit_on(clone(self.classifier), X, y, rows))
        _, positions = np.unique(y, return_inverse=True)
        total = np.bincount(positions, stands)
        factor = total / total.sum() / asserted_shares(self.classifier, X, y, rows)[0]
        self.factor_, self.check_, self.corrected_ = factor / factor.mean(), None, True
        if np.allclose(self.factor_, 1):
            self.corrected_ = False
            self.sentence_ = "No step before this one moves the class shares, so there is nothing to correct."
        elif not self.check:
            self.sentence_ = "Corrected without a check."
        else:
            proba = cross_fitted(self.classifier, X, y, self.classes_, self.random_state, rows)
            self._look(proba, positions, np.ones(len(y)) if stands is None else stands)
        return self

    def _look(self, proba: np.ndarray, positions: np.ndarray, weight: np.ndarray) -> None:
        tested, moved = ~np.isnan(proba[:, 0]), at_shares(proba, self.factor_)
        self.corrected_ = False
        self.sentence_ = "Not corrected: no inner fold tests a row, so the correction could not be checked."
        if tested.any():
            self.check_ = compared(proba[tested], moved[tested], positions[tested], weight[tested])
            self.corrected_ = self.check_.difference <= 0
            self.sentence_ = _sentence(self.check_, self.corrected_)
        self.out_of_fold_proba_ = moved if self.corrected_ else proba

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes), corrected where that was decided."""
        proba = super().predict_proba(X)
        return at_shares(proba, self.factor_) if self.corrected_ else proba


def compared(proba: np.ndarray, moved: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> Checked:
    """Probabilities (n_samples, n_classes) of the same rows before and after a correction.

    Parameters
    ----------
    proba, moved : ndarray (n_samples, n_classes)
    codes : ndarray of int (n_samples,)
        The class of each row.
    weight : ndarray (n_samples,)
        How many rows each one counts as.
    """
    each, rarest = np.arange(len(codes)), np.bincount(codes, weight, minlength=proba.shape[1])
    rarest = int(np.where(rarest > 0, rarest, np.inf).argmin())
    before, after = (-np.log(np.clip(p[each, codes], SMALLEST, 1)) for p in (proba, moved))
    share, change = weight / weight.sum(), after - before
    mean = float(share @ change)
    reach = Z * float(np.sqrt(share**2 @ (change - mean) ** 2))
    seen = share @ (codes == rarest)
    observed = (float(seen / max(share @ p[:, rarest], SMALLEST)) for p in (proba, moved))
    return Checked(float(share @ before), float(share @ after), mean, mean - reach, mean + reach, *observed)


def _sentence(found: Checked, corrected: bool) -> str:
    sure = found.low > 0 or found.high < 0
    text = (
        f"{'Corrected' if corrected else 'Not corrected'}: on rows that inner folds left out, the log loss would go from "
        f"{wording.score(found.log_loss)} to {wording.score(found.log_loss_corrected)} (interval of the change {wording.change(found.low)} to "
        f"{wording.change(found.high)}{'' if sure else ', so neither is shown to be better'}); of the rarest class, {wording.number(found.observed)} rows "
        f"come true per row expected before, {wording.number(found.observed_corrected)} after."
    )
    left = found.observed_corrected if corrected else found.observed
    if 1 / UNTRUE <= left <= UNTRUE:
        return text
    return f"{text} What is left is not true either: take calibrated probabilities instead."
