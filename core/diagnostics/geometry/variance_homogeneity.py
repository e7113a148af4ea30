"""Columns that spread farther in one class than in another."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.learners.encoding import numeric_columns
from core.numerics.spread import Spread, against_others, brown_forsythe, holm, spread
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About("Variance homogeneity", "Do columns spread as far in each class?", "emerging", gravest="caution")

FEWEST, ALL_PAIRS = 10, 12
"""Rows that a class needs to be judged; classes up to which all pairs are tested, and beyond that each with the largest."""

MOST_ROWS, LISTED, SHOWN = 30_000, 1000, 12
"""Rows looked at; tests that are listed; columns whose variance ratios are listed."""

Z95 = 1.959964
"""Standard errors on each side of an interval."""


def variance_homogeneity(
    study: Study,
    *,
    level: Annotated[float, Range(0.001, 0.1, 0.001)] = 0.01,
    ratio: Annotated[float, Range(1.1, 5, 0.1)] = 1.5,
    share: Annotated[float, Range(0.05, 1, 0.05)] = 0.25,
) -> Result:
    """Whether numeric columns spread as far in one class as in another, and which classes are too small to tell.

    For a column and two classes, the Brown–Forsythe test compares the mean distances of rows from their class medians by an F
    statistic. The logarithm of a variance ratio has the standard error ``√((κ − (n − 3) / (n − 1)) / n)`` per class, κ its
    kurtosis. A class's noise share is the mean squared standard error over the mean squared log ratio against the
    variance within all other classes: how much of its difference in spread sampling error alone would give.

    How it is detected
    ------------------
    Probabilities are corrected for all pairs and columns (Holm). A column counts as unequal when its corrected probability
    is below ``level`` and one standard deviation is ``ratio`` times the other. A class is named, as a caution, when at
    least ``share`` of its columns are unequal to those of one other class. Class sizes enter through the test alone: a
    rare class needs a larger difference, and is not named for being rare. The noise share and its half as the border
    of "mostly sampling error" are our inference.

    Why it matters
    --------------
    One radius of neighbours, one step of quantisation or one covariance fits all classes only when they spread alike. A tight
    rare class inside a wide one is missed by such methods, and a wide one reaches far into others when it is interpolated.

    What to do
    ----------
    Prefer learners that do not share one scale among classes, such as trees. Do not read much into the spread of a class
    that is mostly sampling error, and do not scale augmented rows by it.

    Parameters
    ----------
    level : float
        Corrected probability below which spreads count as unequal.
    ratio : float
        The least ratio of two standard deviations that counts.
    share : float
        Share of columns from which a class is named.

    Returns
    -------
    Result
        ``classes``: class, n_rows, n_columns (tested), n_unequal (most columns unequal to one other class), other_class (that
        class), mean_log_ratio (of variances, against the other classes), noise_share, mostly_noise. ``pairs``: class, other_class,
        column, sd_ratio with low and high (of one ratio alone), statistic, p, p_holm; the 1,000 smallest
        probabilities; beyond 12 classes each is compared with the largest only. ``spreads``: class,
        column, log_variance_ratio with low and high, for the 12 columns whose spreads differ most. At most 30,000 rows
        are looked at, drawn at random.

    References
    ----------
    Brown and Forsythe (1974), Journal of the American Statistical Association 69. Holm (1979), Scandinavian Journal of
    Statistics 6. ClimbQ (2022), NeurIPS, and EmaQ-LT (2026), arXiv 2606.04920 (class-wise variance under imbalance).
    """
    columns = numeric_columns(study.dataset.X)
    judged = np.flatnonzero(study.class_sizes >= FEWEST)
    if not columns:
        raise NotApplicable("There is no numeric column.")
    if len(judged) < 2:
        second = wording.plural(study.class_sizes[1], "row")
        raise NotApplicable(f"The second largest class has {second}; {FEWEST} are needed.")
    rows = np.arange(len(study.codes))
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(study.random_state).choice(len(rows), MOST_ROWS, replace=False))
    s = spread(study.Z[rows, : len(columns)], study.codes[rows], int(judged[-1]) + 1)
    a, b = np.triu_indices(len(judged), 1) if len(judged) <= ALL_PAIRS else _with_largest(len(judged))
    a, b = judged[a], judged[b]
    statistic, p = brown_forsythe(s, a, b)
    if not (~np.isnan(statistic)).any():
        raise NotApplicable("No column has 5 values in 2 classes.")
    corrected = holm(p)
    sd_ratio, low, high = _sd_ratios(s, a, b)
    far = np.abs(np.log(sd_ratio)) >= np.log(ratio)
    unequal = (np.nan_to_num(corrected, nan=1.0) < level) & (far | np.isnan(sd_ratio))
    names = np.array(study.classes, dtype=object)
    pair, column = np.nonzero(~np.isnan(statistic))
    table = {"class": names[a[pair]], "other_class": names[b[pair]], "column": np.array(columns, object)[column]}
    values = {"sd_ratio": sd_ratio, "low": low, "high": high, "statistic": statistic, "p": p, "p_holm": corrected}
    pairs = pd.DataFrame(table | {name: array[pair, column] for name, array in values.items()})
    tables = {
        "classes": _classes(study, s, judged, (a, b), unequal, (~np.isnan(statistic)).sum(axis=1)),
        "pairs": pairs.sort_values("p", kind="stable").head(LISTED).reset_index(drop=True),
        "spreads": _spreads(s, judged, names, columns),
    }
    return Result(tables, _findings(study, tables["classes"], share, ratio))


def _with_largest(n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(n_classes - 1, dtype=int), np.arange(1, n_classes)


def _sd_ratios(s: Spread, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ratios of standard deviations with their intervals; NaN where one of them is 0."""
    there = (np.nan_to_num(s.variance[a]) > 0) & (np.nan_to_num(s.variance[b]) > 0)
    log = np.log(np.where(there, s.variance[a], 1.0) / np.where(there, s.variance[b], 1.0))
    reach = Z95 * np.sqrt(np.nan_to_num(s.error[a]) ** 2 + np.nan_to_num(s.error[b]) ** 2)
    return tuple(np.where(there, np.exp(np.clip(x / 2, -300, 300)), np.nan) for x in (log, log - reach, log + reach))


