"""The cost of a miss from a ranking: which of five decisions would you rather have?"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import wording
from core.engine import provenance
from core.errors import UserError, unknown
from core.evaluation.curves import cases
from core.numerics.weighted_accuracy import (
    EMBLEMATIC,
    comparison_bounds,
    cost_ratio,
    emblematic,
    possible_orders,
    weights_of_order,
)
from core.result import Finding, Result
from core.study import Study

WRONG = 0.6
"""Which share of the rows the bad decisions get wrong, unless another is asked for; the paper advises .5 to .75."""

CASES = 1000


def outcomes(study: Study, *, prevalence_at_use: float | None = None, wrong: float = WRONG) -> pd.DataFrame:
    """The five decisions that are to be ranked, as what they do to 1,000 cases.

    Parameters
    ----------
    study : Study
    prevalence_at_use : float or None
        The share of the class of interest at use; that of the table when left out.
    wrong : float
        Which share of the rows the bad ones get wrong.

    Returns
    -------
    pandas.DataFrame
        decision, found, missed, false_alarms (all per 1,000 cases), text (a sentence in whole people: of 1,000, or of as many more that some
        belong to the class).
    """
    prevalence = _prevalence(study, prevalence_at_use, wrong)
    rates = emblematic(wrong)
    own, rest = CASES * prevalence, CASES * (1 - prevalence)
    table = pd.DataFrame({"decision": EMBLEMATIC, "found": own * rates[:, 0], "missed": own * (1 - rates[:, 0])})
    table["false_alarms"] = rest * (1 - rates[:, 1])
    n = cases(prevalence)
    whole = wording.count(round(n * prevalence))
    table["text"] = [
        f"Of {wording.count(n)} cases {whole} are {wording.quoted(study.positive)}: it finds {wording.count(round(row.found * n / CASES))} of them, "
        f"and raises {wording.count(round(row.false_alarms * n / CASES))} false alarms."
        for row in table.itertuples()
    ]
    return table


def elicited(
    study: Study, order: Sequence[str], *, prevalence_at_use: float | None = None, wrong: float = WRONG
) -> Result:
    """Say which costs agree with a ranking of the five decisions.

    Weighted accuracy at the weight w is ``(w P · recall + (1 − w) N · specificity) / (w P + (1 − w) N)``, so "A is worse than B" is one linear
    inequality in w. What agrees with all of them is one band, or nothing. The weight is that of the costs themselves, as P and N are
    those of use.

    Parameters
    ----------
    study : Study
        Not changed, and no row is looked at but for the prevalence.
    order : sequence of str
        At least two of ``EMBLEMATIC``, each once, the worst first.
    prevalence_at_use : float or None
        As for ``outcomes``.
    wrong : float
        As for ``outcomes``; above 0 and below 1.

    Returns
    -------
    Result
        ``band``: weight_low, weight_high, ratio_low, ratio_high; empty where no weight agrees. ``comparisons``: worse, better, weight_low, weight_high,
        what each of them says alone. ``orders``: order, weight_low, weight_high, every ranking that some weight agrees with. ``nearest``: weight_low,
        weight_high, ratio_low, ratio_high, n_agreeing, n_comparisons: the costs that agree with most comparisons, the widest band first; the band itself where all agree.
        The first finding says the band in words, or which two comparisons contradict each other; the second how many comparisons agree.

    Raises
    ------
    UserError
        A decision is not known or stands twice, or a number is out of range.

    References
    ----------
    Lombardo et al. (2026), Cost-sensitive evaluation for binary classifiers, arXiv 2510.22016, appendix A.
    """
    start = time.perf_counter()
    prevalence, places = _prevalence(study, prevalence_at_use, wrong), _places(order)
    ends = ["weight_low", "weight_high"]
    comparisons = pd.DataFrame(comparison_bounds(places, prevalence, wrong), columns=["worse", "better", *ends])
    for side in ("worse", "better"):
        comparisons[side] = [EMBLEMATIC[int(place)] for place in comparisons[side]]
    found = weights_of_order(places, prevalence, wrong)
    band = pd.DataFrame([found] if found else [], columns=ends, dtype=float)
    with np.errstate(divide="ignore"):
        band[["ratio_low", "ratio_high"]] = cost_ratio(band[ends].to_numpy())
    orders = pd.DataFrame(
        [
            (" < ".join(EMBLEMATIC[i] for i in ranked), low, high)
            for ranked, low, high in possible_orders(prevalence, wrong)
        ],
        columns=["order", *ends],
    )
    nearest = _nearest(comparisons, orders, found)
    first = _agreed(study, band.iloc[0]) if found else _contradiction(comparisons)
    values = {"order": list(order), "prevalence_at_use": prevalence, "wrong": wrong}
    stamp = provenance("elicited", values, study, time.perf_counter() - start)
    tables = {"band": band, "comparisons": comparisons, "orders": orders, "nearest": nearest}
    return Result(tables, (first, _consistency(nearest)), stamp)


def taken_over(band: pd.Series) -> tuple[float, tuple[float, float] | None]:
    """The cost of a miss that a band stands for, and its ends: the middle of its weights, or its one end where the other says nothing.

    Parameters
    ----------
    band : pandas.Series
        weight_low, weight_high, ratio_low, ratio_high, as ``elicited`` has them.

    Examples
    --------
    >>> taken_over(pd.Series({"weight_low": 0.5, "weight_high": 0.8, "ratio_low": 1.0, "ratio_high": 4.0}))
    (1.857, (1.0, 4.0))
    """
    low, high = (
        float(f"{band[name]:.4g}") if np.isfinite(band[name]) else np.inf for name in ("ratio_low", "ratio_high")
    )
    if low <= 0 or not np.isfinite(high):
        one = 1.0 if low <= 0 and not np.isfinite(high) else high if low <= 0 else low
        return one, None
    middle = float(cost_ratio((band["weight_low"] + band["weight_high"]) / 2))
    return float(f"{middle:.4g}"), (low, high)


def _nearest(comparisons: pd.DataFrame, orders: pd.DataFrame, found: tuple[float, float] | None) -> pd.DataFrame:
    """The runs of weights with which most comparisons agree, the longest first."""
    most, spans = len(comparisons), [found]
    if not found:
        low, high = (comparisons[name].to_numpy() for name in ("weight_low", "weight_high"))
        middle = orders[["weight_low", "weight_high"]].mean(axis=1).to_numpy()[:, None]
        agreeing = ((low <= middle) & (middle <= high)).sum(axis=1)
        most = int(agreeing.max())
        best = np.flatnonzero(agreeing == most)
        runs = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
        spans = [(orders["weight_low"].iloc[run[0]], orders["weight_high"].iloc[run[-1]]) for run in runs]
    spans = np.array(sorted(spans, key=lambda span: span[0] - span[1]), dtype=float)
    with np.errstate(divide="ignore"):
        ratios = cost_ratio(spans)
    table = pd.DataFrame(np.hstack([spans, ratios]), columns=["weight_low", "weight_high", "ratio_low", "ratio_high"])
    return table.assign(n_agreeing=most, n_comparisons=len(comparisons))


def _consistency(nearest: pd.DataFrame) -> Finding:
    n, most = (int(nearest[name].iloc[0]) for name in ("n_comparisons", "n_agreeing"))
    if most == n:
        many = f"The ranking makes {n} comparisons, and all of them agree with each other."
        return Finding("fine", "The ranking makes one comparison." if n == 1 else many)
    worth = " or ".join(_worth(row) for _, row in nearest.iterrows())
    text = f"{most} of its {n} comparisons agree with a miss that is worth {worth} false alarms; no cost agrees with more of them."
    return Finding("caution", text)


def _worth(row: pd.Series) -> str:
    """A band of ratios in words."""
    low, high = (wording.number(float(row[name])) for name in ("ratio_low", "ratio_high"))
    if row["weight_high"] >= 1:
        return f"at least {low}"
    return f"at most {high}" if row["weight_low"] <= 0 else f"{low} to {high}"


def _prevalence(study: Study, at_use: float | None, wrong: float) -> float:
    prevalence = float(study.class_shares[study.positive_code]) if at_use is None else float(at_use)
    for name, value in (("The prevalence at use", prevalence), ("The share that is wrong", wrong)):
        if not 0 < value < 1:
            raise UserError(f"{name} is {wording.plain(value)}.", "Give a share between 0 and 1.")
    return prevalence


def _places(order: Sequence[str]) -> list[int]:
    for name in order:
        if name not in EMBLEMATIC:
            raise unknown("decision", name, EMBLEMATIC)
    if len(set(order)) < len(order) or len(order) < 2:
        raise UserError("A ranking names at least two decisions, each once.", f"Rank {wording.listing(EMBLEMATIC)}.")
    return [EMBLEMATIC.index(name) for name in order]


def _agreed(study: Study, band: pd.Series) -> Finding:
    weights = f"a weight of {wording.score(band['weight_low'])} to {wording.score(band['weight_high'])}"
    text = f"This ranking says that one miss of {wording.quoted(study.positive)} is worth {_worth(band)} false alarms, {weights}."
    if band["weight_low"] <= 0 and band["weight_high"] >= 1:
        text = "This ranking agrees with every cost. Rank further decisions to learn more."
    return Finding("fine", text)


def _contradiction(comparisons: pd.DataFrame) -> Finding:
    """The two comparisons that ask for the most and for the least; one alone where no weight agrees with it."""
    with np.errstate(divide="ignore"):
        ratios = comparisons.assign(
            low=cost_ratio(comparisons["weight_low"]), high=cost_ratio(comparisons["weight_high"])
        )
    most, least = ratios.loc[ratios["low"].idxmax()], ratios.loc[ratios["high"].idxmin()]
    never = ratios[ratios["weight_low"] > ratios["weight_high"]]
    if len(never):
        one = never.iloc[0]
        worse, better = wording.quoted(one["worse"]), wording.quoted(one["better"])
        text = f"No cost agrees with this ranking: {better} is right on no case that {worse} gets wrong, so it cannot be the better one."
        return Finding("caution", text)
    text = (
        f"No cost agrees with this ranking. That {wording.quoted(most['worse'])} is worse than {wording.quoted(most['better'])} says that one miss is worth "
        f"at least {wording.number(most['low'])} false alarms; that {wording.quoted(least['worse'])} is worse than {wording.quoted(least['better'])} "
        f"says at most {wording.number(least['high'])}. Change one of the two."
    )
    return Finding("caution", text)
