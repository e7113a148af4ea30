"""Ways of training one linear classifier, compared on the same folds: weights, shifted scores, more rows, costs of mistakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.class_plane import FEWEST
from core.errors import NotApplicable
from core.learners.one_thread import one_thread
from core.numerics import pair_areas, plane, softmax_linear
from core.numerics.neighbours import even_sample
from core.study import Study
from core.wording import plural

NOTHING, GEOMETRIC, UNIFORM = "nothing", "geometric cost", "uniform cost"

REMEDIES = {
    "class weights": ("class_weights",),
    "logit adjustment": ("tuned_threshold",),
    "random oversampling": ("random_oversampling",),
    "interpolated rows": ("smote",),
    GEOMETRIC: (),
    UNIFORM: (),
}
"""What is tried beside nothing, with the remedies of the catalogue that do the same."""

SEVERITY, QUADRANT = "error severity", "quadrant preservation"

MOST_ROWS = 4000
"""Rows that take part: small classes whole, of the others equally many, weighted back to the shares of the table."""


@dataclass(frozen=True, eq=False)
class Trials:
    """Scores of every way of training, on every fold.

    Parameters
    ----------
    codes : ndarray of int (n_rows,)
        Classes of the rows that take part.
    weights : ndarray (n_rows,)
        Rows of the table that each of them stands for.
    tests : tuple of ndarray
        The test rows of each fold, as positions among these rows.
    scores : mapping of str to tuple of ndarray (n_test, n_classes)
        One array per fold.
    costs : tuple of ndarray (n_classes, n_classes)
        Distances of the class centres of the training rows in the plane of their discriminant axes, over the largest.
    quadrants : tuple of ndarray of int (n_classes,)
        The quadrant of each of these centres.
    test_share : float
        Test rows over training rows.
    """

    codes: np.ndarray
    weights: np.ndarray
    tests: tuple[np.ndarray, ...]
    scores: dict[str, list[np.ndarray]]
    costs: tuple[np.ndarray, ...]
    quadrants: tuple[np.ndarray, ...]
    test_share: float


def trials(study: Study) -> Trials:
    """Train the linear classifier in every way on every fold of the study.

    Raises
    ------
    NotApplicable
        Fewer than two classes have ``FEWEST`` rows, or no column varies.
    """
    if study.class_sizes[1] < FEWEST:
        second = plural(study.class_sizes[1], "row")
        raise NotApplicable(f"The second largest class has {second}; {FEWEST} are needed.")
    rows = even_sample(study.codes, MOST_ROWS, np.random.default_rng(study.random_state))
    X, codes, n_classes = plane.plain_columns(study.Z[rows]), study.codes[rows], len(study.classes)
    weights = (study.table_sizes / np.bincount(codes, minlength=n_classes))[codes]
    if not X.shape[1]:
        raise NotApplicable(f"The table has {plural(0, 'column')} that varies; at least 1 is needed.")
    place = np.full(len(study.codes), -1)
    place[rows] = np.arange(len(rows))
    scores: dict[str, list[np.ndarray]] = {name: [] for name in (NOTHING, *REMEDIES)}
    tests, costs, quadrants = [], [], []
    for train, test in study.folds:
        train, test = place[train][place[train] >= 0], place[test][place[test] >= 0]
        kept = plane.telling_columns(X[train], codes[train], n_classes)
        seen, held = X[train][:, kept], softmax_linear.with_constant(X[test][:, kept])
        centres = _centres(seen, codes[train], n_classes)
        with one_thread():  # the solver's vectors are short: more threads would only wait for each other
            fitted = _fitted(seen, codes[train], weights[train], plane.centre_costs(centres), study.random_state)
        for name, B in fitted.items():
            scores[name].append(held @ B)
        tests.append(test)
        costs.append(plane.centre_costs(centres))
        quadrants.append(plane.quadrant(centres))
    share = study.test_ratio
    return Trials(codes, weights, tuple(tests), scores, tuple(costs), tuple(quadrants), share)


def _centres(X: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    centre, axes = plane.discriminant_axes(X, codes, n_classes)
    sums = np.stack([np.bincount(codes, column, minlength=n_classes) for column in ((X - centre) @ axes).T], axis=1)
    return sums / np.maximum(np.bincount(codes, minlength=n_classes), 1)[:, None]


def _fitted(
    X: np.ndarray, codes: np.ndarray, natural: np.ndarray, cost: np.ndarray, random_state: int
) -> dict[str, np.ndarray]:
    """The coefficients of every way of training; all start from those of the first. A row that is copied counts as often as it is there."""
    from core.learners.sampling.by_name import sampler

    n_classes = len(cost)
    sizes = np.maximum(np.bincount(codes, minlength=n_classes), 1)
    shares = np.maximum(np.bincount(codes, natural, minlength=n_classes), 1e-9)
    options = {"weight": natural}
    plain = softmax_linear.fit(X, codes, n_classes, **options)
    options |= {"start": plain}
    found = {
        NOTHING: plain,
        "class weights": softmax_linear.fit(X, codes, n_classes, weight=(1 / sizes)[codes], start=plain),
        "logit adjustment": softmax_linear.fit(X, codes, n_classes, shift=np.log(shares / shares.sum()), **options),
        GEOMETRIC: softmax_linear.fit(X, codes, n_classes, cost=cost, **options),
        UNIFORM: softmax_linear.fit(X, codes, n_classes, cost=1 - np.eye(n_classes), **options),
    }
    if len(np.unique(codes)) == 1:
        return found | {"random oversampling": plain, "interpolated rows": plain}
    copying = sampler("random_oversampling", random_state=random_state)
    copying.fit_resample(X, codes)
    times = np.bincount(copying.sample_indices_, minlength=len(codes)).astype(float)
    found["random oversampling"] = softmax_linear.fit(X, codes, n_classes, weight=times, start=plain)
    more, labels = sampler("smote", random_state=random_state).fit_resample(X, codes)
    return found | {"interpolated rows": softmax_linear.fit(more, labels, n_classes, start=plain)}


def pair_scores(seen: Trials, name: str, a: int, b: int, alarms: float) -> dict[str, np.ndarray]:
    """What one way of training does for class a against class b, per fold; NaN where a fold holds no row of one of them.

    Parameters
    ----------
    seen : Trials
    name : str
        ``NOTHING`` or a key of ``REMEDIES``.
    a, b : int
        Codes of two classes.
    alarms : float
        Share of the rows of other classes that may be taken for class a.

    Returns
    -------
    dict of str to ndarray (n_folds_in_all,)
        "told apart": the mean of the shares of both classes that score higher for their own class than for the other, so that what one wins
        and the other loses cancels; "balanced AUC" of the difference of the two scores; "recall" of class a; "recall of the nearest
        class"; "recall at equal false alarms" of class a.
    """
    values: dict[str, list[float]] = {
        key: []
        for key in (
            "told apart",
            "balanced AUC",
            "recall",
            "recall of the nearest class",
            "recall at equal false alarms",
        )
    }
    for test, scores in zip(seen.tests, seen.scores[name], strict=True):
        own, other = seen.codes[test] == a, seen.codes[test] == b
        if not own.any() or not other.any():
            for column in values.values():
                column.append(np.nan)
            continue
        gap, taken = scores[:, a] - scores[:, b], scores.argmax(axis=1)
        chance = softmax_linear.probabilities(scores)[:, a]
        values["told apart"].append((_above(gap[own]) + _above(-gap[other])) / 2)
        values["balanced AUC"].append(pair_areas.pair_area(gap[own], gap[other]))
        values["recall"].append(float(np.mean(taken[own] == a)))
        values["recall of the nearest class"].append(float(np.mean(taken[other] == b)))
        cut = _cut(chance[~own], seen.weights[test][~own], alarms)
        values["recall at equal false alarms"].append(float(np.mean(chance[own] > cut)))
    return {key: np.array(column) for key, column in values.items()}


def _cut(scores: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The smallest score above which at most a share of the weight lies."""
    order = np.argsort(-scores, kind="stable")
    above = np.cumsum(weights[order]) <= share * weights.sum()
    return float(scores[order][min(int(above.sum()), len(scores) - 1)])


def _above(gap: np.ndarray) -> float:
    """The share above 0; 0 itself counts half."""
    return float(np.mean(gap > 0) + np.mean(gap == 0) / 2)


def error_scores(seen: Trials, name: str) -> dict[str, np.ndarray]:
    """Error severity and quadrant preservation of one way of training, per fold; NaN where a fold holds no error."""
    values: dict[str, list[float]] = {SEVERITY: [], QUADRANT: []}
    for test, scores, cost, quadrant in zip(seen.tests, seen.scores[name], seen.costs, seen.quadrants, strict=True):
        true, taken = seen.codes[test], scores.argmax(axis=1)
        wrong = true != taken
        true, taken = true[wrong], taken[wrong]
        counted = seen.weights[test][wrong]
        near = quadrant[true] == quadrant[taken]
        values[SEVERITY].append(float(np.average(cost[true, taken], weights=counted)) if len(true) else np.nan)
        values[QUADRANT].append(float(np.average(near, weights=counted)) if len(true) else np.nan)
    return {key: np.array(column) for key, column in values.items()}
