"""How well each class is found with a part of the rows: computed once per study, read by the check of scarcity and the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.judge import LEVEL, fold_interval
from core.numerics.duplicates import identical_rows
from core.numerics.ranking import average_precision
from core.numerics.saturation import growth, recall_at_prevalence
from core.recipe import Recipe
from core.study import Study

FEWEST = 10
"""Rows that a class needs for a learning curve."""

SHARES = (0.25, 0.5, 1.0)
"""Shares of the training rows: each doubles the one before it."""

ONE_QUARTER, ONE_HALF = 5_000, 30_000
"""Rows (times half the classes, beyond two) above which one quarter of the training rows is drawn, and one half, instead of two."""

POINTS = 0.05
"""The next step of recall that rows are counted for."""

AHEAD = (2, 4)
"""How many times the rows a curve is carried on to."""

COPIES = 0.2
"""Share of the class with an equal row in it, above which no curve is said to climb."""

N_DRAWS = 1000
SLOPE = ["slope", "low", "high", "gain", "gain_low", "gain_high", "precision_slope", "precision_low", "precision_high"]
POINT = ["times", "rows", "recall", "low", "high", "gain", "gain_low", "gain_high"]


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """Out-of-fold recall of each class with a part of the rows, and what more rows would bring to the class of interest.

    Parameters
    ----------
    points : pandas.DataFrame
        One row per class of at least ``FEWEST`` rows and share of the training rows: class, share, rows (of the class in
        training), recall with low and high (at prevalence: as many rows are taken as the class has), average_precision.
    slopes : pandas.DataFrame
        One row per class: class, slope with low and high (recall per doubling of the rows), gain with gain_low and
        gain_high (recall from half to all rows), precision_slope with precision_low and precision_high (average
        precision per doubling), climbs.
    ahead : pandas.DataFrame
        The class of interest with more rows: times (the rows), rows, recall with low and high, gain (over
        recall with all rows) with gain_low and gain_high.
    rows_needed : tuple of float
        Rows of the class of interest, in all, to the next five points of recall, with low and high; infinite where that is
        beyond four times the rows.
    climbs : bool
        Whether the curve of the class of interest still climbs, and twice the rows would gain five points or more.
    own_half, own_full : ndarray (n_samples,)
        Out-of-fold probability of each row's own class with half and with all of the training rows.
    """

    points: pd.DataFrame
    slopes: pd.DataFrame
    ahead: pd.DataFrame
    rows_needed: tuple[float, float, float]
    climbs: bool
    own_half: np.ndarray
    own_full: np.ndarray


def learning_curve(study: Study) -> LearningCurve:
    """Measure recall with a quarter, a half and all of the training rows of each fold.

    Every class is thinned alike, so that only the amount changes and no class share. All sizes of a fold are tested on the
    same rows. The slope is ``(s(1) − s(¼)) / 2`` per fold, with the interval of Nadeau and Bengio. A curve climbs when
    the interval of the slope of average precision, which is steadier than recall, leaves zero out, when the last doubling gained
    at least half of that slope (a curve that has flattened does not climb), when recall grew too, and when at most a fifth of the class has an equal row in it. Beyond all rows the curve is carried on by an inverse power law (see
    ``core.numerics.saturation.growth``): the middle and the central 95 % of curves drawn from a t distribution around the
    mean of the folds, with their corrected covariance. The rule and the band are our inference.

    Parameters
    ----------
    study : Study
        The result is kept with it.

    Returns
    -------
    LearningCurve
    """
    if study.whole is not study:
        curve = learning_curve(study.whole)
        return replace(curve, own_half=curve.own_half[study.place], own_full=curve.own_full[study.place])
    if "learning_curve" not in study._memory:
        study._memory["learning_curve"] = _measured(study)
    return study._memory["learning_curve"]


def _measured(study: Study) -> LearningCurve:
    judged = np.flatnonzero(study.class_sizes >= max(FEWEST, study.n_folds))
    full, rows = study.out_of_fold(), np.arange(len(study.codes))
    half, scores, counts = full.copy(), np.full((2, len(judged), len(SHARES), study.n_folds), np.nan), []
    rng = np.random.default_rng(study.random_state)
    measured = study.positive_code in judged
    for fold, (train, test) in enumerate(study.folds[: study.n_folds] if measured else ()):
        quarters, halves = _parts(study.codes, train, rng)
        at = [[study.fit_predict_proba(Recipe(), part, test) for part in parts] for parts in (quarters, halves)]
        half[test] = np.mean(at[1], axis=0)
        for size, probas in enumerate([*at, [full[test]]]):
            stands = None if study.represents is None else study.represents[test]
            scores[:, :, size, fold] = _scores(probas, study.codes[test], judged, stands)
        counts.append(
            [np.bincount(study.codes[part], minlength=len(full.T)) for part in (quarters[0], halves[0], train)]
        )
    points, slopes = _tables(
        study, judged if measured else judged[:0], scores, np.mean(counts, axis=0) if counts else None
    )
    own = slopes[slopes["class"] == study.positive]
    recall = scores[0, np.flatnonzero(judged == study.positive_code)]
    ahead, needed = _ahead(study, recall[0].T) if measured else (pd.DataFrame(columns=POINT), (np.inf,) * 3)
    climbs = bool(own["climbs"].any() and ahead["gain"].iloc[0] >= POINTS and _copied(study) <= COPIES)
    return LearningCurve(points, slopes, ahead, needed, climbs, half[rows, study.codes], full[rows, study.codes])


def _copied(study: Study) -> float:
    """Share of the class of interest that has an equal row in it: a smaller part of the table loses such twins."""
    X = study.dataset.X[study.codes == study.positive_code]
    group = identical_rows([(c.cat.codes if c.dtype == "category" else c).to_numpy() for _, c in X.items()])
    return float((np.bincount(group)[group] > 1).mean())


def _parts(codes: np.ndarray, train: np.ndarray, rng: np.random.Generator) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Quarters and halves of the training rows of each class; two of a kind share at most one row of a class."""
    shuffled = rng.permutation(train)
    shuffled = shuffled[np.argsort(codes[shuffled], kind="stable")]
    own = codes[shuffled]
    size = np.bincount(own)[own]
    place = (np.arange(len(own)) - np.searchsorted(own, own)) / size
    parts, n_fitted = [], len(codes) * max(2, int(codes.max()) + 1) / 2  # trees are grown for each class
    for share, most in ((0.25, ONE_QUARTER), (0.5, ONE_HALF)):
        kept = [place < share, place + 1 / size > 1 - share]
        parts.append([np.sort(shuffled[rows]) for rows in (kept if n_fitted <= most else kept[:1])])
    return tuple(parts)


