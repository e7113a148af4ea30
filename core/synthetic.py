"""Generated tables with one planted condition each, all with the same class sizes: the known answers of the tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from core.dataset import Dataset

SIZES = (900, 100)
"""Rows per class, unless told otherwise: 1 in 10."""

Planted = tuple[pd.DataFrame, np.ndarray]
"""The columns (n_samples, n_features) and the codes of the classes (n_samples,); 0 is "common"."""


def planted(
    condition: str = "clean", *, class_sizes: Sequence[int] = SIZES, n_features: int = 6, random_state: int = 0
) -> Dataset:
    """Generate a table with one planted condition.

    Each class is a unit normal cloud; in the clean table the centres lie 4 standard deviations apart. What a condition
    changes stands in the docstring of its function, see ``CONDITIONS``.

    Parameters
    ----------
    condition : str
        One of ``CONDITIONS``.
    class_sizes : sequence of int
        Rows per class, "common" first; kept by every condition but "few_rows".
    n_features : int
        Numeric columns.
    random_state : int
        Seed.

    Returns
    -------
    Dataset
        Target "outcome"; with two classes the labels are "common" and "rare".
    """
    if condition not in CONDITIONS:
        raise ValueError(f"unknown condition {condition!r}")
    rng = np.random.default_rng(random_state)
    frame, codes = CONDITIONS[condition](list(class_sizes), n_features, rng)
    return Dataset.from_frame(frame.assign(outcome=names(codes)), "outcome", name=condition.replace("_", " "))


def clean(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """Centres 4 standard deviations apart: as rare, and separable."""
    return clouds(sizes, n_features=n_features, distance=4.0, rng=rng)


def overlap(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """Centres 1 standard deviation apart."""
    return clouds(sizes, n_features=n_features, distance=1.0, rng=rng)


def label_noise(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """A fifth of the rows of the smallest class, and as many of each other, exchange labels; class sizes stay."""
    frame, codes = clean(sizes, n_features, rng)
    return frame, swap_labels(codes, 0.2, rng)


def leak(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """A further column tells the class."""
    frame, codes = clean(sizes, n_features, rng)
    return frame.assign(**{"result code": codes + rng.normal(0, 0.01, len(codes))}), codes


def meaningful_gaps(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """One column is emptied in part, four times as often in the rare classes."""
    frame, codes = clean(sizes, n_features, rng)
    frame.loc[rng.random(len(codes)) < np.where(codes > 0, 0.8, 0.2), "measure 1"] = np.nan
    return frame, codes


def random_gaps(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """A quarter of two columns is empty, whatever the class."""
    frame, codes = clean(sizes, n_features, rng)
    frame[["measure 1", "measure 2"]] = frame[["measure 1", "measure 2"]].mask(rng.random((len(codes), 2)) < 0.25)
    return frame, codes


def gap_leak(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """One column was filled in for every class but the last."""
    frame, codes = clean(sizes, n_features, rng)
    return frame.assign(**{"measure 1": frame["measure 1"].mask(codes == codes.max())}), codes


def contradictions(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """A tenth of the rows of every class but the first are copies of rows of the first."""
    frame, codes = clean(sizes, n_features, rng)
    common, rare = np.flatnonzero(codes == 0), np.flatnonzero(codes > 0)
    target = rng.choice(rare, max(2, len(rare) // 10), replace=False)
    frame.iloc[target] = frame.iloc[rng.choice(common, len(target), replace=False)].to_numpy()
    return frame, codes


def few_rows(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """The rarest class has 6 rows."""
    return clean([*sizes[:-1], 6], n_features, rng)


def near_duplicates(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """Half of the rows of every class but the first are noisy copies of the other half."""
    frame, codes = clean(sizes, n_features, rng)
    for c in range(1, len(sizes)):
        sources, copies = np.array_split(rng.permutation(np.flatnonzero(codes == c)), 2)
        noise = rng.normal(0, 0.02, (len(copies), n_features))
        frame.iloc[copies] = frame.iloc[sources[: len(copies)]].to_numpy() + noise
    return frame, codes


def groups(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """Five rows per patient, all of one class, whose measurements lie near each other; a column names the patient."""
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    order = np.argsort(codes, kind="stable")
    patient = np.empty(len(codes), dtype=int)
    patient[order] = np.concatenate([c * len(codes) + np.arange(n) // 5 for c, n in enumerate(sizes)])
    number, of_row = np.unique(patient, return_inverse=True)
    values = rng.normal(0, 1.5, (len(number), n_features))[of_row] + rng.normal(0, 0.5, (len(codes), n_features))
    values += 3.0 / np.sqrt(2) * (codes[:, None] == np.arange(n_features))
    frame = pd.DataFrame(values, columns=[f"measure {j + 1}" for j in range(n_features)])
    return frame.assign(patient=[f"p{i}" for i in rng.permutation(len(number))[of_row]]), codes


def nuisance(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """Two sites, whose last measurement differs by 3 standard deviations; most rare rows come from one of them."""
    frame, codes = clean(sizes, n_features, rng)
    second = rng.random(len(codes)) < np.where(codes > 0, 0.8, 0.3)
    frame.iloc[:, -1] += 3.0 * second
    return frame.assign(site=np.where(second, "south clinic", "north clinic")), codes


def hidden_positives(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """Rows from the cloud of the last class carry the first label: a quarter as many as the class has."""
    hidden = sizes[-1] // 4
    frame, codes = clean([sizes[0] - hidden, *sizes[1:-1], sizes[-1] + hidden], n_features, rng)
    codes[rng.choice(np.flatnonzero(codes == len(sizes) - 1), hidden, replace=False)] = 0
    return frame, codes


def scarcity(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """The last class lies along a wave, one bend per 20 rows, with a gap around it: separable, with too few rows to see it."""
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    last, middle = codes == len(sizes) - 1, (codes > 0) & (codes < len(sizes) - 1)
    x, y = rng.uniform(-3, 3, len(codes)), rng.uniform(-2, 2, len(codes))
    wave = np.sin(sizes[-1] / 38 * x)
    beside = wave + np.where(y < wave, -1, 1) * rng.uniform(0.7, 1.4, len(codes))
    y = np.where(last, wave + rng.normal(0, 0.1, len(codes)), np.where(np.abs(y - wave) < 0.7, beside, y))
    values = np.tile(np.column_stack([x + 4.0 * middle, y + 2.7 * middle]), n_features)[:, :n_features]
    values[:, 2:] += rng.normal(
        0, 0.4, values[:, 2:].shape
    )  # the wave shows in every pair of columns, most clearly in two
    return pd.DataFrame(values, columns=[f"measure {j + 1}" for j in range(n_features)]), codes


def sub_clusters(sizes: Sequence[int], n_features: int, rng: np.random.Generator) -> Planted:
    """Two fifths of the smallest class lie in tight groups in hollows of the common cloud; the others in a cloud 8 apart."""
    frame, codes = clean(sizes, n_features, rng)
    common, rows = np.flatnonzero(codes == 0), np.flatnonzero(codes == len(sizes) - 1)
    frame.iloc[rows, min(len(sizes), n_features) - 1] += 4.65
    axes = np.linalg.qr(rng.normal(size=(n_features, n_features)))[0]
    values = frame.to_numpy() @ axes
    small, middle = rows[: round(0.4 * len(rows))], values[common].mean(axis=0)
    axes = np.vstack([axes.T, -axes.T])
    axes = axes[np.argsort(axes @ (values[rows].mean(axis=0) - middle))]
    for axis, group in zip(axes, np.array_split(small, np.clip(round(len(small) / 8), 1, len(axes))), strict=False):
        centre = middle + 2.0 * axis
        values[group] = centre + rng.normal(0, 0.25, (len(group), n_features))
        reach = np.linalg.norm(values[common] - centre, axis=1)
        near = common[reach < 1.2]
        out = rng.uniform(1.2, 1.4, len(near)) / np.maximum(reach[reach < 1.2], 1e-9)
        values[near] = centre + out[:, None] * (values[near] - centre)
    return pd.DataFrame(values, columns=frame.columns), codes


CONDITIONS: dict[str, Callable[[Sequence[int], int, np.random.Generator], Planted]] = {
    condition.__name__: condition
    for condition in (
        clean,
        overlap,
        label_noise,
        leak,
        meaningful_gaps,
        random_gaps,
        gap_leak,
        contradictions,
        few_rows,
        near_duplicates,
        groups,
        nuisance,
        hidden_positives,
        sub_clusters,
        scarcity,
    )
}
"""Every condition by its name."""


def clouds(
    class_sizes: Sequence[int], *, n_features: int, distance: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw unit normal clouds whose centres lie ``distance`` apart; rows are shuffled.

    Returns
    -------
    frame : pandas.DataFrame (n_samples, n_features)
    codes : ndarray (n_samples,)
    """
    codes = rng.permutation(np.repeat(np.arange(len(class_sizes)), class_sizes))
    centres = np.zeros((len(class_sizes), max(n_features, len(class_sizes))))
    centres[np.arange(len(class_sizes)), np.arange(len(class_sizes))] = distance / np.sqrt(2)
    values = rng.normal(size=(len(codes), n_features)) + centres[codes, :n_features]
    return pd.DataFrame(values, columns=[f"measure {j + 1}" for j in range(n_features)]), codes


def swap_labels(codes: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Exchange labels between classes so that a share of the smallest class is wrong and class sizes stay.

    The same number of rows is taken from each class, and their labels are rotated by one class.
    """
    noisy = codes.copy()
    n_classes = codes.max() + 1
    n_rows = max(1, round(share * np.bincount(codes).min()))
    chosen = [rng.choice(np.flatnonzero(codes == c), n_rows, replace=False) for c in range(n_classes)]
    for c, rows in enumerate(chosen):
        noisy[rows] = (c + 1) % n_classes
    return noisy


def names(codes: np.ndarray) -> np.ndarray:
    """Label codes: "common" and "rare", or "class 1", "class 2", … for more than two classes."""
    n_classes = int(codes.max()) + 1
    words = ["common", "rare"] if n_classes == 2 else [f"class {c + 1}" for c in range(n_classes)]
    return np.array(words)[codes]
