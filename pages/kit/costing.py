"""What errors cost, said in one of several ways: on a slider, in a sentence, by a ranking, for each error, or by a column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.evaluation.cost_decisions import Stated, stated
from core.evaluation.cost_words import concentration, parity_sentence, threshold_sentence
from core.evaluation.elicitation import elicited, outcomes, taken_over
from core.glossary import term
from core.job import Job
from core.numerics.weighted_accuracy import EMBLEMATIC, cost_ratio, cost_weight
from core.recipe import Recipe
from core.result import Finding
from core.roles import COST
from core.study import Study
from core.wording import clip, number, plain, quoted
from pages.kit import choices, cost_cells, recipe_jobs, roles, session, show, tables, text

WAYS = {
    "slider": "On a slider", "sentence": "In a sentence", "ranking": "By a ranking", "matrix": "For each error",
    "column": "By a column",
}  # fmt: skip
PLACES = {"": "no place", "1": "1st, the best", "2": "2nd", "3": "3rd", "4": "4th", "5": "5th, the worst"}
PLACED = (
    "The model that you would rather have comes first. What the order says about the cost of a miss is shown below."
)
STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
"""Steps of the slider in each power of ten from .01 to 10,000."""

REFUSED = "cost column refused"


def way() -> str:
    """How costs are said: as was chosen, or as what was said already needs it."""
    several = len(session.study().classes) > 2
    chosen = choices.choice("stating")
    if chosen in WAYS and (several or chosen != "matrix"):
        return chosen
    if session.study().row_costs is not None:
        return "column"
    return "matrix" if several and choices.choice("matrix") else "slider"


def section() -> tuple[str, ...]:
    """Ask what errors cost and where decisions will be used, and say what follows at once; the sentences that were said."""
    study, now = session.study(), way()
    with st.container(border=True, key="costs stated"):
        titles = {key: title for key, title in WAYS.items() if key != "matrix" or len(study.classes) > 2}
        label, bound = "How do you want to say what errors cost?", choices.bound("stating", now)
        st.pills(label, titles, format_func=titles.get, required=True, help=term("Cost of a miss"), **bound)
        ASKED[now](study)
        _prevalence(study)
        told = _follows(study, now)
        for position, finding in enumerate(told):
            mark = f"{show.tag(finding.severity)} " if finding.severity == "caution" else ""
            st.markdown(mark + (f"**{text.md(finding.text)}**" if position == 0 else text.md(finding.text)))
    return tuple(finding.text for finding in told)


def job(recipes: Sequence[Recipe], prevalence: float) -> Job:
    """What decisions cost by some recipes, in the way that costs are said."""
    said = {"between": session.between()}
    if way() == "matrix":
        said = {"matrix": cost_cells.statements(session.study())}
    return recipe_jobs.costs(recipes, prevalence, **said)


def _follows(study: Study, now: str) -> list[Finding]:
    """What follows from what was said, before any row is decided."""
    if now == "matrix":
        from core.evaluation.cost_matrix import matrix_sentences, stated_by

        said = stated_by(study, cost_cells.costs(study), choices.choice("prevalence") or None)
        return list(matrix_sentences(study, said))
    if not study.miss_cost:
        st.caption("No cost is stated yet; what follows takes a miss and a false alarm as equal.")
        return []
    said = _said(study)
    return [threshold_sentence(study, said), parity_sentence(study, said), *concentration(study, said)]


def _said(study: Study) -> Stated:
    return stated(study, study.miss_cost, session.between(), choices.choice("prevalence") or None)


def _prevalence(study: Study) -> None:
    label = "Share of the class of interest where decisions will be made"
    bound, limits = choices.bound("prevalence", float(choices.choice("prevalence"))), choices.LIMITS["prevalence"]
    left, right = st.columns(2, vertical_alignment="bottom")
    left.number_input(label, *limits, step=0.01, help=term("Prevalence at use"), format="%g", **bound)
    right.caption(f"0 takes the share in the table, {study.class_shares[study.positive_code]:.3g}.")


def _number(label: str) -> None:
    bound = choices.bound("cost", float(choices.choice("cost")))
    st.number_input(label, *choices.LIMITS["cost"], help=term("Cost of a miss"), format="%g", **bound)


def _slider(study: Study) -> None:
    """Costs from .01 to 10,000 in even steps, and the number beside it."""
    now = float(choices.choice("cost"))
    options = sorted({0.0, *(float(f"{10.0**power * step:.3g}") for power in range(-2, 4) for step in STEPS), 1e4, now})
    key = f"{choices.bound('cost', now)['key']} slider"
    st.session_state[key] = now
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    label = f"False alarms that are as bad as one miss of {text.md(quoted(study.positive, 40))}"
    left.select_slider(
        label, options, format_func=_worth, help=term("Cost of a miss"), key=key, on_change=_take, args=(key,)
    )
    with right:
        _number("Exactly; 0 states no cost")


def _worth(ratio: float) -> str:
    return number(ratio) if ratio else "not stated"


def _take(key: str) -> None:
    choices.choose(cost=float(st.session_state[key]))


def _sentence(study: Study) -> None:
    """One question, and what is possible at all where the answer is not sure."""
    label = text.md(quoted(study.positive, 40))
    _number(f"How many false alarms equal one miss of {label}? 0 states no cost.")
    st.caption(
        "Not sure? Say between which numbers it lies; its middle is then taken, and the expected weighted accuracy looks at all of them."
    )
    ends = session.ends()
    for column, words, place in zip(st.columns(2), ("At least", "At most"), (0, 1), strict=True):
        key = f"{choices.bound('band', ())['key']} {place}"
        st.session_state[key] = ends[place]
        column.number_input(
            f"{words} so many; 0 says nothing",
            *choices.LIMITS["cost"],
            format="%g",
            help=term("Expected weighted accuracy"),
            key=key,
            on_change=_take_end,
            args=(key, place),
        )


def _take_end(key: str, place: int) -> None:
    ends = list(session.ends())
    ends[place] = float(st.session_state[key])
    chosen: dict[str, Any] = {"band": tuple(map(plain, ends)) if any(ends) else ()}
    if 0 < ends[0] < ends[1]:
        chosen["cost"] = float(f"{cost_ratio((cost_weight(ends[0]) + cost_weight(ends[1])) / 2):.4g}")
    choices.choose(**chosen)


def _ranking(study: Study) -> None:
    """Five models in people, a place for each, and the costs that agree with their order."""
    at_use = choices.choice("prevalence") or None
    st.markdown("Five models decide. Which would you rather have? Give at least two of them a place.")
    given = _places()
    for row in outcomes(study, prevalence_at_use=at_use).itertuples():
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(f"**{text.md(row.decision.capitalize())}**: {text.md(row.text)}")
        key = f"{choices.bound('ranked', ())['key']} {row.decision}"
        st.session_state[key] = given.get(row.decision, "")
        asked = {"key": key, "on_change": _take_place, "args": (key, row.decision)}
        right.selectbox(f"Place of '{row.decision}'", PLACES, format_func=PLACES.get, help=PLACED, **asked)
    order = sorted(given, key=lambda name: -int(given[name]))
    if twice := [PLACES[place] for place in PLACES if list(given.values()).count(place) > 1]:
        st.warning(
            f"Two models stand on the same place, {twice[0]}. Give each a place of its own.", icon=":material/warning:"
        )
    elif len(order) < 2:
        st.caption("What the order says about the cost of a miss is shown here.")
    else:
        _ranked(study, order, at_use)


def _ranked(study: Study, order: list[str], at_use: float | None) -> None:
    result = elicited(study, order, prevalence_at_use=at_use)
    for finding in result.findings:
        mark = f"{show.tag(finding.severity)} " if finding.severity == "caution" else ""
        st.markdown(mark + text.md(finding.text))
    nearest = result.tables["nearest"].iloc[0]
    if nearest["weight_low"] > 0 or nearest["weight_high"] < 1:
        ratio, ends = taken_over(nearest)
        ratio = min(max(ratio, 1e-6), choices.LIMITS["cost"][1])
        chosen = {"cost": ratio, "band": tuple(map(plain, ends or ()))}
        st.button(
            f"Take {number(ratio)} over as the cost of a miss", on_click=choices.choose, kwargs=chosen, type="primary",
            disabled=choices.choice("cost") == ratio, icon=":material/check:",
        )  # fmt: skip
    show.details("ranking", result, {})


def _places() -> dict[str, str]:
    """The places that were given, by model; what cannot be one is left out."""
    pairs = (item.rpartition("=") for item in choices.choice("ranked"))
    return {name: place for name, _, place in pairs if name in EMBLEMATIC and place and place in PLACES}


def _take_place(key: str, name: str) -> None:
    given = _places() | {name: st.session_state[key]}
    choices.choose(ranked=tuple(f"{one}={place}" for one, place in given.items() if place))


def _column(study: Study) -> None:
    """A column that says what a miss of each row costs, and what a false alarm costs in its unit."""
    frame, target = tables.table().frame, tables.target()
    numbers = [name for name, column in frame.items() if pd.api.types.is_numeric_dtype(column.dtype) and name != target]
    shown = {"": "No column"} | text.labels(numbers)
    now = next(iter(study.dataset.costs), "")
    key = f"{choices.bound('role', ())['key']} cost"
    st.session_state[key] = now if now in shown else ""
    left, right = st.columns(2, vertical_alignment="bottom")
    help_ = "Models do not learn from it: it has the role 'cost', as on the Data page."
    left.selectbox(
        "Column with what a miss of each row costs", shown, format_func=text.naming(shown), help=help_, key=key,
        on_change=_take_column, args=(key,),
    )  # fmt: skip
    if refused := st.session_state.pop(REFUSED, ""):
        st.error(text.md(refused), icon=":material/error:")
    if not now:
        st.caption("Choose a column of numbers, such as the amount at stake.")
        return
    with right:
        mean = float(study.row_costs[study.codes == study.positive_code].mean())
        _alarm(now, mean)
    worth = (
        f"one miss is worth {number(study.miss_cost)} false alarms in the mean"
        if study.miss_cost
        else "no cost is stated yet"
    )
    st.caption(text.md(f"A miss costs {number(mean)} in the mean of {quoted(study.positive)}; {worth}."))


def _alarm(column: str, mean: float) -> None:
    key, ratio = f"{choices.bound('cost', 0.0)['key']} alarm", float(choices.choice("cost"))
    st.session_state[key] = float(f"{mean / ratio:.6g}") if ratio else 0.0
    label = f"What one false alarm costs, in the unit of {text.md(quoted(clip(column, 40)))}; 0 states no cost"
    st.number_input(
        label, 0.0, None, format="%g", help=term("Cost of a miss"), key=key, on_change=_take_alarm, args=(key, mean)
    )


def _take_alarm(key: str, mean: float) -> None:
    value, (low, high) = float(st.session_state[key]), choices.LIMITS["cost"]
    choices.choose(cost=min(max(mean / value, low), high) if value > 0 else 0.0)


def _take_column(key: str) -> None:
    """Give the role to the column, unless the table says that it cannot have it."""
    column, before = st.session_state[key], {name: choices.choice(name) for name in ("role", "leave_out", "stating")}
    kept = tuple(item for item in choices.choice("role") if item.partition(":")[0] != COST)
    choices.choose(role=kept, stating="column")
    if not column:
        return
    choices.choose(
        role=roles.with_role(column, COST), leave_out=tuple(name for name in tables.leave_out() if name != column)
    )
    try:
        session.study()
    except UserError as error:
        choices.choose(**before | {"stating": "column"})
        st.session_state[REFUSED] = str(error)


ASKED: dict[str, Callable[[Study], None]] = {
    "slider": _slider, "sentence": _sentence, "ranking": _ranking, "matrix": cost_cells.editor, "column": _column,
}  # fmt: skip
