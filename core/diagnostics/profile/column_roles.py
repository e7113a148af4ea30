"""What each column holds, and which columns are of no use."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.missing_profile import missing
from core.params import Range
from core.reading.suggest import NEAR_UNIQUE, suggest_leave_out
from core.registry import About
from core.result import Finding, Result
from core.sampled_columns import CountedNumbers, counted_numbers
from core.study import Study
from core.table import Table

ABOUT = About("Columns", "What does each column hold, and is any of no use?", gravest="caution")

SHOWN = 30

SENTENCES = {
    "identifier": ("caution", "seems", "seem", "to be an identifier: a learner can memorise it, so leave it out."),
    "empty": ("caution", "has", "have", "no value in any row and can be left out."),
    "constant": ("caution", "has", "have", "the same value in every row and can be left out."),
    "nearly constant": (
        "fine",
        "has",
        "have",
        "nearly one value only; keep it if the rare value belongs to the rare class.",
    ),
    "many levels": ("fine", "has", "have", "many different texts, so that each has few rows."),
}
"""By role: severity, verb for one column and for several, and the rest of the sentence."""


def column_roles(
    study: Study,
    *,
    nearly: Annotated[float, Range(0.9, 1.0, 0.005)] = 0.995,
    many_levels: Annotated[int, Range(5, 1000)] = 50,
) -> Result:
    """What each column holds: type, gaps, values, and whether it is of no use.

    A column is empty when no cell has a value; constant when all cells have the same; nearly constant when the most frequent value
    fills more than ``nearly`` of the cells; an identifier when it numbers or names the rows; it has many levels when
    it is text with more than ``many_levels`` different values.

    How it is detected
    ------------------
    Values are counted. An identifier is text that is different in nearly every row, or whole numbers without a gap, each once;
    a measurement is not called an identifier just because all its values differ. A column that is constant where it is
    filled and has gaps is not called constant: the gaps may tell something.

    Why it matters
    --------------
    Empty and constant columns tell nothing. A learner can memorise an identifier, and on a sorted file it gives the class
    away. Text with many levels has few rows per level.

    What to do
    ----------
    Leave identifiers, empty and constant columns out on the data page. Keep a nearly constant column when its rare value
    belongs to the rare class. Group the levels of a long text column by what they mean.

    Parameters
    ----------
    nearly : float
        The share of cells with one value from which a column is called nearly constant.
    many_levels : int
        Different texts above which a text column is said to have many levels.

    Returns
    -------
    Result
        ``columns``: column, type, role, n_missing, missing_share, n_distinct, typical (median, or most frequent text),
        top_share (share of rows with the most frequent value), reason. Of a working sample n_missing and n_distinct are of the rows in hand;
        shares and typical values are weighted back to the whole table.

    References
    ----------
    Kuhn and Johnson (2013), Applied Predictive Modeling, section 3.5, for predictors with near-zero variance.
    """
    X, weights, numbers = study.dataset.X, study.represents, counted_numbers(study)
    held = {name: numbers.get(name) or _texts(column, weights) for name, column in X.items()}
    n_missing = {name: int(np.count_nonzero(missing(column))) for name, column in X.items()}
    reasons = _reasons(study.dataset, held, {name: len(X) - n for name, n in n_missing.items()})
    total = float(study.dataset.n_samples if weights is None else weights.sum())
    rows = [
        _describe(name, held[name], (len(X), n_missing[name], total), reasons.get(name, ""), (nearly, many_levels))
        for name in X.columns
    ]
    names = ["column", "type", "role", "n_missing", "missing_share", "n_distinct", "typical", "top_share", "reason"]
    table = pd.DataFrame(rows, columns=names)
    return Result({"columns": table}, _findings(table))


def _reasons(dataset: Dataset, held: dict[str, CountedNumbers | Texts], n_filled: dict[str, int]) -> dict[str, str]:
    """What the data page says against a column; whole numbers are given back their type first.

    A column with several values of which many come again is not asked about: nothing is ever said against it.
    """
    alike = {name: one.n_distinct < 2 or one.n_distinct > NEAR_UNIQUE * n_filled[name] for name, one in held.items()}
    asked = [name for name, odd in alike.items() if odd]
    numbers = [name for name in asked if dataset.X[name].dtype != "category"]
    whole = {name: "int64" for name in numbers if _whole(dataset.X[name].to_numpy())}
    kept = [name for name in asked if name in whole or name not in numbers or held[name].n_distinct < 2]
    if not kept:
        return {}
    frame = dataset.X[kept].copy(deep=False)
    frame[dataset.target] = dataset.y
    return suggest_leave_out(Table(frame.astype(whole), dataset.name, ""), dataset.target)


def _whole(values: np.ndarray) -> bool:
    """Whether all cells are filled with whole numbers; a look at the first rows tells mostly."""
    return bool(values.size) and all(((p % 1 == 0) & (np.abs(p) < 2**53)).all() for p in (values[:100], values))


class Texts(NamedTuple):
    """The texts of a column: how many different ones, the weight of the most frequent one and of all, and this text."""

    n_distinct: int
    largest: float
    filled: float
    median: str


def _texts(column: pd.Series, weights: np.ndarray | None) -> Texts:
    codes, levels = column.cat.codes.to_numpy().astype(np.intp), column.cat.categories
    counts = np.bincount(codes + 1, minlength=len(levels) + 1)[1:]
    if not counts.any():
        return Texts(0, 0.0, 0.0, "")
    mass = counts if weights is None else np.bincount(codes + 1, weights, minlength=len(levels) + 1)[1:]
    at = int(mass.argmax())
    return Texts(int(np.count_nonzero(counts)), float(mass[at]), float(mass.sum()), str(levels[at]))


def _describe(
    name: str, held: CountedNumbers | Texts, rows: tuple[int, int, float], reason: str, limits: tuple[float, int]
) -> tuple:
    """One line of the table; ``rows`` are those in hand, those with a gap, and those of the whole table."""
    (n, n_missing, total), text = rows, isinstance(held, Texts)
    n_distinct, (nearly, many_levels) = held.n_distinct, limits
    typical = wording.MISSING if not n_distinct else held.median if text else wording.value(held.median, 3)
    top = held.largest / total if n_distinct else 0.0
    role = "feature"
    if not n_distinct:
        role, reason = "empty", reason or "It has no value in any row."
    elif n_distinct == 1 and not n_missing:
        role, reason = "constant", reason or "It has one value in all rows."
    elif reason:
        role = "identifier"
    elif top > nearly:
        role, reason = "nearly constant", f"One value fills {wording.of(held.largest, total)}."
    elif text and n_distinct > many_levels:
        role = "many levels"
        reason = f"It has {wording.count(n_distinct)} different texts, {wording.number((n - n_missing) / n_distinct)} rows each on average."
    gaps = (total - held.filled) / total
    return (name, "text" if text else "number", role, n_missing, gaps, n_distinct, typical, top, reason)


def _findings(table: pd.DataFrame) -> tuple[Finding, ...]:
    n_text = int((table["type"] == "text").sum())
    found = []
    for role, (severity, one, more, rest) in SENTENCES.items():
        named = table.loc[table["role"] == role, "column"]
        if len(named):
            subject = f"{wording.plural(len(named), 'column')}, {wording.listing(named)},"
            found.append(Finding(severity, f"{subject} {one if len(named) == 1 else more} {rest}"))
    text = (
        f"The table has {wording.plural(len(table), 'column')} beside the target: "
        f"{wording.count(len(table) - n_text)} with numbers and {wording.count(n_text)} with text."
    )
    return (*found, Finding("fine", text))


def draw(result: Result) -> dict[str, go.Figure]:
    """How much of each column its most frequent value fills, the largest first."""
    table = result.tables["columns"].sort_values("top_share", ascending=False, kind="stable").head(SHOWN)
    title, caption = (
        "Most frequent value",
        f"Share of rows that hold a column's most frequent value; at most {SHOWN} columns.",
    )
    return {
        title: charts.bars(
            table, "top_share", "column", title=title, x_title="share of rows", y_title="column", caption=caption, by="role"
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """A column that numbers the rows, and a constant one."""
    return _with_columns(synthetic.planted("clean", random_state=random_state), random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Six measurements: all values differ, and none is an identifier."""
    return synthetic.planted("clean", random_state=random_state)


def _with_columns(dataset: Dataset, random_state: int) -> Dataset:
    rows = np.random.default_rng(random_state).permutation(dataset.n_samples)
    frame = dataset.X.assign(number=rows, unit="mm", outcome=dataset.y)
    return Dataset.from_frame(frame, "outcome", name="identifier")
