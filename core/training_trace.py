"""How a small network learns each class, as in the table and at equal class sizes: trained once per study, read by several checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import NotApplicable
from core.judge import LEVEL
from core.numerics.gradients import class_gradients, cosine_with, directed_interference, gram
from core.numerics.network import WIDTH, Networks, Shape
from core.numerics.network_lesson import Plan
from core.numerics.network_training import training
from core.numerics.optimising import Optimiser, adam
from core.study import Study
from core.wording import plural

N_NETWORKS, N_EPOCHS, RATE = 10, 100, 0.05
"""Networks in each of the two runs, epochs of one full-batch step of Adam each, and the length of a step."""

EPOCHS = np.unique(np.r_[0:9, np.round(np.geomspace(9, N_EPOCHS, 16)).astype(int)])
"""Epochs at which the networks are looked at; 0 is before training."""

MAX_ROWS, MAX_EQUAL, MAX_COLUMNS = 1500, 600, 100
"""Rows of the run with the table's shares; rows of each network at equal class sizes; encoded columns."""

MAX_CELLS, LEAST = 30_000, 600
"""Rows times classes, so that many classes stay quick; but not fewer rows than this."""

HELD_OUT, MOST_HELD_OUT, FEWEST = 4, 400, 10
"""Every fourth row of a class, at most so many, is kept for looking at the trained networks; classes need so many rows."""

SETTLED = 0.02
"""Of its longest gradient: a class whose gradient is shorter is learned, and a ratio to it means nothing."""

MEMORY = 0.9
"""Share of the running average of a class gradient that is kept from one epoch to the next."""


@dataclass(frozen=True, eq=False)
class Run:
    """Several networks trained with one prior, looked at on ``EPOCHS``.

    Parameters
    ----------
    prior : ndarray (n_classes,)
        Share of each class in the loss.
    sizes : ndarray of int (n_classes,)
        Training rows of each class and network.
    inner : ndarray (n_epochs, n_networks, n_classes, n_classes)
        Inner products of the mean class gradients of the hidden weights.
    consistency : ndarray (n_epochs, n_networks, n_classes)
        Cosine of each class gradient with its running average over the epochs before; NaN at the first.
    recall : ndarray (n_epochs, n_networks, n_classes)
        Recall on the training rows, the most probable class being taken.
    adjusted : ndarray (n_epochs, n_networks, n_classes)
        The same after probabilities are divided by the prior, as if the threshold were moved to equal class shares.
    trained : Networks
        The networks after the last epoch.
    """

    prior: np.ndarray
    sizes: np.ndarray
    inner: np.ndarray
    consistency: np.ndarray
    recall: np.ndarray
    adjusted: np.ndarray
    trained: Networks

    def interference(self) -> np.ndarray:
        """I of each class by all others (n_epochs, n_networks, n_classes); NaN once the class asks for nothing more."""
        own = np.diagonal(self.inner, axis1=-2, axis2=-1)
        asking = own > (SETTLED**2) * own.max(axis=0)
        return np.where(asking, directed_interference(self.inner, self.prior).sum(axis=-1), np.nan)


@dataclass(frozen=True, eq=False)
class TrainingTrace:
    """A run with the class shares of the table, and its null: the same networks at equal class sizes.

    Parameters
    ----------
    natural : Run
        One sample of rows for all networks; each class has its share of the table in the loss, however many rows were drawn.
    equal : Run
        Each network has a draw of its own: no class has more rows than the class of interest, and each has the same
        share of the loss.
    held_out : ndarray (n_held_out, n_features)
        Encoded rows that no network was trained on.
    held_out_codes : ndarray of int (n_held_out,)
        Their classes.
    n_columns : int
        Encoded columns used.
    """

    natural: Run
    equal: Run
    held_out: np.ndarray
    held_out_codes: np.ndarray
    n_columns: int


def training_trace(study: Study) -> TrainingTrace:
    """Train networks on a study's table and at equal class sizes; both start from the same weights.

    Raises
    ------
    NotApplicable
        The class of interest has fewer than ``FEWEST`` rows, or no column varies.
    """
    n_rows = study.class_sizes[study.positive_code]
    if n_rows < FEWEST:
        raise NotApplicable(f"The class of interest has {plural(n_rows, 'row')}; {FEWEST} are needed to train on.")
    if "training_trace" not in study._memory:
        study._memory["training_trace"] = _traced(study)
    return study._memory["training_trace"]