def _classes(
    study: Study, s: Spread, judged: np.ndarray, pairs: tuple, unequal: np.ndarray, tested: np.ndarray
) -> pd.DataFrame:
    log, error = against_others(s)
    records = []
    for c in judged:
        own = np.flatnonzero((pairs[0] == c) | (pairs[1] == c))
        counts = unequal[own].sum(axis=1)
        worst = own[counts.argmax()]
        other = pairs[1][worst] if pairs[0][worst] == c else pairs[0][worst]
        known = ~np.isnan(log[c])
        mean = log[c, known].mean() if known.any() else np.nan
        size = (log[c, known] ** 2).sum()
        noise = min(1.0, (error[c, known] ** 2).sum() / size) if size > 0 else np.nan
        records.append(
            (study.classes[c], study.class_sizes[c], tested[worst], counts.max(), study.classes[other], mean, noise)
        )
    names = ["class", "n_rows", "n_columns", "n_unequal", "other_class", "mean_log_ratio", "noise_share"]
    table = pd.DataFrame(records, columns=names)
    return table.assign(mostly_noise=table["noise_share"] > 0.5)


def _spreads(s: Spread, judged: np.ndarray, names: np.ndarray, columns: list[str]) -> pd.DataFrame:
    log, error = (values[judged] for values in against_others(s))
    size = np.nan_to_num(np.abs(log)).max(axis=0)
    shown = np.argsort(-size, kind="stable")[:SHOWN]
    reach = Z95 * error[:, shown]
    table = {
        "class": np.repeat(names[judged], len(shown)),
        "column": np.tile(np.array(columns, object)[shown], len(judged)),
    }
    middle = log[:, shown]
    values = {"log_variance_ratio": middle, "low": middle - reach, "high": middle + reach}
    return pd.DataFrame(table | {name: array.ravel() for name, array in values.items()})


def _findings(study: Study, classes: pd.DataFrame, share: float, ratio: float) -> tuple[Finding, ...]:
    wide = classes[classes["n_unequal"] >= np.maximum(share * classes["n_columns"], 1)]
    pair = pd.Series([frozenset(two) for two in zip(wide["class"], wide["other_class"], strict=True)], wide.index)
    wide = wide[~pair.duplicated()].sort_values("n_unequal", ascending=False, kind="stable")
    findings = []
    for row in wide.head(5).itertuples():
        text = (
            f"{wording.of(row.n_unequal, row.n_columns, 'numeric column')} differ in spread beyond chance between {wording.quoted(row[1])} and "
            f"{wording.quoted(row.other_class)}, and by a factor of at least {wording.number(ratio)} as measured."
        )
        findings.append(Finding("caution", text))
    if wide.empty:
        most = classes.sort_values("n_unequal", ascending=False, kind="stable").iloc[0]
        text = (
            f"Between no two classes do {wording.share(share)} of the numeric columns differ in spread; the most is "
            f"{wording.of(most['n_unequal'], most['n_columns'], 'column')}."
        )
        findings.append(Finding("fine", text))
    noisy = classes[classes["mostly_noise"] & (classes["class"] == study.positive)]
    for row in noisy.itertuples():
        text = (
            f"Sampling error alone would give {wording.share(row.noise_share)} of how the spread of {wording.quoted(row[1])} "
            f"differs from that of the others ({wording.plural(row.n_rows, 'row')})."
        )
        findings.append(Finding("fine", text))
    return tuple(findings)


def draw(result: Result) -> dict[str, go.Figure]:
    """Variance ratios by class and column, and how much of them is sampling error."""
    first, second = "Spread by class and column", "Share of sampling error"
    axes = {"x_title": "column", "y_title": "class", "value_title": "log variance ratio"}
    noise = {"x_title": "share of the difference in spread", "y_title": "class"}
    noise["caption"] = "Share of the difference in spread that sampling error alone would give, by class."
    caption = "Logarithm of the variance over that within the other classes."
    return {
        first: charts.heatmap(
            result.tables["spreads"], "column", "class", "log_variance_ratio", title=first, caption=caption, **axes
        ),
        second: charts.bars(result.tables["classes"], "noise_share", "class", title=second, **noise),
    }


def sick(random_state: int = 0) -> Dataset:
    """The rare class spreads 2.5 times as far around its centre as the common one."""
    dataset = healthy(random_state)
    rare = (dataset.y == "rare").to_numpy()
    X = dataset.X.copy()
    X[rare] = X[rare].mean() + 2.5 * (X[rare] - X[rare].mean())
    return Dataset.from_frame(X.assign(outcome=dataset.y), "outcome", name="unequal spread")


def healthy(random_state: int = 0) -> Dataset:
    """Both classes spread alike."""
    return synthetic.planted("clean", random_state=random_state)
