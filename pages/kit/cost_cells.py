"""A cost for each error: a table in which every class has a row, and a column for what it is taken for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import UserError
from core.glossary import term
from core.learners.cost_matrix import MOST, Statement, cost_table, stated_table
from core.study import Study
from core.wording import count, plural, quoted
from pages.kit import choices, session, text

MOST_CLASSES = 20
"""Classes up to which costs are asked for in a table."""

SHOWN, REFUSED = "cost cells shown", "cost cells refused"


def costs(study: Study) -> np.ndarray:
    """The cost (n_classes, n_classes) of taking a row of one class for another: what was said, or else 1 for an error and the stated cost for a miss."""
    told = _told(study)
    return cost_table("", study.classes, study.positive_code, study.miss_cost) if told is None else told


def _told(study: Study) -> np.ndarray | None:
    """The costs that were said; None where there are none, or where they cannot be those of these classes."""
    n = len(study.classes)
    try:
        names, rows = json.loads(choices.choice("matrix") or "null")
        found = np.array(rows, dtype=float)
        if sorted(names) != sorted(study.classes) or found.shape != (n, n) or not (abs(found) <= MOST).all():
            return None
        place = [names.index(label) for label in study.classes]
        return _checked(found[np.ix_(place, place)], study)
    except (
        ValueError,
        TypeError,
        ArithmeticError,
        RecursionError,
        AttributeError,
        UserError,
    ):  # of a link that was made by hand, or cut off
        return None


def statements(study: Study) -> tuple[Statement, ...]:
    """The costs as statements."""
    return stated_table(costs(study), study.classes)


def editor(study: Study) -> None:
    """Ask for the cost of each error."""
    n = len(study.classes)
    if n > MOST_CLASSES:
        st.caption(
            f"The target has {plural(n, 'class', 'classes')}; costs of each error are asked for up to {MOST_CLASSES}. Merge rare classes on the Data page."
        )
        return
    st.caption(
        "A row for each class, a column for what its rows are taken for. What is right stands on the diagonal.",
        help=term("Cost matrix"),
    )
    if choices.choice("matrix") and _told(study) is None:
        st.warning(
            "The link carries costs that do not fit these classes. They are left aside.", icon=":material/warning:"
        )
    held = _held(study)
    st.data_editor(
        held["base"], key=held["key"], on_change=_edited, args=(held["key"],), hide_index=True, num_rows="fixed", disabled=["class"],
        column_config=named(study.classes),
    )  # fmt: skip
    held["drawn"] = True
    if refused := st.session_state.pop(REFUSED, ""):
        st.error(text.md(refused), icon=":material/error:")
    again = {"matrix": ""}
    st.button(
        "Start again",
        on_click=choices.choose,
        kwargs=again,
        disabled=not choices.choice("matrix"),
        icon=":material/refresh:",
    )


def named(classes: Sequence[str]) -> dict[str, Any]:
    """The columns of the table: one for each class, also where long names begin alike."""
    found = {
        f"c{j}": st.column_config.NumberColumn(f"as {name}", required=True, format="%g", width="small")
        for j, name in enumerate(text.labels(classes, 40).values())
    }
    return found | {"class": st.column_config.TextColumn("a row of", width="small", pinned=True)}


def _held(study: Study) -> dict[str, Any]:
    """What the table starts from; made anew where it is another one, and not while it is edited, so that the cell in hand stays."""
    state = st.session_state
    told = choices.choice("matrix") or study.miss_cost
    held = state.get(SHOWN)
    left = held is not None and held["drawn"] and held["key"] not in state
    if held is None or left or (held["classes"], held["told"]) != (study.classes, told):
        base = pd.DataFrame(costs(study), columns=[f"c{j}" for j in range(len(study.classes))])
        base.insert(0, "class", list(text.labels(study.classes, 200).values()))
        n = state[f"{SHOWN} times"] = state.get(f"{SHOWN} times", 0) + 1
        held = state[SHOWN] = {
            "classes": study.classes,
            "told": told,
            "base": base,
            "key": f"cost cells {n}",
            "drawn": False,
        }
    return held


def _edited(key: str) -> None:
    """Take the cells that were changed, unless they cannot be costs."""
    held = st.session_state[SHOWN]
    try:
        found = taken(held["base"], st.session_state[key].get("edited_rows", {}), session.study())
    except UserError as error:
        st.session_state[REFUSED] = f"{error} The change was not taken."
        st.session_state.pop(SHOWN)
        return
    rows = [[int(cost) if cost == int(cost) else cost for cost in row] for row in found.tolist()]
    held["told"] = json.dumps([list(held["classes"]), rows], separators=(",", ":"))
    choices.choose(matrix=held["told"])


def taken(base: pd.DataFrame, edited: Mapping[Any, Mapping[str, Any]], study: Study) -> np.ndarray:
    """The costs (n_classes, n_classes) after some cells were changed.

    Raises
    ------
    UserError
        A cell is empty, far too large, or what is right costs as much as an error.
    """
    found = base.drop(columns="class").to_numpy(dtype=float, copy=True)
    for row, changes in edited.items():
        for column, value in changes.items():
            found[int(row), int(column[1:])] = np.nan if value is None else float(value)
    if not (abs(found) <= MOST).all():
        own, called = (quoted(study.classes[i]) for i in np.argwhere(~(abs(found) <= MOST))[0])
        raise UserError(f"Taking {own} for {called} has no cost.", f"Give every cell a number up to {count(MOST)}.")
    return _checked(found, study)


def _checked(found: np.ndarray, study: Study) -> np.ndarray:
    cost_table(stated_table(found, study.classes), study.classes)
    return found
