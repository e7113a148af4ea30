"""Lines with a shaded band: a curve that is measured, and carried on."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.charts import PALETTE, SYMBOLS, label
from core.charts_layout import laid_out

DASHES = ("solid", "dash", "dot", "dashdot")


def band(
    table: pd.DataFrame,
    x: str,
    y: str,
    *,
    by: str,
    title: str,
    x_title: str,
    y_title: str,
    caption: str,
    y_range: tuple[float, float] | None = (0, 1.02),
    marks: int = 0,
    log: bool = False,
) -> go.Figure:
    """One line per name in ``by``, in the order of the table, each in a band from its column ``low`` to ``high``.

    Parameters
    ----------
    table : pandas.DataFrame
        Holds x, y, low, high; x grows along each line. A line without low and high has no band.
    by : str
        A column that splits the rows into lines with dashes, symbols and colours of their own.
    y_range : tuple of float or None
        The ends of the upright axis; None for those of the lines.
    marks : int
        The largest number of symbols along a line; 0 for one on each point.
    log : bool
        Let x grow by factors.
    """
    figure = go.Figure()
    for i, (name, rows) in enumerate(table.groupby(by, sort=False, observed=True)):
        colour = PALETTE[i % len(PALETTE)]
        if rows[["low", "high"]].notna().all(axis=None):
            figure.add_scatter(**_shade(rows, x, colour))
        figure.add_scatter(
            x=rows[x],
            y=rows[y],
            name=label(name),
            mode="lines+markers",
            line={"color": colour, "dash": DASHES[i % len(DASHES)], "width": 2},
            marker={"symbol": SYMBOLS[i % len(SYMBOLS)], "size": 9, "maxdisplayed": marks},
        )
    kind = {"type": "log"} if log else {"type": "linear", "rangemode": "tozero"}
    return laid_out(
        figure,
        x={"title": {"text": x_title}, "automargin": True} | kind,
        y={"title": {"text": y_title}, "automargin": True, "range": y_range},
        title={"text": title, "x": 0, "xanchor": "left"},
        meta={"caption": caption},
        height=420,
        margin={"l": 10, "r": 10, "t": 60, "b": 10},
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
    )


def _shade(rows: pd.DataFrame, x: str, colour: str) -> dict:
    return {
        "x": [*rows[x], *rows[x].iloc[::-1]],
        "y": [*rows["high"], *rows["low"].iloc[::-1]],
        "fill": "toself",
        "fillcolor": f"rgba({', '.join(str(int(colour[j : j + 2], 16)) for j in (1, 3, 5))}, 0.18)",
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "showlegend": False,
    }
