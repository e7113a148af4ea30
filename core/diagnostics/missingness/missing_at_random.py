"""Whether gaps depend on values that are seen: Little's test, and which columns the gaps of each column go with."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.divergence import drawn
from core.errors import NotApplicable
from core.missing_profile import missing_profile
from core.numerics.gap_association import Tested, areas_by_gap, ranks_by_column, strength_by_gap
from core.numerics.mask import patterns
from core.numerics.mcar import independent_columns, little_test, normal_scores, pattern_sums
from core.numerics.multiplicity import holm
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About("Gaps that follow values", "Do gaps depend on what other columns hold?", "emerging", gravest="caution")

MAX_ROWS, MAX_GAPS, MAX_OTHERS, MAX_FITTED = 10_000, 40, 60, 15
FEWEST, FEWEST_SEEN, LISTED, SHOWN = 10, 0.2, 100, 15
SIGNIFICANT, SHIFT, STRENGTH = 0.01, 0.1, 0.1
COLUMNS = ["column", "other", "measure", "n_gap", "n_filled", "value", "expected", "low", "high", "p", "p_holm"]
AREA, V = "area under the ROC curve", "Cramér's V"


def missing_at_random(study: Study, *, noticed: Annotated[float, Range(0.02, 0.4, 0.01)] = 0.05) -> Result:
    """Whether the gaps are completely at random, or go with values of other columns.

    Rows of pattern k (n_k of them, the same columns seen) have the mean ȳ_k; μ and Σ are the maximum likelihood mean and covariance of the
    normal model. d² = Σ_k n_k (ȳ_k − μ_k)ᵀ Σ_k⁻¹ (ȳ_k − μ_k) follows a χ² distribution with Σ_k p_k − p degrees of freedom when gaps are
    completely at random. The shift √(max(d² − df, 0) / n) is how far, in standard deviations per row, patterns lie from the common mean.

    How it is detected
    ------------------
    Little's test runs on numeric columns (at most 15: those with gaps first, at least a fifth of the cells filled, none that follows from the
    others) and on patterns of at least 10 rows, once on the values and once on their normal scores (normal quantiles of the ranks). It is judged by
    the second: on values with long tails the first rejects too often. For each column with gaps, each other
    column is compared where it is missing and where it is filled: numbers by the rank sum test and the area A under the ROC
    curve (0.5 by chance), texts by χ² and Cramér's V. All pairs are corrected together (Holm). A caution when a pair has a corrected p of at most
    0.01 and A is at least ``noticed`` from 0.5, or V at least 0.1 above chance; and when Little's p is at most 0.01 and the shift at least 0.1.
    At most 10,000 rows, 40 columns with gaps and 60 others are looked at. Normal scores and the shift are our inference: hence emerging.

    Why it matters
    --------------
    Gaps that follow other values are no random loss: rows without gaps are then a biased part of the table, and a mean filled in is wrong in a
    known direction. A test can show that gaps depend on what is seen; none can show that they do not depend on what is not.

    What to do
    ----------
    Do not drop rows with gaps, and do not fill with one mean: fill from the columns named here, or let a learner that takes gaps see
    them. Ask who or what leaves the cells empty.

    Parameters
    ----------
    noticed : float
        The distance of the area under the ROC curve from 0.5 from which a pair is named.

    Returns
    -------
    Result
        ``test``: scale (values, normal scores), statistic (d²), df, p, shift, n_samples, n_columns, n_patterns, n_steps (of the fit); empty where the
        test does not apply. ``pairs``: column (with gaps), other, measure, n_gap, n_filled, value, expected, low, high, p, p_holm; the clearest 100.
        ``columns``: column, n_missing, n_tested, n_clear (others that its gaps go with), other (the clearest), measure, value, p_holm.

    Raises
    ------
    NotApplicable
        No column has gaps beside values, or no pair of columns has enough rows to be compared.

    References
    ----------
    Little (1988), Journal of the American Statistical Association 83. Rubin (1976), Biometrika 63. Mann and Whitney (1947), Annals of
    Mathematical Statistics 18. Hanley and McNeil (1982), Radiology 143. Holm (1979), Scandinavian Journal of Statistics 6.
    """
    rows, gaps = _rows(study), missing_profile(study)
    pattern = gaps.pattern[rows]
    mask = gaps.shapes[pattern]
    usable = np.flatnonzero(mask.any(axis=0) & ~mask.all(axis=0))
    if not len(usable):
        raise NotApplicable("No column of this table has gaps beside values, so there are no gaps to explain.")
    usable = usable[np.argsort(-mask[:, usable].sum(axis=0), kind="stable")]
    X = study.dataset.X.iloc[rows] if len(rows) < study.dataset.n_samples else study.dataset.X
    names = gaps.names[usable]
    others = [*names[:MAX_OTHERS], *[name for name in X.columns if name not in set(names)]][:MAX_OTHERS]
    values = X[[name for name in others if X[name].dtype != "category"]].astype(np.float64)
    ranks, ties = ranks_by_column(values.to_numpy())
    text = {name: X[name].cat.codes.to_numpy() for name in others if X[name].dtype == "category"}
    area = areas_by_gap(mask[:, usable[:MAX_GAPS]], ranks, ties, FEWEST)
    here, pattern = np.unique(pattern, return_inverse=True)
    shapes = gaps.shapes[here][:, usable[:MAX_GAPS]]
    strength = {name: strength_by_gap(shapes, pattern, codes, FEWEST) for name, codes in text.items()}
    pairs = _pairs(names[:MAX_GAPS], values.columns, area, strength)
    if pairs.empty:
        text = f"No column has {FEWEST} rows with and {FEWEST} without a gap in another column, so gaps cannot be compared."
        raise NotApplicable(text)
    test, reason = _little(values.to_numpy()[:, : 2 * MAX_FITTED], ranks[:, : 2 * MAX_FITTED])
    columns = _columns(pairs, names, mask[:, usable].sum(axis=0), noticed)
    tables = {"test": test, "pairs": pairs.head(LISTED).reset_index(drop=True), "columns": columns}
    return Result(
        tables, (*_named(pairs, columns, noticed), _judged(test, reason), *_sampled(study, len(rows), len(usable)))
    )


def _rows(study: Study) -> np.ndarray:
    """Rows as the whole table would give them."""
    rng = np.random.default_rng(study.random_state)
    return drawn(np.arange(study.dataset.n_samples), study.represents, MAX_ROWS, rng)


def _pairs(names: np.ndarray, numeric: pd.Index, area: Tested, strength: dict[str, Tested]) -> pd.DataFrame:
    """One row per column with gaps and other column that can be compared, the clearest first."""
    others = np.array([*numeric, *strength], dtype=object)
    parts = {key: [area[key], *[tested[key][:, None] for tested in strength.values()]] for key in area}
    flat = {key: np.column_stack(part).ravel() for key, part in parts.items()}
    known = np.flatnonzero(~np.isnan(flat["p"]))
    row, place = known // len(others), known % len(others)
    pairs = {"column": names[row], "other": others[place], "measure": np.where(place < len(numeric), AREA, V)}
    pairs |= {key: value[known] for key, value in flat.items()} | {"p_holm": holm(flat["p"][known])}
    pairs |= {key: pairs[key].astype(int) for key in ("n_gap", "n_filled")}
    order = np.lexsort((-np.abs(pairs["value"] - pairs["expected"]).round(12), pairs["p"]))
    return pd.DataFrame({key: pairs[key][order] for key in COLUMNS})


def _clear(pairs: pd.DataFrame, noticed: float) -> np.ndarray:
    measure, value, expected, p = (pairs[key].to_numpy() for key in ("measure", "value", "expected", "p_holm"))
    least = np.where(measure == AREA, noticed, STRENGTH)
    return (p <= SIGNIFICANT) & (np.abs(value - expected) >= least)


def _columns(pairs: pd.DataFrame, names: np.ndarray, n_missing: np.ndarray, noticed: float) -> pd.DataFrame:
    """What the gaps of each column go with, in one row; pairs stand clearest first."""
    of, clear = pd.Index(names).get_indexer(pairs["column"]), _clear(pairs, noticed)
    n_tested, n_clear = np.bincount(of, minlength=len(names)), np.bincount(of[clear], minlength=len(names))
    at = np.full(len(names), -1)
    at[of[::-1]] = np.arange(len(of))[::-1]
    order = np.lexsort((-n_missing, -n_clear))
    table = {"column": names, "n_missing": n_missing, "n_tested": n_tested, "n_clear": n_clear}
    for key in ("other", "measure", "value", "p_holm"):
        held = pairs[key].to_numpy()
        table[key] = np.append(held, np.nan if held.dtype.kind == "f" else None)[at]
    return pd.DataFrame({key: held[order] for key, held in table.items()})


def _little(values: np.ndarray, ranks: np.ndarray) -> tuple[pd.DataFrame, str]:
    """Little's test on values and on normal scores; or an empty table and why."""
    names = ["scale", "statistic", "df", "p", "shift", "n_samples", "n_columns", "n_patterns", "n_steps"]
    if not np.isnan(values).any():
        return pd.DataFrame(columns=names), "the columns with gaps hold text, and it needs 1 with numbers"
    enough = (ranks > 0).mean(axis=0) >= FEWEST_SEEN
    values, scores = values[:, enough], normal_scores(ranks[:, enough])
    kept = independent_columns(scores)[:MAX_FITTED]
    rows, pattern = _compared(scores[:, kept])
    n_patterns = int(pattern.max()) + 1 if len(rows) else 0
    if n_patterns < 2 or len(kept) < 2 or len(rows) < FEWEST * len(kept):
        reason = (
            f"{wording.plural(len(kept), 'numeric column')} and {wording.plural(n_patterns, 'pattern')} of gaps with {FEWEST} rows or more, "
            f"{wording.plural(len(rows), 'row')} in all, can be compared; 2, 2 and {FEWEST} rows a column are needed"
        )
        return pd.DataFrame(columns=names), reason
    found = []
    for scale, table in (("values", values), ("normal scores", scores)):
        part = table[np.ix_(rows, kept)]
        apart = part - np.nanmean(part, axis=0)
        spread = np.sqrt(np.nanmean(apart**2, axis=0))
        if not (np.isfinite(spread) & (spread > 0)).all():
            continue
        result = little_test(pattern_sums(apart / spread, pattern))
        shift = np.sqrt(max(result.statistic - result.df, 0.0) / len(rows))
        counts = (len(rows), len(kept), n_patterns, result.n_steps)
        found.append((scale, result.statistic, result.df, result.p, shift, *counts))
    return pd.DataFrame(found, columns=names), ""


