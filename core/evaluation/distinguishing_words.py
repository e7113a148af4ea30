"""What tests, probabilities and a nested choice say, in plain words: told apart, practically equal, or not distinguishable."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from core import wording
from core.evaluation.distinguishing import EQUAL, MOST_ROWS, UNTOLD
from core.evaluation.scoring import AT_OWN, LOWER_IS_BETTER
from core.judge import LEVEL
from core.result import Finding
from core.study import Study

Tables = Mapping[str, pd.DataFrame]


def beyond_the_verdict(study: Study, tables: Tables, metric: str, margin: float) -> list[Finding]:
    """What follows the verdict: the winner's curse, who else gains, who is equal, and who cannot be told apart and by how many rows."""
    gains = against_nothing(tables, metric)
    if not len(gains):
        return []
    found = [chosen(tables, gains, metric), _also(gains, metric), _equal(tables, gains, margin)]
    return [*filter(None, [*found, _untold(study, tables, margin)])]


def against_nothing(tables: Tables, metric: str) -> pd.DataFrame:
    """The differences of all recipes to doing nothing in a metric, each at its own threshold."""
    table = tables["differences"]
    return table[(table["metric"] == metric) & table["cut"].isin(["", AT_OWN]) & (table["recipe"] != "Do nothing")]


def chance(row: pd.Series, margin: float) -> str:
    """How probable a gain beyond the margin is."""
    return f"A gain of more than {wording.number(margin)} has probability {probability(row['better'])}."


def carried(study: Study, n_folds: int) -> str:
    """What a claim rests on: rows, rows of the class of interest, folds and the seed that drew them."""
    judged = study.judged
    own, n = int(judged.class_sizes[judged.positive_code]), int(judged.class_sizes.sum())
    where = "" if study.represents is None else " of the working sample"
    return f"{wording.plural(n, 'row')}{where}, {wording.count(own)} of them {wording.quoted(study.positive)}, in {drawn_folds(study, n_folds)}"


def drawn_folds(study: Study, n_folds: int) -> str:
    """How many folds, and the seed that drew them.

    Folds that follow time are not drawn, and the seed is that of the fits.
    """
    how = (
        f"that follow time (seed {study.random_state})"
        if study.dataset.order is not None
        else f"drawn with seed {study.random_state}"
    )
    return f"{wording.plural(n_folds, 'fold')} {how}"


def rows_in_words(n: float) -> str:
    """A number of rows that is only roughly known: two digits, and no more than ``MOST_ROWS``.

    Examples
    --------
    >>> rows_in_words(1234.5), rows_in_words(7e8), rows_in_words(11.2)
    ('about 1,300 rows', 'more than a million rows', 'about 12 rows')
    """
    if not n <= MOST_ROWS:
        return "more than a million rows"
    step = 10 ** max(0, math.floor(math.log10(max(n, 1))) - 1)
    return f"about {wording.plural(step * math.ceil(n / step), 'row')}"


def chosen(tables: Tables, gains: pd.DataFrame, metric: str) -> Finding | None:
    """What the choice of the best of several gains where it was not made; nothing where none is claimed to be better.

    That some recipe is better needs no such correction, because the intervals hold for all recipes at once; how much better the best one is does.
    """
    sign = -1 if metric in LOWER_IS_BETTER else 1
    claimed = (gains["high"] < 0 if sign < 0 else gains["low"] > 0).any()
    if len(gains) < 2 or not claimed or not len(tables["selection"]):
        return None
    row = tables["selection"].iloc[0]
    told = row["high"] < 0 if sign < 0 else row["low"] > 0
    text = (
        f"'{row['recipe']}' has the best score of {wording.count(len(gains) + 1)}, and the best of several looks better than it is. Chosen anew by the other folds and "
        f"scored on the one that had no part in it, the choice changes {metric} by {wording.change(row['difference'])} (interval {wording.change(row['low'])} to "
        f"{wording.change(row['high'])}) and not by {wording.change(row['naive'])}, to {wording.number(row['value'])}; it falls on '{row['recipe']}' in "
        f"{wording.of(row['times_chosen'], row['n_folds'], 'fold')}."
    )
    return Finding(
        "fine" if told else "caution", text if told else f"{text} So chosen, the gain is not told from none."
    )


def _also(gains: pd.DataFrame, metric: str) -> Finding | None:
    """Who else gains by Holm's steps."""
    sign = -1 if metric in LOWER_IS_BETTER else 1
    better = gains[(gains["p_holm"] <= 1 - LEVEL) & (sign * gains["difference"] > 0)].sort_values("p_holm")
    if len(better) < 2:
        return None
    parts = [
        f"'{row.recipe}' ({wording.change(row.difference)}, p {wording.score(row.p_holm)})"
        for row in better.itertuples()
    ]
    rest = f" and {len(parts) - 5} more" if len(parts) > 5 else ""
    text = f"{wording.count(len(better))} recipes do better than doing nothing after Holm's correction for {len(gains)}: {', '.join(parts[:5])}{rest}."
    reach = better[(better["low"] <= 0) & (better["high"] >= 0)]["recipe"]
    if len(reach):
        text += f" The intervals of {wording.listing(reach)}, which hold for all recipes at once, still reach zero: by how much is open."
    return Finding("fine", text)


def _equal(tables: Tables, gains: pd.DataFrame, margin: float) -> Finding | None:
    names = tables["verdicts"].loc[tables["verdicts"]["verdict"] == EQUAL, "recipe"]
    if not len(names):
        return None
    least = gains.set_index("recipe").loc[names, "equivalent"].min()
    verb = "is" if len(names) == 1 else "are"
    text = (
        f"{wording.listing(names)} {verb} practically equal to doing nothing: the difference lies within {wording.number(margin)} with probability "
        f"{probability(least)}{'' if len(names) == 1 else ' or more'}."
    )
    return Finding("fine", text)


def _untold(study: Study, tables: Tables, margin: float) -> Finding | None:
    """Who cannot be told from doing nothing, and the rows that would tell."""
    rows = tables["verdicts"][tables["verdicts"]["verdict"] == UNTOLD]
    if not len(rows):
        return None
    verb = "is" if len(rows) == 1 else "are"
    n_folds = int(tables["thresholds"]["n_folds"].iloc[0])
    text = f"{wording.listing(rows['recipe'])} {verb} not distinguishable from doing nothing with {carried(study, n_folds)}."
    nearest = rows.loc[rows["times_more"].fillna(math.inf).idxmin()]
    if nearest["times_more"] > 1:
        seen = abs(nearest["difference"]) >= margin
        what = (
            f"the difference of {wording.change(nearest['difference'])} that '{nearest['recipe']}' showed"
            if seen
            else f"a difference of {wording.number(margin)}"
        )
        text += (
            f" To tell {what}, if it is real, would take {rows_in_words(nearest['positives_needed'])} of {wording.quoted(study.positive)}, "
            f"{rows_in_words(nearest['rows_needed'])} in all at these class shares."
        )
    return Finding("fine", text)


def probability(x: float) -> str:
    """A probability that is never rounded to none or to certainty."""
    if math.isnan(x):
        return wording.MISSING
    return "above 0.999" if x > 0.9995 else "below 0.001" if x < 0.0005 else wording.score(x)
