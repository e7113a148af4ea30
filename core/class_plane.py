"""The classes of a study in one plane, and how well each pair is told apart at equal class sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

from core.errors import NotApplicable, UserError, unknown
from core.judge import LEVEL, proportion_interval
from core.learners.encoding import numeric_columns, robust_units, scaled
from core.numerics import pair_areas, plane
from core.numerics.mixing import balanced_mixing
from core.numerics.neighbours import even_sample, nearest
from core.study import Study
from core.wording import clip, plural, quoted

FEWEST = 10
"""Rows that a class needs to be judged."""

MOST_ROWS = 6000
"""Rows that are measured: small classes whole, of the others equally many."""

ALL_PAIRS, PARTNERS = 30, 10
"""Up to this many classes every pair is measured; with more, each class and its nearest class centres."""

DRAWS = 5
"""How often the larger classes are drawn anew while there are at most this many pairs; once with more."""

ERRORS, SHUFFLES = 5000, 100
"""Errors that are looked at, and how often their predictions are shuffled."""

ONE_ERROR = 0.6827
"""Coverage of an interval of one standard error to both sides."""

PAIRED = 200
"""Rows of a class in a draw in which each row's nearest neighbour is looked up."""

EVIDENCE = ("linear", "neighbours", "model")
"""What may tell a pair apart: a linear score, the ten nearest rows, the learner's own probabilities."""


@dataclass(frozen=True, eq=False)
class ClassPlane:
    """Rows of the classes that are large enough, placed in one plane.

    Parameters
    ----------
    judged : ndarray of int (n_judged,)
        Codes of the classes with at least ``FEWEST`` rows, most frequent first.
    rows : ndarray of int (n_rows,)
        Rows of the table that are measured.
    own : ndarray of int (n_rows,)
        Their classes as positions in ``judged``.
    fold : ndarray of int (n_rows,)
        The fold of the first repeat that holds each row out.
    X : ndarray (n_rows, n_columns)
        Their encoded columns without gaps.
    places : ndarray (n_rows, 2)
        Where they lie, from the centre of the classes, in units of the spread within classes.
    titles : tuple of str
        What the two axes are.
    discriminant : bool
        Whether they are discriminant axes, and not two columns.
    """

    judged: np.ndarray
    rows: np.ndarray
    own: np.ndarray
    fold: np.ndarray
    X: np.ndarray
    places: np.ndarray
    titles: tuple[str, str]
    discriminant: bool


def class_plane(study: Study, x_column: str = "", y_column: str = "") -> ClassPlane:
    """Place the rows of a study by two columns, or by discriminant axes that they did not help to choose.

    Raises
    ------
    UserError
        Only one column is named, or there is no such numeric column.
    NotApplicable
        Fewer than two classes have ``FEWEST`` rows, or no column varies.
    """
    named = _named(study, x_column, y_column)
    sizes = np.bincount(study.codes[study.tested], minlength=len(study.classes))
    judged = np.flatnonzero(sizes >= FEWEST)
    if len(judged) < 2:
        second = plural(np.sort(sizes)[-2], "row")
        raise NotApplicable(f"The second largest class has {second}; {FEWEST} are needed.")
    position = np.full(len(study.classes), -1)
    position[judged] = np.arange(len(judged))
    looked_up = study.neighbours.rows
    looked_up = looked_up[(position[study.codes[looked_up]] >= 0) & study.tested[looked_up]]
    rng = np.random.default_rng(study.random_state)
    rows = looked_up[even_sample(position[study.codes[looked_up]], MOST_ROWS, rng)]
    X, own = plane.plain_columns(study.Z[rows]), position[study.codes[rows]]
    if not X.shape[1]:
        raise NotApplicable(f"The table has {plural(0, 'column')} that varies; at least 1 is needed.")
    anchor = max(int(position[study.positive_code]), 0)
    if named:
        values = study.dataset.X[named].to_numpy(dtype="float64")
        places = plane.in_units(scaled(values, *robust_units(values))[rows], own, len(judged))
    else:
        places = plane.placed_out_of_fold(X, own, len(judged), study.fold[rows], anchor=anchor)
    titles = tuple(named) or ("first discriminant axis", "second discriminant axis")
    return ClassPlane(judged, rows, own, study.fold[rows], X, places, titles, not named)


