"""What each class asks of the hidden layer: mean gradients per class in closed form, and how they get in each other's way.

Only the weights of the hidden layer enter, neither its bias nor the head. The class errors of a softmax sum to zero, so
biases and head show opposite gradients whatever the table holds.
"""

from __future__ import annotations

import numpy as np

from core.numerics.network import Networks


def class_gradients(networks: Networks, X: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Mean gradient of the cross-entropy of each class by the hidden weights W1.

    ``g_c = 1 / n_c Σ_{i in c} x_i ⊗ [(p_i − e_c) W2ᵀ ⊙ 1{h_i > 0}]``, exact and in O(n_samples n_features width).

    Parameters
    ----------
    networks : Networks
    X : ndarray (n_networks or 1, n_samples, n_features)
        Rows in the order of their classes.
    bounds : ndarray of int (n_classes + 1,)
        Rows of class c are ``bounds[c]`` to ``bounds[c + 1]``; a class without rows has gradient 0.

    Returns
    -------
    ndarray (n_networks, n_classes, n_features · width)
    """
    n_classes = len(bounds) - 1
    found = np.zeros((len(networks.W1), n_classes, networks.W1[0].size), dtype=networks.W1.dtype)
    for c in range(n_classes):
        rows = X[:, bounds[c] : bounds[c + 1]]
        if rows.shape[1]:
            H = networks.hidden(rows)
            error = networks.head(H)
            error[..., c] -= 1
            back = error @ networks.W2.swapaxes(1, 2)
            back *= H > 0
            found[:, c] = (rows.swapaxes(1, 2) @ back).reshape(len(found), -1) / rows.shape[1]
    return found


def gram(gradients: np.ndarray) -> np.ndarray:
    """Inner products ``⟨g_a, g_b⟩`` (…, n_classes, n_classes) of class gradients (…, n_classes, n_parameters)."""
    gradients = gradients.astype(np.float64, copy=False)
    return gradients @ gradients.swapaxes(-1, -2)


def conflict_matrix(inner: np.ndarray) -> np.ndarray:
    """Cosines ``⟨g_a, g_b⟩ / (‖g_a‖ ‖g_b‖)`` from inner products; NaN beside a gradient of length 0.

    With two classes at rest ``π_0 g_0 + π_1 g_1 = 0``, so the cosine is −1 for any table.
    """
    norm = np.sqrt(np.diagonal(inner, axis1=-2, axis2=-1))
    scale = norm[..., :, None] * norm[..., None, :]
    return np.divide(inner, scale, out=np.full_like(inner, np.nan), where=scale > 0)


def conflict_mass(cosines: np.ndarray) -> np.ndarray:
    """Mean of ``max(0, −cos)`` over pairs of different classes; NaN cosines are left out, and without any it is 0."""
    n_classes = cosines.shape[-1]
    pairs = cosines[..., *np.triu_indices(n_classes, 1)]
    known = ~np.isnan(pairs)
    return np.where(known, np.maximum(0, -pairs), 0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)


def directed_interference(inner: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """How much of the progress of class a by its own gradient one step of class b cancels: ``I[a, b]``.

    ``I(a←b) = −π_b ⟨g_a, g_b⟩ / (π_a ‖g_a‖²)``. The whole step of all classes makes the loss of class a rise where
    ``Σ_b I(a←b) > 1``, to first order. The diagonal is 0; a class of gradient 0 has NaN.

    Parameters
    ----------
    inner : ndarray (…, n_classes, n_classes)
        Inner products of mean class gradients.
    prior : ndarray (n_classes,)
        Share of each class in the loss.
    """
    own = prior * np.diagonal(inner, axis1=-2, axis2=-1)
    own = np.broadcast_to(own[..., :, None], inner.shape)
    found = np.divide(-inner * prior, own, out=np.full_like(inner, np.nan), where=own > 0)
    diagonal = np.arange(inner.shape[-1])
    found[..., diagonal, diagonal] = np.where(own[..., diagonal, diagonal] > 0, 0.0, np.nan)
    return found


def norm_share(inner: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Share ``π_c ‖g_c‖ / Σ`` (…, n_classes) of each class in the lengths of all gradients; 0 where all are 0."""
    length = prior * np.sqrt(np.diagonal(inner, axis1=-2, axis2=-1))
    total = length.sum(axis=-1, keepdims=True)
    return np.divide(length, total, out=np.zeros_like(length), where=total > 0)


def cosine_with(gradients: np.ndarray, average: np.ndarray) -> np.ndarray:
    """Consistency (…, n_classes): the cosine of each class gradient with a running average; NaN where one is 0."""
    inner = np.einsum("...p,...p->...", gradients, average, dtype=np.float64)
    scale = np.linalg.norm(gradients, axis=-1) * np.linalg.norm(average, axis=-1).astype(np.float64)
    return np.divide(inner, scale, out=np.full_like(inner, np.nan), where=scale > 0)


def no_structure_level(n_classes: int) -> float:
    """Cosine of every pair of n_classes equally long gradients that cancel out without further structure: ``−1/(K − 1)``."""
    return -1 / (n_classes - 1)
