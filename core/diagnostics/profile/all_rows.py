"""What is in the whole table, also where only a sample of it is worked on."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.params import Range
from core.population import Population
from core.registry import About
from core.result import Finding, Result
from core.sampled_columns import counted_numbers
from core.study import Study

ABOUT = About("All rows", "What is in the whole table?", gravest="caution")

MEASURES = ("mean", "sd", "low", "p05", "p25", "p50", "p75", "p95", "high")
SHOWN = 20


def all_rows(study: Study, *, most_missing: Annotated[float, Range(0.05, 0.95)] = 0.5) -> Result:
    """Class counts, missing cells and the profile of every column, over all rows of the table.

    For a column with values x_1 … x_n that are not missing: mean x̄ = Σ x / n, sd = √(Σ (x − x̄)² / (n − 1)), and the value that
    5, 25, 50, 75 and 95 % of the cells do not exceed. Infinite values count as missing. These are counts over every row of the
    file: a sample that is worked on changes none of them.

    How it is detected
    ------------------
    A table in memory is counted exactly. One too large for memory is gone over once, a part at a time; then numbers of
    different values are approximate (HyperLogLog) and quantiles come from about 100,000 rows drawn at random (their rank is right to
    about half a percentage point), everything else stays exact. A column with more
    missing cells than ``most_missing``, or with one value in all rows, is a caution.

    Why it matters
    --------------
    Other checks may look at a working sample. What is said here holds for the table itself.

    What to do
    ----------
    Leave out columns that hold nothing. Ask why a column is mostly missing before its cells are filled.

    Parameters
    ----------
    most_missing : float
        The share of missing cells above which a column is named.

    Returns
    -------
    Result
        ``columns``: column, kind, n_missing, share_missing, n_different, mean, sd, low, p05, p25, p50, p75, p95, high.
        ``classes``: class, n_samples, share.
        ``missing``: column, class, n_samples, n_missing, share.

    References
    ----------
    Dunning (2021), Software Impacts 7, for the t-digest. Flajolet, Fusy, Gandouet and Meunier (2007), Analysis of Algorithms, for
    HyperLogLog.
    """
    data = study.dataset
    whole = data.population
    if whole is None:
        known = {name: numbers.measures for name, numbers in counted_numbers(study).items()}
        whole = Population.of_frame(data.X, data.target, data.y, known if data.represents is None else None)
    columns = whole.columns[whole.columns["column"].isin(data.X.columns)]
    n_missing = columns["n_missing"] + columns["n_infinite"]
    shown = {"column": columns["column"], "kind": columns["kind"], "n_missing": n_missing}
    shown |= {"share_missing": n_missing / max(whole.n_rows, 1), "n_different": columns["n_different"]}
    table = pd.DataFrame(shown | {name: columns[name] for name in MEASURES})
    table = table.sort_values(["share_missing", "column"], ascending=[False, True], ignore_index=True)
    counts = whole.counts
    classes = pd.DataFrame(
        {"class": counts.index, "n_samples": counts.to_numpy(), "share": (counts / counts.sum()).to_numpy()}
    )
    missing = whole.missing[whole.missing["column"].isin(data.X.columns)]
    missing = missing.sort_values(["column", "class"], ignore_index=True)
    tables = {"columns": table, "classes": classes, "missing": missing}
    return Result(tables, _findings(study, whole, table, most_missing))


def _findings(study: Study, whole: Population, table: pd.DataFrame, most_missing: float) -> tuple[Finding, ...]:
    found = []
    gaps = table[table["share_missing"] > most_missing]
    if len(gaps):
        worst = gaps.iloc[0]
        noun = "column lacks" if len(gaps) == 1 else "columns lack"
        text = (
            f"{wording.count(len(gaps))} of {wording.plural(len(table), 'column')} {noun} more than {wording.share(most_missing)} of all cells; "
            f"{wording.quoted(worst['column'])} lacks {wording.of(worst['n_missing'], whole.n_rows, 'cell')}."
        )
        found.append(Finding("caution", text))
    same = table[(table["n_different"] == 1) & (table["n_missing"] == 0)]
    if len(same) and whole.n_rows > 1:
        noun = "column has" if len(same) == 1 else "columns have"
        text = f"{wording.count(len(same))} {noun} one value in all rows: {wording.listing(same['column'])}."
        found.append(Finding("caution", text))
    held = study.dataset.sampled or whole.sentence
    n_missing = int(table["n_missing"].sum())
    text = f"{wording.of(n_missing, whole.n_rows * len(table), 'cell')} are missing. {held}"
    return (*found, Finding("fine", text))


def draw(result: Result) -> dict[str, go.Figure]:
    """The share of missing cells of the columns that lack most."""
    table = result.tables["columns"].head(SHOWN)
    title, caption = (
        "Missing cells of all rows",
        f"Share of all rows without a value, the {SHOWN} columns that lack most.",
    )
    return {
        title: charts.bars(
            table, "share_missing", "column", title=title, x_title="share of rows", y_title="column", caption=caption
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """Four of five cells of one column are missing."""
    data = synthetic.planted("clean", random_state=random_state)
    frame = data.X.assign(**{data.target: data.y})
    gone = np.random.default_rng(random_state).random(len(frame)) < 0.8
    frame.loc[gone, data.X.columns[0]] = np.nan
    return Dataset.from_frame(frame, data.target)


def healthy(random_state: int = 0) -> Dataset:
    """No cell is missing."""
    return synthetic.planted("clean", random_state=random_state)
