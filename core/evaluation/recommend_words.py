"""What a search over recipes recommends, in one sentence, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core import wording
from core.evaluation.distinguishing import FEWEST_ROWS
from core.evaluation.distinguishing_words import carried, drawn_folds
from core.evaluation.halving import FEWEST_FOLDS, SLOW, Search
from core.evaluation.scoring import COST
from core.evaluation.verdict import dependence
from core.learners import LEARNERS
from core.recipe import Recipe
from core.result import Finding
from core.study import Study

NOTHING = "Do nothing, with the right threshold"
AHEAD = (
    "Such a change is told only where something came out ahead of doing nothing, so over many searches what is told is too good on average. Plan with the "
    "interval, and not with the number in its middle."
)
"""What the condition that something won does to the gains that are told."""

Tables = Mapping[str, pd.DataFrame]


def refused(study: Study) -> tuple[Finding, ...]:
    """Why nothing is recommended where the class of interest has too few rows."""
    own = int(study.class_sizes[study.positive_code])
    text = (
        f"The class of interest {wording.quoted(study.positive)} has {wording.plural(own, 'row')}; at least {FEWEST_ROWS} are needed to "
        f"choose between recipes. {NOTHING}, and collect more rows of it first."
    )
    return (Finding("caution", text), *dependence(study))


def so_far(search: Search) -> tuple[float, str]:
    """The share of the time that is used, and how far the search is, in words."""
    used = min(max(search.seconds - search.left, 0.0), search.seconds)
    text = f"{wording.count(_tried_so_far(search))} of {wording.plural(len(search.order), 'candidate')} tried"
    return used / search.seconds, f"{text}, {wording.count(used)} of {wording.plural(search.seconds, 'second')} used"


def _tried_so_far(search: Search) -> int:
    return sum(bool(own) for own in search.outcomes.values())


def searching(search: Search) -> tuple[Finding, ...]:
    """How far the search is."""
    text = (
        f"{wording.of(_tried_so_far(search), len(search.order), 'candidate')} tried so far, {wording.seconds(max(search.left, 0))} left. "
        "The recommendation follows at the end."
    )
    return (Finding("caution", text),)


def findings(study: Study, search: Search, tables: Tables) -> tuple[Finding, ...]:
    """The recommendation first, then what it rests on, what was tried, and what the probabilities are worth."""
    choice = tables["choice"]
    taken = choice[choice["recommended"]].iloc[0]
    rival = choice.iloc[0] if len(choice) > 1 else None
    parts = [
        Finding("fine", _sentence(study, taken, rival, search)),
        *([] if rival is None else [Finding("fine", AHEAD)]),
        _moves(tables["threshold"].iloc[0]),
        _tried(search, tables["candidates"]),
    ]
    if rival is None:
        parts.append(Finding("fine", f"This rests on {carried(study, len(search.outcomes[search.base]))}."))
    else:
        parts.append(_rests_on(study, rival, tables))
    return (*parts, *_untrue(search, taken), *dependence(study))


def _sentence(study: Study, taken: pd.Series, rival: pd.Series | None, search: Search) -> str:
    """One sentence with its numbers."""
    if rival is None:
        n = sum(bool(own) for own in search.outcomes.values()) - 1
        others = f"none of the {wording.plural(n, 'other candidate')} tried came out ahead of it"
        others = "the only other candidate tried did not come out ahead of it" if n == 1 else others
        n = n if search.compared else 0
        return f"{NOTHING}: {others if n > 0 else 'the time was too short to try another candidate to the end'}."
    metric, moved = rival["metric"], _moved(rival)
    if rival["recommended"]:
        return f"Use {_named(study, rival)}: on rows that had no part in the choice, what is chosen takes {metric} from {wording.number(rival['baseline'])} to {wording.number(rival['value'])} ({moved})."
    named = _named(study, rival)
    if rival["n_folds"] < FEWEST_FOLDS:
        folds = wording.plural(rival["n_folds"], "fold")
        return f"{NOTHING}: {named} looked best, but was scored on {folds} of rows that had no part in its choice; {FEWEST_FOLDS} are needed to say so."
    if rival["test_positives"] < FEWEST_ROWS:
        own = f"{wording.plural(rival['test_positives'], 'row')} of {wording.quoted(study.positive)}"
        return f"{NOTHING}: {named} looked best, but only {own} had no part in its choice; {FEWEST_ROWS} are needed to say so."
    why = (
        "which is no gain that the folds agree on"
        if rival["low"] <= 0 <= rival["high"]
        else "which is no gain that matters"
    )
    return f"{NOTHING}: to choose the best that the search finds, in the end {_named(study, rival)}, changes {metric} on rows that had no part in the choice by {moved}, {why}."


def _moves(row: pd.Series) -> Finding:
    """What the threshold alone does."""
    low, high = (-row["high"], -row["low"]) if row["metric"] == COST else (row["low"], row["high"])
    seen = f"{row['metric']} from {wording.number(row['at_half'])} to {wording.number(row['value'])} ({_moved(row)}) over {wording.plural(row['n_folds'], 'fold')}"
    if low > 0:
        return Finding("fine", f"The right threshold alone, in place of 0.5, brings {seen}.")
    worse = "which is worse" if high < 0 else "which is no change that the folds agree on"
    return Finding(
        "caution" if high < 0 else "fine", f"The right threshold alone, in place of 0.5, takes {seen}, {worse}."
    )


def _moved(row: pd.Series) -> str:
    return (
        f"{wording.change(row['difference'])}, interval {wording.change(row['low'])} to {wording.change(row['high'])}"
    )


def _named(study: Study, row: pd.Series) -> str:
    """The recipe in words, and the learner where it is another one than the study's."""
    other = LEARNERS[row["learner"]]
    if row["recipe"] == Recipe().title:
        return f"'{other}' as it is"
    return f"'{row['recipe']}'" if row["learner"] == study.learner else f"'{row['recipe']}' with '{other}'"


