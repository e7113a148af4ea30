"""What the gaps alone tell about the class."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, synthetic, wording
from core.dataset import Dataset
from core.divergence import drawn
from core.errors import NotApplicable
from core.missing_profile import missing_profile
from core.numerics.mask import patterns
from core.numerics.tied_areas import tied_areas
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About("Missingness leak", "Do the gaps alone give the class away?", names=("gap_leak",))

FEWEST = 10
"""Rows of the class of interest, and of the rest, below which nothing is claimed."""

N_DRAWS = 100
MAX_ROWS = 10_000
NOTICED = 0.55
SHOWN = 20


def missingness_leak(study: Study, *, leak: Annotated[float, Range(0.7, 1.0, 0.01)] = 0.98) -> Result:
    """How well the gaps alone, without any value, tell the class of interest from the rest.

    With the mask M (n_samples, n_columns), 1 where a cell is missing, a ridge regression (λ = 1) of the class indicator on M
    is fitted on the training rows of each fold: score(x) = m(x)ᵀ (MᵀM + λI)⁻¹ Mᵀ(y − ȳ), columns centred. The value is the mean
    area under the ROC curve over the test parts of the first repeat: 0.5 by chance, 1 when the gaps give the class away.

    How it is detected
    ------------------
    The same is done for 100 random exchanges of the labels, which keeps class sizes and gaps. It is an issue when the area is at
    least ``leak`` and above the 95 % of these, a caution when it is above them and at least 0.55. The interval is over folds. Tables
    with more than 10,000 rows are judged on 10,000 of them, drawn at random.

    Why it matters
    --------------
    When gaps give the class away, every learner that sees gaps looks excellent. If the gaps arise after the outcome, or by how the
    file was put together, none of that holds for new rows: it is a leak.

    What to do
    ----------
    Ask how the gaps arise, column by column, and whether they are there at the time of the prediction. If not, leave these
    columns out. If they are, the gaps are a fair source of information: say so, and keep them. This may be honest.

    Parameters
    ----------
    leak : float
        The area under the ROC curve from which it is called a leak.

    Returns
    -------
    Result
        ``overall``: class, n_samples, auc, low, high, expected, null_low, null_high, p; ``expected`` is the mean of the exchanged labels.
        ``columns``: column, n_missing, auc, low, high, expected, more_gaps_in; the gaps of one column alone as the score.

    Raises
    ------
    NotApplicable
        No column has gaps beside values, or the class of interest or the rest has fewer than ten rows, or fewer than there are folds.

    References
    ----------
    Rubin (1976), Biometrika 63, for gaps that depend on what is predicted. Kaufman et al. (2012), ACM TKDD 6, for leakage.
    """
    rows, mask, names = _mask(study)
    positive = study.codes[rows] == study.positive_code
    fewest = max(FEWEST, study.n_folds)
    if min(positive.sum(), (~positive).sum()) < fewest:
        raise NotApplicable(
            f"The class of interest has {wording.plural(positive.sum(), 'row')} of {wording.count(len(rows))}; "
            f"at least {fewest} rows of it and of the rest are needed."
        )
    areas = _areas(mask, positive, _fold(study)[rows], study.random_state)
    judged = judge.against_null(np.nanmean(areas[:, 0]), np.nanmean(areas[:, 1:], axis=0))
    _, low, high = judge.fold_interval(areas[:, 0], 1 / (study.n_folds - 1))
    overall = {
        "class": study.positive,
        "n_samples": int(positive.sum()),
        "auc": judged.value,
        "low": max(low, 0.0),
        "high": min(high, 1.0),
        "expected": judged.null,
        "null_low": judged.null_low,
        "null_high": judged.null_high,
        "p": judged.p,
    }
    tables = {"overall": pd.DataFrame([overall]), "columns": _single(mask, positive, names)}
    return Result(tables, (_finding(judged, tables["columns"], study.positive, leak),))


def _mask(study: Study) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that are judged, their mask, and its columns: those with gaps beside values."""
    gaps, rows = missing_profile(study), np.arange(study.dataset.n_samples)
    rng, own = np.random.default_rng(study.random_state), study.codes == study.positive_code
    if study.represents is not None:  # the rest as the whole table has it, and every row of the class
        rows = np.sort(np.r_[rows[own], drawn(rows[~own], study.represents, len(rows), rng)])
    if len(rows) > MAX_ROWS:
        rows = np.sort(rng.choice(rows, MAX_ROWS, replace=False))
    mask = gaps.mask(rows)
    usable = mask.any(axis=0) & ~mask.all(axis=0)
    if not usable.any():
        raise NotApplicable("No column of this table has gaps beside values, so gaps cannot tell anything.")
    return rows, mask[:, usable], gaps.names[usable]