def _named(study: Study, x_column: str, y_column: str) -> list[str]:
    columns = numeric_columns(study.dataset.X)
    named = [name for name in (x_column, y_column) if name]
    for name in named:
        if name not in columns:
            raise unknown("numeric column", name, columns)
    if len(named) == 1:
        raise UserError(
            f"The plane has one named column, {quoted(named[0])}.", "Name a second one, or none for discriminant axes."
        )
    if len(named) == 2 and x_column == y_column:
        raise UserError(f"Both axes are {quoted(x_column)}.", "Name two different columns.")
    return named


def measured_pairs(seen: ClassPlane) -> list[tuple[int, int]]:
    """Pairs of positions in ``judged``: all of few classes, of many each with the nearest class centres."""
    n = len(seen.judged)
    if n <= ALL_PAIRS:
        return [(a, b) for a in range(n) for b in range(a + 1, n)]
    centres = np.stack([seen.X[seen.own == c].mean(axis=0) for c in range(n)])
    partners = nearest(centres, centres, PARTNERS, itself=True)[0]
    return sorted({(min(a, int(b)), max(a, int(b))) for a in range(n) for b in partners[a]})


def pair_table(study: Study, seen: ClassPlane) -> pd.DataFrame:
    """How far the classes of each pair lie apart in the plane, and how well they are told apart in all columns.

    Returns
    -------
    pandas.DataFrame
        One row per pair: a and b (positions in ``judged``), angular_gap, mahalanobis, bhattacharyya, linear_auc, neighbour_auc,
        model_auc, balanced_auc (the best of the three) with low, high and standard_error, and evidence (which of them).
    """
    pairs, n = measured_pairs(seen), len(seen.judged)
    a, b = np.array(pairs).T
    centres, covariances, mean = plane.plane_clouds(seen.places, seen.own, n)
    angle = plane.polar(centres)[0]
    rng = np.random.default_rng(study.random_state)
    draws = DRAWS if len(pairs) <= DRAWS else 1
    proba = np.log(np.clip(study.out_of_fold()[np.ix_(seen.rows, seen.judged)], 1e-12, 1))
    found = study.neighbours
    votes = pair_areas.neighbour_scores(
        found.indices[np.searchsorted(found.rows, seen.rows)], study.codes, study.class_sizes
    )[:, seen.judged]
    areas: Mapping[str, np.ndarray] = {
        "linear_auc": pair_areas.linear_areas(seen.X, seen.own, n, seen.fold, pairs, rng, n_draws=draws),
        "neighbour_auc": pair_areas.score_areas(votes, seen.own, pairs),
        "model_auc": pair_areas.score_areas(proba, seen.own, pairs),
    }
    table = pd.DataFrame({"a": a, "b": b, "angular_gap": plane.angular_gap(angle[a], angle[b])})
    table["mahalanobis"] = plane.mahalanobis(centres[a], centres[b], mean)
    table["bhattacharyya"] = plane.bhattacharyya(centres[a], centres[b], covariances[a], covariances[b])
    table = table.assign(**areas)
    stacked, sizes = np.stack(list(areas.values())), np.bincount(seen.own, minlength=n)
    table["balanced_auc"] = stacked.max(axis=0)
    table["low"], table["high"] = pair_areas.area_interval(
        table["balanced_auc"].to_numpy(), sizes[a], sizes[b], level=LEVEL, n_comparisons=len(EVIDENCE) * len(pairs)
    )
    one = pair_areas.area_interval(table["balanced_auc"].to_numpy(), sizes[a], sizes[b], level=ONE_ERROR)
    table["standard_error"] = (one[1] - one[0]) / 2
    return table.assign(evidence=np.array(EVIDENCE)[stacked.argmax(axis=0)])


