"""What losses of whole sets of rows are made of: sums over a batch, its hardest rows, and each class against all others.

Arrays stand as in ``core.numerics.loss_terms``: classes along the second axis from the end, rows along the last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.numerics.loss_terms import Known, Terms

ROUNDING = 1e-3
"""Share of a row that may come from adding weights up, and is left out."""


def row_weights(known: Known, scores: np.ndarray) -> np.ndarray:
    """The weight of each row (…, 1, n_samples) in the type of the scores; 1 where none is known."""
    if known.weight is None:
        return np.ones((1, scores.shape[-1]), scores.dtype)
    return known.weight.astype(scores.dtype, copy=False)


def of_probabilities(proba: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient by the scores of what has a derivative ``slope`` by the probabilities, and a bound on its bend.

    With d the slope and d̄ its mean by the probabilities, the gradient is ``g_k = p_k (d_k − d̄)``. What is linear in the probabilities has the second
    derivative ``(1 − 2 p_k) g_k``, which is never above ``|g_k|``.

    Returns
    -------
    gradient, bound : ndarray (…, n_classes, n_samples)
    """
    gradient = proba * (slope - (proba * slope).sum(axis=-2, keepdims=True))
    return gradient, np.abs(gradient)


def falling(values: np.ndarray) -> np.ndarray:
    """The places of values that are not below 0, from the largest to the smallest along the last axis; equal ones in the order of rows.

    Floats that are not negative stand in the order of their bits. Those of 32 bits are sorted by the lower 16 and then by the upper 16, each in one pass.

    Parameters
    ----------
    values : ndarray (…, n_samples)

    Examples
    --------
    >>> falling(np.array([0.2, 0.7, 0.2, 0.9])).tolist()
    [3, 1, 0, 2]
    """
    if values.dtype != np.float32:
        return np.argsort(-values, axis=-1, kind="stable")
    bits = ~(values + np.float32(0)).view(np.uint32)
    first = bits.astype(np.uint16).argsort(axis=-1, kind="stable")
    upper = (bits >> 16).astype(np.uint16).reshape(-1).take(in_all(first))
    return first.reshape(-1).take(in_all(upper.argsort(axis=-1, kind="stable")))