def _tried(search: Search, table: pd.DataFrame) -> Finding:
    """How much was searched, and what was not."""
    tried, rungs = table[table["n_folds"] > 0], [*search.plan.rungs]
    rungs += [rungs[-1] + len(search.compared)] if search.compared else []
    counts = [f"{wording.count((tried['n_folds'] >= n).sum())} on {wording.plural(n, 'fold')}" for n in rungs]
    text = (
        f"Of {wording.plural(len(table), 'candidate')}, {', '.join(counts)}, in {wording.seconds(search.seconds - search.left)} of "
        f"{wording.seconds(search.seconds)}."
    )
    slow, left = (table["state"] == SLOW).sum(), len(table) - len(tried)
    if slow:
        text += f" {wording.plural(slow, 'candidate')} given up: there would not have been time to compare them on all rows."
    if left:
        text += f" {wording.plural(left, 'candidate')} would not have fitted into the time; more of it may find more."
    return Finding("fine", text)


def _rests_on(study: Study, row: pd.Series, tables: Tables) -> Finding:
    """Rows, rows of the class of interest, folds and seed."""
    own, n = int(row["test_positives"]), int(row["n_folds"])
    text = (
        f"For each of {drawn_folds(study, n)} the choice was made anew without its rows, and {wording.of(int(row['times_chosen']), n, 'time')} it was this one; the interval, the corrected one of paired folds, "
        f"is that of what was chosen, on {wording.plural(row['test_rows'], 'row')} ({wording.count(own)} of {wording.quoted(study.positive)}) of {wording.plural(row['rows'], 'row')} "
        f"({wording.count(row['positives'])} of {wording.quoted(study.positive)})."
    )
    return Finding("caution" if own < FEWEST_ROWS else "fine", text)


def _untrue(search: Search, taken: pd.Series) -> list[Finding]:
    """Whether the recommended probabilities are worse than those of doing nothing."""
    one = next(one for one in search.order if one.learner == taken["learner"] and one.recipe.title == taken["recipe"])
    _, low, high = search.interval(one, ("Brier score", ""))
    if one == search.base or not low > 0:
        return []
    text = (
        f"The probabilities of '{taken['recipe']}' are worse than those of doing nothing (Brier score, {wording.change(low)} to {wording.change(high)}). "
        "Decide by its threshold, and do not read them as risks."
    )
    return [Finding("caution", text, ("calibrated_probabilities",))]


def goal(metric: str) -> str:
    """What is paid, for an axis where less is better."""
    return metric if metric == COST else f"1 − {metric}"
