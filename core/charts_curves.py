"""Many curves in one figure: a colour for what is compared, dashes and symbols for what it is compared on."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.charts import PALETTE, SYMBOLS, label
from core.charts_layout import laid_out

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKS = 8
"""Symbols along a curve."""


def curves(
    table: pd.DataFrame, x: str, y: str, *, by: str, on: str, title: str, x_title: str, y_title: str, caption: str
) -> go.Figure:
    """One line for each pair of names in ``by`` and ``on``, in the order of the table.

    Parameters
    ----------
    table : pandas.DataFrame
        Holds x, y; x grows along each line.
    by : str
        A column whose names have colours.
    on : str
        A column whose names have dashes and symbols.
    """
    figure = go.Figure()
    colours, dashes = (list(table[column].drop_duplicates()) for column in (by, on))
    for (name, place), rows in table.groupby([by, on], sort=False, observed=True):
        i, j = colours.index(name), dashes.index(place)
        figure.add_scatter(
            x=rows[x],
            y=rows[y],
            name=f"{label(name)}: {label(place)}",
            mode="lines+markers",
            line={"color": PALETTE[i % len(PALETTE)], "dash": DASHES[j % len(DASHES)], "width": 2},
            marker={"symbol": SYMBOLS[j % len(SYMBOLS)], "size": 7, "maxdisplayed": MARKS},
        )
    return laid_out(
        figure,
        x={"title": {"text": x_title}, "automargin": True, "rangemode": "tozero"},
        y={"title": {"text": y_title}, "automargin": True, "rangemode": "tozero"},
        title={"text": title, "x": 0, "xanchor": "left"},
        meta={"caption": caption},
        height=400 + 22 * len(figure.data) // 3,
        margin={"l": 10, "r": 10, "t": 60, "b": 10},
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
    )
