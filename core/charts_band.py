"""Lines with a shaded band: a curve that is measured, and carried on."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.charts import PALETTE, SYMBOLS, label

DASHES = ("solid", "dash", "dot", "dashdot")


def band(
    table: pd.DataFrame, x: str, y: str, *, by: str, title: str, x_title: str, y_title: str, caption: str
) -> go.Figure:
    """One line per name in ``by``, in the order of the table, each in a band from its column ``low`` to ``high``.

    Parameters
    ----------
    table : pandas.DataFrame
        Holds x, y, low, high; x grows along each line.
    by : str
        A column that splits the rows into lines with dashes, symbols and colours of their own.
    """
    figure = go.Figure()
    for i, (name, rows) in enumerate(table.groupby(by, sort=False, observed=True)):
        colour = PALETTE[i % len(PALETTE)]
        figure.add_scatter(
            x=[*rows[x], *rows[x].iloc[::-1]],
            y=[*rows["high"], *rows["low"].iloc[::-1]],
            fill="toself",
            fillcolor=f"rgba({', '.join(str(int(colour[j : j + 2], 16)) for j in (1, 3, 5))}, 0.18)",
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=rows[x],
            y=rows[y],
            name=label(name),
            mode="lines+markers",
            line={"color": colour, "dash": DASHES[i % len(DASHES)], "width": 2},
            marker={"symbol": SYMBOLS[i % len(SYMBOLS)], "size": 9},
        )
    figure.update_xaxes(title={"text": x_title}, automargin=True, rangemode="tozero")
    figure.update_yaxes(title={"text": y_title}, automargin=True, range=[0, 1.02])
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        meta={"caption": caption},
        height=420,
        margin={"l": 10, "r": 10, "t": 60, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )
    return figure
