"""Whether rare classes end up in one and the same place of an embedding."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.numerics.collapse import (
    centred_cosines,
    class_means,
    collapse_threshold,
    drawn_means,
    prototype_cosines,
    step_cosines,
    within_over_between,
)
from core.params import Choice, Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study
from core.training_trace import FEWEST, Run, middle, network_input, training_trace

ABOUT = About(
    "Minority collapse",
    "Do the rare classes fall into one?",
    maturity="emerging",
    cost="seconds",
    gravest="caution",
)

MOST, MAX_ROWS, N_DRAWS = 20, 2000, 200
"""Classes in the programme; rows of a class, and draws, when columns are measured."""

RATIO = "largest class over all others"
"""A measure of the summary."""

SIZES = (1800, 110, 100)

Measured = tuple[np.ndarray, np.ndarray]
"""Cosines (n_draws, n_classes, n_classes) and NC1 (n_draws,)."""


def minority_collapse(
    study: Study,
    *,
    embedding: Annotated[str, Choice("network", "columns")] = "network",
    tau: Annotated[float, Range(0.1, 2, 0.05)] = 1.0,
    level: Annotated[float, Range(0.5, 0.99, 0.01)] = 0.9,
) -> Result:
    """Where class sizes alone would put the classes of an embedding, and where a trained network has put them.

    From the shares π alone: ``min Σ_{c ≠ d} π_c π_d ψ(G_cd)`` over cosines G, with ``ψ(t) = log(1 + e^{(t − 1)/τ})``. One class
    against m equal rare ones makes these one point as soon as it has ``(1 + e^{2/τ}) / 2`` times the rows of all of them together.

    How it is detected
    ------------------
    The programme is convex; it is solved for the shares of the table (at most the 20 largest classes and the class of
    interest). Measured are the cosines of the class means, seen from the mean of all class means, on rows that were not trained
    on, in the hidden layer of ten small networks trained at the table's shares, and of ten at equal class sizes for comparison; or
    in the numeric columns themselves, when the table holds an embedding. Equal classes end at −1/(K − 1) for each pair.
    NC1 is ``tr(Σ_W Σ_B†) / K``. A caution is given for two classes, both rarer than an equal share, where the cosine is
    above ``level`` both by the class sizes and as measured, while both turn away from the largest class. What the sizes
    predict and the measurement does not show is said and not held against the table. The programme (one negative per
    row, as many dimensions as classes, a contrastive loss) is our inference from an abstract: emerging.

    Why it matters
    --------------
    Rare classes that share one direction are told from the largest class and not from each other: recall of "something rare"
    is good, and the classes are mixed up.

    What to do
    ----------
    Where equal class sizes bring them apart, weight the classes or oversample. Where they do not, the classes lie close
    by their columns: look for a column that tells them apart, or treat them as one. Before a contrastive loss is used,
    look at the prediction; a lower temperature τ raises the threshold, and soft targets of weight ε for other classes bring
    every pair to the cosine 1 + τ ln ε whatever the sizes, if ε is at least ``e^{−K/((K − 1) τ)}``.

    Parameters
    ----------
    embedding : str
        "network" measures in the hidden layer of a small network, "columns" in the standardised numeric columns of the table.
    tau : float
        Temperature of the loss of the prediction; 1 is mild, 0.1 is usual for contrastive training.
    level : float
        Cosine above which two classes count as merged.

    Returns
    -------
    Result
        ``pairs``: class, other_class, predicted (cosine by class sizes), cosine with low and high, null, null_low, null_high
        (at equal class sizes; empty for columns), both_rare ("yes" or "no").
        ``summary``: measure, value, low, high, null; among them NC1, the smallest angle of two rare classes in degrees, the
        largest class over all others, and the ratio from which equal rare classes merge.
        ``map``: ratio (largest class over all others), rare_cosine (of two rare classes), largest_cosine (of a rare class and
        the largest), for as many equal rare classes as there are others in the table.
        low and high enclose 95 % of the networks, or of 200 draws of the class means from at most 2,000 rows of a class.
        Classes of fewer than 10 rows are left out.

    References
    ----------
    Fang et al. (2021), PNAS 118 (minority collapse). Hong and Ling (2023), arXiv 2309.09725. Papyan, Han and Donoho
    (2020), PNAS 117 (NC1).
    """
    chosen = _chosen(study)
    shares = study.table_sizes[chosen] / study.table_sizes[chosen].sum()
    own, equal = _in_columns(study, chosen) if embedding == "columns" else _in_networks(study, chosen)
    pairs = _pairs(study, chosen, prototype_cosines(shares, tau), own[0], equal[0])
    tables = {"pairs": pairs, "summary": _summary(shares, tau, own, equal), "map": _map(shares, tau)}
    return Result(tables, _findings(pairs, shares, tau, level))


def _chosen(study: Study) -> np.ndarray:
    """Codes of the classes that are looked at, the largest first."""
    enough = np.flatnonzero(study.class_sizes >= FEWEST)
    if len(enough) < 3:
        have = wording.plural(len(enough), "class", "classes")
        raise NotApplicable(
            f"The table has {have} of at least {FEWEST} rows; 3 are needed for two rare ones to fall together."
        )
    return np.union1d(enough[:MOST], np.intersect1d(enough, study.positive_code))


def _in_networks(study: Study, chosen: np.ndarray) -> tuple[Measured, Measured]:
    trace = training_trace(study)
    rows = np.isin(trace.held_out_codes, chosen)
    X, codes, n = trace.held_out[rows], np.searchsorted(chosen, trace.held_out_codes[rows]), len(chosen)

    def measured(run: Run) -> Measured:
        layers = run.trained.hidden(X[None]).astype(float)
        cosines = centred_cosines(np.stack([class_means(layer, codes, n) for layer in layers]))
        return cosines, np.array([within_over_between(layer, codes, n) for layer in layers])

    return measured(trace.natural), measured(trace.equal)


def _in_columns(study: Study, chosen: np.ndarray) -> tuple[Measured, Measured]:
    names = list(study.dataset.numeric)
    X = network_input(study.Z[:, : len(names)], study.codes).astype(float)
    if X.shape[1] < 2:
        raise NotApplicable(
            f"The table has {wording.plural(X.shape[1], 'numeric column')} that varies; an embedding has at least 2."
        )
    rng, n = np.random.default_rng(study.random_state), len(chosen)
    rows = np.concatenate([rng.permutation(np.flatnonzero(study.codes == c))[:MAX_ROWS] for c in chosen])
    codes = np.searchsorted(chosen, study.codes[rows])
    cosines = centred_cosines(drawn_means(X[rows], codes, n, N_DRAWS, rng))
    nothing = np.full((1, n, n), np.nan), np.full(1, np.nan)
    return (cosines, np.array([within_over_between(X[rows], codes, n)])), nothing


def _rare(shares: np.ndarray) -> np.ndarray:
    return shares < 1 / len(shares)


def _pairs(study: Study, chosen: np.ndarray, predicted: np.ndarray, own: np.ndarray, equal: np.ndarray) -> pd.DataFrame:
    a, b = np.nonzero(~np.eye(len(chosen), dtype=bool))
    names = np.array(study.classes, dtype=object)[chosen]
    rare = _rare(study.table_sizes[chosen] / study.table_sizes[chosen].sum())
    table = {"class": names[a], "other_class": names[b], "predicted": predicted[a, b]}
    table |= dict(zip(("cosine", "low", "high"), middle(own[:, a, b], axis=0), strict=True))
    table |= dict(zip(("null", "null_low", "null_high"), middle(equal[:, a, b], axis=0), strict=True))
    return pd.DataFrame(table | {"both_rare": np.where(rare[a] & rare[b], "yes", "no")})


def _summary(shares: np.ndarray, tau: float, own: Measured, equal: Measured) -> pd.DataFrame:
    n, rare = len(shares), np.flatnonzero(_rare(shares))
    a, b = (rare[side] for side in np.triu_indices(len(rare), 1))
    angles = [np.degrees(np.arccos(part[0][:, a, b])).min(axis=1, initial=180) for part in (own, equal)]
    records = [
        ("NC1, spread within over spread between classes", *middle(own[1], axis=0), middle(equal[1], axis=0)[0]),
        ("smallest angle of two rare classes (degrees)", *middle(angles[0], axis=0), middle(angles[1], axis=0)[0]),
        ("cosine of each pair where equal classes end", -1 / (n - 1), np.nan, np.nan, np.nan),
        (RATIO, shares[0] / (1 - shares[0]), np.nan, np.nan, np.nan),
        ("ratio from which equal rare classes merge", collapse_threshold(tau), np.nan, np.nan, np.nan),
    ]
    if len(a) == 0:
        del records[1]
    return pd.DataFrame(records, columns=["measure", "value", "low", "high", "null"])


def _map(shares: np.ndarray, tau: float) -> pd.DataFrame:
    m, threshold = len(shares) - 1, collapse_threshold(tau)
    ratios = np.unique(np.r_[np.geomspace(1 / m, 2 * threshold, 30), threshold, shares[0] / (1 - shares[0])])
    cosines = np.array([step_cosines(ratio, m, tau) for ratio in ratios])
    return pd.DataFrame({"ratio": ratios, "rare_cosine": cosines[:, 1], "largest_cosine": cosines[:, 0]})


def _findings(pairs: pd.DataFrame, shares: np.ndarray, tau: float, level: float) -> tuple[Finding, ...]:
    place = {label: i for i, label in enumerate(pairs["class"].unique())}
    largest = pairs["class"].iloc[0]
    away = pairs["class"][(pairs["other_class"] == largest) & (pairs["cosine"] < 0)]
    rare = pairs[(pairs["both_rare"] == "yes") & (pairs["class"].map(place) < pairs["other_class"].map(place))]
    if not len(rare):
        text = f"None of the {len(shares)} classes can merge with another rare one: fewer than two are rarer than an equal share."
        return (Finding("fine", text),)
    rare = rare.sort_values("cosine", ascending=False, kind="stable")
    merged = rare[rare["class"].isin(away) & rare["other_class"].isin(away) & (rare["cosine"] > level)]
    findings = [_merged(row, level) for _, row in merged.head(5).iterrows()]
    if not len(merged):
        row = rare.iloc[0]
        text = f"Measured, no two rare classes merge: {_names(row)} come closest, at cosine {_cosine(row)}."
        findings = [Finding("fine", text)]
    n, ratio = int((rare["predicted"] > level).sum()), wording.times(shares[0] / (1 - shares[0]))
    text = (
        f"The class sizes alone would merge {n} of {wording.plural(len(rare), 'pair')} of rare classes under a contrastive loss at "
        f"τ = {wording.number(tau)}: the largest class has {ratio} the rows of all others together, and equal rare classes "
        f"merge from {wording.times(collapse_threshold(tau))} on."
    )
    return (*findings, Finding("fine", text))


def _merged(row: pd.Series, level: float) -> Finding:
    """A pair that is measured as merged: a caution where the class sizes predict it."""
    text = f"{_names(row)} point the same way, away from the largest class: cosine {_cosine(row)}"
    if row["predicted"] <= level:
        return Finding("fine", f"{text}. The class sizes alone would put them at {wording.number(row['predicted'])}.")
    apart = row["null"] <= level and row["null_high"] < row["low"]
    if np.isnan(row["null"]):
        text += ", as the class sizes alone would have it."
    elif apart:
        text += f", as the class sizes alone would have it. At equal class sizes it is {wording.number(row['null'])}."
    else:
        text += f". At equal class sizes it is {wording.number(row['null'])} too, so the sizes are not shown to be the reason: the two seem to lie close."
    return Finding("caution", text, ("class_weights", "random_oversampling") if apart else ())


def _names(row: pd.Series) -> str:
    return f"{wording.quoted(row['class'])} and {wording.quoted(row['other_class'])}"


def _cosine(row: pd.Series) -> str:
    return f"{wording.number(row['cosine'])} (interval {wording.number(row['low'])} to {wording.number(row['high'])})"


def draw(result: Result) -> dict[str, go.Figure]:
    """Measured and predicted cosines, and the map from class sizes to collapse."""
    pairs, first, second = result.tables["pairs"], "Cosines of classes, measured", "Cosines of classes, by class sizes"
    third = "Cosine of two rare classes, by class sizes"
    grid = {"x_title": "other class", "y_title": "class", "value_title": "cosine", "low": -1.0, "high": 1.0}
    seen, told = "Cosine of class means, seen from the mean of all.", "Cosine that the class sizes alone would give."
    ratio = wording.times(result.tables["summary"].set_index("measure")["value"][RATIO])
    text = (
        f"Equal rare classes against one large class; at 1 they are one point. In this table it has {ratio} their rows."
    )
    axes = {"x_title": "largest class over all others (rows)", "y_title": "cosine", "caption": text, "lines": True}
    return {
        first: charts.heatmap(pairs, "other_class", "class", "cosine", title=first, caption=seen, **grid),
        second: charts.heatmap(pairs, "other_class", "class", "predicted", title=second, caption=told, **grid),
        third: charts.points(result.tables["map"], "ratio", "rare_cosine", title=third, **axes),
    }


def sick(random_state: int = 0) -> Dataset:
    """Two rare classes that lie close to each other and far from the large one."""
    frame, codes = synthetic.clouds(SIZES, n_features=6, distance=7.0, rng=np.random.default_rng(random_state))
    closer = 0.95 * 7 / np.sqrt(2) * (codes == 2)
    frame["measure 2"], frame["measure 3"] = frame["measure 2"] + closer, frame["measure 3"] - closer
    return Dataset.from_frame(frame.assign(outcome=synthetic.names(codes)), "outcome", name="minority collapse")


def healthy(random_state: int = 0) -> Dataset:
    """The same class sizes with all classes apart."""
    return synthetic.planted("clean", class_sizes=SIZES, random_state=random_state)
