"""Rows of one class must lie together in the last hidden layer, and classes apart."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np

from core.numerics.loss_terms import Known, Terms, cross_entropy
from core.numerics.set_terms import row_weights
from core.params import Range
from core.registry import About

ABOUT = About(
    "Supervised contrastive regulariser",
    "What if rows of one class had to lie together inside the network?",
    maturity="emerging",
    learners=("neural",),
)

SMALLEST = 1e-6

ASKING = 64
"""Rows of a batch that are held against all others; a larger batch draws them anew in each step."""


def supervised_contrastive(
    classifier: Any,
    *,
    strength: Annotated[float, Range(0, 2, 0.1)] = 0.1,
    temperature: Annotated[float, Range(0.05, 1, 0.05)] = 0.1,
    softness: Annotated[float, Range(0, 1, 0.1)] = 0.0,
) -> Any:
    """Add to cross-entropy how far the rows of a batch are from lying where their classes should, in the last hidden layer.

    With ``s_ij = cos(h_i, h_j) / τ`` it is the mean over rows i of ``Σ_j P_ij log(P_ij / Q_ij)`` over the other rows, ``Q_ij ∝ exp s_ij`` and ``P_ij ∝ 1`` within
    a class, ``ε`` between classes. The term is 0 where rows of a class coincide and different classes stand at the cosine ``1 + τ log ε``, whatever their sizes. That can
    be had for ``ε ≥ ε_min = exp(−K / ((K − 1) τ))``, where classes stand as far apart as K can; here ``ε = ε_min^{1 − softness}``. ε = 0 would be the usual
    supervised contrastive loss, under which rare classes are pushed together. The condition and the parameter are our derivation.

    In a batch of more than 64 rows the mean is estimated from 64 rows i that are drawn anew in each step, each against all rows j of the batch; rows that are not drawn
    are given that mean. Where all rows weigh the same, its expectation is the mean over all rows, and its standard error that of the mean of 64 terms: an eighth of their
    spread over rows at most. With unequal weights it is a ratio, of the weighted terms over the weights of the rows drawn, and its expectation is that mean only approximately.

    Why it matters
    --------------
    In a network that is trained on few rows of some classes, these classes can end up in one direction of the last layer, where no threshold tells
    them apart. The term gives every pair of classes the same angle, and leaves the head to cross-entropy, so that no class is lifted: probabilities
    stay about as they are.

    What to do
    ----------
    It is for the neural learner with several classes; others train by cross-entropy alone. It needs batches that hold several rows of a
    class. With two classes expect little.

    Measured on 5 tables (neural network), macro-F1 with right thresholds was −0.012 apart from cross-entropy's in the mean, and balanced accuracy
    −0.087 from that of logit adjustment after training: no gain beyond its interval.

    Parameters
    ----------
    strength : float
        Share of the term beside cross-entropy; 0 is cross-entropy alone.
    temperature : float
        τ: small values look at the nearest rows only.
    softness : float
        0 asks for classes as far apart as they can be, 1 for none apart.

    References
    ----------
    Khosla et al. (2020), Advances in Neural Information Processing Systems 33. After work on soft supervised contrastive learning and minority collapse (2026),
    known to us by its abstract.
    """
    from core.learners.loss import with_loss

    options = {"strength": strength, "temperature": temperature, "softness": softness}
    return with_loss(classifier, _loss, hidden=_hidden if strength else None, **options)


def _loss(
    scores: np.ndarray, own: np.ndarray, known: Known, *, strength: float, temperature: float, softness: float
) -> Terms:
    return cross_entropy(scores, own)


def _hidden(
    H: np.ndarray, own: np.ndarray, known: Known, *, strength: float, temperature: float, softness: float
) -> tuple[np.ndarray, np.ndarray]:
    n_classes, n = own.shape[-2], H.shape[-1]
    if n < 2:
        return np.zeros_like(H[..., 0, :]), np.zeros_like(H)
    asking = np.arange(n)
    if n > ASKING:
        asking = np.random.default_rng([n, known.step]).permutation(n)[:ASKING]
    apart = -(1 - softness) * n_classes / (max(n_classes - 1, 1) * temperature)
    rows = np.swapaxes(H, -1, -2)
    length = np.sqrt(_dots(rows, rows) + SMALLEST)
    Z, weight = rows / length, np.broadcast_to(np.swapaxes(row_weights(known, H), -1, -2), length.shape)
    heavy = Z if known.weight is None else Z * weight
    some, w = Z[..., asking, :], weight[..., asking, :]
    spread, pull, away = _found(Z, heavy, weight, asking, temperature)
    mass, near, wanted, towards = _asked(heavy, weight, np.swapaxes(own, -1, -2), asking, apart)
    value = (np.log(spread / mass) + apart * (1 - near) - _dots(some, wanted) / temperature)[..., 0]
    pull -= towards
    away -= wanted
    pull[..., asking, :] += away
    heard = np.maximum(np.add.reduce(w, axis=-2, keepdims=True), SMALLEST)
    told = np.repeat(np.add.reduce(w[..., 0] * value, axis=-1, keepdims=True) / heard[..., 0], n, axis=-1)
    told[..., asking] = value
    told *= strength
    pull -= Z * _dots(Z, pull)
    pull *= np.add.reduce(weight, axis=-2, keepdims=True) / heard * (strength / temperature) / length
    return told, np.swapaxes(pull, -1, -2)


def _found(
    Z: np.ndarray, heavy: np.ndarray, weight: np.ndarray, asking: np.ndarray, temperature: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What Q asks, pair by pair, with ``e_ij = w_j exp(cos_ij / τ)`` for the rows i that ask and all other rows j.

    Returns
    -------
    spread : ndarray (…, n_asking, 1)
        ``D_i = Σ_j e_ij``.
    pull, away : ndarray (…, n_samples, width) and (…, n_asking, width)
        What the weighted sum of log D adds to the derivative by Z, times τ and over the weights: to that of all rows, and of the rows that ask.
    """
    alike = (Z[..., asking, :] / temperature) @ np.swapaxes(Z, -1, -2)
    np.exp(alike, out=alike)
    alike[..., np.arange(len(asking)), asking] = 0
    spread = np.maximum(alike @ weight, np.finfo(Z.dtype).tiny)
    return spread, np.swapaxes(alike, -1, -2) @ (heavy[..., asking, :] / spread), (alike @ heavy) / spread


