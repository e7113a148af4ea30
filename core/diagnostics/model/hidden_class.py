"""A class that is never found, behind averages that look good."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, synthetic, wording
from core.dataset import Dataset
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About("Hidden class", "Do good averages hide a class that is never found?", cost="seconds", gravest="caution")

N_DRAWS = 200
SIZES = (1900, 100)
WEIGHTED = ("accuracy", "weighted F1")
EQUAL = ("balanced accuracy", "macro F1")


def hidden_class(
    study: Study,
    *,
    hidden: Annotated[float, Range(0.0, 0.3, 0.01)] = 0.05,
    looks_good: Annotated[float, Range(0.5, 1.0, 0.01)] = 0.9,
) -> Result:
    """The averages that are usually reported, beside the recall of each class.

    With the out-of-fold confusion counts n_ck (class c taken for class k), recall_c = n_cc / n_c, precision_c = n_cc / Σ_k n_kc and
    F1_c = 2 n_cc / (n_c + Σ_k n_kc). A weighted average is Σ_c n_c v_c / n: of recall it is the accuracy. A macro
    average is the plain mean over classes.

    How it is detected
    ------------------
    It is a caution when at most ``hidden`` of the rows of a class are found while the accuracy or the weighted F1 is at least
    ``looks_good``. The exact interval says what the recall may still be: of 0 found among 100 rows at most 3.6 %, of 0 among 1 at
    most 97.5 %. Intervals of averages come from redrawing the predictions of each class.

    Why it matters
    --------------
    With 1 row in 100, a model that never finds the class has an accuracy of 0.99 and a weighted F1 of 0.985. Published tables
    that show only such averages have hidden classes that were never found.

    What to do
    ----------
    Read the recall of the class of interest with its counts, and let balanced accuracy or macro F1 stand where an average must
    stand. Then move the threshold to what a miss costs, before anything else.

    Parameters
    ----------
    hidden : float
        The recall up to which a class counts as not found.
    looks_good : float
        The weighted average from which a reader would be content.

    Returns
    -------
    Result
        ``classes``: class, n_samples, found, recall, low, high, f1; a row belongs to its most probable class. ``averages``:
        average, value, low, high.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26, for the interval. Brodersen et al. (2010), ICPR, for balanced accuracy.
    """
    study = study.judged
    pred, n_classes = study.out_of_fold().argmax(axis=1), len(study.classes)
    counts = np.bincount(study.codes * n_classes + pred, minlength=n_classes**2).reshape(n_classes, n_classes)
    rng = np.random.default_rng(study.random_state)
    drawn = np.stack([rng.multinomial(row.sum(), row / row.sum(), size=N_DRAWS) for row in counts], axis=1)
    found, sizes = np.diag(counts), study.class_sizes
    low, high = judge.proportion_interval(found, sizes)
    table = {
        "class": study.classes,
        "n_samples": sizes,
        "found": found,
        "recall": found / sizes,
        "low": low,
        "high": high,
    }
    classes = pd.DataFrame(table | {"f1": _f1(counts[None] * study.standing[:, None])[0]})
    table_counts, drawn = counts * study.standing[:, None], drawn * study.standing[:, None]
    value, draws = _averages(table_counts[None])[0], _averages(drawn)
    low, high = np.quantile(draws, [(1 - judge.LEVEL) / 2, (1 + judge.LEVEL) / 2], axis=0)
    averages = pd.DataFrame({"average": [*WEIGHTED, *EQUAL], "value": value, "low": low, "high": high})
    return Result({"classes": classes, "averages": averages}, _findings(study, classes, averages, hidden, looks_good))


def _f1(counts: np.ndarray) -> np.ndarray:
    """F1 of each class (n_draws, n_classes); 0 where nothing was found."""
    hits = np.diagonal(counts, axis1=1, axis2=2)
    return 2 * hits / np.maximum(counts.sum(axis=1) + counts.sum(axis=2), 1)


def _averages(counts: np.ndarray) -> np.ndarray:
    """Accuracy, weighted F1, balanced accuracy and macro F1 (n_draws, 4) of confusion counts (n_draws, n_classes, n_classes)."""
    sizes = counts.sum(axis=2)
    recall, f1 = np.diagonal(counts, axis1=1, axis2=2) / sizes, _f1(counts)
    weight = sizes / sizes.sum(axis=1, keepdims=True)
    return np.stack(
        [(weight * recall).sum(axis=1), (weight * f1).sum(axis=1), recall.mean(axis=1), f1.mean(axis=1)], axis=1
    )


def _findings(
    study: Study, classes: pd.DataFrame, averages: pd.DataFrame, hidden: float, looks_good: float
) -> tuple[Finding, ...]:
    value = averages.set_index("average")["value"]
    means = (
        f"accuracy is {wording.score(value[WEIGHTED[0]])} and weighted F1 {wording.score(value[WEIGHTED[1]])}, balanced accuracy "
        f"{wording.score(value[EQUAL[0]])} and macro F1 {wording.score(value[EQUAL[1]])}"
    )
    lost = classes[classes["recall"] <= hidden]
    lost = lost.iloc[np.argsort(lost["class"] != study.positive, kind="stable")]
    if len(lost) and value[list(WEIGHTED)].max() >= looks_good:
        row = lost.iloc[0]
        text = (
            f"{wording.of(row['found'], row['n_samples'])} of {wording.quoted(row['class'])} are found (interval {wording.share(row['low'])} to "
            f"{wording.share(row['high'])}), and no weighted average shows it: {means}."
        )
        if len(lost) > 1:
            text += f" So it is with {wording.count(len(lost))} of {len(classes)} classes."
        return (Finding("caution", text, ("tuned_threshold", "class_weights")),)
    row = classes.loc[classes["recall"].idxmin()]
    text = (
        f"The class that is found least, {wording.quoted(row['class'])}, has a recall of "
        f"{wording.with_interval(row['recall'], row['low'], row['high'])}; {means}."
    )
    return (Finding("fine", text),)


def draw(result: Result) -> dict[str, go.Figure]:
    """The averages, and the recall of each class."""
    averages, classes = result.tables["averages"], result.tables["classes"]
    first, second = "Averages over classes", "Recall behind the averages"
    left = {
        "x_title": "average",
        "y_title": "kind of average",
        "caption": "Weighted averages follow the largest class.",
    }
    right = {
        "x_title": "recall",
        "y_title": "class",
        "caption": "Share of the rows of each class found, with exact intervals.",
    }
    return {
        first: charts.intervals(averages, "value", "average", title=first, **left),
        second: charts.intervals(classes, "recall", "class", title=second, **right),
    }


def sick(random_state: int = 0) -> Dataset:
    """Columns that tell nothing, and one row in 20 of the rare class: it is never found."""
    rng = np.random.default_rng(random_state)
    frame, codes = synthetic.clouds(SIZES, n_features=6, distance=0.0, rng=rng)
    return Dataset.from_frame(frame.assign(outcome=synthetic.names(codes)), "outcome", name="never found")


def healthy(random_state: int = 0) -> Dataset:
    """Separable classes of the same sizes."""
    return synthetic.planted("clean", class_sizes=SIZES, random_state=random_state)