def followed_columns(study: Study, seen: ClassPlane, most: int = 12) -> pd.DataFrame:
    """How closely each column follows the two axes, the closest first.

    Returns
    -------
    pandas.DataFrame
        column, x and y: the correlation of a numeric column with the places, and the correlation ratio (0 to 1, without a sign, adjusted for the number of levels) of a text column.
    """
    places = seen.places - seen.places.mean(axis=0)
    length = np.sqrt((places**2).sum(axis=0))
    records = []
    numeric = set(numeric_columns(study.dataset.X))
    for name, column in study.dataset.X.iloc[seen.rows].items():
        if name in numeric:
            values = column.to_numpy(dtype="float64")[:, None]
            values = np.nan_to_num(scaled(values, *robust_units(values))[:, 0])
            values = values - values.mean()
            along, size = values @ places, np.sqrt((values**2).sum()) * length
        else:
            codes = column.cat.codes.to_numpy() + 1
            count = np.maximum(np.bincount(codes), 1)
            sums = np.stack([np.bincount(codes, axis) for axis in places.T], axis=1)
            explained = (sums**2 / count[:, None]).sum(axis=0) / np.maximum(length**2, 1e-18)
            spare = len(codes) - len(
                np.unique(codes)
            )  # many levels follow anything; none are left for a column of names
            along = (
                length * np.sqrt(np.maximum(1 - (1 - explained) * (len(codes) - 1) / spare, 0)) if spare else 0 * length
            )
            size = length
        records.append((clip(name), *np.where(size > 1e-9, along / np.maximum(size, 1e-9), 0.0)))
    table = pd.DataFrame(records, columns=["column", "x", "y"])
    order = (-table[["x", "y"]].abs().max(axis=1)).round(9).argsort(kind="stable")
    return table.iloc[order[:most]].reset_index(drop=True)


def error_table(study: Study, seen: ClassPlane) -> pd.DataFrame:
    """How far apart truth and prediction lie in the plane, over the errors, beside shuffled predictions.

    Returns
    -------
    pandas.DataFrame
        measure ("error severity", "quadrant preservation"), value with low and high, null with null_low and null_high, n_errors (at most
        ``ERRORS``, drawn at random). In a working sample errors are drawn as often as they stand for rows of the table, and no more
        of them than the uneven weights are worth, ``(Σw)² / Σw²``.
    """
    position = np.full(len(study.classes), -1)
    position[seen.judged] = np.arange(len(seen.judged))
    true, taken = position[study.codes], position[study.out_of_fold().argmax(axis=1)]
    rng = np.random.default_rng(study.random_state)
    wrong = np.flatnonzero((true != taken) & (true >= 0) & (taken >= 0))
    if study.represents is not None and len(wrong):  # as many as they are worth, each as often as it stands for rows
        stands = study.represents[wrong]
        worth = max(int(stands.sum() ** 2 / (stands**2).sum()), 1)
        wrong = rng.choice(wrong, min(worth, ERRORS), p=stands / stands.sum())
    wrong = wrong if len(wrong) <= ERRORS else rng.choice(wrong, ERRORS, replace=False)
    centres = plane.plane_clouds(seen.places, seen.own, len(seen.judged))[0]
    where = plane.quadrant(centres)
    costs = {
        "error severity": plane.centre_costs(centres),
        "quadrant preservation": (where[:, None] == where).astype(float),
    }
    records = []
    for measure, cost in costs.items():
        values = cost[true[wrong], taken[wrong]]
        null = pair_areas.shuffled_costs(cost, true[wrong], taken[wrong], SHUFFLES, rng)
        null = null[~np.isnan(null)]
        ends = np.quantile(null, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(null) else (np.nan, np.nan)
        low, high = _mean_interval(values, exact=measure != "error severity")
        mean, expected = (part.mean() if len(part) else np.nan for part in (values, null))
        records.append((measure, mean, low, high, expected, *ends, len(wrong)))
    columns = ["measure", "value", "low", "high", "null", "null_low", "null_high", "n_errors"]
    return pd.DataFrame(records, columns=columns)


def _mean_interval(values: np.ndarray, *, exact: bool) -> tuple[float, float]:
    """Exact for a share; by the t distribution, within 0 and 1, for a mean."""
    if exact:
        low, high = proportion_interval(values.sum(), len(values))
        return float(low), float(high)
    if len(values) < 2:
        return 0.0, 1.0
    reach = float(student.isf((1 - LEVEL) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return max(0.0, float(values.mean()) - reach), min(1.0, float(values.mean()) + reach)


def least_pair_error(study: Study, a: int, b: int) -> tuple[float, ...]:
    """Cover and Hart's bound for a pair, with its interval: from the nearest neighbour among equally many rows of both."""
    rows = [np.flatnonzero(study.codes == c) for c in sorted((a, b))]
    n = min(len(rows[0]), len(rows[1]), PAIRED)
    rng = np.random.default_rng(study.random_state)
    error = balanced_mixing(study.Z, *rows, 1, n=n, n_draws=1, n_null=1, rng=rng)[0][0]
    low, high = proportion_interval(error * 2 * n, 2 * n)
    return tuple(pair_areas.least_error(np.array([error, low, high])).tolist())
