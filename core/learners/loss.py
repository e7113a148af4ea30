"""A loss as a learner takes it: one definition for the neural network, for boosted trees and for the linear model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from core.learners.encoding import as_frame, distance_matrix_input
from core.learners.ensembles import with_inner
from core.learners.rows import Rows, represented
from core.learners.wrapping import Weighted, Wrapped, fit_on
from core.numerics import plane
from core.numerics.loss_terms import Known, Terms, indicator, softmax

FARTHEST = 12.0
"""How far a constant score may go from 0, where a loss would have it infinite."""

N_ROUNDS, N_BATCHES = 8, 40
"""How often constant scores are sought again for a loss that remembers batches, and batches that it sees in between."""


@dataclass(frozen=True, eq=False)
class Loss:
    """A loss with its options; it can be copied and pickled, and may be exchanged in any learner with a parameter ``loss``.

    Parameters
    ----------
    terms : callable
        ``terms(scores, own, known, **options) -> Terms``, a pure function of scores (…, n_classes, n_samples), 1 at the own class
        (same shape) and ``Known``.
    options : mapping
        Further arguments of ``terms``, ``probabilities`` and ``hidden``.
    probabilities : callable or None
        ``probabilities(proba, known, **options)``: what the softmax of the scores (…, n_classes, n_samples) means; None where it is meant as it is.
    hidden : callable or None
        ``hidden(H, own, known, **options) -> (value, gradient)`` of the last hidden layer H (…, width, n_samples), added to the loss of a
        neural network; value (…, n_samples).
    exact : bool
        Whether ``Terms.hessian`` is the second derivative itself, and not a bound from above.
    asks : tuple of str
        What the table must tell: "groups", "cost" or "ties" of ``Known``.
    told : mapping
        What it has told.
    """

    terms: Callable[..., Terms]
    options: Mapping[str, Any] = field(default_factory=dict)
    probabilities: Callable[..., np.ndarray] | None = None
    hidden: Callable[..., tuple[np.ndarray, np.ndarray]] | None = None
    exact: bool = True
    asks: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, scores: np.ndarray, own: np.ndarray, known: Known) -> Terms:
        """Values, gradients and second derivatives by the scores."""
        return self.terms(scores, own, known, **self.options)

    def proba(self, scores: np.ndarray, known: Known) -> np.ndarray:
        """The class probabilities (…, n_classes, n_samples) that scores mean."""
        proba = softmax(scores)
        return proba if self.probabilities is None else self.probabilities(proba, known, **self.options)

    def known(self, counts: np.ndarray, **more: Any) -> Known:
        """What this loss knows of a table with so many rows per class (n_classes,)."""
        told = {name: value for name, value in self.told.items() if name != "groups"}
        return Known(np.asarray(counts, dtype=float)[:, None], **told, **more)

    def of_table(self, X: pd.DataFrame, codes: np.ndarray, rows: Rows | None) -> Loss:
        """The same loss, told what it asks for."""
        told: dict[str, Any] = {}
        if "groups" in self.asks and rows is not None and rows.groups is not None:
            told["groups"] = rows.groups
        if "cost" in self.asks:
            told["cost"] = class_costs(X, codes)
        if "ties" in self.asks:
            told["ties"] = class_ties(X, codes)
        return replace(self, told=told) if told else self


class LossTrained(Wrapped):
    """Lets the innermost learner train by another loss.

    In a working sample rows weigh as much as they stand for, so that the loss sees the shares of the whole table.

    Parameters
    ----------
    classifier : scikit-learn classifier
        The learner inside it has a parameter ``loss``; one without is fitted as it is.
    loss : Loss
    """

    def __init__(self, classifier: Any, loss: Loss) -> None:
        super().__init__(classifier)
        self.loss = loss

    def fit(self, X: Any, y: Any, rows: Rows | None = None) -> LossTrained:
        """Tell the loss what it asks for, and fit."""
        X, stands = as_frame(X), represented(rows)
        codes = np.unique(y, return_inverse=True)[1]
        inner = with_inner(self.classifier, loss=self.loss.of_table(X, codes, rows))
        weighs = stands is not None and not isinstance(inner, Weighted)
        given = {"sample_weight": stands / stands.mean()} if weighs else {}
        return self._keep(fit_on(inner, X, y, rows, **given))


def with_loss(classifier: Any, terms: Callable[..., Terms], **given: Any) -> LossTrained:
    """Wrap a classifier so that it trains by a loss; what is no field of ``Loss`` is an option of the loss."""
    fields = {name: given.pop(name) for name in ("probabilities", "hidden", "exact", "asks") if name in given}
    return LossTrained(clone(classifier), Loss(terms, given, **fields))


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a wrapped classifier would fit its learner on, found without fitting it.

    Parameters
    ----------
    learner : scikit-learn classifier
        The innermost one, unfitted, with the loss, batches and optimiser that its wrappers give it.
    X, y, sample_weight : table, array and ndarray or None
        What its ``fit`` is to be given.
    around : scikit-learn classifier
        The wrappers, fitted around a learner that has learned nothing.
    """

    learner: Any
    X: pd.DataFrame
    y: np.ndarray
    sample_weight: np.ndarray | None
    around: Any

    def completed(self, fitted: Any) -> Any:
        """The wrappers around the fitted learner: what fitting the wrapped classifier would have given."""
        outer = inner = self.around
        while hasattr(inner, "classifier_"):
            outer, inner = inner, inner.classifier_
        if outer is inner:
            return fitted
        outer.classifier_ = fitted
        return self.around


