"""How the values of every column are spread in each class."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import judge, synthetic, wording
from core.charts_distributions import DASHES, small_multiples
from core.column_shapes import FAR, Shape, difference, quartiles, shape
from core.dataset import Dataset
from core.numerics.multiplicity import holm
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.sampled_columns import SampledColumns, sampled_columns
from core.study import Study

ABOUT = About("Distributions", "How are the values of each column spread in each class?", gravest="caution")

SIGNIFICANT = 0.01
DRAWN, LISTED = 6, 5
MOST_LINES = 30_000
"""Lines of the table of bins; with more columns and classes than that holds, the columns that differ least are left out."""


def column_distributions(study: Study, *, shown: Annotated[int, Range(1, 12)] = DRAWN) -> Result:
    """How the values of each column are spread in every class, and where the class of interest lies apart.

    A number falls into 20 equal ranges between robust bounds (the 1st and 99th percentile, widened by a tenth of their distance, but no
    farther from the median than 8 times the 10th and 90th percentile), and two end bins hold what lies outside; one with at most 24
    different values has a bin for each. Text has a bin for each of its 12 most frequent levels, and one for all others. The height
    of a bin is the share of the filled cells of the class. The distance of the class of interest from all others is
    ``max_x |F(x) − G(x)|`` for numbers (Kolmogorov and Smirnov), ``½ Σ |p − q|`` for text: 0 is alike, 1 is apart.

    How it is detected
    ------------------
    The distance is compared with what chance gives at the same class sizes: Kolmogorov's distribution for numbers; for text,
    tables with the same margins whose rows are dealt to the two groups at random. The p-values are corrected over all columns (Holm).
    A distance is no fault, and is only told. A caution names columns with cells that lie more than 10 times as far out
    as the middle 98 % of the column is wide: such a cell is a typing error, a code, another unit, or a truth that rules every mean.

    Why it matters
    --------------
    A class is found by the columns in which it differs, and often in part of its rows only: a second peak, a longer tail. Means hide
    that. Cells that lie far out squeeze every scale, and with it the columns of a linear learner and every distance.

    What to do
    ----------
    Look at the columns that differ most: would you expect it? Ask where cells that lie far out come from. If they stand for a missing
    value, say so on the data page; if they are true, boosted trees do not mind them.

    Parameters
    ----------
    shown : int
        How many columns are drawn, those that differ most.

    Returns
    -------
    Result
        ``columns``: column, type, distance with low and high, expected and null_high (by chance), cut (where the two lie furthest apart: up to
        a number, or the levels that the class of interest has more often), share_class and share_rest (of the rows there), p, p_holm,
        n_missing, n_outside (cells in the end bins), n_far (cells far out), n_far_class (those of the class of interest); the largest distance first. ``bins``: column, bin, label, from, to,
        place (where it is drawn), class, n_samples, share, low, high, drawn (in the figure). ``quartiles``: column, class, n_samples, q25, median, low and
        high (of the median), q75. ``looked_at``: n_rows, n_samples.

    References
    ----------
    Kolmogorov (1933), Giornale dell'Istituto Italiano degli Attuari 4. Newcombe (1998), Statistics in Medicine 17, for intervals at the
    cut, which was chosen by looking. Holm (1979), Scandinavian Journal of Statistics 6.
    """
    sample = sampled_columns(study)
    shapes = {name: shape(sample, column) for name, column in sample.column.items()}
    columns = _columns(sample, shapes)
    n_kept = max(1, MOST_LINES // (22 * len(sample.standing)))
    kept = columns["column"].head(max(n_kept, shown))
    tables = {
        "columns": columns,
        "bins": _bins(sample, {name: shapes[name] for name in kept}, shown),
        "quartiles": _quartiles(sample, kept),
        "looked_at": pd.DataFrame({"n_rows": [len(sample.rows)], "n_samples": [study.dataset.n_samples]}),
    }
    return Result(tables, _findings(study, sample, columns, len(kept)))


def _columns(sample: SampledColumns, shapes: dict[str, Shape]) -> pd.DataFrame:
    rows = []
    for name, column in sample.column.items():
        told = {"column": name, "type": "number" if column.numeric else "text"}
        counted = {"n_missing": column.n_missing, "n_outside": shapes[name].n_outside}
        counted |= {"n_far": shapes[name].n_far, "n_far_class": shapes[name].n_far_class}
        rows.append(told | difference(sample, column, len(shapes)) | counted)
    table = pd.DataFrame(rows)
    table.insert(table.columns.get_loc("p") + 1, "p_holm", holm(table["p"].to_numpy()))
    beyond = (table["distance"] - table["null_high"]).fillna(-2.0).round(9)
    return table.iloc[np.lexsort((table["column"], -beyond))].reset_index(drop=True)


def _bins(sample: SampledColumns, shapes: dict[str, Shape], shown: int) -> pd.DataFrame:
    """One line per column, bin and class."""
    of_class = np.isin(np.arange(len(sample.standing)), _drawn_classes(sample))
    n_classes, classes = len(sample.standing), np.array(sample.dataset.classes, dtype=object)
    n_bins = np.array([len(one.labels) for one in shapes.values()])
    counts = np.concatenate([one.counts for one in shapes.values()])
    filled = np.repeat(np.stack([one.counts.sum(axis=0) for one in shapes.values()]), n_bins, axis=0)
    low, high = judge.wilson_interval(counts, np.maximum(filled, 1))
    ends = np.repeat(np.concatenate([one.ends for one in shapes.values()]), n_classes, axis=0)
    labels = np.array([text for one in shapes.values() for text in one.labels], dtype=object)
    table = {
        "column": np.repeat(np.array([*shapes, None], dtype=object)[:-1], n_bins * n_classes),
        "bin": np.repeat(np.concatenate([np.arange(n) for n in n_bins]), n_classes),
        "label": np.repeat(labels, n_classes),
        "from": ends[:, 0],
        "to": ends[:, 1],
        "place": np.repeat(np.concatenate([one.places for one in shapes.values()]), n_classes),
        "class": np.tile(classes, len(counts)),
        "n_samples": filled.ravel(),
        "share": (counts / np.maximum(filled, 1)).ravel(),
        "low": low.ravel(),
        "high": high.ravel(),
        "drawn": np.outer(np.repeat(np.arange(len(shapes)) < shown, n_bins), of_class).ravel(),
    }
    table = pd.DataFrame(table)
    return table[table["n_samples"] > 0].reset_index(drop=True)


def _drawn_classes(sample: SampledColumns) -> list[int]:
    """The class of interest and the largest others, at most as many as can be told apart in a figure."""
    others = [c for c in range(len(sample.standing)) if c != sample.positive_code]
    return [sample.positive_code, *others[: len(DASHES) - 1]]


def _quartiles(sample: SampledColumns, names: pd.Series) -> pd.DataFrame:
    order = ["column", "class", "n_samples", "q25", "median", "low", "high", "q75"]
    numbers = [name for name in names if sample.column[name].numeric]
    if not numbers:
        return pd.DataFrame(columns=order)
    parts = [quartiles(sample, sample.column[name]) for name in numbers]
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    named = np.repeat(np.array([*numbers, None], dtype=object)[:-1], len(sample.standing))
    return pd.DataFrame({"column": named} | table)[order]


def _findings(study: Study, sample: SampledColumns, columns: pd.DataFrame, n_kept: int) -> tuple[Finding, ...]:
    apart = columns[(columns["p_holm"] <= SIGNIFICANT) & (columns["distance"] > columns["null_high"])]
    n, positive = len(columns), wording.quoted(study.positive)
    if len(apart):
        row = apart.iloc[0]
        text = (
            f"{positive} lies apart from all other rows in {wording.count(len(apart))} of {wording.plural(n, 'column')}. Most of all in "
            f"{wording.quoted(row['column'])}: values {row['cut']} are found in {wording.share(row['share_class'])} of its rows and in "
            f"{wording.share(row['share_rest'])} of the others, a difference of {wording.share(row['low'])} to {wording.share(row['high'])}."
        )
    else:
        text = f"In none of {wording.plural(n, 'column')} does {positive} lie farther apart from all other rows than chance would have it."
    found = [*_far_out(columns, len(sample.rows), positive), Finding("fine", text)]
    if n_kept < n:
        left = f"The tables of bins and quartiles hold the {wording.plural(n_kept, 'column')} that differ most, of {wording.count(n)}."
        found.append(Finding("fine", left))
    return (*found, *sample.note)


def _far_out(columns: pd.DataFrame, n: int, positive: str) -> tuple[Finding, ...]:
    far = columns[columns["n_far"] > 0].sort_values("n_far", ascending=False, kind="stable")
    if far.empty:
        return ()
    first = far.iloc[0]
    text = (
        f"{wording.plural(len(far), 'column')} ({wording.listing(far['column'], LISTED)}) {'has' if len(far) == 1 else 'have'} cells that lie more than "
        f"{FAR:.0f} times as far out as the middle 98 % {'is' if len(far) == 1 else 'are'} wide; in {wording.quoted(first['column'])} "
        f"{wording.of(first['n_far'], n)}, {wording.count(first['n_far_class'])} of them of {positive}. Ask whether they are typing errors, codes or another unit."
    )
    return (Finding("caution", text),)


def draw(result: Result) -> dict[str, go.Figure]:
    """The columns that differ most, with the class of interest and the largest others."""
    table, title = result.tables["bins"].query("drawn"), "Distribution per class"
    caption = (
        "Share of each class in the bins of a column: the columns in which the class of interest differs most, with that class and "
        f"the largest others, at most {len(DASHES)}."
    )
    return {title: small_multiples(table, title=title, caption=caption)} if len(table) else {}


def sick(random_state: int = 0) -> Dataset:
    """Ten cells in a thousand hold a code for missing that lies far out."""
    dataset = synthetic.planted("clean", random_state=random_state)
    frame, rng = dataset.X.copy(), np.random.default_rng(random_state)
    frame.iloc[rng.choice(len(frame), 5, replace=False), 0] = 9999.0
    return Dataset.from_frame(frame.assign(outcome=dataset.y), "outcome", name="far out")


def healthy(random_state: int = 0) -> Dataset:
    """Two columns in which the classes lie apart, and no cell far out."""
    return synthetic.planted("clean", random_state=random_state)
