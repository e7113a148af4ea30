"""What losses are made of: scores to probabilities, and values with their gradients and second derivatives by the scores.

Classes stand along the second axis from the end and rows along the last, ``(…, n_classes, n_samples)``, so that sums over classes run along
the rows; axes before them are networks that are trained together. Every function gives the same numbers for one network alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any

import numpy as np

RAREST = 1e-12
"""The smallest share of a class that is told from none."""


class Late:
    """An attribute of a dataclass that may be given as a function; it is called when the attribute is first read."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.key = f"_{name}"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            raise AttributeError(self.key)
        held = instance.__dict__[self.key]
        if callable(held):
            held = instance.__dict__[self.key] = held()
        return held

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.key] = value


@dataclass(frozen=True, eq=False)
class Terms:
    """A loss row by row, and how it changes with the scores.

    Parameters
    ----------
    value : ndarray (…, n_samples)
    gradient : ndarray (…, n_classes, n_samples)
        Derivative of the weighted sum of all values by the scores of a row, divided by the weight of that row.
    hessian : ndarray (…, n_classes, n_samples), or a function without arguments that gives it
        Its second derivative by each score alone, or a bound from above on it; it may be negative where the loss is not convex. A neural
        network never reads it, so that a function saves it the work.
    state : ndarray or None
        What the loss remembers for the next batch.
    """

    value: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray = Late()
    state: np.ndarray | None = None

    def plus(self, other: Terms, share: float = 1.0) -> Terms:
        """This loss and ``share`` of another one; the state of either is kept."""
        state = self.state if other.state is None else other.state
        return Terms(
            self.value + share * other.value,
            self.gradient + share * other.gradient,
            lambda: self.hessian + share * other.hessian,
            state,
        )


@dataclass(frozen=True, eq=False)
class Known:
    """What a loss may know beside scores and classes.

    Parameters
    ----------
    counts : ndarray (…, n_classes, 1)
        Rows of each class among all training rows, weighted where rows are.
    progress : float
        Share of the training that is over, 0 to 1.
    weight : ndarray (…, 1, n_samples) or None
        Weight of each row, 1 on average; None weighs all alike. The trainer multiplies values and gradients by it, so a loss of
        single rows ignores it; one that adds rows up before it divides must use it.
    state : ndarray or None
        What the loss remembered after the batch before; None at first.
    step : int
        Number of the batch, which seeds whatever a loss draws.
    groups : ndarray of int (…, n_samples) or None
        The group of each row; None when there are none.
    cost : ndarray (…, n_classes, n_classes) or None
        What it costs to take a class (row) for another (column), at most 1.
    ties : ndarray (…, n_classes, n_classes) or None
        How much classes go together, 0 to 1.
    """

    counts: np.ndarray
    progress: float = 1.0
    weight: np.ndarray | None = None
    state: np.ndarray | None = None
    step: int = 0
    groups: np.ndarray | None = None
    cost: np.ndarray | None = None
    ties: np.ndarray | None = None

    @property
    def shares(self) -> np.ndarray:
        """The share of each class (…, n_classes, 1)."""
        return self.counts / self.counts.sum(axis=-2, keepdims=True)


def indicator(codes: np.ndarray, n_classes: int, dtype: type = np.float64) -> np.ndarray:
    """1 at the class of each row: (…, n_classes, n_samples) from codes (…, n_samples).

    Examples
    --------
    >>> indicator(np.array([0, 1, 1]), 2).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]
    """
    return (codes[..., None, :] == np.arange(n_classes)[:, None]).astype(dtype)