def prepared(classifier: Any, X: Any, y: Any, rows: Rows | None = None) -> Prepared:
    """Find out what a wrapped classifier would fit its learner on: loss, weights and rows, so that several can be trained together.

    The wrappers are fitted around a stand-in that notes what it is given; they must fit their learner once.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Not changed.
    X : pandas.DataFrame (n_samples, n_features)
    y : array (n_samples,)
    rows : Rows or None
    """
    around = inner = clone(classifier)
    while hasattr(inner, "classifier"):
        inner = inner.classifier
    own = type(inner)
    inner.__class__ = type(own.__name__, (own,), {"fit": _noted})
    around = inner = fit_on(around, X, y, rows)
    while hasattr(inner, "classifier_"):
        inner = inner.classifier_
    learner = own(**inner.get_params(deep=False))
    return Prepared(learner, *inner.noted_, around)


def _noted(learner: Any, X: Any, y: Any, sample_weight: np.ndarray | None = None) -> Any:
    """Stands in for ``fit``."""
    learner.noted_ = (X, np.asarray(y), sample_weight)
    learner.classes_, learner.n_features_in_ = np.unique(y), X.shape[1]
    return learner


def carried_back(classifier: Any) -> bool:
    """Whether a wrapped classifier trains by a loss whose scores mean other probabilities than their softmax."""
    while hasattr(classifier, "classifier"):
        if isinstance(classifier, LossTrained) and classifier.loss.probabilities is not None:
            return True
        classifier = classifier.classifier
    return False


def class_costs(X: pd.DataFrame, codes: np.ndarray) -> np.ndarray:
    """Distances of the class centres in the plane of their discriminant axes, over the largest: (n_classes, n_classes)."""
    n_classes = int(codes.max()) + 1
    Z = plane.plain_columns(distance_matrix_input(X))
    kept = plane.telling_columns(Z, codes, n_classes) if Z.shape[1] else []
    if n_classes < 2 or not np.size(Z[:, kept]):
        return 1 - np.eye(n_classes)
    centre, axes = plane.discriminant_axes(Z[:, kept], codes, n_classes)
    sums = [np.bincount(codes, column, minlength=n_classes) for column in ((Z[:, kept] - centre) @ axes).T]
    return plane.centre_costs(np.stack(sums, axis=1) / np.bincount(codes)[:, None])


