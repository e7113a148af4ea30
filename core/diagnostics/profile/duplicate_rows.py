"""Rows that are equal, and equal rows with different labels."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, synthetic, wording
from core.dataset import Dataset
from core.numerics.duplicates import identical_rows
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Duplicate and contradictory rows",
    "Are there equal rows, and do they agree on the class?",
    names=("contradictions",),
)

N_DRAWS = 100
MANY_COPIES = 0.1
SHOWN = 50
HALF, ENOUGH = 0.5, 10


def duplicate_rows(study: Study, *, tolerated: Annotated[float, Range(0.0, 0.5, 0.01)] = 0.05) -> Result:
    """Which rows are equal in every column, and which of them have different labels.

    A group g holds the rows that are equal in every column; n_gc of them are of class c. Copies = Σ_g Σ_c max(n_gc − 1, 0).
    Contradictory rows = rows of groups with more than one class. Unavoidable errors = Σ_g (n_g − max_c n_gc): no classifier
    that sees these columns can make fewer. Where two classes of a group are equally large, the one with fewer rows in the table
    counts as lost.

    How it is detected
    ------------------
    Rows are grouped exactly; a missing cell equals a missing cell. The number of unavoidable errors is compared with 100 random
    exchanges of the labels (same groups, same class sizes). It is an issue when the errors take more than ``tolerated`` of a class
    and are more than chance would give: equal rows were labelled in two ways. When they are fewer, the table is coarse:
    its columns have few values, so that different cases look alike. That is a property of the columns, not of bad labels, and
    an issue only when it takes more than half of a class of at least 10 rows.
    Copies with the same label are a caution from 10 % of the rows on.

    Why it matters
    --------------
    A row that equals a row of another class cannot be told apart from it: that part of a class is lost for every learner and
    every remedy. Copies that fall on both sides of a split make scores too good.

    What to do
    ----------
    Look at the groups. If one case was entered twice, keep one row. If the labels of one case differ, settle them. If different
    cases look alike, add a column that tells them apart; no remedy can.

    Parameters
    ----------
    tolerated : float
        The share of a class that may be lost before it is called an issue.

    Returns
    -------
    Result
        ``classes``: class, n_samples, copies, contradictory_rows, unavoidable_errors, share (of the class that is lost), low, high,
        expected (share lost by chance). ``summary``: measure, value, expected, null_low, null_high, p.
        ``groups``: group, first_row (counted from 1), class, n_samples; the largest contradictory groups.

    References
    ----------
    Cover and Hart (1967), IEEE Transactions on Information Theory 13, for the error that no classifier can avoid.
    """
    rows, group = _shared(identical_rows(_columns(study.dataset)))
    counts = _group_counts(group, study.codes[rows], len(study.classes))
    lost = counts - _kept(counts)
    draws = _null(group, study, N_DRAWS)
    mixed = (counts > 0).sum(axis=1) > 1
    low, high = judge.proportion_interval(lost.sum(axis=0), study.class_sizes)
    classes = pd.DataFrame(
        {
            "class": study.classes,
            "n_samples": study.class_sizes,
            "copies": np.maximum(counts - 1, 0).sum(axis=0),
            "contradictory_rows": counts[mixed].sum(axis=0),
            "unavoidable_errors": lost.sum(axis=0),
            "share": lost.sum(axis=0) / study.class_sizes,
            "low": low,
            "high": high,
            "expected": draws[:, 1:].mean(axis=0) / study.class_sizes,
        }
    )
    judged = judge.against_null(float(lost.sum()), draws[:, 1:].sum(axis=1))
    tables = {
        "classes": classes,
        "summary": _summary(classes, judged, judge.against_null(counts[mixed].sum(), draws[:, 0])),
        "groups": _groups(rows[np.unique(group, return_index=True)[1]], counts, mixed, study.classes),
    }
    return Result(tables, _findings(study, classes, judged, tolerated))


def _columns(dataset: Dataset) -> list[np.ndarray]:
    text = set(dataset.categorical)
    return [(X.cat.codes if name in text else X).to_numpy() for name, X in dataset.X.items()]


def _shared(group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows that equal another one, and their groups, from 0 in the old order."""
    shared = np.bincount(group) > 1
    rows = np.flatnonzero(shared[group])
    return rows, (np.cumsum(shared) - 1)[group[rows]]


