"""Which columns are missing in the same rows."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.missing_profile import missing_profile
from core.numerics.mask import blocks, phi
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About("Gaps that come together", "Which columns are missing in the same rows?", gravest="caution")

SHOWN = 20


def gaps_together(study: Study, *, together: Annotated[float, Range(0.3, 1.0, 0.05)] = 0.8) -> Result:
    """Which columns go missing in the same rows.

    With the mask M (n_samples, n_columns), 1 where a cell is missing, and the Gram product G = MᵀM: the correlation of two masks is
    φ_ij = (n G_ij − G_ii G_jj) / √(G_ii (n − G_ii) G_jj (n − G_jj)). Columns are in one block when a chain of pairs
    with φ of at least ``together`` joins them.

    How it is detected
    ------------------
    All pairs of columns with gaps are compared by one matrix product. Chance gives φ = 0, and n φ² follows a χ² distribution with
    one degree of freedom; a pair joins a block only if it also exceeds the largest value that chance gives among
    all pairs (5 % over all pairs together). Blocks are a caution and never an issue: they are a fact about how the table was made.

    Why it matters
    --------------
    Columns that are missing together cannot fill each other's gaps. Often one event causes all of them: a questionnaire not
    handed out, a sensor that was off. That event may tell something about the class.

    What to do
    ----------
    Ask what the rows with the gaps of a block have in common. One column that says whether the block is missing tells as
    much as one for each of its columns.

    Parameters
    ----------
    together : float
        The correlation of masks from which two columns are said to be missing together.

    Returns
    -------
    Result
        ``blocks``: block, column, n_missing, share. ``pairs``: column, other, n_missing, n_other, n_both, correlation, low, high;
        the columns of blocks first, then those with most gaps, at most 20, each with each.

    Raises
    ------
    NotApplicable
        Fewer than two columns have gaps and values.

    References
    ----------
    Yule (1912), Journal of the Royal Statistical Society 75, for φ. Fisher (1921), Metron 1, for its interval.
    """
    gaps, n = missing_profile(study), study.dataset.n_samples
    usable = gaps.partly
    if len(usable) < 2:
        found = "Only 1 column" if len(usable) else "No column"
        raise NotApplicable(f"{found} of this table has gaps beside values; 2 are needed.")
    names, both = gaps.names[usable], gaps.both[np.ix_(usable, usable)]
    correlation = phi(both, n)
    block = blocks(correlation, n, together)
    tables = {
        "blocks": _block_table(block, names, both, n),
        "pairs": _pairs(block, names, both, correlation, n),
    }
    return Result(tables, _findings(tables, len(usable), n))


def _block_table(block: np.ndarray, names: np.ndarray, both: np.ndarray, n: int) -> pd.DataFrame:
    size = np.diag(both)
    inside = np.flatnonzero(block >= 0)
    inside = inside[np.lexsort((-size[inside], block[inside]))]
    rows = {"block": block[inside] + 1, "column": names[inside], "n_missing": np.rint(size[inside]).astype(int)}
    return pd.DataFrame({**rows, "share": size[inside] / n})


def _pairs(block: np.ndarray, names: np.ndarray, both: np.ndarray, correlation: np.ndarray, n: int) -> pd.DataFrame:
    size = np.diag(both)
    chosen = np.lexsort((-size, block, block < 0))[:SHOWN]
    first, other = (axis.ravel() for axis in np.meshgrid(chosen, chosen, indexing="ij"))
    value = correlation[first, other]
    with np.errstate(divide="ignore"):
        middle, reach = np.arctanh(value), 1.96 / np.sqrt(max(n - 3, 1))
    counts = {"n_missing": size[first], "n_other": size[other], "n_both": both[first, other]}
    return pd.DataFrame(
        {
            "column": names[first],
            "other": names[other],
            **{name: np.rint(values).astype(int) for name, values in counts.items()},
            "correlation": value,
            "low": np.tanh(middle - reach),
            "high": np.tanh(middle + reach),
        }
    )


def _findings(tables: dict[str, pd.DataFrame], n_columns: int, n: int) -> tuple[Finding, ...]:
    blocks, pairs = tables["blocks"], tables["pairs"]
    if blocks.empty:
        most = pairs[pairs["column"] != pairs["other"]]["correlation"].max()
        text = (
            f"{wording.plural(n_columns, 'column')} have gaps, and none of them go missing together: the largest correlation "
            f"between two columns' gaps is {wording.number(most)} (1 means in the same rows, 0 means by chance)."
        )
        return (Finding("fine", text),)
    largest = blocks[blocks["block"] == blocks["block"].value_counts(sort=True).index[0]]
    n_blocks = blocks["block"].nunique()
    text = (
        f"{wording.count(len(blocks))} of {wording.plural(n_columns, 'column')} with gaps go missing together, in "
        f"{wording.plural(n_blocks, 'block')}. The largest block has {wording.plural(len(largest), 'column')}, "
        f"{wording.listing(largest['column'])}, missing in up to {wording.of(largest['n_missing'].max(), n)}: "
        "one event seems to cause these gaps, and the columns cannot fill each other's."
    )
    return (Finding("caution", text),)


def draw(result: Result) -> dict[str, go.Figure]:
    """The correlation of the gaps of columns."""
    title = "Gaps in the same rows"
    caption = f"Correlation of the gaps of two columns: 1 in the same rows, 0 by chance; at most {SHOWN} columns."
    return {
        title: charts.heatmap(
            result.tables["pairs"], "other", "column", "correlation", title=title, x_title="column", y_title="column",
            value_title="correlation", caption=caption, low=-1.0, high=1.0,
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """Two columns that are missing in the same quarter of the rows."""
    dataset = healthy(random_state)
    frame = dataset.X.assign(outcome=dataset.y)
    frame["measure 2"] = dataset.X["measure 3"].where(dataset.X["measure 1"].notna())
    return Dataset.from_frame(frame, "outcome", name="gaps together")


def healthy(random_state: int = 0) -> Dataset:
    """Two columns with gaps, each for itself."""
    return synthetic.planted("random_gaps", random_state=random_state)