def in_all(places: np.ndarray) -> np.ndarray:
    """Places along the last axis as places in the flattened array."""
    return places + places.shape[-1] * np.arange(places.size // places.shape[-1]).reshape(*places.shape[:-1], 1)


def hardest(values: np.ndarray, weight: np.ndarray, share: float) -> np.ndarray:
    """How much of each row belongs to those of largest value that make up a share of the weight: 1 or 0, and a part of the row at the border.

    Parameters
    ----------
    values, weight : ndarray (…, 1, n_samples)
    share : float
        0 to 1.

    Examples
    --------
    >>> hardest(np.array([[0.3, 0.9, 0.1, 0.5]]), np.array([[1.0, 1.0, 1.0, 1.0]]), 0.625).tolist()
    [[0.5, 1.0, 0.0, 1.0]]
    """
    order = in_all(falling(values))
    ordered = np.broadcast_to(weight, values.shape).reshape(-1).take(order)
    reached = ordered.cumsum(axis=-1)
    left = share * reached[..., -1:] - (reached - ordered)
    kept = np.divide(left, ordered, out=np.zeros_like(ordered), where=(ordered > 0) & (left > ROUNDING * ordered))
    found = np.empty(kept.shape, kept.dtype)
    found.reshape(-1)[order] = np.minimum(kept, 1)
    return found


def overlap_terms(
    proba: np.ndarray, own: np.ndarray, weight: np.ndarray, *, miss: float, smoothing: float = 1.0
) -> Terms:
    """One minus the overlap of predicted and true rows of a class, on average over the classes in the batch.

    ``1 − (2 TP + s) / (2 TP + 2 (1 − m) FP + 2 m FN + s)`` with TP, FP and FN the weighted sums of ``p y``, ``p (1 − y)`` and ``(1 − p) y``; a
    miss weighs m against 1 − m of a false alarm. m = ½ is soft Dice. The second derivative is a bound: what bends downwards is left out.

    Parameters
    ----------
    proba, own : ndarray (…, n_classes, n_samples)
    weight : ndarray (…, 1, n_samples)
    miss : float
    smoothing : float
        s, in rows.

    References
    ----------
    Milletari, Navab and Ahmadi (2016), 3D Vision. Salehi, Erdogmus and Gholipour (2017), Machine Learning in Medical Imaging.
    """
    false, rows = 1 - miss, weight.sum(axis=-1, keepdims=True)
    true = (weight * own).sum(axis=-1, keepdims=True)
    shared = 2 * (weight * proba * own).sum(axis=-1, keepdims=True) + smoothing
    all_rows = 2 * (false * (weight * proba).sum(axis=-1, keepdims=True) + miss * true) + smoothing
    present = (true > 0).astype(proba.dtype)
    scale = present * rows / (present.sum(axis=-2, keepdims=True) * all_rows)
    wrong = 2 * (false * proba * (1 - own) + miss * (1 - proba) * own)
    gradient, bound = of_probabilities(proba, 2 * scale * (false * shared / all_rows - own))
    bend = 8 * false * weight * (own * proba * proba * scale / all_rows).sum(axis=-2, keepdims=True)
    return Terms((scale * wrong).sum(axis=-2), gradient, bound + bend * (own - proba) ** 2)


@dataclass(frozen=True, eq=False)
class AgainstRest:
    """Each class against all others: ``u_k = z_k − log Σ_{j≠k} exp z_j``, so that ``σ(u_k)`` is the softmax probability p_k.

    With two classes u is the difference of the scores, and both classes say the same.

    Parameters
    ----------
    log_proba, log_rest : ndarray (…, n_classes, n_samples)
        Logarithms of p and of 1 − p, exact also where p is all but 1.
    proba, rest : ndarray (…, n_classes, n_samples)
        p and 1 − p.
    top : ndarray of bool (…, n_classes, n_samples)
        The class of the largest score.
    below_top : ndarray (…, n_classes, n_samples)
        Probabilities of the others if the largest were left out.
    """

    log_proba: np.ndarray
    log_rest: np.ndarray
    proba: np.ndarray
    rest: np.ndarray
    top: np.ndarray
    below_top: np.ndarray

    @classmethod
    def of(cls, scores: np.ndarray) -> AgainstRest:
        """From scores (…, n_classes, n_samples) of at least two classes."""
        first = scores.argmax(axis=-2)
        top = first[..., None, :] == np.arange(scores.shape[-2])[:, None]
        shifted = scores - scores.max(axis=-2, keepdims=True)
        proba = np.exp(shifted)
        total = proba.sum(axis=-2, keepdims=True)
        proba /= total
        log_total = np.log(total)
        others = np.where(top, -np.inf, shifted)
        second = others.max(axis=-2, keepdims=True)
        below_top = np.exp(others - second)
        sums = below_top.sum(axis=-2, keepdims=True)
        below_top /= sums
        of_top = second + np.log(sums) - log_total
        rest = np.where(top, np.exp(of_top), 1 - proba)
        log_rest = np.where(top, of_top, np.log(np.where(top, 1, rest)))
        return cls(shifted - log_total, log_rest, proba, rest, top, below_top)

    def terms(self, value: np.ndarray, slope: np.ndarray, bend: np.ndarray) -> Terms:
        """The sum over classes of functions of u_k, from their values and first and second derivatives by u_k.

        With ``ρ_kj = p_j / (1 − p_k)``, ``∂u_k/∂z_k = 1`` and ``∂u_k/∂z_j = −ρ_kj``, whose own derivative by z_j is ``−ρ_kj (1 − ρ_kj)``.
        """
        both, below = slope + bend, np.where(self.top, 0, 1 / np.where(self.top, 1, self.rest))
        lower, curve = slope * below, both * below * below
        of_top = (slope * self.top).sum(axis=-2, keepdims=True)
        curve_top = (both * self.top).sum(axis=-2, keepdims=True)
        passed = self.proba * (lower.sum(axis=-2, keepdims=True) - lower) + self.below_top * of_top
        curved = self.proba**2 * (curve.sum(axis=-2, keepdims=True) - curve) + self.below_top**2 * curve_top
        return Terms(value.sum(axis=-2), slope - passed, bend + curved - passed)
