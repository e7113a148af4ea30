"""How far apart classes lie, column by column and in all columns together."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.divergence import FEWEST, Divergence, compared, drawn
from core.errors import NotApplicable
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Class divergence",
    "Do classes differ column by column, or only in how columns go together?",
    maturity="emerging",
    gravest="caution",
)

ALL_PAIRS, PARTNERS, SHOWN = 5, 12, 25
REST = "all other classes"
HIDDEN, NOTICED = 3.0, 0.05


def class_divergence(study: Study, *, max_rows: Annotated[int, Range(200, 20000, 100)] = 1500) -> Result:
    """How far apart classes lie, by the Jensen–Shannon divergence: 0 where two classes are spread alike, 1 where they share nothing.

    For two classes with densities P and Q and M = (P + Q) / 2: D = ½ KL(P ‖ M) + ½ KL(Q ‖ M), in bits. By column (marginal): P and Q are
    histograms on common bins; what two samples of these sizes from one source show on average, (k − 1) (1/n + 1/m) / (8 ln 2) for k bins,
    is taken off. Together (joint): a logistic model of the columns, with squares and products where this predicts better, gives the probability p that a row belongs to P, and D = ½ [2 + E_P log₂ p + E_Q log₂ (1 − p)].

    How it is detected
    ------------------
    Three models (degree one or two) are fitted on four sixths of the rows; a fifth sixth calibrates them and chooses one; then its probabilities are corrected for the unequal
    number of rows, in this order, and the last sixth is scored; each sixth takes its turn. On rows that the model
    has not seen the joint value lies below the true one on average, so it does not rise by chance: two equal classes get 0, whatever their
    sizes. It is a caution when the joint divergence of the class of interest from the rest, at the low end of its interval, is
    more than three times that of the best single column and above 0.05: then no look at single columns shows what tells the class apart.
    That rule and the correction of the single columns are ours. The interval is that of the model's value: the true one may be larger.
    Rows of one group stay on one side of every split, and count as one.

    Why it matters
    --------------
    Profiles compare classes column by column. Two classes can have the same histogram in every column and still be easy to tell
    apart, by a ratio or a difference of columns. Then filling gaps or resampling column by column destroys what matters.

    What to do
    ----------
    Where the joint divergence is much larger, add ratios or differences of columns for a linear model, or use one that
    finds them itself. Where both are near 0, no model can tell the classes apart by these columns.

    Parameters
    ----------
    max_rows : int
        Most rows of a class that enter the model; the larger of two classes may have up to three times as many.

    Returns
    -------
    Result
        ``pairs``: class, partner, joint with low and high, marginal (mean over the columns), best_column, best (its divergence),
        n_class, n_partner (rows in the model), protocol (how the joint value was estimated).
        ``columns``: column, divergence; of the class of interest from the rest, most first.

    Raises
    ------
    NotApplicable
        The class of interest has too few rows.

    References
    ----------
    Lin (1991), IEEE Transactions on Information Theory 37. Estimation by a calibrated classifier and the correction of the prior after
    calibration: arXiv 2606.16411 (2026). The degree of the model and the folds are ours.
    """
    n_own = study.class_sizes[study.positive_code]
    if n_own < FEWEST:
        label = wording.quoted(study.positive)
        raise NotApplicable(f"{label} has {wording.plural(n_own, 'row')}; {FEWEST} are needed to compare it.")
    own = _compared(study, study.codes == study.positive_code, study.codes != study.positive_code, max_rows)
    pairs = [_record(study, study.positive, REST, own)]
    for a, b in _chosen(study):
        found = own if len(study.classes) == 2 else _compared(study, study.codes == a, study.codes == b, max_rows)
        pairs.append(_record(study, study.classes[a], study.classes[b], found))
    names = study.dataset.X.columns
    columns = pd.DataFrame({"column": names, "divergence": own.columns}).sort_values(
        "divergence", ascending=False, kind="stable", ignore_index=True
    )
    tables = {"pairs": pd.DataFrame(pairs), "columns": columns}
    return Result(tables, _findings(study, tables))


def _chosen(study: Study) -> list[tuple[int, int]]:
    """All pairs of few classes; of many, the class of interest with the largest others."""
    enough = [c for c in range(len(study.classes)) if study.class_sizes[c] >= FEWEST]
    if len(enough) <= ALL_PAIRS:
        return list(combinations(enough, 2))
    return [(study.positive_code, c) for c in enough if c != study.positive_code][:PARTNERS]


def _compared(study: Study, first: np.ndarray, second: np.ndarray, max_rows: int) -> Divergence:
    """Two sets of rows; of a working sample, the larger set is drawn as the whole table would give it."""
    rng = np.random.default_rng(study.random_state)
    X, sets = study.dataset.X, [np.flatnonzero(first), np.flatnonzero(second)]
    limit = min(max(max_rows, 3 * min(len(rows) for rows in sets)), 3 * max_rows)
    taken = [drawn(rows, study.dataset.represents, limit, rng) for rows in sets]
    groups = study.dataset.group_codes
    groups = None if groups is None else groups[np.concatenate(taken)]
    samples = [X.iloc[rows] for rows in taken]
    return compared(*samples, groups=groups, random_state=study.random_state, max_rows=limit)


def _record(study: Study, label: str, partner: str, found: Divergence) -> dict:
    best = int(found.columns.argmax())
    record = {"class": label, "partner": partner, "joint": found.joint, "low": found.low, "high": found.high}
    record |= {"marginal": found.marginal, "best_column": study.dataset.X.columns[best], "best": found.columns[best]}
    return record | {"n_class": found.n_first, "n_partner": found.n_second, "protocol": found.protocol}


def _findings(study: Study, tables: dict[str, pd.DataFrame]) -> tuple[Finding, ...]:
    own = tables["pairs"].iloc[0]
    label, column = wording.quoted(study.positive), wording.quoted(own["best_column"])
    values = f"{wording.score(own['joint'])} (interval {wording.score(own['low'])} to {wording.score(own['high'])})"
    single = f"the best single one, {column}, shows {wording.score(own['best'])}"
    scale = "On a scale from 0 (alike) to 1 (apart)"
    if own["low"] > max(HIDDEN * own["best"], NOTICED):
        text = (
            f"{label} differs from the rest in how columns go together, not in any single one. {scale}, a model of all columns finds "
            f"{values}; {single}. Charts of single columns hide the difference."
        )
        return (Finding("caution", text),)
    if max(own["high"], own["best"]) < NOTICED:
        return (
            Finding("fine", f"{label} and the rest hardly differ. {scale}, a model of all columns finds {values}."),
        )
    text = (
        f"{scale}, a model of all columns tells {label} from the rest by {values}, which is on the safe side; {single}."
    )
    return (Finding("fine", text),)


def draw(result: Result) -> dict[str, go.Figure]:
    """The joint divergence of each pair, and each column's own."""
    pairs = result.tables["pairs"].assign(pair=lambda t: t["class"] + " and " + t["partner"])
    first, second = "Divergence of classes", "Divergence by column"
    one = "Jensen–Shannon divergence of each pair in all columns together, with its interval; 0 alike, 1 apart."
    two = f"Divergence of the class of interest from the rest in one column; at most {SHOWN} columns."
    axes = {"x_title": "divergence in bits"}
    return {
        first: charts.intervals(pairs.head(SHOWN), "joint", "pair", title=first, y_title="pair", caption=one, **axes),
        second: charts.bars(
            result.tables["columns"].head(SHOWN), "divergence", "column", title=second, y_title="column", caption=two, **axes
        ),
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """Every column is spread alike in both classes; in the rare one they rise together, in pairs."""
    return _paired(random_state, correlation=0.95)


def healthy(random_state: int = 0) -> Dataset:
    """Centres four standard deviations apart: single columns show it."""
    return synthetic.planted("clean", random_state=random_state)


def _paired(random_state: int, correlation: float) -> Dataset:
    rng = np.random.default_rng(random_state)
    codes = rng.permutation(np.repeat([0, 1], synthetic.SIZES))
    z = rng.normal(size=(len(codes), 6))
    z[:, 1::2] = np.where(
        codes[:, None] == 1, correlation * z[:, ::2] + np.sqrt(1 - correlation**2) * z[:, 1::2], z[:, 1::2]
    )
    frame = pd.DataFrame(z, columns=[f"measure {j + 1}" for j in range(6)])
    return Dataset.from_frame(frame.assign(outcome=synthetic.names(codes)), "outcome", name="columns that go together")