def _asked(
    heavy: np.ndarray, weight: np.ndarray, own: np.ndarray, asking: np.ndarray, apart: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For the rows i that ask the sum of ``w_j P_ij`` before P is scaled, the share of their class in it and the sum of rows by P; for all rows that by its transpose.

    Sums over classes stand in for sums over pairs: P has one value within classes and one across.
    """
    across, classes, mine = math.exp(apart), np.swapaxes(own, -1, -2), own[..., asking, :]

    def met(of_class: np.ndarray) -> np.ndarray:
        """What a row of each class meets by P, itself included."""
        return across * np.add.reduce(of_class, axis=-2, keepdims=True) + (1 - across) * of_class

    of_class, told = classes @ weight, heavy[..., asking, :]
    mates = mine @ of_class - weight[..., asking, :]
    others = mine @ (np.add.reduce(of_class, axis=-2, keepdims=True) - of_class)
    mass = np.maximum(mates + across * others, np.finfo(heavy.dtype).tiny)
    wanted = (mine @ met(classes @ heavy) - told) / mass
    told = told / mass
    towards = own @ met(np.swapaxes(mine, -1, -2) @ told)
    towards[..., asking, :] -= told
    return mass, mates / mass, wanted, towards


def _dots(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Products of rows (…, n, 1)."""
    return np.einsum("...ij,...ij->...i", A, B)[..., None]