def class_ties(X: pd.DataFrame, codes: np.ndarray) -> np.ndarray:
    """How alike the gaps of classes are: the cosine of their shares of missing cells per column, (n_classes, n_classes), 0 on the diagonal."""
    gaps = X.isna().to_numpy(dtype=float)
    own = indicator(codes, int(codes.max()) + 1)
    shares = own @ gaps / own.sum(axis=1, keepdims=True)
    length = np.linalg.norm(shares, axis=1, keepdims=True)
    ties = np.divide(shares, length, out=np.zeros_like(shares), where=length > 0)
    ties = ties @ ties.T
    np.fill_diagonal(ties, 0)
    return ties


def constant_scores(loss: Loss, mass: np.ndarray, counts: np.ndarray | None = None) -> np.ndarray:
    """The scores (n_classes,), the same for all rows, at which a loss is smallest; at most ``FARTHEST`` from 0.

    This is what a loss makes of class shares alone: where training by it begins, and what it asserts before any column is seen. One row
    stands for all rows of a class, so that what a loss adds up over rows has the size that it has in the table.

    Parameters
    ----------
    loss : Loss
    mass : ndarray (n_classes,)
        Rows of each class as the loss meets them, weighted where rows are; above 0.
    counts : ndarray (n_classes,) or None
        Rows of each class as the loss is told of them; the same unless batches show classes in other shares.
    """
    return settled(loss, mass, counts)[0]


def settled(
    loss: Loss, mass: np.ndarray, counts: np.ndarray | None = None, progress: float = 1.0, *, remembers: bool = True
) -> tuple[np.ndarray, np.ndarray | None]:
    """The scores of ``constant_scores`` where a schedule stands at ``progress``, and what a loss that remembers batches then remembers, or None.

    A learner that hands no memory on, as the linear model, does not remember.
    """
    n_classes, scores, state = len(mass), np.log(mass / mass.sum()), None
    scores = np.clip(scores - scores.mean(), -FARTHEST, FARTHEST)
    own = np.eye(n_classes)
    known = loss.known(mass if counts is None else counts, weight=mass[None, :], progress=progress)
    for number in range(N_ROUNDS):
        before, scores = scores, _smallest(loss, scores, replace(known, state=state))
        if not remembers:
            break
        state = loss(np.repeat(scores[:, None], n_classes, axis=1), own, replace(known, state=state)).state
        if state is None or (number and np.abs(scores - before).max() < 1e-6):
            break
        for _ in range(N_BATCHES):
            state = loss(np.repeat(scores[:, None], n_classes, axis=1), own, replace(known, state=state)).state
    return scores, state


def steady(loss: Loss | None, counts: np.ndarray) -> bool:
    """Whether a loss is the same at the beginning and at the end of the training."""
    if loss is None:
        return True
    n_classes = len(counts)
    scores = np.sin(np.arange(2.0 * n_classes * n_classes)).reshape(n_classes, -1)
    own, more = (
        np.tile(np.eye(n_classes), 2),
        {"weight": np.ones((1, 2 * n_classes)), "groups": np.tile([0, 1], n_classes)},
    )
    slopes = [loss(scores, own, loss.known(counts, progress=done, **more)).gradient for done in (0.0, 0.5, 1.0)]
    return all(np.array_equal(slopes[0], each) for each in slopes[1:])


def _smallest(loss: Loss, start: np.ndarray, known: Known) -> np.ndarray:
    """The constant scores at which a loss is smallest while it remembers what it does."""
    from scipy.optimize import minimize

    own, weight = np.eye(len(start)), known.weight / known.weight.mean()

    def objective(z: np.ndarray) -> tuple[float, np.ndarray]:
        terms = loss(np.repeat(z[:, None], len(z), axis=1), own, known)
        return float((weight[0] * terms.value).sum()), (weight * terms.gradient).sum(axis=1)

    options = {"ftol": 1e-14, "gtol": 1e-9}
    bounds = [(-FARTHEST, FARTHEST)] * len(start)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return found.x - found.x.mean()
