"""The specificity matrix: how often each check names each planted condition, as it was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from core import charts
from core.registry import catalogue

FOLDER = Path(__file__).parents[2] / "benchmarks"
MEANING = (
    "Each column is a generated table with one planted condition, drawn at several class sizes with several seeds. Each row is a "
    "check that calls something an issue. A check should name its own condition every time, and no other: rarity alone is no fault."
)


PLANTED = (
    "Each line is a cause planted in single rows of the rare class, at 1 in 20 and 1 in 100: how many of its missed rows stand in which "
    "account of the ledger. A row that the right threshold finds stands there first; for too few examples the threshold is that of equal costs, "
    "0.5. The last lines are the misses of a clean table."
)


def table() -> pd.DataFrame | None:
    """Condition, class sizes, method, seeds, and how often it was named; None before it was measured."""
    if not (FOLDER / "specificity.csv").exists():
        return None
    measured = pd.read_csv(FOLDER / "specificity.csv")
    known = {slug for slug, item in catalogue().items() if item.kind == "diagnostic"}
    return measured[measured["method"].isin(known)]


def planted() -> pd.DataFrame | None:
    """Planted cause, ratio, account, rows, their share, and seeds; None before it was measured."""
    return pd.read_csv(FOLDER / "ledger.csv") if (FOLDER / "ledger.csv").exists() else None


def draw(measured: pd.DataFrame) -> dict[str, Any]:
    """Share of the tables that each naming check calls an issue, by condition."""
    items = catalogue()
    naming = measured[measured["method"].map(lambda slug: bool(items[slug].about.names))]
    shares = naming.groupby(["condition", "method"], sort=False, as_index=False)[["named", "n_seeds"]].sum()
    shares["share"] = shares["named"] / shares["n_seeds"]
    shares["check"] = shares["method"].map(lambda slug: items[slug].title)
    shares["condition"] = shares["condition"].str.replace("_", " ")
    title = "Share of tables called an issue"
    axes = {"x_title": "planted condition", "y_title": "check", "value_title": "share", "low": 0, "high": 1}
    caption = f"Share of {int(shares['n_seeds'].max())} generated tables per condition that each check calls an issue."
    return {title: charts.heatmap(shares, "condition", "check", "share", title=title, caption=caption, **axes)}
