"""How much each column alone tells about the class."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.column_information import information_of_columns
from core.dataset import Dataset
from core.numerics.information import entropy
from core.numerics.multiplicity import holm
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.sampled_columns import sampled_columns
from core.study import Study

ABOUT = About(
    "Association with the target",
    "How much does each column alone tell about the class?",
    "emerging",
    gravest="caution",
)

SHOWN = 25


def column_associations(study: Study, *, level: Annotated[float, Range(0.001, 0.1, 0.001)] = 0.01) -> Result:
    """How much of what there is to know about the class each column tells by itself.

    Each column becomes levels b: ranges that hold equally many rows (their number is the cube root of the rows, from 3 to 16), the
    values where there are few, the 30 most frequent texts; a missing cell is a level. The mutual information is
    ``I = Σ_bc p_bc log₂(p_bc / (p_b p_c))`` bits, less its mean with the labels in random order; the share is of the entropy
    ``H = −Σ p_c log₂ p_c``, all that there is to know. What a column tells inside a range does not count, so I is a lower bound.

    How it is detected
    ------------------
    Labels in random order, at the same class sizes, leave both margins of the table of level and class as they are, so that such tables
    are drawn directly: 200 of them per column, fewer for many columns and classes. The p-value is the tail of a gamma distribution with their mean
    and standard deviation, corrected over all columns (Holm). The interval is by the delta method within classes, with the
    deviation of the null added. Both, and the weights of a sampled table, are our inference from the cited work: hence emerging. It is a
    caution when no column alone tells more than chance; a strong column is only told, as whether it is a leak is the question of another check.

    Why it matters
    --------------
    It shows where the signal is, in one unit for numbers and text. Unlike a correlation it sees any form: a class in the middle of a range as well as
    at its end. A class that no column tells must be found in combinations of columns, which takes more rows.

    What to do
    ----------
    Ask whether the strongest columns are known when the prediction is made. Do not drop the weak ones for being weak alone: two of them
    may tell the class together. If no column tells anything, look for a column that should.

    Parameters
    ----------
    level : float
        The corrected p-value up to which a column is said to tell more than chance.

    Returns
    -------
    Result
        ``columns``: column, type, share (of all there is to know) with low and high, null_high (the share that chance stays below, over all
        columns together), bits, chance_bits (what labels in random order give, already taken off), p, p_holm, n_levels, n_draws; the largest
        share first. ``summary``: measure, value.

    References
    ----------
    Shannon (1948), Bell System Technical Journal 27. Miller (1955), Information Theory in Psychology, for the bias. Mielke and Berry
    (2007), Permutation Methods, for tails from moments. Holm (1979), Scandinavian Journal of Statistics 6.
    """
    sample = sampled_columns(study)
    table = information_of_columns(sample, sample.names)
    table.insert(table.columns.get_loc("p") + 1, "p_holm", holm(table["p"].to_numpy()))
    table = table.iloc[np.lexsort((table["column"], -table["share"].round(9)))].reset_index(drop=True)
    whole = sample.sizes * sample.standing
    summary = {
        "bits to know about the class": float(entropy(whole / whole.sum())),
        "columns that tell more than chance": int((table["p_holm"] <= level).sum()),
        "rows looked at": len(sample.rows),
        "rows": study.dataset.n_samples,
    }
    tables = {"columns": table, "summary": pd.DataFrame({"measure": summary.keys(), "value": summary.values()})}
    return Result(tables, (*_findings(table, summary, level), *sample.note))


def _findings(table: pd.DataFrame, summary: dict[str, float], level: float) -> tuple[Finding, ...]:
    clear, n = table[table["p_holm"] <= level], len(table)
    if clear.empty:
        text = (
            f"None of {wording.plural(n, 'column')} alone tells more about the class than chance does at these class sizes. A column that tells up to "
            f"{wording.share(table['null_high'].max())} of what there is to know could not be told from chance."
        )
        return (Finding("caution", text),)
    first = clear.iloc[0]
    others = [f"{wording.quoted(row.column)} {wording.share(row.share)}" for row in clear.iloc[1:4].itertuples()]
    more = f", {', '.join(others)}" if others else ""
    text = (
        f"{wording.count(len(clear))} of {wording.plural(n, 'column')} {'tells' if len(clear) == 1 else 'tell'} more about the class than chance. "
        f"{wording.quoted(first['column'])} alone tells {wording.share(first['share'])} of what there is to know "
        f"({wording.share(first['low'])} to {wording.share(first['high'])}){more}."
    )
    return (Finding("fine", text),)


def draw(result: Result) -> dict[str, go.Figure]:
    """The share that each column tells, with its interval; 0 is chance."""
    title = "What each column tells"
    caption = f"Share of what there is to know about the class that one column tells, chance taken off; at most {SHOWN} columns."
    return {
        title: charts.intervals(
            result.tables["columns"].head(SHOWN), "share", "column", title=title, x_title="share of what there is to know",
            y_title="column", caption=caption, reference=0.0,
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """Labels that have nothing to do with any column."""
    rng = np.random.default_rng(random_state)
    frame, codes = synthetic.clouds(synthetic.SIZES, n_features=6, distance=0.0, rng=rng)
    return Dataset.from_frame(frame.assign(outcome=synthetic.names(codes)), "outcome", name="no association")


def healthy(random_state: int = 0) -> Dataset:
    """Two columns that tell a good part of the class."""
    return synthetic.planted("clean", random_state=random_state)
