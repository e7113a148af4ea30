"""What happened to each class while networks were trained: one table, and its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts_curves import curves
from core.evaluation.live_folds import SIDES, WATCHED
from core.study import Study

MOST_CLASSES = 3
"""Classes in a figure: that of interest, the largest, and the rarest other one."""

FIGURES = (
    ("held out", "recall", "Recall of each class, on rows held out of the training", "recall"),
    ("held out", "loss", "Loss of each class, on rows held out of the training", "mean loss of a row"),
    ("training", "recall", "Recall of each class, on training rows", "recall"),
    ("training", "loss", "Loss of each class, on training rows", "mean loss of a row"),
    ("training", "gradient_norm", "Length of the gradient of each class, on training rows", "length of the gradient"),
)
CAPTIONS = {
    "recall": "Mean over folds, the most probable class being taken.",
    "loss": "Mean over folds. Each recipe is shown in its own loss, so compare the shape of the curves, not their height.",
    "gradient_norm": "Mean over folds. A class whose gradient is longer decides more of each step.",
}


def curve_table(study: Study, named: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Means over folds with the least and the most of a fold.

    Parameters
    ----------
    study : Study
    named : mapping of str to ndarray (n_folds, n_epochs, 2, n_classes, 3)
        As ``stack`` gives them.

    Returns
    -------
    pandas.DataFrame
        recipe, epoch (from 1), class (that of interest first, then the largest, then the rarest ones), rows, n_folds, and each of ``WATCHED`` with _low
        and _high. A fold that has stopped stays at its last values.
    """
    return pd.concat([_one(study, name, values) for name, values in named.items()], ignore_index=True)


def training_figures(table: pd.DataFrame, most: int = len(FIGURES)) -> dict[str, go.Figure]:
    """One figure for each thing that is watched, on held-out rows and on training rows; the first ones, where few are wanted soon."""
    figures: dict[str, go.Figure] = {}
    shown = table[table["class"].isin(table["class"].drop_duplicates()[:MOST_CLASSES])]
    for side, value, title, y_title in FIGURES:
        rows = shown[(shown["rows"] == side) & shown[value].notna()]
        texts = {"title": title, "x_title": "epoch", "y_title": y_title, "caption": CAPTIONS[value]}
        if len(rows) and len(figures) < most:
            figures[title] = curves(rows, "epoch", value, by="recipe", on="class", **texts)
    return figures


def stack(folds: Sequence[np.ndarray]) -> np.ndarray:
    """Curves of several folds as one array, NaN after a fold has stopped."""
    n_epochs = max(len(values) for values in folds)
    found = np.full((len(folds), n_epochs, *folds[0].shape[1:]), np.nan, dtype=np.float32)
    for f, values in enumerate(folds):
        found[f, : len(values)] = values
    return found


def _one(study: Study, name: str, values: np.ndarray) -> pd.DataFrame:
    positive, n = study.positive_code, len(study.classes)
    order = list(dict.fromkeys([positive, 0, *range(n - 1, 0, -1)]))
    still = (~np.isnan(values)).any(axis=(2, 3, 4)).sum(axis=0)
    values, n_epochs = _held(values)[:, :, :, order], values.shape[1]
    seen = ~np.isnan(values)
    count, filled = seen.sum(axis=0), np.where(seen, values, 0)
    mean = np.divide(filled.sum(axis=0), count, out=np.full(count.shape, np.nan), where=count > 0)
    low, high = (
        np.where(count > 0, extreme(np.where(seen, values, end), axis=0), np.nan)
        for extreme, end in ((np.min, np.inf), (np.max, -np.inf))
    )
    epoch, side, place = (axis.ravel() for axis in np.indices(count.shape[:3]))
    labels = np.array(study.classes, dtype=object)[order]
    table = {"recipe": name, "epoch": epoch + 1, "class": labels[place], "rows": np.array(SIDES, dtype=object)[side]}
    for k, watched in enumerate(WATCHED):
        for end, part in (("", mean), ("_low", low), ("_high", high)):
            table[watched + end] = part[..., k].ravel()
    table["n_folds"] = np.repeat(still, count.shape[1] * count.shape[2])
    frame = pd.DataFrame(table, index=np.arange(n_epochs * count.shape[1] * count.shape[2]))
    return frame[(count > 0).any(axis=-1).ravel()]


def _held(values: np.ndarray) -> np.ndarray:
    """Values (n_folds, n_epochs, …) in which a fold that has stopped stays at its last ones."""
    known = ~np.isnan(values)
    where = np.arange(values.shape[1]).reshape(1, -1, *[1] * (values.ndim - 2))
    last = np.maximum.accumulate(np.where(known, where, 0), axis=1)
    return np.take_along_axis(values, last, axis=1)
