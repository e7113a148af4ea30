"""What costs say, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from core import wording
from core.evaluation.cost_decisions import AT_COST, AT_HALF, BY_ROW, COST_PER, TOO_HEAVY, TOP, Stated, known_afterwards
from core.evaluation.cost_map import MODEL, percent
from core.evaluation.scoring import EXPECTED, SCARCE, WEIGHTED
from core.evaluation.verdict import FEWEST_ROWS
from core.numerics.weighted_accuracy import implied_ratio, parity_ratio
from core.result import Finding
from core.study import Study

APART = 2.0
"""How many times two cost ratios may differ and still agree."""

Tables = Mapping[str, pd.DataFrame]


def findings(study: Study, said: Stated, tables: Tables) -> tuple[Finding, ...]:
    """The threshold first, then what it changes, then what rebalancing would say, then what limits it all."""
    found = [threshold_sentence(study, said), *_change(study, tables), _map_sentence(study, said, tables)]
    found += [
        parity_sentence(study, said),
        _plain_sentence(study, said),
        *_columns(study, said, tables),
        *_untrue(study, tables),
    ]
    return tuple(filter(None, [*found, _evidence(study)]))


def alarms(ratio: float) -> str:
    """False alarms as words.

    Examples
    --------
    >>> alarms(1.0), alarms(19.6)
    ('1 false alarm', '19.6 false alarms')
    """
    text = wording.number(ratio)
    return f"{text} false alarm{'' if text == '1' else 's'}"


def threshold_sentence(study: Study, said: Stated) -> Finding:
    """What follows from the costs alone."""
    label = wording.quoted(study.positive)
    text = f"One miss of {label} is worth {alarms(said.ratio)}: a weight of {wording.number(said.weight)} on the class."
    if said.between:
        ends = " to ".join(wording.number(end) for end in said.between)
        text = f"One miss of {label} is worth {ends} false alarms, here {wording.number(said.ratio)}: a weight of {wording.number(said.weight)} on the class."
    text += (
        f" Where probabilities are true, calling {label} from {wording.number(said.threshold)} on is the cheapest rule."
    )
    if not math.isclose(said.at_use, said.prevalence, rel_tol=1e-9):
        text += (
            f" That is the threshold on probabilities of this table, where {percent(said.prevalence)} are {label}; at use it is "
            f"{percent(said.at_use)}, and on probabilities that speak of use the threshold is {wording.number(1 - said.weight)}."
        )
    return Finding("fine", text)


def _change(study: Study, tables: Tables) -> list[Finding]:
    """What the cost threshold of each recipe does to the cost, only where the folds agree."""
    n_own = int(study.class_sizes[study.positive_code])
    if n_own < FEWEST_ROWS:
        text = (
            f"The class of interest {wording.quoted(study.positive)} has {wording.plural(n_own, 'row')}: too few to say what a threshold costs "
            "on this table. The threshold itself follows from the costs alone."
        )
        return [Finding("caution", text)]
    values = tables["decisions"].set_index(["recipe", "decision", "metric"])["value"]
    found = []
    for recipe, rows in _of(tables["differences"], AT_COST):
        here = {
            name: values[recipe, AT_COST, name] for name in ("missed per 1,000 cases", "false alarms per 1,000 cases")
        }
        missed, raised = (wording.number(value) for value in here.values())
        cost = values[recipe, AT_COST, COST_PER]
        text = (
            f"{wording.quoted(recipe)} at the cost threshold misses {missed} and raises {raised} false alarms in 1,000 cases: "
            f"a total classification cost of {wording.number(cost)}{_accuracies(values, recipe)}. "
            f"{_against_half(rows.iloc[0], values[recipe, AT_HALF, COST_PER])}"
        )
        found.append(Finding("fine", text))
    return found


def _accuracies(values: pd.Series, recipe: str) -> str:
    """The weighted accuracies at the cost threshold, where they speak of cost."""
    known = [name for name in (WEIGHTED, EXPECTED) if (recipe, AT_COST, name) in values.index]
    said = [f"{name} {wording.score(values[recipe, AT_COST, name])}" for name in known]
    return f" ({', '.join(said)})" if said else ""


def _of(differences: pd.DataFrame, decision: str) -> Iterable[tuple[str, pd.DataFrame]]:
    return differences[differences["decision"] == decision].groupby("recipe", sort=False)


def _against_half(row: pd.Series, before: float) -> str:
    ends = f"({wording.change(row['low'])} to {wording.change(row['high'])})"
    if row["high"] < 0:
        return f"At 0.5 it costs {wording.number(before)}; the threshold changes that by {wording.change(row['difference'])} {ends}."
    if row["low"] > 0:
        return f"At 0.5 it costs {wording.number(before)}, which is less: the threshold adds {wording.change(row['difference'])} {ends}. Look at the calibration."
    return f"At 0.5 it costs {wording.number(before)}: no difference that the folds agree on {ends}."


def _map_sentence(study: Study, said: Stated, tables: Tables) -> Finding | None:
    """Whether a model is worth having at the stated point, against decisions that look at no row."""
    if study.class_sizes[study.positive_code] < FEWEST_ROWS:
        return None
    row = tables["map"].query("stated").iloc[0]
    label, recipe = wording.quoted(study.positive), wording.quoted(tables["calibration"]["recipe"].iloc[-1])
    least = min(row["call_none"], row["call_all"])
    plain = f"calling {'no' if row['call_none'] <= row['call_all'] else 'every'} case {label} (cost {wording.number(least)} per 1,000 cases)"
    ends = f"({wording.change(row['low'])} to {wording.change(row['high'])})"
    if row["cheapest"] == MODEL:
        saved = wording.with_interval(row["saving"], row["low"], row["high"])
        return Finding("fine", f"At these costs {recipe} is worth having: against {plain} it saves {saved}.")
    text = f"At these costs no saving of {recipe} against {plain} that the folds agree on: {wording.change(row['saving'])} {ends}."
    return Finding("caution", text)


def parity_sentence(study: Study, said: Stated) -> Finding:
    """Whether bringing the classes to parity agrees with the costs."""
    parity = float(parity_ratio(said.at_use))
    text = (
        f"Bringing the classes to parity and deciding at 0.5 says that one miss is worth {alarms(parity)}, the other cases per case of "
        f"{wording.quoted(study.positive)} at use. "
    )
    if 1 / APART <= parity / said.ratio <= APART:
        return Finding(
            "fine",
            f"{text}You stated {wording.number(said.ratio)}: rebalancing is coherent with these costs, within a factor of {APART:g}.",
        )
    factor = (
        f"{wording.times(parity / said.ratio)} as much"
        if parity > said.ratio
        else f"{wording.times(said.ratio / parity)} less"
    )
    text += f"You stated {wording.number(said.ratio)}: rebalancing asserts {factor} and is not coherent with these costs. Balanced accuracy asserts the same."
    return Finding("caution", text, ("cost_threshold",))


def _plain_sentence(study: Study, said: Stated) -> Finding | None:
    """Whether plain accuracy agrees with the costs; the same within a factor."""
    asserted = float(implied_ratio(0.5, said.prevalence, said.at_use))
    if 1 / APART <= asserted / said.ratio <= APART:
        return Finding(
            "fine", f"Plain accuracy says that one miss is worth {alarms(asserted)}, and agrees with these costs."
        )
    text = f"Plain accuracy says that one miss is worth {alarms(asserted)}. It does not rank decisions as these costs do; weighted accuracy does."
    if said.counts_mislead:
        text = text.removesuffix("; weighted accuracy does.") + "."
    return Finding("fine", text)


def concentration(study: Study, said: Stated) -> list[Finding]:
    """Whether counts of errors still speak of cost where a column prices each row; nothing without such a column."""
    if not said.column:
        return []
    column, label = wording.quoted(said.column), wording.quoted(study.positive)
    text = f"The {wording.share(TOP)} of the rows of {label} with the largest {column} carry {wording.share(said.heavy)} of the cost of all misses."
    if said.heavy >= TOO_HEAVY:
        more = "Weighted accuracy must not be used here: which rows are missed counts for more than how many. Only summed costs are shown."
        return [Finding("caution", f"{text} {more}")]
    if said.counts_mislead:
        more = "Counts of errors begin to mislead about cost, so only summed costs are shown."
        return [Finding("caution", f"{text} {more}")]
    return [Finding("fine", f"{text} Counts of errors still speak of cost.")]


def _columns(study: Study, said: Stated, tables: Tables) -> list[Finding]:
    """What a cost column says, and what a threshold for each row changes."""
    first, rows = concentration(study, said), tables["differences"]
    own = study.codes == study.positive_code
    if said.column and known_afterwards(said, own):
        shares = [wording.share(float(said.priced[side].mean())) for side in (~own, own)]
        text = (
            f"{wording.quoted(said.column)} is above 0 in {shares[0]} of the other rows and in {shares[1]} of those of {wording.quoted(study.positive)}: it seems to be written down once "
            "the class is known. It prices misses, but no threshold for each row is tried by it."
        )
        return [*first, Finding("caution", text)]
    rows = rows[rows["decision"] == BY_ROW]
    if not len(rows) or study.class_sizes[study.positive_code] < FEWEST_ROWS:
        return first
    row = rows.iloc[-1]
    ends = f"({wording.change(row['low'])} to {wording.change(row['high'])})"
    agree = "" if row["high"] < 0 or row["low"] > 0 else "; no difference that the folds agree on"
    text = f"A threshold for each row by its own {wording.quoted(said.column)} changes the cost per 1,000 cases by {wording.change(row['difference'])} {ends}{agree}."
    return [*first, Finding("fine", text)]


def _untrue(study: Study, tables: Tables) -> list[Finding]:
    """Which recipes have probabilities that are too high or too low for a threshold from costs."""
    if study.class_sizes[study.positive_code] < FEWEST_ROWS:
        return []
    table = tables["calibration"]
    rows = table[(table["low"] > 1) | (table["high"] < 1)]
    found = []
    for row in rows.itertuples():
        way = "high" if row.observed_over_expected < 1 else "low"
        ratio = wording.with_interval(row.observed_over_expected, row.low, row.high)
        text = (
            f"The probabilities of {wording.quoted(row.recipe)} are too {way}: rows of the class over the sum of the probabilities is {ratio}. A threshold "
            "from costs is right only where probabilities are true."
        )
        found.append(Finding("caution", text, ("calibrated_probabilities",)))
    return found


def _evidence(study: Study) -> Finding:
    """How many rows all of it rests on."""
    own = int(study.class_sizes[study.positive_code])
    rows = f"{wording.plural(own, 'row')} of {wording.quoted(study.positive)} among {wording.count(study.class_sizes.sum())}"
    text = f"Counted on {rows}, in {wording.plural(study.n_folds, 'fold')} of one draw (seed {study.random_state})."
    if own < SCARCE:
        text += f" With fewer than {SCARCE} such rows the threshold from the costs is surer than one that is tuned."
    return Finding("fine", text)