def log_and_softmax(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the class probabilities, without overflow, and the probabilities themselves."""
    log_proba = scores - np.maximum.reduce(scores, axis=-2, keepdims=True)
    proba = np.exp(log_proba)
    total = np.add.reduce(proba, axis=-2, keepdims=True)
    proba /= total
    log_proba -= np.log(total)
    return log_proba, proba


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Logarithms of the class probabilities, without overflow."""
    return log_and_softmax(scores)[0]


def softmax(scores: np.ndarray) -> np.ndarray:
    """Class probabilities.

    Examples
    --------
    >>> softmax(np.array([[1e4], [1e4]])).tolist()
    [[0.5], [0.5]]
    """
    powers = np.exp(scores - scores.max(axis=-2, keepdims=True))
    powers /= powers.sum(axis=-2, keepdims=True)
    return powers


def of_own_probability(
    log_proba: np.ndarray,
    own: np.ndarray,
    value: np.ndarray,
    slope: np.ndarray,
    bend: np.ndarray | float | Callable[[], np.ndarray] = 0.0,
    weight: np.ndarray | float = 1.0,
    *,
    proba: np.ndarray | None = None,
) -> Terms:
    """A loss ``w · f(l)`` of the logarithm l of the probability of a row's own class.

    With ``∂l/∂z_k = 1[k = y] − p_k``, the gradient is ``w f′ (1[k = y] − p_k)`` and the second derivative
    ``w (f″ (1[k = y] − p_k)² − f′ p_k (1 − p_k))``.

    Parameters
    ----------
    log_proba : ndarray (…, n_classes, n_samples)
        Log-probabilities, as ``log_softmax`` gives them.
    own : ndarray (…, n_classes, n_samples)
        1 at the class of each row.
    value, slope, bend : ndarray (…, 1, n_samples)
        f and its first and second derivative by l; the second may be a function that gives it when the hessian is read.
    weight : ndarray (…, 1, n_samples) or float
        Weight w of each row, which does not depend on the scores.
    proba : ndarray (…, n_classes, n_samples) or None
        ``exp(log_proba)``, where it is there already.
    """
    proba = np.exp(log_proba) if proba is None else proba
    slope = weight * slope
    gradient = own - proba
    gradient *= slope

    def hessian() -> np.ndarray:
        found = 1 - proba
        found *= proba
        found *= -slope
        bent = bend() if callable(bend) else bend
        if np.ndim(bent) or bent:
            apart = own - proba
            apart *= apart
            apart *= weight * bent
            found += apart
        return found

    return Terms((weight * value)[..., 0, :], gradient, hessian)


def of_own(values: np.ndarray, own: np.ndarray) -> np.ndarray:
    """For each row the value at its own class, (…, 1, n_samples); values may be (…, n_classes, 1)."""
    return np.add.reduce(values * own, axis=-2, keepdims=True)


def cross_entropy(
    scores: np.ndarray, own: np.ndarray, known: Known | None = None, weight: np.ndarray | float = 1.0
) -> Terms:
    """``−w log p_y``: gradient ``w (p − 1[k = y])``, second derivative ``w p (1 − p)``."""
    log_proba, proba = log_and_softmax(scores)
    gradient, log_proba = proba - own, of_own(log_proba, own)
    if np.ndim(weight) == 0 and weight == 1:
        return Terms(-log_proba[..., 0, :], gradient, lambda: proba * (1 - proba))
    gradient *= weight
    value = (log_proba * -weight)[..., 0, :]
    return Terms(value, gradient, lambda: weight * proba * (1 - proba))


def of_counts(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Remember what a function makes of class counts and an option, as every step of a training asks for the same; what it gives is not to be written to."""

    @lru_cache(maxsize=64)
    def found(bits: bytes, shape: tuple[int, ...], dtype: np.dtype, option: Any) -> np.ndarray:
        values = function(np.frombuffer(bits, dtype).reshape(shape), option)
        values.setflags(write=False)
        return values

    @wraps(function)
    def remembered(counts: np.ndarray, option: Any) -> np.ndarray:
        return found(counts.tobytes(), counts.shape, counts.dtype, option)

    return remembered


def log_shares(known: Known, dtype: Any = np.float64) -> np.ndarray:
    """Logarithms of the shares of the classes, (…, n_classes, 1)."""
    return _log_shares(known.counts, np.dtype(dtype))


@of_counts
def _log_shares(counts: np.ndarray, dtype: Any) -> np.ndarray:
    return np.log(np.maximum(counts / counts.sum(axis=-2, keepdims=True), RAREST)).astype(dtype)


def carried_back(proba: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """True probabilities from those at which a loss ``f_y(log q_y)`` is smallest: ``p_k ∝ q_k / g_k`` with the pull ``g_k = −f_k′(log q_k)``.

    At the smallest mean loss the derivatives by the scores add up to 0, which makes ``p_k f_k′ / q_k`` the same for all classes.

    Parameters
    ----------
    proba : ndarray (…, n_classes, n_samples)
        Probabilities q that a model was trained to by the loss.
    pull : ndarray (…, n_classes, n_samples) or (…, n_classes, 1)
        Not below 0; 1 for cross-entropy.

    Examples
    --------
    >>> carried_back(np.array([[0.5], [0.5]]), np.array([[0.2], [1.8]])).tolist()
    [[0.9], [0.1]]
    """
    smallest = np.sqrt(np.finfo(proba.dtype).tiny)
    odds = proba / np.maximum(pull, smallest)
    odds /= odds.sum(axis=-2, keepdims=True)
    return odds
