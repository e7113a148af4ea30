"""Several small networks of one shape, side by side: their parameters in one array, activations, scores and gradients; numpy only.

``softmax(relu(x W1 + b1) W2 + b2)``, or ``softmax(x W1 + b1)`` without a hidden layer. All parameters of a network lie in one row, so that an
optimiser works on a single array, and a step of all networks is one batched matrix product. Networks may see the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.numerics.gates import Gates
from core.numerics.loss_terms import softmax

NOTHING = np.float32(0)
"""What a hidden unit that is shut gives."""

WIDTH = 16
"""Hidden units, unless told otherwise."""


@dataclass(frozen=True)
class Shape:
    """What networks must have in common to stand side by side.

    Parameters
    ----------
    n_features, n_classes : int
    hidden : int
        Hidden units of a branch; 0 is the linear model.
    branches : int
        Branches with a gate each; 1 is a plain hidden layer.
    """

    n_features: int
    n_classes: int
    hidden: int = WIDTH
    branches: int = 1

    @property
    def width(self) -> int:
        """Hidden units of all branches."""
        return self.hidden * self.branches

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each part of a network, in the order in which they lie."""
        if not self.hidden:
            return {"W1": (self.n_features, self.n_classes), "b1": (1, self.n_classes)}
        parts = {"W1": (self.n_features, self.width), "b1": (1, self.width)}
        if self.branches > 1:
            parts |= Gates.sizes(self.branches, self.hidden)
        return parts | {"head": (self.n_classes, self.width), "b2": (1, self.n_classes)}

    @property
    def n_parameters(self) -> int:
        """Length of a row of parameters."""
        return sum(int(np.prod(size)) for size in self.sizes.values())

    @property
    def decays(self) -> np.ndarray:
        """1 for weights and 0 for biases (n_parameters,)."""
        sizes = self.sizes.items()
        return np.concatenate([np.full(int(np.prod(size)), not name.startswith("b")) for name, size in sizes]) * 1.0


