"""LightGBM trees, grown by its own cross-entropy or by a loss of ours: what is handed over in every round, and where the scores begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from lightgbm import Booster, Dataset

from core.learners.loss import Loss, constant_scores
from core.learners.scored_rows import ScoredRows, probabilities
from core.numerics.loss_terms import Terms, cross_entropy

PLAIN = Loss(cross_entropy)

LONGEST = 100.0
"""The longest step that a single row may ask for: a gradient of 1 counts with a second derivative of at least 1 / ``LONGEST``."""


@dataclass(frozen=True, eq=False)
class PlainTrees:
    """Trees that were grown by LightGBM's own cross-entropy.

    Parameters
    ----------
    booster_ : lightgbm.Booster
    """

    booster_: Booster

    def raw(self, Z: np.ndarray) -> np.ndarray:
        """The scores (n_samples, n_scores) of encoded rows."""
        return self.booster_.predict(Z, raw_score=True, num_threads=1).reshape(len(Z), -1)

    def predict_proba(self, Z: np.ndarray) -> np.ndarray:
        """Probabilities (n_samples, n_classes) of encoded rows."""
        proba = self.booster_.predict(Z, num_threads=1)
        return proba if proba.ndim > 1 else np.column_stack([1 - proba, proba])


@dataclass(frozen=True, eq=False)
class GrownTrees:
    """Trees that were grown by a loss, and the scores that they add to.

    Parameters
    ----------
    booster_ : lightgbm.Booster
    start : ndarray (n_scores,)
        With two classes the score of the second against the first, else one score per class.
    mass : ndarray (n_classes,)
        Rows of each class, weighted where rows are.
    loss : Loss
    """

    booster_: Booster
    start: np.ndarray
    mass: np.ndarray
    loss: Loss

    def raw(self, Z: np.ndarray) -> np.ndarray:
        """The scores (n_samples, n_scores) of encoded rows."""
        return self.booster_.predict(Z, raw_score=True, num_threads=1).reshape(len(Z), -1) + self.start

    def predict_proba(self, Z: np.ndarray) -> np.ndarray:
        """What these scores mean as probabilities (n_samples, n_classes)."""
        return probabilities(self.loss, self.raw(Z), self.mass)


def plainly_grown(
    Z: np.ndarray,
    codes: np.ndarray,
    weight: np.ndarray | None,
    *,
    n_rounds: int,
    categorical: list[int],
    settings: dict[str, Any],
) -> PlainTrees:
    """Grow the trees of ``lightgbm.LGBMClassifier``, without what it checks and copies around every fit; the parameters are those of ``grown``."""
    n_classes = int(codes.max()) + 1
    kind = {"objective": "multiclass", "num_class": n_classes} if n_classes > 2 else {"objective": "binary"}
    settings = {**settings, **kind, "metric": "none"}
    booster = Booster(
        settings, Dataset(Z, codes, weight=weight, params=settings, categorical_feature=categorical or "auto")
    )
    for _ in range(n_rounds):
        if booster.update():
            break  # no class can be split any further, and no later round changes that
    return PlainTrees(booster.free_dataset())


def grown(
    Z: np.ndarray,
    codes: np.ndarray,
    loss: Loss,
    weight: np.ndarray | None,
    *,
    n_rounds: int,
    categorical: list[int],
    settings: dict[str, Any],
) -> GrownTrees:
    """Grow trees, one for each score in every round.

    Scores begin at those that a loss gives all rows alike, as LightGBM's own objectives begin at the class shares. A loss that picks
    rows by how hard they are may then find all of them in one class, and nothing to split; a first tree by cross-entropy
    tells them apart. That is our choice.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
    codes : ndarray of int (n_samples,)
        Classes 0 … n_classes − 1, at least two.
    loss : Loss
        Told what it asks for.
    weight : ndarray (n_samples,) or None
    n_rounds : int
    categorical : list of int
        Columns of Z that hold codes.
    settings : dict
        Parameters of LightGBM.
    """
    asked = Asked(loss, codes, weight, n_rounds)
    start = constant_scores(loss, asked.rows.mass)
    start = start if len(start) > 2 else start[1:] - start[0]
    settings = {**settings, "objective": "none", "metric": "none", "num_class": len(start)}
    begun = {"init_score": np.repeat(start, len(Z)), "categorical_feature": categorical or "auto"}
    rows = Dataset(Z, params=settings, **begun).construct()
    booster = Booster(settings, rows)
    splits = any(rows.feature_num_bin(j) for j in range(Z.shape[1]))  # LightGBM breaks off where no column can be split
    for number in range(n_rounds if splits else 0):
        unsplit = booster.update(fobj=asked)
        if unsplit and not number:
            booster.update(fobj=asked.plainly)
    return GrownTrees(booster.free_dataset(), start, asked.rows.mass, loss)


class Asked:
    """What LightGBM asks in every round: gradients and second derivatives at the scores so far, in its own float32.

    As in its own objective, the second derivatives of several classes count K / (K − 1) times, because their scores move together. A loss
    that is not convex has negative ones, by which a step of Newton's would climb; so their absolute value is taken, and never
    less than ``|gradient| / LONGEST``, which keeps a leaf from stepping further than ``LONGEST``. Both are our choice.

    Parameters
    ----------
    loss : Loss
    codes : ndarray of int (n_samples,)
    weight : ndarray (n_samples,) or None
    n_rounds : int
    """

    def __init__(self, loss: Loss, codes: np.ndarray, weight: np.ndarray | None, n_rounds: int) -> None:
        self.rows, self.n_rounds = ScoredRows(loss, codes, weight, np.float32), n_rounds
        self.weight = None if weight is None else np.asarray(weight, dtype=np.float32)
        self.round, self.state = 0, None

    def __call__(self, raw: np.ndarray, _: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and second derivative at scores (n_samples,), or (n_samples, n_classes) column by column, in the same shape."""
        now = {"progress": self.round / self.n_rounds, "state": self.state, "step": self.round}
        terms = self.rows.terms(raw.T.reshape(self.rows.n_scores, -1), **now)
        self.round, self.state = self.round + 1, terms.state
        return self._handed(terms)

    def plainly(self, raw: np.ndarray, _: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """The same by cross-entropy."""
        return self._handed(self.rows.terms(raw.T.reshape(self.rows.n_scores, -1), PLAIN))

    def _handed(self, terms: Terms) -> tuple[np.ndarray, np.ndarray]:
        n_scores = self.rows.n_scores
        gradient, bend = terms.gradient, np.abs(terms.hessian)
        if n_scores > 1:
            bend *= n_scores / (n_scores - 1)
        np.maximum(bend, np.abs(gradient) / LONGEST, out=bend)
        if self.weight is not None:
            gradient, bend = gradient * self.weight, bend * self.weight
        return (gradient.T, bend.T) if n_scores > 1 else (gradient[0], bend[0])
