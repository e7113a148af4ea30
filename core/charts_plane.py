"""Classes in a plane as a circumplex: rows, class centres with their names around them, and ellipses of dispersion."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts import GREY, PALETTE, SYMBOLS, label

HALF = np.sqrt(2 * np.log(2))
"""Spreads from the centre of a normal cloud that hold half of its rows."""

MOST_COLOURED = len(PALETTE)
HEIGHT, LABEL_GAP, EDGE = 640, 0.12, 1.5
"""Height of the figure in pixels; least distance between two names, and where they end, as shares of the reach of the plane."""

ABOVE, WIDE = 0.05, 0.22
"""Where the name of a grey class stands above its centre, and the room that it needs, as shares of the reach."""


def circumplex(
    classes: pd.DataFrame, rows: pd.DataFrame, *, title: str, x_title: str, y_title: str, caption: str
) -> go.Figure:
    """Rows by class, class centres with names and ellipses that hold half of a class, in a plane with equal scales.

    Parameters
    ----------
    classes : pandas.DataFrame
        One row per class: class, x, y, x_spread, y_spread, tilt (the correlation of x and y within the class), and
        coloured (bool). At most ``MOST_COLOURED`` classes are coloured and named, each with a symbol of its own; the others are grey.
    rows : pandas.DataFrame
        One row each: class, x, y.
    """
    classes = classes.reset_index(drop=True)
    coloured = classes[classes["coloured"]].head(MOST_COLOURED).reset_index(drop=True)
    others = classes[~classes["class"].isin(coloured["class"])]
    reach = _reach(coloured if len(coloured) else classes, rows)
    figure = go.Figure()
    _frame(figure, coloured if len(coloured) else classes, reach)
    _grey(figure, others, coloured, rows, reach)
    for i, row in coloured.iterrows():
        own = rows[rows["class"] == row["class"]]
        style = {"color": PALETTE[i], "symbol": SYMBOLS[i]}
        hidden = {"mode": "markers", "showlegend": False, "name": label(row["class"]), "hoverinfo": "name"}
        figure.add_scatter(x=own["x"], y=own["y"], marker=style | {"size": 5, "opacity": 0.45}, **hidden)
        figure.add_shape(type="path", path=_ellipse(row), layer="below", **_colours(PALETTE[i]))
    for i, row in coloured.iterrows():
        marker = {"color": PALETTE[i], "symbol": SYMBOLS[i], "size": 15, "line": {"color": "white", "width": 1.5}}
        centre = {"x": [row["x"]], "y": [row["y"]], "mode": "markers", "marker": marker}
        figure.add_scatter(**centre, name=label(row["class"]), hoverinfo="name+x+y", showlegend=False)
    _names(figure, coloured, reach)
    return _finish(figure, reach, title, x_title, y_title, caption)


def spread_out(values: np.ndarray, gap: float) -> np.ndarray:
    """Move ascending numbers as little as needed so that neighbours stand at least ``gap`` apart.

    Numbers that push each other form a block around their mean.

    Examples
    --------
    >>> spread_out(np.array([0.0, 0.0, 5.0]), 1.0).tolist()
    [-0.5, 0.5, 5.0]
    """
    blocks: list[list[float]] = []
    for i, value in enumerate(values - gap * np.arange(len(values))):
        blocks.append([float(value), 1.0, float(i)])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, n, _ = blocks.pop()
            total = blocks[-1][1] + n
            blocks[-1][0] = (blocks[-1][0] * blocks[-1][1] + mean * n) / total
            blocks[-1][1] = total
    flat = np.concatenate([np.full(int(n), mean) for mean, n, _ in blocks]) if blocks else np.empty(0)
    return flat + gap * np.arange(len(values))


def _reach(classes: pd.DataFrame, rows: pd.DataFrame) -> float:
    """Half the width of the plane: holds the ellipses, and nearly all rows."""
    ends = classes[["x", "y"]].abs().to_numpy() + HALF * classes[["x_spread", "y_spread"]].to_numpy()
    far = np.quantile(np.abs(rows[["x", "y"]].to_numpy()), 0.98) if len(rows) else 0.0
    return 1.1 * max(float(ends.max()), float(far), 1e-6)


def _ellipse(row: pd.Series) -> str:
    """The path of the ellipse that holds half of a normal cloud."""
    turn = np.linspace(0, 2 * np.pi, 61)[:-1]
    x = row["x"] + HALF * row["x_spread"] * np.cos(turn)
    across = np.sqrt(max(1 - row["tilt"] ** 2, 0.0))
    y = row["y"] + HALF * row["y_spread"] * (row["tilt"] * np.cos(turn) + across * np.sin(turn))
    return "M" + " L".join(f"{a:.5g},{b:.5g}" for a, b in zip(x, y, strict=True)) + " Z"


def _colours(colour: str) -> dict:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return {"fillcolor": f"rgba({red},{green},{blue},0.12)", "line": {"color": colour, "width": 2}}


def _frame(figure: go.Figure, classes: pd.DataFrame, reach: float) -> None:
    """The cross at the origin, and the circle through the outermost class centre."""
    faint = {"layer": "below", "line": {"color": GREY, "width": 1}, "opacity": 0.5}
    figure.add_shape(type="line", x0=-reach, x1=reach, y0=0, y1=0, **faint)
    figure.add_shape(type="line", x0=0, x1=0, y0=-reach, y1=reach, **faint)
    radius = float(np.hypot(classes["x"], classes["y"]).max())
    dotted = faint | {"line": {"color": GREY, "width": 1.5, "dash": "dot"}}
    figure.add_shape(type="circle", x0=-radius, x1=radius, y0=-radius, y1=radius, **dotted)


def _grey(figure: go.Figure, others: pd.DataFrame, classes: pd.DataFrame, rows: pd.DataFrame, reach: float) -> None:
    """The other classes, named where there is room."""
    if not len(others):
        return
    own = rows[rows["class"].isin(others["class"])]
    hidden = {"mode": "markers", "showlegend": False, "name": "other classes", "hoverinfo": "skip"}
    figure.add_scatter(x=own["x"], y=own["y"], marker={"color": GREY, "size": 4, "opacity": 0.2}, **hidden)
    marker = {"color": GREY, "size": 9, "opacity": 0.9, "line": {"color": "white", "width": 1}}
    names = {"text": [label(name) for name in others["class"]], "hoverinfo": "text"}
    figure.add_scatter(x=others["x"], y=others["y"], marker=marker, **(hidden | names))
    taken = [tuple(centre) for centre in classes[["x", "y"]].to_numpy()]
    for row in others.itertuples():
        place = (row.x, row.y + ABOVE * reach)
        if all(abs(place[0] - x) > WIDE * reach or abs(place[1] - y) > ABOVE * reach for x, y in taken):
            text = {"text": label(row[1 + others.columns.get_loc("class")], 16), "font": {"size": 10, "color": GREY}}
            figure.add_annotation(x=place[0], y=place[1], showarrow=False, **text)
            taken.append(place)


def _names(figure: go.Figure, classes: pd.DataFrame, reach: float) -> None:
    """Names in two columns at the edges, each on a thin line that leads to its class centre."""
    middle = classes["x"].median()
    for side in (-1, 1):
        own = classes[(classes["x"] < middle) if side < 0 else (classes["x"] >= middle)].sort_values("y")
        heights = spread_out(own["y"].to_numpy(dtype=float), LABEL_GAP * reach)
        for (i, row), height in zip(own.iterrows(), heights, strict=True):
            text = {"text": label(row["class"], 22), "showarrow": False, "font": {"size": 12}, "yshift": 9}
            figure.add_annotation(x=side * EDGE * reach, y=height, xanchor="right" if side > 0 else "left", **text)
            ends = {"x0": row["x"], "y0": row["y"], "x1": side * reach, "y1": height}
            line = {"type": "line", "line": {"color": PALETTE[i], "width": 1}, "opacity": 0.7}
            figure.add_shape(**line, **ends)
            figure.add_shape(**line, x0=side * reach, y0=height, x1=side * EDGE * reach, y1=height)


def _finish(figure: go.Figure, reach: float, title: str, x_title: str, y_title: str, caption: str) -> go.Figure:
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        meta={"caption": caption},
        height=HEIGHT,
        margin={"l": 10, "r": 10, "t": 60, "b": 10},
    )
    quiet = {"showgrid": False, "zeroline": False, "nticks": 7, "automargin": True}
    figure.update_xaxes(title={"text": x_title}, range=[-1.02 * EDGE * reach, 1.02 * EDGE * reach], **quiet)
    scale = {"range": [-1.02 * reach, 1.02 * reach], "scaleanchor": "x", "scaleratio": 1}
    figure.update_yaxes(title={"text": y_title}, **scale, **quiet)
    return figure