def _compared(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of patterns that have enough rows and a value, and their pattern."""
    if not scores.shape[1]:
        return np.array([], dtype=int), np.array([], dtype=int)
    pattern, shapes = patterns(list(np.isnan(scores).T))
    enough = (np.bincount(pattern) >= FEWEST) & ~shapes.all(axis=1)
    rows = np.flatnonzero(enough[pattern])
    return rows, np.unique(pattern[rows], return_inverse=True)[1]


def _named(pairs: pd.DataFrame, columns: pd.DataFrame, noticed: float) -> tuple[Finding, ...]:
    clear = pairs[_clear(pairs, noticed)]
    if clear.empty:
        text = f"In none of {wording.plural(len(pairs), 'pair')} of a column with gaps and another column do the gaps clearly go with the values."
        return (Finding("fine", text),)
    row, n_columns = clear.iloc[0], int((columns["n_clear"] > 0).sum())
    if row["measure"] == AREA:
        side = "larger" if row["value"] > 0.5 else "smaller"
        how = (
            f"is {side} where {wording.quoted(row['column'])} is missing than where it is filled in "
            f"{wording.share(max(row['value'], 1 - row['value']))} of the pairs of such rows (50 % by chance)"
        )
    else:
        how = (
            f"goes with it by a Cramér's V of {wording.score(row['value'])} (chance: {wording.score(row['expected'])}; 1 means that it "
            "tells every gap)"
        )
    text = (
        f"The gaps of {wording.plural(n_columns, 'column')} follow values of other columns. Most clearly those of "
        f"{wording.quoted(row['column'])}: {wording.quoted(row['other'])} {how}. Rows without gaps are a biased part of the table."
    )
    return (Finding("caution", text),)


def _judged(test: pd.DataFrame, reason: str) -> Finding:
    """What Little's test says, in words."""
    scores = test[test["scale"] == "normal scores"]
    if scores.empty:
        return Finding(
            "fine",
            f"Little's test does not apply here: {reason or 'a numeric column has no spread that 1 test could use'}.",
        )
    row = scores.iloc[0]
    p = "below 0.001" if row["p"] < 0.001 else wording.number(row["p"])
    test_words = (
        f"Little's test over {wording.plural(row['n_patterns'], 'pattern')} and {wording.plural(row['n_columns'], 'numeric column')} "
        f"(d² {wording.number(row['statistic'], 4)}, {wording.count(row['df'])} degrees of freedom, p {p})"
    )
    if row["p"] > SIGNIFICANT:
        return Finding(
            "fine",
            f"{test_words} finds nothing against gaps that are completely at random. It does not prove that they are.",
        )
    size = f"patterns lie {wording.number(row['shift'], 2)} standard deviations from the common mean"
    if row["shift"] < SHIFT:
        return Finding(
            "fine", f"{test_words} rejects gaps that are completely at random, but the dependence is small: {size}."
        )
    return Finding(
        "caution",
        f"{test_words} rejects gaps that are completely at random: they depend on values that are seen; {size}.",
    )


def _sampled(study: Study, n_rows: int, n_gaps: int) -> tuple[Finding, ...]:
    """Say when not all rows or columns were looked at."""
    n, n_columns = study.dataset.X.shape
    said = []
    if n_rows < n:
        how = "drawn at random" if study.represents is None else "drawn so that each class has its share of the table"
        said.append(
            f"{wording.count(n_rows)} of {wording.plural(n, 'row')}{'' if study.represents is None else ' in hand'}, {how}"
        )
    if n_gaps > MAX_GAPS or n_columns > MAX_OTHERS:
        said.append(f"{min(n_gaps, MAX_GAPS)} columns with gaps and {min(n_columns, MAX_OTHERS)} others")
    return (Finding("fine", f"This was judged on {' and '.join(said)}."),) if said else ()


def draw(result: Result) -> dict[str, go.Figure]:
    """The clearest pairs of a column with gaps and a numeric column."""
    title = "Values where a column is missing"
    table = result.tables["pairs"]
    table = table[table["measure"] == AREA].head(SHOWN)
    if table.empty:
        return {}
    caption = f"Chance that a value is larger where another column is missing, with its interval; 0.5 is no relation; at most {SHOWN} pairs."
    axes = {"x_title": "area under the ROC curve", "y_title": "compared column"}
    figure = charts.intervals(table, "value", "other", title=title, caption=caption, reference=0.5, by="column", **axes)
    return {title: figure}


def sick(random_state: int = 0) -> Dataset:
    """A column that is missing mostly where another is large."""
    dataset = synthetic.planted("clean", random_state=random_state)
    lost = np.random.default_rng(random_state).random(len(dataset.y)) < np.where(dataset.X["measure 5"] > 0.7, 0.7, 0.1)
    frame = dataset.X.assign(**{"measure 6": dataset.X["measure 6"].mask(lost)}, outcome=dataset.y)
    return Dataset.from_frame(frame, "outcome", name="gaps that follow a column")


def healthy(random_state: int = 0) -> Dataset:
    """A quarter of two columns is empty, each for itself and whatever any value."""
    dataset = synthetic.planted("clean", random_state=random_state)
    frame = dataset.X.assign(outcome=dataset.y)
    lost = np.random.default_rng(random_state).random((len(frame), 2)) < 0.25
    frame[["measure 5", "measure 6"]] = frame[["measure 5", "measure 6"]].mask(lost)
    return Dataset.from_frame(frame, "outcome", name="gaps that follow nothing")
