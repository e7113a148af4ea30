"""A small network of one hidden layer with a softmax head, several of them trained at once; numpy only.

Several networks stand along the first axis of every array, so that a step of all of them is one batched matrix product.
Networks may share their rows (first axis of length 1) or have rows of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np

WIDTH = 16
"""Hidden units, unless told otherwise."""

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True, eq=False)
class Networks:
    """Several networks ``softmax(relu(x W1 + b1) W2 + b2)`` of one shape.

    Parameters
    ----------
    W1, b1 : ndarray (n_networks, n_features, width), (n_networks, 1, width)
        The hidden layer.
    W2, b2 : ndarray (n_networks, width, n_classes), (n_networks, 1, n_classes)
        The head.
    """

    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray

    @classmethod
    def drawn(
        cls, n_networks: int, n_features: int, n_classes: int, *, width: int = WIDTH, random_state: int = 0
    ) -> Networks:
        """Draw weights: He's variance ``2 / n_features`` in the hidden layer, ``1 / width`` in the head, no biases."""
        rng = np.random.default_rng(random_state)
        W1 = rng.normal(0, np.sqrt(2 / n_features), (n_networks, n_features, width))
        W2 = rng.normal(0, np.sqrt(1 / width), (n_networks, width, n_classes))
        b1, b2 = np.zeros((n_networks, 1, width)), np.zeros((n_networks, 1, n_classes))
        return cls(*(part.astype(np.float32) for part in (W1, b1, W2, b2)))

    @property
    def parts(self) -> list[np.ndarray]:
        """The four arrays, in the order of the fields."""
        return [getattr(self, field.name) for field in fields(self)]

    def hidden(self, X: np.ndarray) -> np.ndarray:
        """Activations (n_networks, n_samples, width) of the hidden layer for rows X (n_networks or 1, n_samples, n_features)."""
        H = X @ self.W1
        H += self.b1
        return np.maximum(H, 0, out=H)

    def proba(self, X: np.ndarray) -> np.ndarray:
        """Class probabilities (n_networks, n_samples, n_classes)."""
        return self.head(self.hidden(X))

    def head(self, H: np.ndarray) -> np.ndarray:
        """Class probabilities from activations of the hidden layer."""
        logits = H @ self.W2
        logits += self.b2
        top = logits[..., 0].copy()
        for c in range(1, logits.shape[-1]):
            np.maximum(top, logits[..., c], out=top)
        logits -= top[..., None]
        np.exp(logits, out=logits)
        logits /= logits @ np.ones((logits.shape[-1], 1), logits.dtype)
        return logits

    def gradients(self, X: np.ndarray, target: np.ndarray, weight: np.ndarray) -> list[np.ndarray]:
        """Gradients of the weighted cross-entropy, in the order of ``parts``.

        Parameters
        ----------
        X : ndarray (n_networks or 1, n_samples, n_features)
        target : ndarray (n_networks or 1, n_samples, n_classes)
            1 at the class of each row.
        weight : ndarray (n_networks or 1, n_samples, 1)
            Weight of each row in the sum.
        """
        H = self.hidden(X)
        error = self.head(H)
        error -= target
        error *= weight
        back = error @ self.W2.swapaxes(1, 2)
        back *= H > 0
        ones = np.ones((1, 1, H.shape[1]), H.dtype)
        return [X.swapaxes(1, 2) @ back, ones @ back, H.swapaxes(1, 2) @ error, ones @ error]


def training(
    networks: Networks,
    X: np.ndarray,
    codes: np.ndarray,
    weight: np.ndarray,
    *,
    n_epochs: int,
    rate: float = 0.02,
    batch_size: int = 0,
    adaptive: bool = True,
    random_state: int = 0,
) -> Iterator[Networks]:
    """Train networks and give them after every epoch, the untrained ones first.

    Parameters
    ----------
    networks : Networks
        Left as they are.
    X : ndarray (n_networks or 1, n_samples, n_features)
        Rows, one set for all networks or one for each.
    codes : ndarray of int (n_networks or 1, n_samples)
        Classes.
    weight : ndarray (n_networks or 1, n_samples)
        Weight of each row in the loss; divided by its sum.
    n_epochs : int
        How often all rows are seen.
    rate : float
        Length of a step.
    batch_size : int
        Rows in a step; 0 takes all of them, so that an epoch is one step.
    adaptive : bool
        Adam; otherwise plain gradient descent.
    random_state : int
        Order of the rows in batches.

    Yields
    ------
    Networks
        The next epoch overwrites its arrays: copy what is kept.
    """
    current = Networks(*(part.copy() for part in networks.parts))
    target = np.eye(networks.b2.shape[-1], dtype=np.float32)[codes]
    weight = (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)[..., None]
    X = X.astype(np.float32, copy=False)
    step = _Adam(current.parts, rate) if adaptive else _descent(current.parts, rate)
    rng = np.random.default_rng(random_state)
    yield current
    for _ in range(n_epochs):
        for rows, share in _batches(X.shape[1], batch_size, rng):
            step(current.gradients(X[:, rows], target[:, rows], weight[:, rows] * np.float32(1 / share)))
        yield current


def _batches(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[tuple[slice | np.ndarray, float]]:
    """The rows of each step of an epoch, and their share of all rows."""
    if not 0 < batch_size < n:
        yield slice(None), 1.0
        return
    order = rng.permutation(n)
    for start in range(0, n, batch_size):
        rows = order[start : start + batch_size]
        yield rows, len(rows) / n


def _descent(parts: list[np.ndarray], rate: float) -> Callable[[list[np.ndarray]], None]:
    """Plain gradient descent, in place."""

    def step(gradients: list[np.ndarray]) -> None:
        for part, gradient in zip(parts, gradients, strict=True):
            part -= np.float32(rate) * gradient

    return step


class _Adam:
    """Steps of Adam, in place (Kingma and Ba 2015)."""

    def __init__(self, parts: list[np.ndarray], rate: float) -> None:
        self.parts, self.rate, self.n_steps = parts, rate, 0
        self.mean = [np.zeros_like(part) for part in parts]
        self.square = [np.zeros_like(part) for part in parts]

    def __call__(self, gradients: list[np.ndarray]) -> None:
        self.n_steps += 1
        scale = np.float32(self.rate * np.sqrt(1 - BETA_2**self.n_steps) / (1 - BETA_1**self.n_steps))
        for part, gradient, mean, square in zip(self.parts, gradients, self.mean, self.square, strict=True):
            mean += (1 - BETA_1) * (gradient - mean)
            square += (1 - BETA_2) * (gradient**2 - square)
            part -= scale * mean / (np.sqrt(square) + EPSILON)
