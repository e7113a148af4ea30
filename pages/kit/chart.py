"""A figure on a page, or in the place of another one."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import streamlit as st

from pages.kit.text import md

CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["zoom2d", "pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
}

TITLE_WIDTH = 42
"""Characters of a title in one line: as many as a phone shows, and a figure that has another one at its side."""


def put(title: str, figure: Any, place: str, onto: Sequence[Any] = (st, st)) -> list[Any]:
    """Draw a figure with its caption.

    Parameters
    ----------
    place : str
        Where it stands on the page, in words that no other place has.
    onto : two of streamlit or what it has drawn
        Where the figure and its caption go; what was drawn is replaced.

    Returns
    -------
    list
        What was drawn, as ``onto`` takes it.
    """
    caption = (figure.layout.meta or {}).get("caption", title)
    figure.layout.colorway = None  # the theme has one palette for light and one for dark
    said = (figure.layout.title.text or "").replace(
        "<br>", " "
    )  # what it says is safe for plotly; a figure may be drawn twice
    figure.layout.title.text = "<br>".join(wrap(said, TITLE_WIDTH, break_long_words=False, break_on_hyphens=False))
    figure.layout.datarevision = 1  # a browser is given the same figure twice, and need not draw it twice
    drawn = onto[0].plotly_chart(figure, key=f"{place} {title}", alt=f"{title}. {caption}", config=CONFIG)
    return [drawn, onto[1].caption(md(caption))]
