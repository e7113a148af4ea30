"""How much is missing, in which columns and in which classes."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, synthetic, wording
from core.dataset import Dataset
from core.missing_profile import GapCounts, MissingProfile, gap_counts, missing_profile
from core.numerics.gap_burden import at_table_shares, gap_burden, table_share
from core.numerics.hypergeometric import two_sided
from core.numerics.multiplicity import holm
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Missing cells",
    "What is missing, and is more of it missing in some classes?",
    names=("meaningful_gaps", "gap_leak"),
)

SHOWN = 25
SIGNIFICANT = 0.01
NOTICED = 0.03
FEWEST = 10


def missing_cells(study: Study, *, difference: Annotated[float, Range(0.02, 0.9, 0.01)] = 0.1) -> Result:
    """How many cells of each column are missing, and in which classes more than in the others.

    With m_jc missing cells of column j among the n_c rows of class c: share = m_jc / n_c, with the exact interval of a proportion.
    When gaps have nothing to do with the class, m_jc is hypergeometric with the m_j gaps of the column, n_c and n − n_c rows.

    How it is detected
    ------------------
    For each column and class the exact hypergeometric test asks whether the class has more or fewer gaps than the other classes
    (two-sided: twice the smaller tail). The p-values of all columns and classes are corrected together (Benjamini and Hochberg).
    It is an issue when the corrected p is at most 0.01 and the share of the class differs by ``difference`` or more from the
    share of the other classes; a caution from 0.03 on. The class of interest against the rest is also looked at by itself, with the
    p-values corrected over columns (Holm), and with the share of the class where a column is missing and where it is filled: that is what
    a gap says about a row. How much worse a class is hit over all columns is the ratio of its share of missing cells to that of the rest, with
    rows and not cells as the unit (Welch's test, Holm over classes): from 0.03 on a clear difference is a caution. Whether all gaps together rank the class better than chance is the question of the check of the missingness leak.

    Why it matters
    --------------
    Gaps that depend on the class carry information. Filling them with a mean destroys it, resampling that interpolates distorts it,
    and when the gap arises after the outcome it is a leak. Dropping rows with gaps then drops one class more than another.

    What to do
    ----------
    Ask how the gaps arise. Keep them as gaps (boosted trees can), or add a column that says where a value was missing. Do not
    drop rows before you have looked at what is left of the class of interest.

    Parameters
    ----------
    difference : float
        The difference between shares of missing cells from which it is called an issue.

    Returns
    -------
    Result
        ``columns``: column, n_missing, n_samples (both of the whole table: counted when it was read, or else estimated from a working sample), share, low, high, class (the one that differs most), difference, q; most gaps first.
        ``classes``: column, class, n_missing, n_samples, share, low, high, other_share, difference, p, q; columns with gaps.
        ``of_interest``: column, class, n_missing, n_class (rows of the class of interest among these), prevalence (n_class / n_missing), low,
        high, prevalence_filled, difference (of the class's share of gaps from that of the rest), difference_low, difference_high, p, p_holm;
        the clearest first.
        ``burden``: class, n_samples, n_cells, n_missing, share (of the cells of the class), low, high, other_share (of the cells of the rest),
        ratio (of the two), ratio_low, ratio_high, p, p_holm (over classes).
        ``complete``: class, n_samples, n_complete, share, low, high; rows without any gap.

    References
    ----------
    Rubin (1976), Biometrika 63. Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57.
    Holm (1979), Scandinavian Journal of Statistics 6. Newcombe (1998), Statistics in Medicine 17, for the interval of a difference.
    Korn and Graubard (1998), Survey Methodology 24, for the interval of a share of cells. Katz et al. (1978), Biometrics 34, for that of a ratio.
    """
    gaps, counts = missing_profile(study), gap_counts(study)
    classes = _classes(counts, study)
    tables = {
        "columns": _columns(counts, study, classes),
        "classes": classes,
        "of_interest": _of_interest(counts, classes, study),
        "burden": _burden(gaps, study),
        "complete": _complete(gaps.complete, study),
    }
    return Result(tables, _findings(study, tables, difference, counts.of_all))


def _complete(whole: np.ndarray, study: Study) -> pd.DataFrame:
    low, high = judge.proportion_interval(whole, study.class_sizes)
    table = {"class": study.classes, "n_samples": study.class_sizes, "n_complete": whole}
    return pd.DataFrame(table | {"share": whole / study.class_sizes, "low": low, "high": high})


def _burden(gaps: MissingProfile, study: Study) -> pd.DataFrame:
    """The share of all cells of a class that are missing, beside that of the rest."""
    n_columns, sizes = study.dataset.X.shape[1], study.class_sizes
    found = gap_burden(gaps.shapes.sum(axis=1), gaps.by_class, n_columns, study.class_shares)
    share, error = found["share"], found.pop("share_error")
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = np.where(error > 0, share * (1 - share) / error**2, sizes)
    low, high = judge.proportion_interval(share * rows, rows)
    table = {
        "class": study.classes,
        "n_samples": sizes,
        "n_cells": sizes * n_columns,
        "n_missing": found.pop("n_missing"),
    }
    return pd.DataFrame(table | {"share": found.pop("share"), "low": low, "high": high} | found)


def _classes(counts: GapCounts, study: Study) -> pd.DataFrame:
    """One row per column with gaps and class."""
    from scipy.stats import false_discovery_control

    missing, sizes, names = counts.missing, counts.sizes[None, :], counts.names
    n, total = int(sizes.sum()), missing.sum(axis=1, keepdims=True)
    share, weighted = missing / sizes, missing * counts.standing
    other = (weighted.sum(axis=1, keepdims=True) - weighted) / (study.table_sizes.sum() - study.table_sizes)
    p = two_sided(missing, n, total, sizes)
    low, high = judge.proportion_interval(missing, np.broadcast_to(sizes, missing.shape))
    return pd.DataFrame(
        {
            "column": np.repeat(names, len(study.classes)),
            "class": np.tile(study.classes, len(names)),
            "n_missing": missing.ravel(),
            "n_samples": np.broadcast_to(sizes, missing.shape).ravel(),
            "share": share.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "other_share": other.ravel(),
            "difference": (share - other).ravel(),
            "p": p.ravel(),
            "q": false_discovery_control(p.ravel()),
        }
    )


def _of_interest(counts: GapCounts, classes: pd.DataFrame, study: Study) -> pd.DataFrame:
    """What the gaps of each column say about the class of interest."""
    c, missing, standing, sizes = study.positive_code, counts.missing, counts.standing, counts.sizes
    own, total, k = classes[classes["class"] == study.positive], missing.sum(axis=1), missing[:, c]
    filled = (sizes - missing) @ standing
    rest = (missing @ standing - k * standing[c]) / np.maximum(total - k, 1)
    share, low, high = (
        at_table_shares(p, standing[c], rest) for p in (k / total, *judge.proportion_interval(k, total))
    )
    ends = judge.difference_interval(k, sizes[c], total - k, sizes.sum() - sizes[c])
    moved = own["difference"].to_numpy() - (k / sizes[c] - (total - k) / (sizes.sum() - sizes[c]))
    table = {"column": own["column"], "class": study.positive, "n_missing": total, "n_class": k, "prevalence": share}
    table |= {"low": low, "high": high, "prevalence_filled": (sizes[c] - k) * standing[c] / np.maximum(filled, 1)}
    table |= {"difference": own["difference"], "difference_low": ends[0] + moved, "difference_high": ends[1] + moved}
    table = pd.DataFrame(table | {"p": own["p"], "p_holm": holm(own["p"])})
    return table.iloc[np.argsort(own["p"].to_numpy(), kind="stable")].reset_index(drop=True)


def _columns(counts: GapCounts, study: Study, classes: pd.DataFrame) -> pd.DataFrame:
    names, n = study.dataset.X.columns, int(study.table_sizes.sum())
    missing = np.zeros((len(names), len(study.classes)), dtype=np.int64)
    missing[names.get_indexer(counts.names)] = counts.missing
    n_missing = np.rint(missing @ counts.standing).astype(int)
    share, rows = n_missing / n, n
    if study.represents is not None and not counts.of_all:
        share, rows = table_share(missing, counts.sizes, study.class_shares)
    low, high = judge.proportion_interval(share * rows, np.broadcast_to(rows, share.shape))
    table = {"column": names, "n_missing": n_missing, "n_samples": n, "share": share, "low": low, "high": high}
    order, row_of = _clearest(classes), np.full(len(names), -1)
    row_of[names.get_indexer(classes["column"].to_numpy()[order[::-1]])] = order[::-1]
    for key, none in (("class", None), ("difference", np.nan), ("q", np.nan)):
        table[key] = np.append(classes[key].to_numpy(), none)[row_of]
    most = np.argsort(-n_missing, kind="stable")
    return pd.DataFrame({key: np.broadcast_to(held, len(names))[most] for key, held in table.items()})


def _clearest(classes: pd.DataFrame) -> np.ndarray:
    """The rows in their order: clear differences first, then by size; the class with more gaps before the one with fewer."""
    difference, q = classes["difference"].to_numpy(), classes["q"].to_numpy()
    return np.lexsort((difference <= 0, -np.abs(difference).round(12), q > SIGNIFICANT))


def _findings(study: Study, tables: dict[str, pd.DataFrame], difference: float, of_all: bool) -> tuple[Finding, ...]:
    n, n_columns = int(study.table_sizes.sum()), study.dataset.X.shape[1]
    columns, n_missing = tables["columns"], int(tables["columns"]["n_missing"].sum())
    if not n_missing:
        text = f"No cell is missing in {wording.plural(n, 'row')} and {wording.plural(n_columns, 'column')}."
        return (Finding("fine", text),)
    kept, c = np.rint(tables["complete"]["n_complete"].to_numpy() * study.standing), study.positive_code
    first = columns.iloc[0]
    text = (
        f"{wording.of(n_missing, n * n_columns, 'cell')} are missing, in {wording.plural((columns['n_missing'] > 0).sum(), 'column')}; "
        f"most in {wording.quoted(first['column'])} ({wording.share(first['share'])} of the rows). "
        f"Dropping every row with a gap would leave {wording.of(kept.sum(), n)}, and of "
        f"{wording.quoted(study.positive)} {wording.of(kept[c], study.table_sizes[c])}.{_in_hand(study, of_all)}"
    )
    return (
        *_differences(tables["classes"], difference),
        *_told(tables["of_interest"], difference, of_all or study.represents is None),
        *_hit(tables["burden"], study),
        Finding("fine", text),
    )


def _in_hand(study: Study, of_all: bool) -> str:
    if study.represents is None:
        return ""
    counted = (
        "The cells were counted in all rows; the rows without gaps" if of_all else "These numbers of the whole table"
    )
    return f" {counted} are estimated from {wording.plural(study.dataset.n_samples, 'row')} in hand, each class by its share."


def _differences(classes: pd.DataFrame, difference: float) -> tuple[Finding, ...]:
    clear = classes[(classes["q"] <= SIGNIFICANT) & (classes["difference"].abs() >= min(NOTICED, difference))]
    if clear.empty:
        text = (
            "No class has clearly more or fewer gaps than the others: chance explains the differences in every column."
        )
        return (Finding("fine", text),)
    top = clear.iloc[_clearest(clear)[0]]
    named = clear["column"].drop_duplicates()
    severity = "issue" if clear["difference"].abs().max() >= difference else "caution"
    text = (
        f"Gaps depend on the class in {wording.plural(len(named), 'column')} ({wording.listing(named)}). Most of all, "
        f"{wording.quoted(top['column'])} is missing in {wording.share(top['share'])} of the rows of {wording.quoted(top['class'])} and in "
        f"{wording.share(top['other_share'])} of the others: the gaps mean something, so keep them visible to the learner."
    )
    return (Finding(severity, text),)


def _told(of_interest: pd.DataFrame, difference: float, counted: bool) -> tuple[Finding, ...]:
    """What a gap says about a row, for the column where it says most about the class of interest."""
    size = of_interest["difference"].abs()
    clear = of_interest[(of_interest["p_holm"] <= SIGNIFICANT) & (size >= min(NOTICED, difference))]
    if clear.empty:
        return ()
    row = clear.loc[size[clear.index].round(12).idxmax()]
    share = (
        wording.of(row["n_class"], row["n_missing"])
        if counted
        else f"{wording.share(row['prevalence'])} of the rows of the table"
    )
    text = (
        f"Where {wording.quoted(row['column'])} is missing, {share} belong to {wording.quoted(row['class'])}; "
        f"where it is filled, {wording.share(row['prevalence_filled'])}. The gap is {'more' if row['difference'] > 0 else 'less'} frequent in the class "
        f"than in the rest, by {wording.share(abs(row['difference']))} of the rows (interval {_points(row)})."
    )
    return (Finding("issue" if abs(row["difference"]) >= difference else "caution", text),)


def _hit(burden: pd.DataFrame, study: Study) -> tuple[Finding, ...]:
    """How much worse the class of interest is hit than the rest, over all columns."""
    row = burden.iloc[study.positive_code]
    if np.isnan(row["ratio"]):
        return ()
    clear = row["p_holm"] <= SIGNIFICANT and row["n_samples"] >= FEWEST
    much = abs(row["share"] - row["other_share"]) >= NOTICED
    text = (
        f"Over all columns, {wording.share(row['share'])} of the cells of {wording.quoted(row['class'])} are missing and "
        f"{wording.share(row['other_share'])} of the cells of the rest: {wording.number(row['ratio'])} times the share"
    )
    ends = (
        ""
        if np.isnan(row["ratio_low"])
        else f" (interval {wording.number(row['ratio_low'])} to {wording.number(row['ratio_high'])})"
    )
    return (Finding("caution" if clear and much else "fine", f"{text}{ends}."),)


def _points(row: pd.Series) -> str:
    ends = sorted((abs(row["difference_low"]), abs(row["difference_high"])))
    return f"{wording.share(ends[0])} to {wording.share(ends[1])}"


def draw(result: Result) -> dict[str, go.Figure]:
    """Share missing per column, and per column and class, of the columns with most gaps."""
    columns = result.tables["columns"].query("n_missing > 0").head(SHOWN)
    cells = result.tables["classes"]
    cells = cells[cells["column"].isin(columns["column"])]
    titles, note = ("Missing cells per column", "Missing cells per class"), f"at most {SHOWN} columns, with most gaps"
    axes = {"y_title": "column", "caption": f"Share of the rows in which a column is missing; {note}."}
    bars = charts.bars(columns, "share", "column", title=titles[0], x_title="share of rows", **axes)
    scale = {"low": 0.0, "high": 1.0, "value_title": "share of the class", "x_title": "class"}
    grid = charts.heatmap(cells, "class", "column", "share", title=titles[1], **scale, **axes)
    return dict(zip(titles, (bars, grid), strict=True)) if len(columns) else {}


def sick(random_state: int = 0) -> Dataset:
    """A column that is missing in most rare rows and in few common ones."""
    return synthetic.planted("meaningful_gaps", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Two columns with gaps that have nothing to do with the class."""
    return synthetic.planted("random_gaps", random_state=random_state)