def _scores(probas: list[np.ndarray], codes: np.ndarray, judged: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Recall at prevalence and average precision (2, n_judged), averaged over the models of one size."""
    values = np.full((2, len(judged)), np.nan)
    for i, c in enumerate(judged):
        positive = codes == c
        if positive.any():
            values[0, i] = np.mean([recall_at_prevalence(proba[:, c], positive, weight) for proba in probas])
            values[1, i] = np.mean([average_precision(proba[:, c], positive, weight) for proba in probas])
    return values


def _tables(
    study: Study, judged: np.ndarray, scores: np.ndarray, counts: np.ndarray | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    points, slopes, ratio = [], [], study.test_ratio
    for i, c in enumerate(judged):
        recall, precision = scores[:, i]
        for size, share in enumerate(SHARES):
            record = {"class": study.classes[c], "share": share, "rows": counts[size, c]}
            record |= dict(zip(("recall", "low", "high"), fold_interval(recall[size], ratio), strict=True))
            record["low"], record["high"] = max(record["low"], 0.0), min(record["high"], 1.0)
            points.append(record | {"average_precision": np.nanmean(precision[size])})
        parts = (recall[2] - recall[0]) / 2, recall[2] - recall[1], (precision[2] - precision[0]) / 2
        slopes.append({"class": study.classes[c]} | _intervals(parts, ratio))
        late = np.nanmean(precision[2] - precision[1]) >= slopes[-1]["precision_slope"] / 2
        slopes[-1]["climbs"] = bool(slopes[-1]["precision_low"] > 0 and slopes[-1]["slope"] > 0 and late)
    columns = ["class", "share", "rows", "recall", "low", "high", "average_precision"]
    return pd.DataFrame(points, columns=columns), pd.DataFrame(slopes, columns=["class", *SLOPE, "climbs"])


def _intervals(parts: tuple[np.ndarray, ...], ratio: float) -> dict[str, float]:
    return dict(zip(SLOPE, np.concatenate([fold_interval(part, ratio) for part in parts]).tolist(), strict=True))


def _ahead(study: Study, recall: np.ndarray) -> tuple[pd.DataFrame, tuple[float, float, float]]:
    """The curve (n_folds, n_sizes) of the class of interest carried on, and the rows to the next points."""
    rng, n_folds = np.random.default_rng(study.random_state), len(recall)
    n_rows = int(study.class_sizes[study.positive_code])
    spread = (recall - recall.mean(axis=0)) / np.sqrt(n_folds - 1)
    noise = rng.normal(size=(N_DRAWS, n_folds)) @ spread * np.sqrt(1 / n_folds + 1 / (n_folds - 1))
    noise /= np.sqrt(rng.chisquare(n_folds - 1, size=(N_DRAWS, 1)) / (n_folds - 1))
    drawn = growth(np.clip(recall.mean(axis=0) + noise, 0, 1))
    middle_and_ends, records = [0.5, (1 - LEVEL) / 2, (1 + LEVEL) / 2], []
    for times in AHEAD:
        recalls = drawn.after(np.log2(times))
        ends = (np.quantile(values, middle_and_ends) for values in (recalls, recalls - drawn.last))
        records.append((times, times * n_rows, *np.concatenate(list(ends))))
    needed = np.quantile(drawn.doublings_to(POINTS), middle_and_ends, method="inverted_cdf")
    in_reach = [n_rows * 2**doublings if doublings <= np.log2(AHEAD[-1]) else np.inf for doublings in needed]
    return pd.DataFrame(records, columns=POINT), tuple(float(rows) for rows in in_reach)
