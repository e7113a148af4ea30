"""The classes of the target: as they stand, merged, or cut from a number, with their sizes shown at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import charts
from core.errors import UserError
from core.target_rule import LIMITS, TargetRule
from core.wording import times
from pages.kit import choices, show, tables, text

NAMED = "merge"
KINDS = {
    "": "As they are", NAMED: "Merge some", "merge fewer_than": "Merge the small ones", "keep": "Keep some and merge the others",
    "cut at": "Cut the number at a value", "cut above": "The highest share against the rest", "bins n": "Bins of equal size",
}  # fmt: skip
OF_NUMBERS = ("cut at", "cut above", "bins n")
MOST_BARS = 30
HELP = {
    "kind": "How the values of the target become classes. The table itself stays as it is.",
    "merge": "Rows of all these classes become one class.", "keep": "Rows of all other classes become one class.",
    "at": "Rows with this number or a larger one are one class, all others the other.",
    "above": "This share of the rows, those with the smaller numbers, is one class; the rest is the other.",
    "fewer_than": "Classes with fewer rows than this become one class.", "n": "Each bin has about as many rows as any other.",
}  # fmt: skip


def rule() -> None:
    """Ask how the target becomes classes; what comes of it is shown before anything else is computed."""
    column = tables.whole_table().frame[tables.target()]
    now, numeric = tables.rule(), pd.api.types.is_numeric_dtype(column.dtype)
    suggested = tables.rule_reason()
    with st.container():  # holds its place when it is empty, or the popover below would close
        if suggested and not now.kind:
            st.caption(text.md(suggested[1]))
            words = "Use the highest tenth" if suggested[0].kind == "cut" else "Merge the small ones"
            st.button(words, on_click=choices.choose, kwargs={"rule": suggested[0].text})
    with st.popover("Make other classes of it", icon=":material/call_merge:"):
        kind = f"{now.kind} {now.option}".strip()
        kinds = {one: words for one, words in KINDS.items() if numeric or one not in OF_NUMBERS or one == kind}
        key = "rule kind"
        st.session_state[key] = kind
        given = {"key": key, "on_change": _kind, "args": (key, column)}
        st.selectbox("Classes", kinds, format_func=text.naming(kinds), help=HELP["kind"], **given)
        if now.kind and (numeric or kind not in OF_NUMBERS):
            _value(now, column)
    if now.kind:
        _picture()


def _picture() -> None:
    """The classes that the rule makes, and how uneven they are."""
    try:
        made = tables.made()
    except UserError as error:
        st.caption(text.md(f"{error.problem} {error.remedy}"))
        return
    ratio = made["n_samples"].max() / max(made["n_samples"].min(), 1)
    title = "Rows of the classes"
    caption = f"The largest class has {times(ratio)} as many rows as the smallest."
    axes = {"x_title": "rows", "y_title": "class", "caption": caption}
    show.draw(
        {title: charts.bars(made.head(MOST_BARS), "n_samples", "class", title=title, log=bool(ratio > 50), **axes)},
        "rule",
    )


def _kind(key: str, column: pd.Series) -> None:
    kind, _, option = st.session_state[key].partition(" ")
    known = _labels(column)
    start = {"fewer_than": 10.0, "n": 3.0, "above": 0.9}
    if option == "at":
        finite = _finite(column)
        start["at"] = float(np.quantile(finite, 0.9, method="inverted_cdf")) if len(finite) else 0.0
    names = {"keep": tuple(known[:2]), NAMED: tuple(known[-2:])}.get(f"{kind} {option}".strip(), ())
    choices.choose(rule=TargetRule(kind, option, start.get(option, 0.0), names).text if option or names else "")


def _value(now: TargetRule, column: pd.Series) -> None:
    key = f"rule value {now.kind} {now.option}"
    if not now.option:
        known = text.labels(_labels(column))
        st.session_state[key] = [name for name in now.names if name in known]
        label = f"Classes to {now.kind}"
        given = {"key": key, "on_change": _changed, "args": (key, now)}
        st.multiselect(label, known, format_func=text.naming(known), help=HELP[now.kind], **given)
        return
    st.session_state[key] = now.value if now.option in ("at", "above") else int(now.value)
    change = {"key": key, "on_change": _changed, "args": (key, now)}
    if now.option == "at":
        finite = _finite(column)
        if len(np.unique(finite)) > 1:
            low, high = float(finite.min()), float(finite.max())
            st.session_state[key] = min(max(now.value, low), high)
            step = 1.0 if np.array_equal(finite, np.round(finite)) else None
            st.slider("At this value and above", low, high, step=step, help=HELP["at"], **change)
    elif now.option == "above":
        st.session_state[key] = min(max(now.value, 0.01), 0.99)
        st.slider("Share of rows below the cut", 0.01, 0.99, step=0.01, help=HELP["above"], **change)
    else:
        low, high, _ = LIMITS[now.kind, now.option]
        label = "Classes with fewer rows than this" if now.option == "fewer_than" else "Number of bins"
        st.number_input(label, int(low), int(high), help=HELP[now.option], **change)


def _changed(key: str, now: TargetRule) -> None:
    value = st.session_state[key]
    if now.option and value is not None:
        choices.choose(rule=TargetRule(now.kind, now.option, float(value)).text)
    elif value and not now.option:
        choices.choose(rule=TargetRule(now.kind, names=tuple(value)).text)


def _labels(column: pd.Series) -> list[str]:
    return [str(label) for label in column.dropna().astype(str).value_counts().index]


def _finite(column: pd.Series) -> np.ndarray:
    values = column.to_numpy("float64", na_value=np.nan)
    return values[np.isfinite(values)]
