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

    Why it matters
    --------------
    In a network that is trained on few rows of some classes, these classes can end up in one direction of the last layer, where no threshold tells
    them apart. The term gives every pair of classes the same angle, and leaves the head to cross-entropy, so that no class is lifted: probabilities
    stay about as they are.

    What to do
    ----------
    It is for the neural learner with several classes; others train by cross-entropy alone. It needs batches that hold several rows of a
    class, and costs the square of the batch. With two classes expect little.

    Measured on 5 tables (neural network), macro-F1 with right thresholds was −0.013 apart from cross-entropy's in the mean, and balanced accuracy
    −0.086 from that of logit adjustment after training: no gain beyond its interval.

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
    n_classes = own.shape[-2]
    apart = -(1 - softness) * n_classes / (max(n_classes - 1, 1) * temperature)
    length = np.sqrt((H * H).sum(axis=-2, keepdims=True) + SMALLEST)
    Z, weight = H / length, row_weights(known, H)
    if H.shape[-1] < 2:
        return np.zeros_like(H[..., 0, :]), np.zeros_like(H)
    spread, away = _found(Z, weight, temperature)
    mass, near, towards = _asked(Z, own, weight, apart)
    value = (
        np.log(spread / mass) + apart * (1 - near) - ((Z * towards[0]).sum(axis=-2, keepdims=True) - 1) / temperature
    )
    pull = (away - towards[0] - towards[1]) * (strength / temperature)
    return strength * value[..., 0, :], (pull - Z * (Z * pull).sum(axis=-2, keepdims=True)) / length


def _found(Z: np.ndarray, weight: np.ndarray, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """The sum D of ``w_j exp((cos_ij − 1) / τ)`` over all other rows, and what log D of all rows adds to the derivative by Z, times τ."""
    alike = np.swapaxes(Z, -1, -2) @ Z
    alike -= 1
    alike /= temperature
    np.exp(alike, out=alike)
    alike[..., np.arange(Z.shape[-1]), np.arange(Z.shape[-1])] = 0
    spread = np.maximum(weight @ alike, np.finfo(Z.dtype).tiny)
    return spread, (weight * Z) @ alike / spread + (weight * Z / spread) @ alike


def _asked(
    Z: np.ndarray, own: np.ndarray, weight: np.ndarray, apart: float
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """The sum of ``w_j P_ij`` before P is scaled, the share of the row's class in it, and the two sums of rows by P and by its transpose.

    Sums over classes stand in for sums over pairs: P has one value within classes and one across.
    """

    def sums(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        of_class = rows @ np.swapaxes(own, -1, -2)
        mine = of_class @ own
        return mine - rows, math.exp(apart) * (of_class.sum(axis=-1, keepdims=True) - mine)

    mates, others = sums(weight)
    mass = np.maximum(mates + others, np.finfo(Z.dtype).tiny)
    return mass, mates / mass, (sum(sums(weight * Z)) / mass, sum(sums(weight * Z / mass)))
