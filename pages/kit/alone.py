"""A part of a page that its own widgets draw again without the rest of the page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

Follow = Callable[[], None]


def part(draw: Callable[[], Follow | None]) -> Follow:
    """Draw a part of the page; what is chosen there draws it alone, unless that changes a choice which the rest of the page shows.

    Parameters
    ----------
    draw : callable
        Returns what is to be called when all is drawn.

    Returns
    -------
    callable
        To be called when the rest of the page is drawn; a part that is drawn alone does so itself.
    """
    shown, later = _shown(), []

    @st.fragment
    def drawn() -> None:
        if drawn_alone() and _shown() != shown:
            st.rerun()
        follow = draw() or nothing
        if drawn_alone():
            follow()
        else:
            later.append(follow)

    drawn()
    return later[0] if later else nothing


def drawn_alone() -> bool:
    """Whether a part of the page is drawn without the rest."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def again() -> None:
    """Draw anew what is being drawn: the part that is drawn alone, or the page."""
    st.rerun(scope="fragment" if drawn_alone() else "app")


def listen() -> None:
    """A moment at which clicks are heard, also those that wait for the end of the page because they ask for a part of it."""
    st.session_state.get("choices")  # where a click on the rest of the page is heard
    requests = getattr(get_script_run_ctx(), "script_requests", None)
    if getattr(getattr(requests, "_state", None), "name", "") == "RERUN":
        again()


def nothing() -> None:
    """Nothing is awaited."""


def _shown() -> tuple:
    """What the whole page follows from."""
    return dict(st.session_state.choices), st.session_state.get("resumed", 0)
