"""Gates of branches: how much of each hidden unit a network lets through, decided row by row.

``a_b = sigmoid(V_b relu(U_b h_b))`` for the activations ``h_b`` of branch b, and the head is given ``[a_1 h_1; …; a_B h_B]``. The source (class-specific
branch attention) states the idea for images without exact formulas; this form for tables is inferred.
"""

from __future__ import annotations

import numpy as np

SQUEEZE = 4
"""A gate looks at its branch through this many times fewer units."""


class Gates:
    """The gates of several networks on one batch.

    Parameters
    ----------
    parts : dict of ndarray
        ``U`` (n_networks, branches, narrow, hidden) and ``V`` (n_networks, branches, hidden, narrow) among others.
    H : ndarray (n_networks, n_samples, branches · hidden)
        Activations of the hidden layer.

    Attributes
    ----------
    open : ndarray (n_networks, branches, n_samples, hidden)
        After the call, how far each gate is open, 0 to 1.
    """

    def __init__(self, parts: dict[str, np.ndarray], H: np.ndarray) -> None:
        self.U, self.V = parts["U"], parts["V"]
        n, rows, _ = H.shape
        self.H = H.reshape(n, rows, self.U.shape[1], -1).swapaxes(1, 2)

    @staticmethod
    def sizes(branches: int, hidden: int) -> dict[str, tuple[int, ...]]:
        """The shapes of ``U`` and ``V`` of one network."""
        narrow = max(1, hidden // SQUEEZE)
        return {"U": (branches, narrow, hidden), "V": (branches, hidden, narrow)}

    @staticmethod
    def draw(parts: dict[str, np.ndarray], rng: np.random.Generator) -> None:
        """Draw weights of variance ``2 / hidden`` and ``1 / narrow``."""
        for name, gain in (("U", 2), ("V", 1)):
            parts[name][:] = rng.normal(0, np.sqrt(gain / parts[name].shape[-1]), parts[name].shape)

    def __call__(self) -> np.ndarray:
        """The activations (n_networks, n_samples, branches · hidden) that the gates let through."""
        self.narrow = np.maximum(self.H @ self.U.swapaxes(-1, -2), 0)
        self.open = 0.5 * (1 + np.tanh(0.5 * (self.narrow @ self.V.swapaxes(-1, -2))))
        return _flat(self.open * self.H)

    def backward(self, slope: np.ndarray, gradient: dict[str, np.ndarray]) -> np.ndarray:
        """The gradient by the activations, from that by what is let through; ``U`` and ``V`` of ``gradient`` are filled."""
        n, rows, _ = slope.shape
        slope = slope.reshape(n, rows, self.U.shape[1], -1).swapaxes(1, 2)
        logit = slope * self.H * self.open * (1 - self.open)
        np.matmul(logit.swapaxes(-1, -2), self.narrow, out=gradient["V"])
        below = (logit @ self.V) * (self.narrow > 0)
        np.matmul(below.swapaxes(-1, -2), self.H, out=gradient["U"])
        return _flat(slope * self.open + below @ self.U)


def _flat(values: np.ndarray) -> np.ndarray:
    """(n_networks, branches, n_samples, hidden) as (n_networks, n_samples, branches · hidden)."""
    n, branches, rows, hidden = values.shape
    return values.swapaxes(1, 2).reshape(n, rows, branches * hidden)
