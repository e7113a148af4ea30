"""Whether rows at use contradict that only the class shares have changed: by the scores of the model, and column by column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import wording
from core.evaluation.distinguishing_words import probability
from core.judge import LEVEL
from core.numerics.multiplicity import holm
from core.numerics.shift_fit import explained, n_bins
from core.result import Finding

ASSUMPTION = ["looked_at", "column", "n_bins", "statistic", "df", "p", "p_holm", "distance", "chance", "contradicted"]
SCORES, COLUMN = "scores of the model", "column"


def contradicted(
    known: pd.DataFrame,
    codes: np.ndarray,
    new: pd.DataFrame,
    odds: Sequence[np.ndarray],
    share: np.ndarray,
    draws: np.ndarray,
) -> pd.DataFrame:
    """Test by ``core.numerics.shift_fit.explained`` whether class shares explain the scores and every column at use.

    The scores are held against the shares that fit them best, columns against the shares that were estimated, whose covariance the draws give. Numbers are put into
    bins that hold equally much where every class has the same weight, texts into their most frequent levels; a missing cell is a bin of its own. Holm's
    correction is made for all of them.

    Parameters
    ----------
    known : pandas.DataFrame (n_samples, n_features)
        Rows with labels.
    codes : ndarray of int (n_samples,)
        Their classes; every one from 0 on has rows.
    new : pandas.DataFrame (n_new, n_features)
        Rows at use, with the same columns, kinds and levels.
    odds : two ndarrays (n_samples,) and (n_new,)
        Scores of both by models that were not trained on them.
    share : ndarray (n_classes,)
        Estimated class shares at use.
    draws : ndarray (n_draws, n_classes)

    Returns
    -------
    pandas.DataFrame
        ``ASSUMPTION``: looked_at ("scores of the model" or "column"), column, n_bins, statistic, df, p, p_holm, distance (the share of rows at use that would have to
        change their bin), chance (about how large it is by noise), contradicted.
    """
    sizes = np.bincount(codes)
    weight, most, spread = 1 / sizes[codes], n_bins(sizes), np.cov(draws, rowvar=False)
    rows = [_one(SCORES, "", *_of_numbers(*odds, weight, most), codes, share, None)]
    for name in known.columns:
        bins = _of_texts if known[name].dtype == "category" else _of_numbers
        both = [frame[name].cat.codes if bins is _of_texts else frame[name] for frame in (known, new)]
        rows.append(_one(COLUMN, str(name), *bins(*map(np.asarray, both), weight, most), codes, share, spread))
    table = pd.DataFrame(rows, columns=[name for name in ASSUMPTION if name not in ("p_holm", "contradicted")])
    table["p_holm"] = holm(table["p"].to_numpy())
    return table.assign(contradicted=table["p_holm"] <= 1 - LEVEL)[ASSUMPTION]


def findings(table: pd.DataFrame, n_new: int) -> list[Finding]:
    """What the tests say: the scores first, then the columns."""
    table = table[table["p"].notna()]
    against, n = table[table["contradicted"]], len(table)
    if not len(against):
        if not n:
            return [Finding("caution", "The rows are too few to test whether more than the class shares has changed.")]
        text = (
            f"Nothing speaks against that only the class shares have changed: the scores and {wording.plural(n - 1, 'column')} are spread at use as class shares "
            f"explain (least p {probability(table['p_holm'].min())} after Holm's correction for {n}). A change that {wording.plural(n_new, 'row')} do not show may still be there."
        )
        return [Finding("fine", text)]
    found, columns = [], against[against["looked_at"] == COLUMN]
    if (against["looked_at"] == SCORES).any():
        row = against[against["looked_at"] == SCORES].iloc[0]
        text = (
            f"The scores at use are spread as no class shares explain ({_apart(row)}; p {probability(row['p_holm'])} after Holm's correction for {n}). More than the "
            "class shares has changed, and no estimate of them holds."
        )
        found.append(Finding("caution", text))
    if len(columns):
        worst = columns.sort_values("p_holm", kind="stable").iloc[0]
        among = wording.of(len(columns), (table["looked_at"] == COLUMN).sum(), "column")
        text = (
            f"{among} {'is' if len(columns) == 1 else 'are'} spread at use as the estimated class shares do not explain, most surely {wording.quoted(worst['column'])} "
            f"({_apart(worst)}; p {probability(worst['p_holm'])}). Rows of a class do not look there as they do in the table, and the estimate may be off."
        )
        found.append(Finding("caution", text))
    return found


def _apart(row: pd.Series) -> str:
    return f"{wording.share(row['distance'])} of the rows would have to change, about {wording.share(row['chance'])} by noise alone"


def _one(
    kind: str,
    name: str,
    known: np.ndarray,
    new: np.ndarray,
    codes: np.ndarray,
    share: np.ndarray,
    spread: np.ndarray | None,
) -> tuple:
    width = int(max(known.max(), new.max())) + 1
    counts = np.bincount(codes * width + known, minlength=len(share) * width).reshape(len(share), width)
    fit = explained(counts, np.bincount(new, minlength=width), share, spread)
    return kind, name, fit.n_bins, fit.statistic, fit.df, fit.p, fit.distance, fit.chance


def _of_numbers(known: np.ndarray, new: np.ndarray, weight: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Bins of equal weight by the rows with labels; missing cells come last."""
    there = ~np.isnan(known)
    values, mass = known[there], weight[there]
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(mass[order])
    ends = np.arange(1, most) / most * (reached[-1] if len(reached) else 0)
    edges = np.unique(values[order][np.searchsorted(reached, ends)]) if len(reached) else np.zeros(0)
    return tuple(np.where(np.isnan(x), len(edges) + 1, np.searchsorted(edges, x, side="left")) for x in (known, new))


def _of_texts(known: np.ndarray, new: np.ndarray, weight: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The most frequent levels, then all others, then missing cells."""
    width = int(max(known.max(initial=-1), new.max(initial=-1))) + 1
    mass = np.bincount(known[known >= 0], weight[known >= 0], minlength=width)
    place = np.full(width + 1, most - 1)
    place[np.argsort(-mass, kind="stable")[: most - 1]] = np.arange(min(most - 1, width))
    place[-1] = most
    return place[known], place[new]
