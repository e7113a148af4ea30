"""Figures over tables: every figure has a title, axis titles with units, and a text that says what it shows.

Colours are left to the theme (a palette that is safe for the colour-blind, in light and dark); what matters is
told by position, symbol or pattern as well. Names from a file are escaped here: plotly would render their tags.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts_layout import laid_out
from core.wording import clip

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A8300", "#595959")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")
GREY = "#808080"
"""For reference lines and nulls: readable on white and on near-black."""

DOWN = {"autorange": "reversed", "type": "category"}
"""An upright axis of names, the first one on top."""

BLUES = ((0.0, "#f7fbff"), (0.5, "#6baed6"), (1.0, "#08306b"))


def label(text: object, limit: int = 28) -> str:
    """Make text from a file safe for plotly: one line, no tags, no formulas.

    Examples
    --------
    >>> label("<b>x</b>")
    '&lt;b&gt;x&lt;/b&gt;'
    """
    return html.escape(clip(text, limit), quote=False).replace("$", "&#36;")


def bars(
    table: pd.DataFrame,
    x: str,
    y: str,
    *,
    title: str,
    x_title: str,
    y_title: str,
    caption: str,
    by: str = "",
    log: bool = False,
    null: str = "",
) -> go.Figure:
    """Horizontal bars, one per row of the table, the first row on top.

    Parameters
    ----------
    table : pandas.DataFrame
        ``y`` holds names, ``x`` values; columns ``low`` and ``high`` become whiskers.
    by : str
        A column that splits the bars into series.
    null : str
        A column with the value expected by chance, drawn as a grey mark.
    """
    figure = go.Figure()
    for name, rows in _series(table, by):
        figure.add_bar(
            x=rows[x],
            y=_unique_labels(rows[y]),
            orientation="h",
            name=label(name) if name is not None else "measured",
            error_x=_whiskers(rows, x),
            showlegend=by != "" or null != "",
        )
    if null:
        marker = {"symbol": "line-ns-open", "size": 16, "color": GREY, "line": {"width": 3, "color": GREY}}
        figure.add_scatter(
            x=table[null], y=_unique_labels(table[y]), mode="markers", name="expected by chance", marker=marker
        )
    axes = {"xaxis": {"type": "log" if log else "linear"}, "yaxis": DOWN}
    return _finish(figure, title, x_title, y_title, caption, rows=table[y].nunique(), **axes)


def intervals(
    table: pd.DataFrame,
    x: str,
    y: str,
    *,
    title: str,
    x_title: str,
    y_title: str,
    caption: str,
    by: str = "",
    reference: float | None = None,
) -> go.Figure:
    """Points with their intervals (columns ``low`` and ``high``), one row of the table each.

    Parameters
    ----------
    by : str
        A column that splits the points into series with symbols of their own.
    reference : float or None
        Where a grey line stands: zero for differences.
    """
    figure = go.Figure()
    for i, (name, rows) in enumerate(_series(table, by)):
        figure.add_scatter(
            x=rows[x],
            y=_unique_labels(rows[y]),
            mode="markers",
            name=label(name) if name is not None else "measured",
            error_x=_whiskers(rows, x),
            showlegend=by != "",
            orientation="h",
            offsetgroup=str(i),
            marker={"symbol": SYMBOLS[i % len(SYMBOLS)], "size": 10},
        )
    more = {"scattermode": "group", "yaxis": DOWN}  # series of one row stand side by side, not on each other
    if reference is not None:
        ends = {"x0": reference, "x1": reference, "y0": 0, "y1": 1, "xref": "x", "yref": "y domain"}
        more["shapes"] = [{"type": "line", "line": {"color": GREY, "dash": "dot"}} | ends]
    return _finish(figure, title, x_title, y_title, caption, rows=table[y].nunique(), **more)


def heatmap(
    table: pd.DataFrame,
    x: str,
    y: str,
    value: str,
    *,
    title: str,
    x_title: str,
    y_title: str,
    value_title: str,
    caption: str,
    low: float | None = None,
    high: float | None = None,
) -> go.Figure:
    """A coloured grid from a long table: one row per cell; at most 12 × 12 cells carry their number."""
    grid = table.pivot(index=y, columns=x, values=value)
    grid = grid.reindex(index=table[y].drop_duplicates(), columns=table[x].drop_duplicates())
    few = max(grid.shape) <= 12
    figure = go.Figure(
        go.Heatmap(
            z=grid.to_numpy(dtype=float),
            x=_unique_labels(grid.columns),
            y=_unique_labels(grid.index),
            zmin=low,
            zmax=high,
            colorscale=BLUES,
            colorbar={"title": {"text": value_title}},
            texttemplate="%{z:.2f}" if few else None,
            hoverongaps=False,
        )
    )
    axes = {"xaxis": {"type": "category"}, "yaxis": DOWN}
    return _finish(figure, title, x_title, y_title, caption, rows=len(grid), **axes)


def points(
    table: pd.DataFrame,
    x: str,
    y: str,
    *,
    title: str,
    x_title: str,
    y_title: str,
    caption: str,
    by: str = "",
    lines: bool = False,
) -> go.Figure:
    """A scatter of the table's rows, or lines through them in the order of the table.

    Parameters
    ----------
    by : str
        A column that splits the rows into series with symbols of their own.
    lines : bool
        Join the points.
    """
    figure = go.Figure()
    for i, (name, rows) in enumerate(_series(table, by)):
        figure.add_scatter(
            x=_axis_values(rows[x]),
            y=_axis_values(rows[y]),
            mode="lines+markers" if lines else "markers",
            marker={"symbol": SYMBOLS[i % len(SYMBOLS)], "size": 7},
            name=label(name) if name is not None else "measured",
            showlegend=by != "",
        )
    categories = not pd.api.types.is_numeric_dtype(table[y].dtype)
    axes, rows = ({"yaxis": DOWN}, table[y].nunique()) if categories else ({}, 12)
    return _finish(figure, title, x_title, y_title, caption, rows=rows, **axes)


def strips(
    table: pd.DataFrame, x: str, y: str, *, by: str, title: str, x_title: str, y_title: str, caption: str
) -> go.Figure:
    """One mark per row of the table, in a strip per name in ``y``; marks are spread within their strip to be seen.

    Parameters
    ----------
    by : str
        A column that splits the marks into series with symbols of their own; the order of its categories is kept.
    """
    figure = go.Figure()
    names = table[y].drop_duplicates()
    short = dict(zip(names, _unique_labels(names), strict=True))
    for i, (name, rows) in enumerate(table.groupby(by, sort=table[by].dtype == "category", observed=True)):
        figure.add_box(
            x=rows[x],
            y=[short[value] for value in rows[y]],
            orientation="h",
            name=label(name),
            boxpoints="all",
            jitter=0.7,
            pointpos=0,
            fillcolor="rgba(0,0,0,0)",
            line={"color": "rgba(0,0,0,0)"},
            hoveron="points",
            marker={"symbol": SYMBOLS[i % len(SYMBOLS)], "size": 5, "color": PALETTE[i % len(PALETTE)]},
        )
    more = {"boxmode": "overlay", "yaxis": DOWN | {"categoryorder": "array", "categoryarray": list(short.values())}}
    return _finish(figure, title, x_title, y_title, caption, rows=table[y].nunique(), **more)


def waterfall(
    table: pd.DataFrame, x: str, y: str, *, title: str, x_title: str, y_title: str, caption: str
) -> go.Figure:
    """Steps that add up, one per row; a column ``measure`` says "absolute", "relative" or "total"."""
    figure = go.Figure(
        go.Waterfall(
            x=table[x],
            y=_unique_labels(table[y]),
            measure=table["measure"],
            orientation="h",
            showlegend=False,
            increasing={"marker": {"color": PALETTE[1]}},
            decreasing={"marker": {"color": PALETTE[0]}},
            totals={"marker": {"color": GREY}},
        )
    )
    return _finish(figure, title, x_title, y_title, caption, rows=len(table), yaxis=DOWN)


def _series(table: pd.DataFrame, by: str) -> list[tuple[object, pd.DataFrame]]:
    return list(table.groupby(by, sort=False, observed=True)) if by else [(None, table)]


def _finish(
    figure: go.Figure, title: str, x_title: str, y_title: str, caption: str, *, rows: int, **more: dict | str | list
) -> go.Figure:
    axes = {
        f"{name}axis": more.pop(f"{name}axis", {}) | {"title": {"text": text}, "automargin": True}
        for name, text in (("x", x_title), ("y", y_title))
    }
    parts = {
        "title": {"text": title, "x": 0, "xanchor": "left"},
        "meta": {"caption": caption},
        "colorway": PALETTE,
        "height": int(np.clip(130 + 28 * rows, 280, 900)),
        "margin": {"l": 10, "r": 10, "t": 60, "b": 10},
        "legend": {"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
        "bargap": 0.25,
        **axes,
        **more,
    }
    return laid_out(figure, **parts)


def _whiskers(rows: pd.DataFrame, x: str) -> dict | None:
    if not {"low", "high"} <= set(rows.columns) or rows[["low", "high"]].isna().all(axis=None):
        return None
    return {
        "type": "data",
        "symmetric": False,
        "array": rows["high"] - rows[x],
        "arrayminus": rows[x] - rows["low"],
        "color": GREY,
    }


def _axis_values(values: pd.Series) -> Sequence:
    return values if pd.api.types.is_numeric_dtype(values.dtype) else _unique_labels(values)


def _unique_labels(values: Sequence) -> list[str]:
    short = {}
    taken: set[str] = set()
    for value in values:
        if value not in short:
            text, copy = label(value), 2
            while text in taken:
                text, copy = f"{label(value)} ({copy})", copy + 1
            taken.add(text)
            short[value] = text
    return [short[value] for value in values]
