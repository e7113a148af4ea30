"""What is computed once and kept, by a key of text: the only file that caches."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st


def large(make: Callable[[], Any], *key: object) -> Any:
    """Something as large as a table, kept for this session; the oldest are forgotten."""
    return _large(repr(key), make)


def small(make: Callable[[], Any], *key: object) -> Any:
    """Something small, kept for this session."""
    return _small(repr(key), make)


def for_all(make: Callable[[], Any], *key: object) -> Any:
    """Something that holds no analyst's data, kept for every session."""
    return _for_all(repr(key), make)


def until_left(make: Callable[[], Any]) -> Any:
    """Something that is cancelled when the session ends."""
    return _until_left(make)


def by_choices(make: Callable[[], Any]) -> Callable[[], Any]:
    """Something that follows from the choices and the files alone, made anew when they change; a page asks for it many times."""

    @wraps(make)
    def known() -> Any:
        state = st.session_state
        now, files = tuple(state.choices.values()), [state.get(name) for name in ("upload", "test")]
        then, of_files, made = state.get("by choices", ((), [], {}))
        if now != then or any(one is not other for one, other in zip(files, of_files, strict=True)):
            made = {}
            state["by choices"] = (now, files, made)
        name = f"{make.__module__}.{make.__qualname__}"
        if name not in made:
            made[name] = make()
        return made[name]

    return known


@st.cache_resource(scope="session", max_entries=4, show_spinner=False)
def _large(key: str, _make: Callable[[], Any]) -> Any:
    return _make()


@st.cache_resource(scope="session", max_entries=150, show_spinner=False)
def _small(key: str, _make: Callable[[], Any]) -> Any:
    return _make()


@st.cache_resource(max_entries=80, show_spinner=False)
def _for_all(key: str, _make: Callable[[], Any]) -> Any:
    return _make()


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda held: held.cancel())
def _until_left(_make: Callable[[], Any]) -> Any:
    return _make()
