"""Distributions of several columns beside each other, one line or one group of bars per class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.charts import PALETTE, label

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
PATTERNS = ("", "/", "\\", "x", "-", "|")
ACROSS, EACH_HEIGHT = 2, 250


def small_multiples(table: pd.DataFrame, *, title: str, caption: str, x_title: str = "value") -> go.Figure:
    """One small picture per column of a file: the share of each class in its bins.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per column, bin and class: column, label, from, to, place, class, share. Bins of ranges are joined to steps, single
        values and text become bars. At most ``len(DASHES)`` classes.
    x_title : str
        What the bins are made of.
    """
    names = table["column"].drop_duplicates().tolist()
    across = min(ACROSS, len(names)) or 1
    down = max(-(-len(names) // across), 1)
    titles = [label(name) for name in names]
    figure = make_subplots(down, across, subplot_titles=titles, vertical_spacing=0.35 / down, horizontal_spacing=0.12)
    classes = table["class"].drop_duplicates().tolist()
    for i, name in enumerate(names):
        own = table[table["column"] == name]
        ranges = bool((own["from"] < own["to"]).any())
        for c, chosen in enumerate(classes):
            rows = own[own["class"] == chosen]
            trace = _steps(rows, c) if ranges else _bars(rows, c)
            trace.update(name=label(chosen), legendgroup=str(c), showlegend=i == 0)
            figure.add_trace(trace, row=i // across + 1, col=i % across + 1)
    return _finish(figure, down, title, x_title, caption)


def _steps(rows: pd.DataFrame, c: int) -> go.Scatter:
    line = {"color": PALETTE[c % len(PALETTE)], "dash": DASHES[c % len(DASHES)], "shape": "hvh", "width": 2}
    return go.Scatter(
        x=rows["place"], y=rows["share"], mode="lines", line=line, text=_labels(rows), hoverinfo="text+y+name"
    )


def _bars(rows: pd.DataFrame, c: int) -> go.Bar:
    marker = {"color": PALETTE[c % len(PALETTE)], "pattern": {"shape": PATTERNS[c % len(PATTERNS)]}}
    return go.Bar(x=_labels(rows), y=rows["share"], marker=marker)


def _labels(rows: pd.DataFrame) -> list[str]:
    short: dict[str, int] = {}
    shown = []
    for text in rows["label"]:
        name = label(text, 16)
        short[name] = short.get(name, 0) + 1
        shown.append(name if short[name] == 1 else f"{name} ({short[name]})")
    return shown


def _finish(figure: go.Figure, down: int, title: str, x_title: str, caption: str) -> go.Figure:
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        meta={"caption": caption},
        height=int(np.clip(110 + EACH_HEIGHT * down, 320, 1100)),
        margin={"l": 10, "r": 10, "t": 90, "b": 10},
        barmode="group",
        bargap=0.2,
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
    )
    figure.update_yaxes(automargin=True, rangemode="tozero")
    figure.update_xaxes(title={"text": x_title}, automargin=True)
    figure.update_yaxes(title={"text": "share of the class"}, col=1)
    for axis in figure.select_xaxes():
        bars = any(
            trace.type == "bar" and (trace.xaxis or "x") == axis.plotly_name.replace("axis", "")
            for trace in figure.data
        )
        axis.type = "category" if bars else "linear"
    return figure
