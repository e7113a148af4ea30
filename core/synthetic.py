"""Generated tables with one planted condition each, all with the same class sizes: the known answers of the tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.dataset import Dataset

SIZES = (900, 100)
CONDITIONS = ("clean", "overlap", "label_noise", "leak", "meaningful_gaps", "random_gaps", "contradictions", "few_rows")


def planted(
    condition: str = "clean", *, class_sizes: Sequence[int] = SIZES, n_features: int = 6, random_state: int = 0
) -> Dataset:
    """Generate a table with one planted condition.

    Each class is a unit normal cloud; in the clean table the centres lie 4 standard deviations apart.

    Parameters
    ----------
    condition : str
        One of ``CONDITIONS``. "overlap" moves the centres together (1 standard deviation); "label_noise" gives 10 %
        of the rows of each class the label of another, keeping the class sizes; "leak" adds a column that tells the
        class; "meaningful_gaps" empties a part of one column, four times as often in the rare classes; "random_gaps" empties
        a quarter of two columns, whatever the class;
        "contradictions" copies rows and gives the copies another label; "few_rows" keeps class sizes but 6 rows of the rarest.
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
    sizes = [*class_sizes[:-1], 6] if condition == "few_rows" else list(class_sizes)
    rng = np.random.default_rng(random_state)
    frame, codes = clouds(sizes, n_features=n_features, distance=1.0 if condition == "overlap" else 4.0, rng=rng)
    if condition == "label_noise":
        codes = swap_labels(codes, 0.1, rng)
    elif condition == "leak":
        frame["result code"] = codes + rng.normal(0, 0.01, len(codes))
    elif condition == "meaningful_gaps":
        frame.loc[rng.random(len(codes)) < np.where(codes > 0, 0.8, 0.2), "measure 1"] = np.nan
    elif condition == "random_gaps":
        frame[["measure 1", "measure 2"]] = frame[["measure 1", "measure 2"]].mask(rng.random((len(codes), 2)) < 0.25)
    elif condition == "contradictions":
        frame, codes = _contradict(frame, codes, rng)
    return Dataset.from_frame(frame.assign(outcome=names(codes)), "outcome", name=condition.replace("_", " "))


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


def _contradict(frame: pd.DataFrame, codes: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Overwrite a tenth of the rows of every class but the first with copies of rows of the first."""
    frame = frame.copy()
    common = np.flatnonzero(codes == 0)
    rare = np.flatnonzero(codes > 0)
    target = rng.choice(rare, max(2, len(rare) // 10), replace=False)
    frame.iloc[target] = frame.iloc[rng.choice(common, len(target), replace=False)].to_numpy()
    return frame, codes
