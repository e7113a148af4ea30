"""A grid of named regions with one cell marked."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from core.charts import PALETTE, label

TINTS = ("#dfe6ec", "#8fbfe0", "#f2c48d")
INK = "#1a1a1a"


def regions(
    table: pd.DataFrame,
    x: str,
    y: str,
    region: str,
    *,
    order: Sequence[str],
    marked: str,
    title: str,
    x_title: str,
    y_title: str,
    caption: str,
) -> go.Figure:
    """A grid whose cells have the colour of their region, from light to strong; the marked one carries a star.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per cell, in the order in which cells stand: rows from the top, columns from the left. ``x`` and ``y`` hold texts.
    region : str
        The column with the names, at most as many as ``TINTS``.
    order : sequence of str
        All names that there can be.
    marked : str
        A column of truth values.
    """
    columns, rows = (list(dict.fromkeys(table[name])) for name in (x, y))
    names = table.pivot(index=y, columns=x, values=region).loc[rows, columns]
    places = {"x": [label(text) for text in columns], "y": [label(text) for text in rows]}
    figure = go.Figure(
        go.Heatmap(
            **places,
            zmin=-0.5,
            zmax=len(order) - 0.5,
            z=names.apply(lambda column: column.map(list(order).index)).to_numpy(dtype=float),
            text=names.map(label).to_numpy(),
            hovertemplate="%{x}, %{y}: %{text}<extra></extra>",
            colorscale=[(edge / len(order), TINTS[i]) for i in range(len(order)) for edge in (i, i + 1)],
            showscale=False,
            xgap=1,
            ygap=1,
        )
    )
    for name, tint in zip(order, TINTS, strict=False):
        square = {"symbol": "square", "size": 14, "color": tint, "line": {"color": INK, "width": 1}}
        figure.add_scatter(x=[None], y=[None], mode="markers", name=label(name), marker=square, showlegend=True)
    here = table[table[marked]]
    star = {"symbol": "star", "size": 22, "color": PALETTE[1], "line": {"color": INK, "width": 1}}
    points = {"x": [label(text) for text in here[x]], "y": [label(text) for text in here[y]]}
    figure.add_scatter(**points, mode="markers", name="as stated", marker=star, hoverinfo="name", showlegend=True)
    return _laid_out(figure, title, x_title, y_title, caption, len(rows))


def _laid_out(figure: go.Figure, title: str, x_title: str, y_title: str, caption: str, n_rows: int) -> go.Figure:
    figure.update_xaxes(type="category", title={"text": x_title}, automargin=True, showgrid=False)
    figure.update_yaxes(type="category", title={"text": y_title}, automargin=True, autorange="reversed", showgrid=False)
    return figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        meta={"caption": caption},
        height=160 + 34 * n_rows,
        margin={"l": 10, "r": 10, "t": 60, "b": 10},
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
    )
