"""What winning an account back would add to the recall of the class, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core import judge, wording
from core.ledger.case import Case
from core.recipe import Recipe

FREQUENCIES = "class_weights"
"""The recipe that stands for weights and resampling."""


@dataclass(frozen=True)
class Gain:
    """An expected gain in recall.

    Parameters
    ----------
    value, low, high : float
        Share of the class; NaN where no claim can be made.
    basis : str
        Where the number comes from, as a sentence.
    """

    value: float
    low: float
    high: float
    basis: str


def expected_gains(case: Case, account: np.ndarray) -> dict[str, Gain]:
    """The gain of every account that holds rows.

    Parameters
    ----------
    case : Case
    account : ndarray of str (n_missed,)

    Returns
    -------
    dict of str to Gain
        By the name of the account.
    """
    return {name: GAINS.get(name, _unknown)(case, account == name) for name in dict.fromkeys(account.tolist())}


def _measured(case: Case, inside: np.ndarray) -> Gain:
    n, m = int(inside.sum()), case.n_class
    low, high = judge.proportion_interval(n, m)
    before, after = case.alarms
    more = (
        f"{wording.plural(after - before, 'more false alarm')} in all" if after >= before
        else f"{wording.plural(before - after, 'false alarm')} fewer in all"
    )  # fmt: skip
    return Gain(n / m, float(low), float(high), f"Measured out of fold, with {more}.")


def _none(case: Case, inside: np.ndarray) -> Gain:
    return Gain(0.0, 0.0, 0.0, "No learner that sees these columns can find a row whose equals are of another class.")


def _overlapped(case: Case, inside: np.ndarray) -> Gain:
    """Class weights stand for all that changes class frequencies: measured at the number of alarms of the right threshold."""
    proba = case.study.out_of_fold(Recipe.parse(FREQUENCIES))[:, case.own]
    flagged, order = np.zeros(len(proba), dtype=bool), np.argsort(-proba, kind="stable")
    most = case.stands[case.found].sum() * (1 + 1e-12)
    flagged[order[: np.searchsorted(np.cumsum(case.stands[order]), most, side="right")]] = True
    won, lost = (int((case.of_class & side).sum()) for side in (flagged & ~case.found, case.found & ~flagged))
    value, spread = (won - lost) / case.n_class, np.sqrt(won + lost + 1 - (won - lost) ** 2 / case.n_class)
    reach = 1.96 * float(spread) / case.n_class
    text = f"Measured with class weights at as many alarms as the right threshold raises: {wording.plural(won, 'row')} of the class won, {wording.count(lost)} lost."
    return Gain(value, value - reach, value + reach, text)


def _as_elsewhere(case: Case, inside: np.ndarray, some: np.ndarray, others: np.ndarray, what: str) -> Gain:
    """Rows of the class that are set apart, found as often as the others; of what they miss, the part in the account."""
    k, n = int(case.found[others].sum()), int(others.sum())
    hits, rows = int(case.found[some].sum()), int(some.sum())
    most, part = inside.sum() / case.n_class, inside.sum() / (rows - hits)
    limits = judge.difference_interval(k, n, hits, rows)
    value, low, high = (
        float(np.clip(part * x * rows / case.n_class, 0.0, most)) for x in (k / n - hits / rows, *limits)
    )
    return Gain(value, low, high, f"If these rows were found as often as {what}: {wording.of(k, n)}.")


def _gaps(case: Case, inside: np.ndarray) -> Gain:
    gaps = case.study.dataset.X.iloc[:, case.gap_columns].isna().to_numpy().any(axis=1)
    what = "rows of the class without these gaps"
    return _as_elsewhere(case, inside, case.of_class & gaps, case.of_class & ~gaps, what)


def _sub_cluster(case: Case, inside: np.ndarray) -> Gain:
    return _as_elsewhere(case, inside, case.small_clusters, case.main_cluster, "rows of the largest group")


def _mislabelled(case: Case, inside: np.ndarray) -> Gain:
    """Recall over the rows that remain in the class when the wrong labels leave it."""
    wrong = case.quality.error_probability[case.missed[inside]]
    found, n = int(case.found[case.of_class].sum()), case.n_class
    spread = 1.96 * float(np.sqrt((wrong * (1 - wrong)).sum()))
    m, least, most = wrong.sum(), max(wrong.sum() - spread, 0.0), min(wrong.sum() + spread, len(wrong))
    value, low, high = (found / max(n - x, 1) - found / n for x in (m, least, most))
    return Gain(
        value, low, high, "The class has fewer rows when the wrong labels leave it; no row is found that was not."
    )


def _scarce(case: Case, inside: np.ndarray) -> Gain:
    """What the learning curve promises for twice the rows, and not more than the account holds."""
    most, curve = inside.sum() / case.n_class, case.curve
    doubled = curve.ahead.query("times == 2").iloc[0]
    value, low, high = (float(np.clip(doubled[name], 0.0, most)) for name in ("gain", "gain_low", "gain_high"))
    return Gain(value, low, high, "Read from the learning curve, for twice as many rows.")


def _unknown(case: Case, inside: np.ndarray) -> Gain:
    return Gain(np.nan, np.nan, np.nan, "No gain can be promised.")


GAINS = {
    "threshold": _measured,
    "contradicted": _none,
    "gaps": _gaps,
    "sub_cluster": _sub_cluster,
    "mislabelled": _mislabelled,
    "overlap": _overlapped,
    "scarce": _scarce,
}
"""How the gain of an account is found: (case, which missed rows stand in it) to Gain."""