def network_input(Z: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Rows for a network: gaps filled with 0 and marked in columns of their own, standardised, constant columns dropped.

    Parameters
    ----------
    Z : ndarray (n_samples, n_encoded)
        As in ``study.Z``; NaN is missing.
    codes : ndarray of int (n_samples,)
        Classes; of more than ``MAX_COLUMNS`` columns those are kept in which the classes differ most.

    Returns
    -------
    ndarray (n_samples, n_features)
        float32, cut at 8 standard deviations.
    """
    gaps = np.isnan(Z)
    values = np.hstack([np.where(gaps, 0.0, Z), gaps[:, gaps.any(axis=0)]])
    spread = values.std(axis=0)
    values = (values[:, spread > 1e-9] - values[:, spread > 1e-9].mean(axis=0)) / spread[spread > 1e-9]
    if values.shape[1] > MAX_COLUMNS:
        sizes = np.maximum(np.bincount(codes), 1)
        centres = np.stack([values[codes == c].sum(axis=0) / n for c, n in enumerate(sizes)])
        kept = np.argsort(-(sizes @ centres**2), kind="stable")[:MAX_COLUMNS]
        values = values[:, np.sort(kept)]
    return np.clip(values, -8, 8).astype(np.float32)


def allotted(sizes: np.ndarray, most: int) -> np.ndarray:
    """Rows to draw of each class: small classes whole, the others equally many, at most ``most`` in all.

    Examples
    --------
    >>> allotted(np.array([900, 300, 10]), 410).tolist()
    [200, 200, 10]
    """
    totals = np.cumsum(len(sizes) - np.searchsorted(np.sort(sizes), np.arange(1, sizes.max() + 1)))
    return np.minimum(sizes, max(int(np.sum(totals <= most)), 1))


def middle(values: np.ndarray, axis: int) -> np.ndarray:
    """Median and the ends of the central 95 % (3, …) along the axis of the networks; NaN is left out.

    Examples
    --------
    >>> middle(np.array([[1.0, 2.0, np.nan, 3.0]]), axis=1)[0].tolist()
    [2.0]
    """
    ordered = np.sort(np.moveaxis(values, axis, 0), axis=0)
    last = np.maximum((~np.isnan(ordered)).sum(axis=0, keepdims=True) - 1, 0)
    found = []
    for level in (0.5, (1 - LEVEL) / 2, (1 + LEVEL) / 2):
        place = level * last
        below = np.take_along_axis(ordered, np.floor(place).astype(int), axis=0)
        above = np.take_along_axis(ordered, np.ceil(place).astype(int), axis=0)
        found.append((below + (place % 1) * (above - below))[0])
    return np.stack(found)


def over_epochs(values: np.ndarray) -> np.ndarray:
    """Mean over the epochs of training, of values (n_epochs, …) at ``EPOCHS``; those before training are left out."""
    return np.trapezoid(values[1:], EPOCHS[1:], axis=0) / (EPOCHS[-1] - EPOCHS[1])


def _traced(study: Study) -> TrainingTrace:
    X = network_input(study.Z, study.codes)
    if not X.shape[1]:
        raise NotApplicable(f"The table has {plural(0, 'column')} that varies; a network needs at least 1.")
    rng, n_classes = np.random.default_rng(study.random_state), len(study.classes)
    drawn = [rng.permutation(np.flatnonzero(study.codes == c)) for c in range(n_classes)]
    n_out = np.where(study.class_sizes >= FEWEST, study.class_sizes // HELD_OUT, 0)
    held_out = np.concatenate([rows[:k][:MOST_HELD_OUT] for rows, k in zip(drawn, n_out, strict=True)])
    rows = [rows[k:] for rows, k in zip(drawn, n_out, strict=True)]
    left, most = study.class_sizes - n_out, max(LEAST, MAX_CELLS // n_classes)
    sizes = allotted(left, min(MAX_ROWS, most))
    share = study.class_shares
    natural = _run(X, rows, sizes, share, 1, rng, study.random_state)
    equal_sizes = allotted(np.minimum(left, left[study.positive_code]), min(MAX_EQUAL, most))
    equal = _run(X, rows, equal_sizes, np.full(n_classes, 1 / n_classes), N_NETWORKS, rng, study.random_state)
    return TrainingTrace(natural, equal, X[held_out], study.codes[held_out], X.shape[1])


def _run(
    X: np.ndarray,
    rows: list[np.ndarray],
    sizes: np.ndarray,
    prior: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
    seed: int,
) -> Run:
    """Train all networks from the weights of one seed, on one draw of rows or on a draw each."""
    drawn = [
        np.concatenate([rng.choice(own, m, replace=False) for own, m in zip(rows, sizes, strict=True)])
        for _ in range(n_draws)
    ]
    X_drawn, codes = X[np.stack(drawn)], np.repeat(np.arange(len(sizes)), sizes)
    networks = Networks.drawn(N_NETWORKS, Shape(X.shape[1], len(sizes), WIDTH), seed)
    plan = Plan(N_EPOCHS, len(codes), fading=False, recorded=False)
    bounds, weight = np.r_[0, np.cumsum(sizes)], (prior / sizes)[codes][None]
    seen, average = [], None
    trained = training(networks, X_drawn, codes[None], weight, plan=plan, optimiser=Optimiser(adam, {}, RATE))
    for epoch, current in enumerate(trained):
        if epoch in EPOCHS:
            gradients = class_gradients(current, X_drawn, bounds)
            proba = current.proba(X_drawn)
            consistency = np.full(gradients.shape[:2], np.nan) if average is None else cosine_with(gradients, average)
            seen.append((gram(gradients), consistency, _recall(proba, bounds), _recall(proba / prior, bounds)))
            kept = MEMORY ** (EPOCHS[len(seen) - 1] - EPOCHS[max(len(seen) - 2, 0)])
            average = gradients if average is None else kept * average + (1 - kept) * gradients
    return Run(prior, sizes, *(np.stack(part) for part in zip(*seen, strict=True)), current)


def _recall(scores: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Recall (n_networks, n_classes) of rows that stand in the order of their classes; every class has rows."""
    top = scores.argmax(axis=-1) == np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    return np.add.reduceat(top, bounds[:-1], axis=1, dtype=float) / np.diff(bounds)