def _group_counts(group: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    flat = group * n_classes + codes
    return np.bincount(flat, minlength=(int(group.max(initial=-1)) + 1) * n_classes).reshape(-1, n_classes)


def _kept(counts: np.ndarray) -> np.ndarray:
    """The rows of the largest class of each group; of equally large ones the first, which has most rows in the table."""
    kept = np.zeros_like(counts)
    best = counts.argmax(axis=1)
    kept[np.arange(len(counts)), best] = counts[np.arange(len(counts)), best]
    return kept


def _null(group: np.ndarray, study: Study, n_draws: int) -> np.ndarray:
    """Contradictory rows, then unavoidable errors of each class (n_draws, 1 + n_classes), with labels at random."""
    rng = np.random.default_rng(study.random_state)
    n_classes = len(study.classes)
    draws = np.zeros((n_draws, 1 + n_classes))
    for i in range(n_draws if len(group) else 0):
        counts = _group_counts(group, rng.permutation(study.codes)[: len(group)], n_classes)
        draws[i, 0] = counts[(counts > 0).sum(axis=1) > 1].sum()
        draws[i, 1:] = (counts - _kept(counts)).sum(axis=0)
    return draws


def _summary(classes: pd.DataFrame, errors: judge.Judged, rows: judge.Judged) -> pd.DataFrame:
    columns = ["measure", "value", "expected", "null_low", "null_high", "p"]
    copies = ["copies", classes["copies"].sum(), *[np.nan] * 4]
    judged = [
        [name, j.value, j.null, j.null_low, j.null_high, j.p]
        for name, j in (("contradictory rows", rows), ("unavoidable errors", errors))
    ]
    return pd.DataFrame([copies, *judged], columns=columns)


def _groups(first: np.ndarray, counts: np.ndarray, mixed: np.ndarray, classes: tuple[str, ...]) -> pd.DataFrame:
    chosen = np.flatnonzero(mixed)
    chosen = chosen[np.argsort(-counts[chosen].sum(axis=1), kind="stable")][:SHOWN]
    rows = [
        (i + 1, int(first[g]) + 1, classes[c], int(counts[g, c]))
        for i, g in enumerate(chosen)
        for c in np.flatnonzero(counts[g])
    ]
    return pd.DataFrame(rows, columns=["group", "first_row", "class", "n_samples"])


def _findings(study: Study, classes: pd.DataFrame, errors: judge.Judged, tolerated: float) -> tuple[Finding, ...]:
    contradictory, copies, n = classes["contradictory_rows"].sum(), classes["copies"].sum(), study.dataset.n_samples
    findings = [_contradictions(classes, errors, tolerated, n)] if contradictory else []
    if copies:
        severity = "caution" if copies >= MANY_COPIES * n else "fine"
        text = (
            f"{wording.of(copies, n)} repeat an earlier row with its label. If one case was entered twice, scores are too "
            "good when a split holds both; if the columns have few values, different cases may look alike."
        )
        findings.append(Finding(severity, text))
    if not contradictory:
        text = f"None of the {wording.plural(n, 'row')} equals a row of another class: equal rows set no limit to the scores."
        findings.append(Finding("fine", text))
    return tuple(findings)


def _contradictions(classes: pd.DataFrame, errors: judge.Judged, tolerated: float, n: int) -> Finding:
    lost = classes["share"].where(classes["unavoidable_errors"] > 1, classes["share"] / classes["n_samples"])
    worst = classes.loc[lost.idxmax()]
    much = worst["share"] > tolerated and worst["unavoidable_errors"] > 1
    more = errors.value > errors.null_high
    half = worst["share"] > HALF and worst["n_samples"] >= ENOUGH
    severity = "issue" if half or (much and more) else "caution" if much or (more and errors.value > 1) else "fine"
    chance = f"Chance would give {wording.number(round(errors.null, 1))} errors at the same class sizes"
    if more:
        reason = f"{chance}: equal rows seem to be labelled in two ways."
    elif errors.value < errors.null_low:
        reason = f"{chance}: fewer than chance means a coarse table, in which different cases look alike, and not bad labels."
    else:
        reason = f"{chance}: the columns do not tell these rows apart, and nothing speaks for bad labels."
    text = (
        f"{wording.of(classes['contradictory_rows'].sum(), n)} equal a row of another class. No classifier can avoid "
        f"{wording.plural(errors.value, 'error')} on them; {wording.quoted(worst['class'])} loses most, "
        f"{wording.of(worst['unavoidable_errors'], worst['n_samples'])}. {reason}"
    )
    return Finding(severity, text)


def draw(result: Result) -> dict[str, go.Figure]:
    """The share of each class that no classifier can get right, beside chance."""
    title, caption = "Unavoidable errors", "Share of each class that equals rows of a larger group of another class."
    table = result.tables["classes"]
    return {
        title: charts.bars(
            table, "share", "class", title=title, x_title="share of the class", y_title="class",
            caption=caption, null="expected",
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """A tenth of the rare rows are copies of common rows."""
    return synthetic.planted("contradictions", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """No two rows are equal."""
    return synthetic.planted("clean", random_state=random_state)
