"""Which columns go together, and which go together otherwise in the class of interest."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.column_ties import MOST_COLUMNS, ColumnTies, column_ties
from core.dataset import Dataset
from core.errors import NotApplicable
from core.numerics.multiplicity import holm
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.sampled_columns import SampledColumns, sampled_columns
from core.study import Study

ABOUT = About("Correlations", "Which columns go together, and which say the same?", "emerging", gravest="caution")

SIGNIFICANT = 0.01
SURE = 0.9
"""Lower limit of the strength from which two columns may be called redundant."""

LISTED, DRAWN = 300, 25
NOTICED = 0.1


def correlations(study: Study, *, redundant: Annotated[float, Range(0.9, 1.0, 0.01)] = 0.95) -> Result:
    """How closely every two columns go together, from 0 to 1, over all rows and within the class of interest.

    Two numbers: Spearman's ρ, the correlation of ranks. Two texts: Cramér's ``V = √(φ² / min(k − 1, r − 1))``, ``φ² = χ² / n``, with the
    bias taken off (Bergsma). One of each: the correlation ratio ``√(1 − (1 − η²)(n − 1)/(n − k))``, where η² is the part of the spread of
    ranks that lies between the levels. Strength is the value without its sign. A pair is measured on the rows that have both cells.

    How it is detected
    ------------------
    All pairs come from a few products of matrices. Two columns are redundant when their strength is at least ``redundant`` and the lower
    limit of its interval at least 0.9; chains of such pairs form a cluster, which is a caution. For numbers, ρ is also measured within the class of
    interest and within all other rows, each ranked anew: ``z = (atanh ρ₁ − atanh ρ₀) / √(s₁² + s₀²)``, where s is ``√(1.06/(n − 3))`` or the
    error from the cloud itself (by the influence function of ρ), whichever is larger. It is corrected over all pairs (Holm), of columns in which no
    value fills more than half of either group, and with at least 20 rows of the class. Fisher's interval is used for V and the correlation ratio too, which is our approximation: hence emerging.
    Of more than 300 columns those that vary most are looked at; wide tables on fewer rows; texts by their most frequent levels.

    Why it matters
    --------------
    Two columns that say the same share their importance, so that both look weak; a linear learner splits its weight between them at random.
    A pair that goes together in one class and not in the rest tells the class, although neither column does alone.

    What to do
    ----------
    Keep one column of a cluster: the one with fewest gaps, or the one that is easiest to explain. For a pair that differs between classes, try their
    difference, ratio or product as a column when the learner is linear; boosted trees find it if the class has enough rows.

    Parameters
    ----------
    redundant : float
        The strength from which two columns say the same.

    Returns
    -------
    Result
        ``pairs``: column, other, measure, value, strength with low and high, n_rows (as how many rows those with both cells count); the 300
        closest. ``clusters``: cluster, column, n_missing, keep (fewest gaps, then most different values). ``differing``: column, other, in_class with class_low and
        class_high, in_rest with rest_low and rest_high, difference, z, p, p_holm; the 30 clearest. ``matrix``: column, other, strength, of the at most
        25 columns with the closest ties. ``looked_at``: n_rows, n_samples, n_pairs, left_out (columns).

    References
    ----------
    Spearman (1904), American Journal of Psychology 15. Bergsma (2013), Journal of the Korean Statistical Society 42. Kelley (1935),
    PNAS 21. Fieller, Hartley and Pearson (1957), Biometrika 44. Hoeffding (1948), Annals of Mathematical Statistics 19. Holm (1979), Scandinavian Journal of Statistics 6.
    """
    if study.dataset.X.shape[1] < 2:
        raise NotApplicable("The table has 1 column beside the target; 2 are needed.")
    ties, sample = column_ties(study), sampled_columns(study)
    if ties.pairs.empty:
        raise NotApplicable("No 2 columns have more than one value in rows that have both; nothing can go together.")
    clusters = _clusters(ties.pairs, redundant, sample)
    differing = ties.differing.assign(p_holm=holm(ties.differing["p"].to_numpy(), ties.compared))
    looked_at = {"n_rows": [ties.n_rows], "n_samples": [study.dataset.n_samples], "n_pairs": [len(ties.pairs)]}
    tables = {
        "pairs": ties.pairs.head(LISTED),
        "clusters": clusters,
        "differing": differing,
        "matrix": _matrix(ties.pairs),
        "looked_at": pd.DataFrame(looked_at | {"left_out": [ties.left_out]}),
    }
    return Result(tables, _findings(study, ties, tables, redundant))


def _clusters(pairs: pd.DataFrame, redundant: float, sample: SampledColumns) -> pd.DataFrame:
    """Columns joined by chains of redundant pairs, the largest cluster first."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    close = pairs[(pairs["strength"] >= redundant) & (pairs["low"] >= min(SURE, redundant))]
    names = sorted({*close["column"], *close["other"]})
    if not names:
        return pd.DataFrame({"cluster": [], "column": [], "n_missing": [], "keep": pd.Series(dtype=bool)})
    at = {name: i for i, name in enumerate(names)}
    edges = (close["column"].map(at).to_numpy(), close["other"].map(at).to_numpy())
    label = connected_components(coo_array((np.ones(len(close)), edges), shape=(len(names),) * 2), directed=False)[1]
    rank = np.argsort(np.argsort(-np.bincount(label), kind="stable"))
    gaps = [sample.column[name].n_missing for name in names]
    table = pd.DataFrame({"cluster": rank[label] + 1, "column": names, "n_missing": gaps})
    table["few"] = [-int((sample.column[name].size > 0).sum()) for name in names]
    order = ["cluster", "n_missing", "few", "column"]
    table = table.sort_values(order, ignore_index=True).drop(columns="few")
    return table.assign(keep=~table["cluster"].duplicated())