def _fold(study: Study) -> np.ndarray:
    fold = np.zeros(study.dataset.n_samples, dtype=int)
    for i, (_, test) in enumerate(study.folds[: study.n_folds]):
        fold[test] = i
    return fold


def _areas(mask: np.ndarray, positive: np.ndarray, fold: np.ndarray, random_state: int) -> np.ndarray:
    """Area under the ROC curve of each fold (n_folds, 1 + N_DRAWS): the labels, then labels exchanged at random.

    Rows with the same gaps in the same fold are one cell: exchanged labels are hypergeometric over the cells.
    """
    pattern, shapes = patterns(list(mask.T))
    flat = np.ravel_multi_index((fold, pattern), (int(fold.max()) + 1, len(shapes)))
    cell, of_row = np.unique(flat, return_inverse=True)
    sizes, own = np.bincount(of_row), np.bincount(of_row[positive], minlength=len(cell))
    draws = np.random.default_rng(random_state).multivariate_hypergeometric(sizes, own.sum(), N_DRAWS, method="count")
    fold_of, pattern_of = np.divmod(cell, len(shapes))
    own = np.vstack([own, draws]).astype(float)
    cells = (shapes.astype(float)[pattern_of], own, sizes.astype(float))
    return np.array([_area(*cells, fold_of == i) for i in range(int(fold.max()) + 1)])


def _area(shapes: np.ndarray, own: np.ndarray, sizes: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Fit on the cells outside a fold and rank those inside it, for every labelling at once."""
    fitted, total, moved = shapes[~inside], sizes[~inside], own[:, ~inside]
    mean = total @ fitted / total.sum()
    centred = fitted - mean
    moved = moved - total * moved.sum(axis=1, keepdims=True) / total.sum()
    ridge = (centred * total[:, None]).T @ centred + np.eye(shapes.shape[1])
    score = ((shapes[inside] - mean) @ np.linalg.solve(ridge, centred.T @ moved.T)).T.round(9)
    return tied_areas(score, own[:, inside], sizes[inside] - own[:, inside])


def _single(mask: np.ndarray, positive: np.ndarray, names: np.ndarray) -> pd.DataFrame:
    """The gaps of each column alone; for a 0/1 score the area is (1 + share missing in the class − share missing in the rest) / 2."""
    n_class, n_rest = positive.sum(), (~positive).sum()
    own, rest = mask[positive].sum(axis=0), mask[~positive].sum(axis=0)
    own_share, rest_share = own / n_class, rest / n_rest
    reach = 1.96 * np.sqrt(own_share * (1 - own_share) / n_class + rest_share * (1 - rest_share) / n_rest) / 2
    distance = np.abs(own_share - rest_share) / 2
    table = pd.DataFrame(
        {
            "column": names,
            "n_missing": own + rest,
            "auc": 0.5 + distance,
            "low": np.clip(0.5 + distance - reach, 0, 1),
            "high": np.clip(0.5 + distance + reach, 0, 1),
            "expected": 0.5,
            "more_gaps_in": np.where(own_share >= rest_share, "the class of interest", "the rest"),
        }
    )
    return table.sort_values("auc", ascending=False, kind="stable", ignore_index=True)


def _finding(judged: judge.Judged, columns: pd.DataFrame, positive: str, leak: float) -> Finding:
    first = columns.iloc[0]
    score = (
        f"The gaps alone, without any value, tell {wording.quoted(positive)} from the rest with an area under the ROC curve of "
        f"{wording.score(judged.value)} (chance: {wording.interval(judged.null_low, judged.null_high)})"
    )
    most = f"the gaps of {wording.quoted(first['column'])} tell most, {wording.score(first['auc'])} alone"
    if judged.value <= judged.null_high:
        return Finding("fine", f"{score}: no more than chance.")
    if judged.value >= leak:
        text = f"{score}. This is a leak unless these gaps are there when the prediction is made; {most}."
        return Finding("issue", text)
    return Finding(
        "caution" if judged.value >= NOTICED else "fine", f"{score}. The gaps tell something about the class; {most}."
    )


def draw(result: Result) -> dict[str, go.Figure]:
    """What the gaps of each column tell alone."""
    title, caption = (
        "What the gaps tell",
        f"Area under the ROC curve of the gaps of one column alone; at most {SHOWN} columns.",
    )
    table = result.tables["columns"].head(SHOWN)
    return {
        title: charts.intervals(
            table, "auc", "column", title=title, x_title="area under the ROC curve", y_title="column",
            caption=caption, reference=0.5,
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """A column that was filled in for the common class only."""
    return synthetic.planted("gap_leak", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Two columns with gaps that have nothing to do with the class."""
    return synthetic.planted("random_gaps", random_state=random_state)
