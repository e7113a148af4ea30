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
    traces, kinds = [], []
    for i, name in enumerate(names):
        own = table[table["column"] == name]
        ranges = bool((own["from"] < own["to"]).any())
        kinds.append("linear" if ranges else "category")
        for c, chosen in enumerate(classes):
            rows = own[own["class"] == chosen]
            named = {"name": label(chosen), "legendgroup": str(c), "showlegend": i == 0}
            traces.append(_steps(rows, c, named) if ranges else _bars(rows, c, named))
    places = np.repeat(np.arange(len(names)), len(classes))
    figure.add_traces(traces, rows=(places // across + 1).tolist(), cols=(places % across + 1).tolist())
    return _finish(figure, down, kinds, title, x_title, caption)


def _steps(rows: pd.DataFrame, c: int, named: dict) -> go.Scatter:
    line = {"color": PALETTE[c % len(PALETTE)], "dash": DASHES[c % len(DASHES)], "shape": "hvh", "width": 2}
    return go.Scatter(
        x=rows["place"], y=rows["share"], mode="lines", line=line, text=_labels(rows), hoverinfo="text+y+name", **named
    )


def _bars(rows: pd.DataFrame, c: int, named: dict) -> go.Bar:
    marker = {"color": PALETTE[c % len(PALETTE)], "pattern": {"shape": PATTERNS[c % len(PATTERNS)]}}
    return go.Bar(x=_labels(rows), y=rows["share"], marker=marker, **named)


def _labels(rows: pd.DataFrame) -> list[str]:
    short: dict[str, int] = {}
    shown = []
    for text in rows["label"]:
        name = label(text, 16)
        short[name] = short.get(name, 0) + 1
        shown.append(name if short[name] == 1 else f"{name} ({short[name]})")
    return shown


def _finish(figure: go.Figure, down: int, kinds: list[str], title: str, x_title: str, caption: str) -> go.Figure:
    axes = {}
    for i, kind in enumerate(kinds):
        end = str(i + 1) if i else ""
        axes[f"xaxis{end}"] = {"title": {"text": x_title}, "automargin": True, "type": kind}
        left = {"title": {"text": "share of the class"}} if i % ACROSS == 0 else {}
        axes[f"yaxis{end}"] = {"automargin": True, "rangemode": "tozero"} | left
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        meta={"caption": caption},
        height=int(np.clip(110 + EACH_HEIGHT * down, 320, 1100)),
        margin={"l": 10, "r": 10, "t": 90, "b": 10},
        barmode="group",
        bargap=0.2,
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
        **axes,
    )
    return figure
