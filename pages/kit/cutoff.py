"""One cut-off for all pages: asked for on each of them, kept in the link, and laid on scores that are there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import UserError
from core.evaluation.cutoff import LIMITS, WAYS, Cutoff, called, seen
from core.glossary import term
from core.job import Job
from core.recipe import Recipe
from core.registry import Method
from core.result import Result
from core.study import Study
from core.wording import count, number, plain, plural, quoted, share, with_interval
from pages.kit import choices, kept, kept_session, session, show, text
from pages.kit.compared import meanings

OWN = "own"
NAMES = {
    OWN: "As the recipe decides", "probability": "A probability", "top": "The top cases", "per1000": "So many of 1,000",
    "cost": "What a miss costs",
}  # fmt: skip
HELP = {
    "probability": "Rows from this probability on are called. The slider moves by log-odds, so that it is as fine near 0.001 as near 0.5.",
    "top": "So many rows of the table are called, those with the highest probabilities; fewer where rows are tied.",
    "per1000": "Of every 1,000 rows so many are called, those with the highest probabilities; fewer where rows are tied.",
    "cost": "How many false alarms one miss costs, C: rows from the probability 1 / (1 + C) on are called. That is right where probabilities come true.",
}
STEPS, FURTHEST = 160, 11.5
"""Steps of the slider, and the log-odds at its lower end; the upper one is at 9.2, or .9999."""


def current() -> Cutoff:
    """The cut-off that was chosen; one that cannot be is none."""
    try:
        return Cutoff.parse(choices.choice("cutoff"))
    except UserError:
        return Cutoff()


def ordered(recipes: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
    """The recipes with the explained one last: it is the one that is spoken of."""
    last = choices.explained()
    return (*(recipe for recipe in recipes if recipe != last), last)


def first_scores(recipes: tuple[Recipe, ...]) -> dict[Recipe, Job]:
    """The first draw of folds of some recipes, each as a job; folds that are kept are not scored again."""
    from core.evaluation.kept_scores import score_kept

    held, path = session.study(), kept_session.store()

    def tasks(recipe: Recipe) -> Callable[[Study], list[tuple]]:
        n_folds = len(held.folds[: held.n_folds])
        return lambda sent: [(score_kept, (sent, recipe, fold, path)) for fold in range(n_folds)]

    return {recipe: session.of_tasks(held, "first scores", recipe, tasks(recipe)) for recipe in recipes}


def found(jobs: Mapping[Recipe, Job]) -> Result | None:
    """What the cut-off leads to, of the recipes whose first draw of folds is there; None before the explained one is."""
    from core.evaluation.at_cutoff import at_cutoff

    held, cutoff, prevalence = session.study(), current(), choices.choice("prevalence") or None
    outcomes = {recipe: jobs[recipe].results for recipe in ordered(tuple(jobs)) if recipe in jobs}
    complete = {recipe: folds for recipe, folds in outcomes.items() if len(folds) >= len(held.folds[: held.n_folds])}
    if not complete or list(complete)[-1] != list(outcomes)[-1] or seen(held, list(complete.values())[-1]) is None:
        return None
    key = ("cut-off", held.key, [recipe.text for recipe in complete], cutoff.text, prevalence)
    return kept.small(lambda: at_cutoff(held, complete, cutoff, prevalence), *key)


def control(result: Result | None, *, brief: bool = False) -> None:
    """Ask for the cut-off, and say what it is in every way and what it leads to; ``brief`` leaves out what is compared."""
    with st.container(border=True, key="cut-off"):
        st.markdown("**The cut-off**, the same on every page")
        known = _in_every_way(result)
        st.session_state["cut-off ways"] = known
        _ask(current(), known)
        if result is None:
            st.caption("What it leads to is shown when the scores are there.")
            return
        st.markdown(text.md(_said(result)))
        for position, finding in enumerate(result.findings):
            if brief and position == 1:
                continue
            mark = f"{show.tag(finding.severity)} " if finding.severity == "caution" else ""
            st.markdown(mark + (f"**{text.md(finding.text)}**" if position == 0 else text.md(finding.text)))
        show.suggestions(result, "cut-off")


def _ask(cutoff: Cutoff, known: Mapping[str, float]) -> None:
    bound = choices.bound("cutoff", cutoff.way or OWN)
    asked = bound | {"on_change": _take_way, "args": (bound["key"],)}
    st.pills("How the cut-off is said", NAMES, format_func=NAMES.get, required=True, help=term("Cut-off"), **asked)
    if not cutoff.way:
        return
    key, (low, high) = f"{bound['key']} {cutoff.way}", LIMITS[cutoff.way]
    st.session_state[key] = int(cutoff.value) if cutoff.way == "top" else cutoff.value
    asked = {"key": key, "on_change": _take_value, "args": (cutoff.way, key), "help": HELP[cutoff.way]}
    if cutoff.way == "probability":
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        places = f"{key} slider"
        st.session_state[places] = cutoff.value
        options = steps(cutoff.value)
        moved = asked | {"key": places, "args": (cutoff.way, places)}
        left.select_slider("Probability from which a row is called", options, format_func=_shown, **moved)
        right.number_input(
            "Exactly", low, high, format="%g", step=10.0 ** np.floor(np.log10(cutoff.value)) / 10, **asked
        )
    elif cutoff.way == "top":
        n_rows = int(session.study().table_sizes.sum())
        st.session_state[key] = min(int(cutoff.value), n_rows)
        st.number_input(f"How many of the {count(n_rows)} cases are called", 1, n_rows, **asked)
    elif cutoff.way == "per1000":
        st.number_input("How many of 1,000 cases are called", low, high, format="%g", step=1.0, **asked)
    else:
        st.number_input("How many false alarms one miss costs", low, high, format="%g", step=1.0, **asked)


def _take_way(key: str) -> None:
    way = st.session_state[key]
    known = st.session_state.get("cut-off ways", {})
    choices.choose(cutoff="" if way not in WAYS else Cutoff(way, known.get(way, 1.0)).text)


def _take_value(way: str, key: str) -> None:
    choices.choose(cutoff=Cutoff(way, float(st.session_state[key])).text)


def _shown(p: float) -> str:
    return plain(float(f"{p:.6g}"))


def steps(value: float) -> list[float]:
    """Probabilities (about ``STEPS``) that are even on log-odds, on round numbers, and the one that is chosen."""
    p = 1 / (1 + np.exp(-np.linspace(-FURTHEST, 9.2, STEPS)))
    rounded = [float(f"{x:.2g}") if x < 0.5 else round(1 - float(f"{1 - x:.2g}"), 8) for x in p]
    return sorted({*rounded, value})


def _in_every_way(result: Result | None) -> dict[str, float]:
    """What the cut-off of now is called in each way, so that changing the way changes no decision but by rounding."""
    held = session.study()
    share = float(held.class_shares[held.positive_code])
    rows = held.table_sizes
    row = {"threshold": share, "flagged": rows[held.positive_code], "flagged_per_1000": 1000 * share}
    row["miss_cost"] = (1 - share) / share
    if result is not None:
        told = result.tables["ways"].iloc[-1].dropna()
        row |= {name: told[name] for name in row if name in told}
    if current().way == "" and choices.choice("cost"):
        row["miss_cost"] = choices.choice("cost")
    values = {"probability": row["threshold"], "top": round(row["flagged"]), "per1000": row["flagged_per_1000"]}
    values["cost"] = row["miss_cost"]
    return {
        way: float(np.clip(float(f"{value:.3g}") if way != "top" else value, *LIMITS[way]))
        for way, value in values.items()
    }


def _said(result: Result) -> str:
    """The cut in every way, for the recipe that is spoken of."""
    row = result.tables["ways"].iloc[-1]
    rows = session.study().table_sizes.sum()
    flagged = (
        f"{count(row['flagged'])} of {plural(rows, 'row')} of the table, {number(row['flagged_per_1000'])} of 1,000"
    )
    if np.isnan(row["threshold"]):
        return f"'{row['recipe']}' calls {flagged}, by a rule of more than one threshold."
    locked = "the middle of its locked thresholds" if not current().way else "this cut-off"
    there, cost = float(result.tables["marks"]["threshold_at_use"].iloc[-1]), f"{number(row['miss_cost'])} false alarms"
    if there != row["threshold"] and 0 < there < 1:
        there_share = share(choices.choice("prevalence"))
        cost += f" at the prevalence of the table, and {number(1 / there - 1)} where the class makes up {there_share}"
    return (
        f"For '{row['recipe']}' {locked} is the probability {number(row['threshold'])}; it calls {flagged}. "
        f"It is the right one on true probabilities where a miss costs {cost}."
    )


def marked(result: Result, figures: Mapping[str, Any], laid: Result | None, recipe: Recipe | None) -> Mapping[str, Any]:
    """Figures of a result with the place of the cut-off; made once for both."""
    from core.evaluation.cutoff_marks import marked as put

    if laid is None or recipe is None:
        return figures
    make = lambda: (result, laid, put(figures, laid.tables["marks"], recipe.title))  # noqa: E731
    return kept.small(make, "marked", id(result), id(laid), recipe.text)[2]


def compared(result: Result) -> None:
    """People at each cut as a figure, and the scores of every recipe at each cut as a table."""
    from core.evaluation.at_cutoff import draw

    title = "Every recipe at this cut-off, at its own and at 0.5"
    folded = st.expander(title, key="cut-off compared", on_change="rerun", icon=":material/table_chart:")
    if not folded.open:
        return
    with folded:
        st.caption(
            "All rows of the first draw of folds together, each by a model that had not seen it. The locked threshold of each fold was chosen inside its training rows."
        )
        show.side_by_side(show.once(draw, result), "cut-off")
        shown = show.once(by_cut, result)
        help_ = meanings(shown.columns)
        show.grid(shown, alt="Scores of every recipe at each cut, with 95 % intervals.", column_config=help_)
        show.details("cut-off", result, {})


def by_cut(result: Result) -> pd.DataFrame:
    """One row for each recipe and cut: scores with intervals, and whole people."""
    scores, people = result.tables["scores"], result.tables["people"]
    texts = [with_interval(row.value, row.low, row.high) for row in scores.itertuples()]
    keys = ["recipe", "cut"]
    wide = scores.assign(text=texts).pivot_table(
        index=keys, columns="metric", values="text", aggfunc="first", sort=False
    )
    counts = people.pivot_table(index=keys, columns="outcome", values="n_cases", sort=False)
    of = count(people["of"].iloc[0])
    counts.columns = [f"{name}, of {of}" for name in counts.columns]
    thresholds = scores.groupby(keys, sort=False)["threshold"].first().map(number)
    return pd.concat([thresholds, wide, counts], axis=1).reset_index()


def rows(jobs: Mapping[Recipe, Job], explained: Mapping[Method, Job]) -> None:
    """Which rows the explained recipe calls, and on which side the rows fall that are taken apart below."""
    parts = [result.tables["row"] for job in explained.values() for result in job.results if "row" in result.tables]
    apart = {int(table["row"].iloc[0]) for table in parts}
    held, recipe = session.study(), choices.explained()
    told = seen(held, jobs[recipe].results)
    cutoff, prevalence = current(), choices.choice("prevalence") or None
    key = ("called", held.key, recipe.text, cutoff.text, prevalence)
    table = kept.small(lambda: called(held, told, cutoff, prevalence), *key)
    if table["flagged"].isna().any():
        st.caption(
            "This recipe does not decide by one threshold, so rows lie on no side of it. Choose a cut-off to see them."
        )
    else:
        own = table["label"].astype(str) == held.positive
        flagged = table["flagged"].astype(bool)
        hits, left = int((flagged & own).sum()), int((~flagged & own).sum())
        st.markdown(
            text.md(
                f"{plural(flagged.sum(), 'row')} of the study are called: {count(hits)} of {quoted(held.positive)} and {count(flagged.sum() - hits)} others. {count(left)} of the class are left."
            )
        )
        for one in table[table["row"].isin(apart)].itertuples():
            side = "called" if one.flagged else "left"
            st.markdown(
                text.md(
                    f"Row {one.row:,}, taken apart below, has the probability {number(one.probability)} and the cut-off is {number(one.threshold)}: it is {side}, at {number(one.times_odds)} times the odds of the cut-off."
                )
            )
    folded = st.expander("Which rows are called", key="rows called", on_change="rerun", icon=":material/checklist:")
    if folded.open:
        with folded:
            show.numbers("rows_by_probability", table, "cut-off")