def _matrix(pairs: pd.DataFrame) -> pd.DataFrame:
    """A square of the columns with the closest ties, those that belong together side by side."""
    column, other = pairs["column"].to_numpy(), pairs["other"].to_numpy()
    names = list(dict.fromkeys(np.column_stack([column, other]).ravel()))[:DRAWN]
    at = {name: i for i, name in enumerate(names)}
    i, j = (np.array([at.get(name, -1) for name in side], dtype=int) for side in (column, other))
    grid, inside = np.full((len(names),) * 2, np.nan), (i >= 0) & (j >= 0)
    i, j = i[inside], j[inside]
    grid[i, j] = grid[j, i] = pairs["strength"].to_numpy()[inside]
    np.fill_diagonal(grid, 1.0)
    table = {"column": np.repeat(np.array(names, dtype=object), len(names)), "other": names * len(names)}
    return pd.DataFrame(table | {"strength": grid.ravel()})


def _findings(study: Study, ties: ColumnTies, tables: dict[str, pd.DataFrame], redundant: float) -> tuple[Finding, ...]:
    first = ties.pairs.iloc[0]
    if len(tables["clusters"]):
        found = [_same(ties.pairs, tables["clusters"])]
    else:
        text = (
            f"No two columns say the same. Of {wording.plural(len(ties.pairs), 'pair')}, {wording.quoted(first['column'])} and "
            f"{wording.quoted(first['other'])} go together most closely ({first['measure']} {wording.number(first['value'])}; "
            f"{wording.number(redundant)} would be redundant)."
        )
        found = [Finding("fine", text)]
    found += _otherwise(study, tables["differing"])
    if ties.n_rows < study.dataset.n_samples:
        text = (
            f"{wording.of(ties.n_rows, study.dataset.n_samples)} were looked at, every class with as many as the others or with all of its own, and "
            f"weighted back. The standard error of a correlation over all rows is about {wording.number(1 / np.sqrt(ties.pairs['n_rows'].max()))}."
        )
        found.append(Finding("fine", text))
    if ties.left_out:
        text = f"{wording.plural(ties.left_out, 'column')} that vary least were not looked at; the others are {wording.count(MOST_COLUMNS)}."
        found.append(Finding("fine", text))
    return tuple(found)


def _same(pairs: pd.DataFrame, clusters: pd.DataFrame) -> Finding:
    """The largest cluster, its closest pair, and the column to keep."""
    columns, n = clusters.loc[clusters["cluster"] == 1, "column"], int(clusters["cluster"].max())
    first = pairs[pairs["column"].isin(columns) & pairs["other"].isin(columns)].iloc[0]
    measured = f"({first['measure']} {wording.number(first['value'])})"
    if len(columns) > 2:
        measured = (
            f", of which {wording.quoted(first['column'])} and {wording.quoted(first['other'])} are closest {measured}"
        )
    several = f" in {wording.count(n)} clusters; the largest holds" if n > 1 else ":"
    text = (
        f"{wording.plural(len(clusters), 'column')} can be told from each other almost without error{several} {wording.listing(columns)}"
        f"{measured if measured[0] == ',' else ' ' + measured}. One column of a cluster is enough; here {wording.quoted(columns.iloc[0])}, "
        "which has fewest gaps or else most different values."
    )
    return Finding("caution", text)


def _otherwise(study: Study, differing: pd.DataFrame) -> list[Finding]:
    """The pair that goes together otherwise in the class of interest."""
    clear = differing[(differing["p_holm"] <= SIGNIFICANT) & (differing["difference"].abs() >= NOTICED)]
    if clear.empty:
        return []
    row = clear.loc[clear["difference"].abs().round(9).idxmax()]
    text = (
        f"{wording.plural(len(clear), 'pair')} of numbers {'goes' if len(clear) == 1 else 'go'} together otherwise in {wording.quoted(study.positive)} than in "
        f"the rest, {wording.quoted(row['column'])} and {wording.quoted(row['other'])} most of all: {wording.change(row['in_class'])} "
        f"in the class, {wording.change(row['in_rest'])} in the rest."
    )
    return [Finding("fine", text)]


def draw(result: Result) -> dict[str, go.Figure]:
    """How closely the columns with the closest ties go together."""
    title = "How closely columns go together"
    return {
        title: charts.heatmap(
            result.tables["matrix"], "other", "column", "strength", title=title, low=0, high=1, x_title="column", y_title="column",
            value_title="strength", caption=f"Strength of the tie of two columns, from 0 to 1; the {DRAWN} columns with the closest ties at most.",
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """A column that repeats another one in a different unit, with some noise."""
    dataset, rng = synthetic.planted("clean", random_state=random_state), np.random.default_rng(random_state)
    repeated = 2.54 * dataset.X["measure 1"] + rng.normal(0, 0.05, dataset.n_samples)
    frame = dataset.X.assign(**{"measure 1 in cm": repeated})
    return Dataset.from_frame(frame.assign(outcome=dataset.y), "outcome", name="redundant")


def healthy(random_state: int = 0) -> Dataset:
    """Six columns of which each says something of its own."""
    return synthetic.planted("clean", random_state=random_state)
