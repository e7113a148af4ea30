"""Rows that are nearly, but not quite, copies of other rows of their class."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.numerics.near_copies import SURE, different_rows, near_copies
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Near duplicates across folds",
    "Does the model train on near-copies of the rows it is scored on?",
    "emerging",
    "seconds",
    names=("near_duplicates",),
)

K, SMALLEST_K = 10, 4
FEWEST = 20
ENOUGH = 4
"""Rows with a near-copy below which nothing is called: two pairs may be an accident."""

MOST_ROWS, FEWEST_ROWS, CELLS = 2000, 300, 4e8
"""Rows of a class that are looked at, and the work that may be spent on them."""

SHOWN = 50


def near_duplicates(study: Study, *, tolerated: Annotated[float, Range(0.02, 0.5, 0.01)] = 0.1) -> Result:
    """Which rows have a near-copy of their own class in the folds that their model was trained on.

    For the ten nearest different rows of its class (a fifth of a class of fewer than 50), at distances d_1 ≤ … ≤ d_10, a row counts as a near-copy of its neighbour l
    when d_l ≤ d_10 / 4 and 9 (d_l / d_10)^m ≤ 0.001. Among independent rows of a smooth density in m dimensions, 9 r^m is
    the most that chance gives for d_l ≤ r d_10. Here m is the smaller of two numbers: the dimension of the class, 1.678 over the
    median of 9 ln(d_10 / d_9) + 8 ln(d_9 / d_8), and the columns that share in the difference δ of the two rows, (Σ|δ_j|)² / Σδ_j².
    Where the second alone suspects a fifth of the rows, the dimension is taken from one row of each suspect group.

    How it is detected
    ------------------
    Each class is its own yardstick: a class whose rows all lie close together has no near-copies. Rows that differ in one column
    only, or by steps of a coarse grid, are as close as such columns allow and are not named. Rows that are equal in every
    column count once; they are the business of the check of duplicate rows. Copies with more noise than a tenth of a
    standard deviation (of 6 columns; less for fewer) are hardly told from new rows. It is an issue when ``tolerated`` of the
    different rows of the class of interest, or of half of the classes, have a near-copy in the training folds (at least 4
    rows, and the lower limit of the share above chance); a caution for another class, and from half of that share. Recall is
    counted with and without these rows; its difference is paired by fold. Of a large class a sample of the rows is looked at, at least 300,
    among all rows of the class. The bound and the rule for m are our inference from the two-nearest-neighbours estimate of a dimension.

    Why it matters
    --------------
    Noisy, shifted or rotated copies of a rare row, made before the rows were split, put the answer into the training rows. Scores
    then say how well the model remembers, and new rows disappoint.

    What to do
    ----------
    Ask where the copies come from. If rows were augmented, go back to the rows before, split first, and augment the training rows
    only. If one case was measured several times, name the case in a column and keep its rows on one side of each split.

    Parameters
    ----------
    tolerated : float
        The share of a class with a near-copy in the training folds from which it is called an issue.

    Returns
    -------
    Result
        ``classes``: class, n_samples, n_different (rows that differ), n_rows (looked at), n_close (with a near-copy), n_across (with
        one in the training folds), share (n_across / n_rows), low, high, expected. ``recall``: class, n_rows, recall, n_without,
        recall_without, difference, low, high. ``pairs``: class, row, other (counted from 1), distance, typical (d_10), chance; the closest.

    Raises
    ------
    NotApplicable
        No class has 20 different rows.

    References
    ----------
    Facco, d'Errico, Rodriguez and Laio (2017), Scientific Reports 7, for ratios of neighbour distances. Levina and Bickel (2004), NIPS 17.
    """
    found = [_class(study, c, study.fold) for c in range(len(study.classes))]
    kept = [one for one in found if one is not None]
    if not kept:
        raise NotApplicable(
            f"No class has {FEWEST} different rows, which are needed to know how close rows usually are."
        )
    classes = pd.DataFrame([one[0] for one in kept])
    recall = pd.DataFrame([one[1] for one in kept])
    pairs = pd.concat([one[2] for one in kept]).sort_values("chance", kind="stable", ignore_index=True)
    tables = {"classes": classes, "recall": recall, "pairs": pairs.head(SHOWN)}
    return Result(tables, _findings(study, classes, recall, tolerated))


def _class(study: Study, c: int, fold: np.ndarray) -> tuple[dict, dict, pd.DataFrame] | None:
    """Counts, recall and pairs of one class; nothing when it has too few different rows."""
    rows = np.flatnonzero(study.codes == c)
    if len(rows) < FEWEST:
        return None
    own = rows[different_rows(study.Z[rows])]
    if len(own) < FEWEST:
        return None
    most = int(np.clip(CELLS / (len(own) * study.Z.shape[1]), FEWEST_ROWS, MOST_ROWS))
    looked = np.flatnonzero(study.tested[own])
    if len(looked) < FEWEST:
        return None
    if len(looked) > most:
        looked = np.sort(np.random.default_rng(study.random_state).choice(looked, most, replace=False))
    pairs = near_copies(study.Z[own], looked, int(np.clip(len(own) // 5, SMALLEST_K, K)))
    row, other = own[pairs["row"]], own[pairs["other"]]
    across = np.isin(own[looked], row[study.learned(row, other)])
    low, high = judge.proportion_interval(across.sum(), len(looked))
    name, sizes = study.classes[c], {"n_samples": len(rows), "n_different": len(own), "n_rows": len(looked)}
    counts = {"class": name, **sizes, "n_close": len(np.unique(row)), "n_across": int(across.sum())}
    counts |= {"share": across.mean(), "low": float(low), "high": float(high), "expected": SURE}
    table = {"class": name, "row": row + 1, "other": other + 1}
    table |= {key: pairs[key] for key in ("distance", "typical", "chance")}
    return counts, _recall(study, c, own[looked], across, fold), pd.DataFrame(table)


def _recall(study: Study, c: int, rows: np.ndarray, across: np.ndarray, fold: np.ndarray) -> dict:
    """Recall over the rows that were looked at, with and without those that have a near-copy in training."""
    found = study.out_of_fold()[rows].argmax(axis=1) == c
    n = np.stack([np.bincount(fold[part], minlength=study.n_folds) for part in (rows, rows[~across])])
    hits = np.stack([np.bincount(fold[part], minlength=study.n_folds) for part in (rows[found], rows[found & ~across])])
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(n > 0, hits / n, np.nan)
    mean, low, high = judge.fold_interval(shares[0] - shares[1], study.test_ratio)
    alone = found[~across].mean() if (~across).any() else np.nan
    record = {"class": study.classes[c], "n_rows": len(rows), "recall": found.mean()}
    record |= {"n_without": int((~across).sum()), "recall_without": alone}
    return record | {"difference": mean, "low": low, "high": high}


def _findings(study: Study, classes: pd.DataFrame, recall: pd.DataFrame, tolerated: float) -> tuple[Finding, ...]:
    certain = (classes["low"] > classes["expected"]) & (classes["n_across"] >= ENOUGH)
    much, some = (certain & (classes["share"] >= limit) for limit in (tolerated, tolerated / 2))
    if not some.any():
        top = classes.loc[classes["share"].idxmax()]
        text = (
            f"No class has many near-copies of its rows in the training folds. Of {wording.quoted(top['class'])}, which has most, "
            f"{wording.of(top['n_across'], top['n_rows'], 'different row')} have one."
        )
        if not classes["n_across"].any():
            looked = wording.plural(classes["n_rows"].sum(), "different row")
            text = f"None of the {looked} that were looked at has a near-copy of its class in the training folds."
        return (Finding("fine", text),)
    half = 2 * much.sum() >= len(classes)
    findings = []
    for i in classes[some].sort_values("share", ascending=False, kind="stable").index[:5]:
        grave = much[i] and (half or classes.at[i, "class"] == study.positive)
        findings.append(Finding("issue" if grave else "caution", _sentence(classes.loc[i], recall.loc[i])))
    return tuple(findings)


def _sentence(row: pd.Series, recall: pd.Series) -> str:
    text = (
        f"{wording.of(row['n_across'], row['n_rows'], 'different row')} of {wording.quoted(row['class'])} have a near-copy of their class among "
        f"the rows that their model was trained on; chance would give {wording.share(row['expected'])} at most. "
    )
    if recall["n_without"] == 0:
        return text + "No row is left without one, so that its recall says only how well the model remembers."
    text += f"Recall of the class is {wording.score(recall['recall'])} with these rows and {wording.score(recall['recall_without'])} without them"
    if np.isnan(recall["low"]):
        return text + "."
    return (
        text
        + f", on average over the folds a difference of {wording.with_interval(recall['difference'], recall['low'], recall['high'])}."
    )


def draw(result: Result) -> dict[str, go.Figure]:
    """The share of each class with a near-copy in the training folds, beside chance."""
    title, caption = (
        "Near-copies in the training folds",
        "Share of the different rows of each class, with exact intervals.",
    )
    table = result.tables["classes"]
    return {
        title: charts.bars(
            table, "share", "class", title=title, x_title="share of the class", y_title="class",
            caption=caption, null="expected",
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """Half of the rare rows are noisy copies of the other half."""
    return synthetic.planted("near_duplicates", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """No row was made from another."""
    return synthetic.planted("clean", random_state=random_state)