@dataclass(frozen=True, eq=False)
class Networks:
    """Several networks of one shape.

    Parameters
    ----------
    shape : Shape
    flat : ndarray (n_networks, n_parameters)
        All parameters of a network in a row; the parts are views of it.

    Attributes
    ----------
    parts : dict of ndarray
        ``W1`` (n_networks, n_features, width), ``b1`` (n_networks, 1, width), ``head`` (n_networks, n_classes, width) and
        ``b2`` (n_networks, 1, n_classes), with the gates of branches between them.
    """

    shape: Shape
    flat: np.ndarray
    parts: dict[str, np.ndarray] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts, start = {}, 0
        for name, size in self.shape.sizes.items():
            end = start + int(np.prod(size))
            parts[name] = self.flat[:, start:end].reshape(len(self.flat), *size)
            start = end
        object.__setattr__(self, "parts", parts)

    @classmethod
    def drawn(cls, n_networks: int, shape: Shape, random_state: int = 0) -> Networks:
        """Draw weights: He's variance ``2 / n_features`` in the hidden layer, ``1 / width`` in the head, no biases; a linear model begins at 0."""
        networks = cls(shape, np.zeros((n_networks, shape.n_parameters), dtype=np.float32))
        if not shape.hidden:
            return networks
        rng, parts = np.random.default_rng(random_state), networks.parts
        parts["W1"][:] = rng.normal(0, np.sqrt(2 / max(shape.n_features, 1)), parts["W1"].shape)
        head = (n_networks, shape.width, shape.n_classes)
        parts["head"][:] = rng.normal(0, np.sqrt(1 / shape.width), head).swapaxes(1, 2)
        if shape.branches > 1:
            Gates.draw(parts, rng)
        return networks

    @property
    def W1(self) -> np.ndarray:
        """Weights (n_networks, n_features, width) of the hidden layer, or of the linear model."""
        return self.parts["W1"]

    @property
    def b1(self) -> np.ndarray:
        """Biases (n_networks, 1, width) of the hidden layer, or of the linear model."""
        return self.parts["b1"]

    @property
    def W2(self) -> np.ndarray:
        """Weights (n_networks, width, n_classes) of the head."""
        return self.parts["head"].swapaxes(1, 2)

    @property
    def b2(self) -> np.ndarray:
        """Biases (n_networks, 1, n_classes) of the head."""
        return self.parts["b2"]

    @property
    def inward(self) -> np.ndarray:
        """``W1`` with ``b1`` as its last row (n_networks, n_features + 1, width), for rows with a last column of ones."""
        _, n_in, n_out = self.W1.shape
        return self.flat[:, : (n_in + 1) * n_out].reshape(len(self.flat), n_in + 1, n_out)

    def hidden(self, X: np.ndarray) -> np.ndarray:
        """Activations (n_networks, n_samples, width) of the hidden layer for rows X (n_networks or 1, n_samples, n_features)."""
        H = X @ self.W1
        H += self.b1
        return np.maximum(H, 0, out=H)

    def gated(self, H: np.ndarray) -> np.ndarray:
        """What the head is given: the activations of each branch times its gate, or as they are."""
        return Gates(self.parts, H)() if self.shape.branches > 1 else H

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Scores (n_networks, n_classes, n_samples), before the softmax."""
        if not self.shape.hidden:
            return (X @ self.W1 + self.b1).swapaxes(1, 2)
        return self.parts["head"] @ self.gated(self.hidden(X)).swapaxes(1, 2) + self.b2.swapaxes(1, 2)

    def proba(self, X: np.ndarray) -> np.ndarray:
        """Class probabilities (n_networks, n_samples, n_classes)."""
        return softmax(self.scores(X)).swapaxes(1, 2)

    def head(self, H: np.ndarray) -> np.ndarray:
        """Class probabilities (n_networks, n_samples, n_classes) from what the head is given."""
        return softmax(self.parts["head"] @ H.swapaxes(1, 2) + self.b2.swapaxes(1, 2)).swapaxes(1, 2)


class Passes:
    """Goes through networks forward and backward, in arrays that are kept from step to step.

    Parameters
    ----------
    networks : Networks
        Read anew in each pass.
    n_streams : int
        Sets of rows; network j sees set ``j % n_streams``.
    batch_size : int
        Rows of a set.

    Attributes
    ----------
    gradient : ndarray (n_networks, n_parameters)
        What ``backward`` found.
    H : ndarray (n_networks, batch_size, width)
        Activations of the hidden layer.
    given : ndarray (n_networks, batch_size, width)
        What the head is given: the same, through the gates where there are some.
    """

    def __init__(self, networks: Networks, n_streams: int, batch_size: int) -> None:
        n, shape, dtype = len(networks.flat), networks.shape, networks.flat.dtype
        self.networks, self.n_streams = networks, n_streams
        self.gradient = np.empty_like(networks.flat)
        self._of = Networks(shape, self.gradient)
        self._inward, self._back = self._split(networks.inward), self._split(self._of.inward)
        if shape.hidden:
            self.H = np.empty((n, batch_size, shape.width), dtype)
            self._zeros, self._below = np.zeros_like(self.H), np.empty_like(self.H)
            self._open = np.empty(self.H.shape, bool)
            self._H, self._under = self._split(self.H), self._split(self._below)
        self._gates: Gates | None = None

    def _split(self, values: np.ndarray) -> np.ndarray:
        """Networks (n_networks, …) as (repeats, n_streams, …)."""
        return values.reshape(-1, self.n_streams, *values.shape[1:])

    def forward(self, X: np.ndarray, scores: np.ndarray) -> None:
        """Fill scores (n_networks, n_classes, batch_size) for rows X (n_streams, batch_size, n_features + 1), whose last column is 1."""
        parts, shape = self.networks.parts, self.networks.shape
        if not shape.hidden:
            np.matmul(self._inward.swapaxes(-1, -2), X.swapaxes(-1, -2), out=self._split(scores))
            return
        np.matmul(X, self._inward, out=self._H)
        np.maximum(self.H, self._zeros, out=self.H)
        self.given = self.H
        if shape.branches > 1:
            self._gates = Gates(parts, self.H)
            self.given = self._gates()
        np.matmul(parts["head"], self.given.swapaxes(1, 2), out=scores)
        scores += self.networks.b2.swapaxes(1, 2)

    def backward(self, X: np.ndarray, slope: np.ndarray, given: np.ndarray | None = None) -> np.ndarray:
        """The gradient (n_networks, n_parameters) of the rows of the last forward pass.

        Parameters
        ----------
        X : ndarray (n_streams, batch_size, n_features + 1)
        slope : ndarray (n_networks, n_classes, batch_size)
            Gradient by the scores.
        given : ndarray (n_networks, batch_size, width) or None
            Further gradient by what the head is given.
        """
        of, shape = self._of.parts, self.networks.shape
        if not shape.hidden:
            np.matmul(X.swapaxes(-1, -2), self._split(slope).swapaxes(-1, -2), out=self._back)
            return self.gradient
        np.matmul(slope, self.given, out=of["head"])
        np.add.reduce(slope, axis=-1, out=of["b2"][:, 0])
        np.matmul(slope.swapaxes(1, 2), self.networks.parts["head"], out=self._below)
        if given is not None:
            self._below += given
        if self._gates is not None:
            self._below[:] = self._gates.backward(self._below, of)
        np.greater(self.H, NOTHING, out=self._open)
        np.multiply(self._below, self._open, out=self._below)
        np.matmul(X.swapaxes(-1, -2), self._under, out=self._back)
        return self.gradient


def with_ones(X: np.ndarray, dtype: type = np.float32) -> np.ndarray:
    """Rows with a last column of ones, which carries the biases."""
    joined = np.ones((*X.shape[:-1], X.shape[-1] + 1), dtype)
    joined[..., :-1] = X
    return joined
