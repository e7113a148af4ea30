"""Ask for the parameters of any method; no method is known here by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import UserError
from core.params import Choice, Parameter, Range, Text
from core.registry import Method
from pages.kit import choices
from pages.kit.text import md, prose

MOST_STEPS = 40
"""Steps of a number up to which it is a slider."""


def parameters(item: Method, place: str = "", before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask for a method's parameters.

    Parameters
    ----------
    item : Method
        Any method.
    place : str
        Empty keeps the values as the diagnostic's settings; otherwise the widgets of that place alone hold them.
    before : mapping of str to object or None
        Values with which the widgets of a place begin, in place of the defaults.

    Returns
    -------
    dict of str to object
        A value for every parameter.
    """
    values = choices.settings(item) if not place else {parameter.name: parameter.default for parameter in item.params}
    for parameter in item.params:
        key = f"parameter {place} {item.slug} {parameter.name}"
        options: dict[str, Any] = {"key": key, "help": prose(parameter.help)}
        if place:
            st.session_state.setdefault(key, (before or {}).get(parameter.name, values[parameter.name]))
        else:
            st.session_state[key] = values[parameter.name]
            options |= {"on_change": choices.change_setting, "args": (item, parameter.name, key)}
        value = _widget(parameter, options)
        try:
            values[parameter.name] = parameter.check(value)
        except UserError as error:  # what the analyst wrote says nothing yet
            st.error(md(error.problem), title=md(error.remedy))
            values[parameter.name] = parameter.default
    return values


def _widget(parameter: Parameter, options: dict[str, Any]) -> Any:
    match parameter.constraint:
        case Choice(allowed):
            return st.selectbox(parameter.label, allowed, **options)
        case Text(most, example):
            return st.text_area(parameter.label, max_chars=most, placeholder=example, height="content", **options)
        case Range(low, high, step) if parameter.kind is int:
            return st.number_input(parameter.label, int(low), int(high), step=int(max(1, step)), **options)
        case Range(low, high, step) if (high - low) / step <= MOST_STEPS:
            return st.slider(parameter.label, float(low), float(high), step=float(step), **options)
        case Range(low, high, step):
            return st.number_input(parameter.label, float(low), float(high), step=float(step), format="%g", **options)
    if parameter.kind is bool:
        return st.toggle(parameter.label, **options)
    return st.text_input(parameter.label, **options)
