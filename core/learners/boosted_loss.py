"""LightGBM trees that are grown by a loss of ours: what is handed over in every round, and where the scores begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from lightgbm import Booster, Dataset

from core.learners.loss import Loss, constant_scores
from core.numerics.loss_terms import indicator

LONGEST = 100.0
"""The longest step that a single row may ask for: a gradient of 1 counts with a second derivative of at least 1 / ``LONGEST``."""

SMALLEST = 1e-12
"""The least rows of a class that its constant score is computed from; weights of 0 may leave none."""


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


def probabilities(loss: Loss, raw: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """The class probabilities (n_samples, n_classes) that a loss reads from scores.

    Parameters
    ----------
    loss : Loss
    raw : ndarray (n_samples, n_scores)
        With two classes one column, the score of the second against the first.
    mass : ndarray (n_classes,)
        Rows of each class that the scores were learned from.
    """
    scores = np.ascontiguousarray(raw.T)
    if len(scores) == 1:
        scores = np.concatenate([np.zeros_like(scores), scores])
    return np.ascontiguousarray(loss.proba(scores, loss.known(mass)).T)


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

    Scores begin at those that a loss gives all rows alike, as LightGBM's own objectives begin at the class shares. As there, the
    second derivatives of several classes are taken K / (K − 1) times, since their scores move together. A loss that is not convex has
    negative ones: a step of Newton's would then climb, so their absolute value is taken, and never less than
    ``|gradient| / LONGEST``. Both are our choice.

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
    mass = np.maximum(np.bincount(codes, weight).astype(float), SMALLEST)
    start = constant_scores(loss, mass)
    start = start[1:] - start[0] if len(mass) == 2 else start
    settings = {**settings, "objective": "none", "metric": "none", "num_class": len(start)}
    rows = Dataset(
        Z,
        init_score=np.repeat(start, len(Z)),
        categorical_feature=categorical or "auto",
        params={**settings, "verbosity": -1},
    )
    booster = Booster(settings, rows)
    asked = Asked(loss, codes, mass, weight, n_rounds)
    for _ in range(n_rounds):
        booster.update(fobj=asked)
    return GrownTrees(booster.free_dataset(), start, mass, loss)


class Asked:
    """What LightGBM asks in every round: gradients and second derivatives at the scores so far.

    Parameters
    ----------
    loss : Loss
    codes : ndarray of int (n_samples,)
    mass : ndarray (n_classes,)
        Rows of each class, weighted where rows are.
    weight : ndarray (n_samples,) or None
    n_rounds : int
    """

    def __init__(
        self, loss: Loss, codes: np.ndarray, mass: np.ndarray, weight: np.ndarray | None, n_rounds: int
    ) -> None:
        self.loss, self.mass, self.n_rounds = loss, mass, n_rounds
        self.own = indicator(codes, len(mass), np.float32)
        self.scores = np.zeros_like(self.own)
        self.trained = self.scores[1:] if len(mass) == 2 else self.scores
        self.weight = None if weight is None else np.asarray(weight, dtype=np.float32)
        self.more: dict[str, Any] = {}
        if weight is not None:
            self.more["weight"] = (self.weight / self.weight.mean())[None]
        groups = loss.told.get("groups")
        if groups is not None and len(groups) == len(codes):
            self.more["groups"] = np.asarray(groups)
        self.round, self.state = 0, None

    def __call__(self, raw: np.ndarray, rows: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and second derivative, as LightGBM takes them: (n_samples,), or (n_samples, n_classes) by columns."""
        np.copyto(self.trained, raw.T, casting="same_kind")
        known = self.loss.known(
            self.mass, progress=self.round / self.n_rounds, state=self.state, step=self.round, **self.more
        )
        terms = self.loss(self.scores, self.own, known)
        self.round, self.state = self.round + 1, terms.state
        n_classes, n_scores = len(self.scores), len(self.trained)
        gradient, bend = terms.gradient[-n_scores:], np.abs(terms.hessian[-n_scores:])
        if n_scores > 1:
            bend *= n_classes / (n_classes - 1)
        np.maximum(bend, np.abs(gradient) * (1 / LONGEST), out=bend)
        if self.weight is not None:
            gradient, bend = gradient * self.weight, bend * self.weight
        return (gradient.T, bend.T) if n_scores > 1 else (gradient[0], bend[0])
