"""Points with an interval in both directions: what is paid against what is gained."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.charts import GREY, PALETTE, SYMBOLS, label


def crosses(
    table: pd.DataFrame,
    x: str,
    y: str,
    *,
    by: str,
    ends: tuple[tuple[str, str], tuple[str, str]],
    title: str,
    x_title: str,
    y_title: str,
    caption: str,
) -> go.Figure:
    """One point per row of the table with whiskers to both sides, each with a symbol and an entry of its own; a dotted line at 0.

    Parameters
    ----------
    table : pandas.DataFrame
    by : str
        The column that names the points.
    ends : ((str, str), (str, str))
        The columns that hold the lower and the upper end, of x and of y.
    """
    figure = go.Figure()
    for i, (_, row) in enumerate(table.iterrows()):
        figure.add_scatter(
            x=[row[x]],
            y=[row[y]],
            mode="markers",
            name=label(row[by], 40),
            marker={"symbol": SYMBOLS[i % len(SYMBOLS)], "size": 11, "color": PALETTE[i % len(PALETTE)]},
            error_x=_whisker(row, x, ends[0]),
            error_y=_whisker(row, y, ends[1]),
            showlegend=True,
        )
    figure.add_hline(y=0, line={"color": GREY, "dash": "dot"})
    figure.update_xaxes(title={"text": x_title}, automargin=True, rangemode="tozero")
    figure.update_yaxes(title={"text": y_title}, automargin=True)
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        meta={"caption": caption},
        height=min(900, 400 + 22 * ((len(table) + 1) // 2)),
        margin={"l": 10, "r": 10, "t": 60, "b": 10},
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
    )
    return figure


def _whisker(row: pd.Series, value: str, ends: tuple[str, str]) -> dict | None:
    low, high = ends
    if pd.isna(row[low]) or pd.isna(row[high]):
        return None
    sides = {"array": [row[high] - row[value]], "arrayminus": [row[value] - row[low]]}
    return {"type": "data", "symmetric": False, "color": GREY, "thickness": 1.2} | sides
