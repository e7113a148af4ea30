"""Classes that lie on top of each other."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.judge import LEVEL, proportion_interval
from core.numerics.mixing import balanced_mixing, overlap_of_scores
from core.numerics.neighbours import nearest
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Class overlap", "Which classes lie on top of each other?", maturity="emerging", cost="seconds", names=("overlap",)
)

FEWEST = 10
"""Rows that a class needs to be judged."""

ALL_PAIRS, PARTNERS = 12, 3
"""Up to this many classes every pair is measured; with more, each class and its nearest class centres."""


def class_overlap(
    study: Study,
    *,
    k: Annotated[int, Range(1, 10)] = 5,
    level: Annotated[float, Range(0.1, 0.9, 0.05)] = 0.5,
    max_rows: Annotated[int, Range(50, 2000, 50)] = 400,
) -> Result:
    """How far the rows of two classes are mixed once both are equally large: 0 is apart, 1 is shuffled.

    For a pair of classes, n rows of each are drawn. F is the mean share of foreign rows among the ``k`` nearest rows of all 2 n;
    mixing is ``F / F₀``, where F₀ is F with shuffled labels, about ``n / (2 n − 1)``. The model has its say as well: the
    ROC-AUC of its out-of-fold scores within the pair gives the balanced error ``e = Φ(−Φ⁻¹(AUC) / √2)``, and
    ``4 e (1 − e)`` is the mixing that neighbours no better than the model would show.

    How it is detected
    ------------------
    On several balanced draws the foreign share is compared with that of shuffled labels, so that a rare class is not blamed
    for being rare: "93 % foreign neighbours" is only the base rate of a 7 % class. A class is called mixed with its
    most mixed partner when both mixing, at the low end of its interval, and the mixing of the model exceed ``level``. Where
    neighbours are mixed and the model is not, a few columns tell the classes apart and nothing is wrong. The interval is
    exact for 2 n independent rows, widened for choosing the worst of several partners. It is an issue for the class
    of interest, or when half of the classes are mixed; else a caution. Mixing as a ratio to its null, and the comparison with the
    model, are our inference from neighbourhood overlap measures (N3, kDN): hence emerging.

    Why it matters
    --------------
    Where two classes lie on top of each other, more rows of the rare one, copied or synthetic, do not separate them. Only
    another column would.

    What to do
    ----------
    Choose the threshold by what errors cost. Look for a column that tells the two classes apart, or merge classes that
    are treated alike. Expect little of resampling.

    Parameters
    ----------
    k : int
        Neighbours looked at.
    level : float
        Mixing above which two classes are called mixed; 0.5 is half of what shuffled labels would show.
    max_rows : int
        Most rows of a class in one draw. Five draws are made when a class has more, one when all rows take part.

    Returns
    -------
    Result
        ``classes``: class, partner (the most mixed), mixing with low and high, null (always 1) with null_low and null_high,
        model_mixing, foreign_share (raw, among all rows), base_rate (the raw share by class frequencies alone), n_rows (looked
        up for the raw share: all, but a sample in tables of more than 30,000 rows). ``pairs``: class, partner, n_rows (per
        class and draw), foreign_share, null_share, mixing with low, high, null_low and null_high, model_mixing. Classes
        of fewer than 10 rows are left out.

    References
    ----------
    Lorena et al. (2019), ACM Computing Surveys 52 (N3). Smith, Martinez and Giraud-Carrier (2014), Machine Learning 95
    (kDN). Cover and Hart (1967), IEEE Transactions on Information Theory 13.
    """
    study = study.judged
    judged = np.flatnonzero(study.class_sizes >= FEWEST)
    if len(judged) < 2:
        second = study.class_sizes[1]
        raise NotApplicable(f"The second largest class has {wording.plural(second, 'row')}; {FEWEST} are needed.")
    rng = np.random.default_rng(study.random_state)
    rows = {c: np.flatnonzero(study.codes == c) for c in judged}
    records = []
    for a, b in _chosen_pairs(study.Z, rows):
        n = min(len(rows[a]), len(rows[b]), max_rows)
        draws = 5 if max(len(rows[a]), len(rows[b])) > n else 1
        measured = balanced_mixing(study.Z, rows[a], rows[b], k, n=n, n_draws=draws, n_null=100 // draws, rng=rng)
        model = _model_mixing(study, rows[a], rows[b], a, b)
        records += _records(study.classes, (a, b), n, *measured, model, len(judged) - 1)
    pairs = pd.DataFrame(records)
    classes = _classes(study, pairs, k)
    return Result({"classes": classes, "pairs": pairs}, _findings(study, classes, level, len(judged)))


def _chosen_pairs(Z: np.ndarray, rows: dict[int, np.ndarray]) -> list[tuple[int, int]]:
    """All pairs of few classes; of many, each class with the classes whose centres are nearest to its own."""
    codes = list(rows)
    if len(codes) <= ALL_PAIRS:
        return [(a, b) for i, a in enumerate(codes) for b in codes[i + 1 :]]
    filled = np.where(np.isnan(Z), 0.0, Z)
    centres = np.stack([filled[rows[c]].mean(axis=0) for c in codes])
    partners = nearest(centres, centres, PARTNERS, itself=True)[0]
    return sorted({tuple(sorted((codes[i], codes[j]))) for i in range(len(codes)) for j in partners[i]})


def _model_mixing(study: Study, rows_a: np.ndarray, rows_b: np.ndarray, a: int, b: int) -> float:
    proba = np.clip(study.out_of_fold(), 1e-9, 1)
    score = np.log(proba[:, a] / proba[:, b])
    return overlap_of_scores(score[rows_a], score[rows_b])


def _records(
    classes: tuple[str, ...], pair: tuple[int, int], n: int, shares: np.ndarray, null: np.ndarray, model: float, m: int
) -> list[dict]:
    """The measured pair, once from the side of each class."""
    share, expected = shares.mean(), null.mean()
    low, high = proportion_interval(share * 2 * n, 2 * n, 1 - (1 - LEVEL) / m)
    spread = np.quantile(null, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) / expected
    record = {"n_rows": n, "foreign_share": share, "null_share": expected, "mixing": share / expected}
    record |= {"low": float(low) / expected, "high": float(high) / expected}
    record |= {"null_low": spread[0], "null_high": spread[1], "model_mixing": model}
    return [{"class": classes[a], "partner": classes[b]} | record for a, b in (pair, pair[::-1])]


def _classes(study: Study, pairs: pd.DataFrame, k: int) -> pd.DataFrame:
    agreed = pairs[["mixing", "model_mixing"]].min(axis=1)
    worst = pairs.loc[agreed.groupby(pairs["class"], sort=False).idxmax()].set_index("class")
    worst = worst.reindex([label for label in study.classes if label in worst.index]).reset_index()
    raw = [_raw_share(study, study.classes.index(label), k) for label in worst["class"]]
    kept = ["class", "partner", "mixing", "low", "high", "null_low", "null_high", "model_mixing"]
    return worst[kept].assign(null=1.0, **pd.DataFrame(raw, columns=["foreign_share", "base_rate", "n_rows"]))


def _raw_share(study: Study, c: int, k: int) -> tuple[float, float, int]:
    table = study.neighbours
    near = table.indices[study.codes[table.rows] == c, :k]
    return float((study.codes[near] != c).mean()), 1 - (study.class_sizes[c] - 1) / (len(study.codes) - 1), len(near)


def _findings(study: Study, classes: pd.DataFrame, level: float, n_judged: int) -> tuple[Finding, ...]:
    mixed = classes[(classes["low"] > level) & (classes["model_mixing"] > level)]
    mixed = mixed.sort_values("mixing", ascending=False, kind="stable")
    half = 2 * len(mixed) >= n_judged
    pair = pd.Series([frozenset(names) for names in zip(mixed["class"], mixed["partner"], strict=True)], mixed.index)
    findings = []
    for row in mixed[~pair.duplicated()].head(5).itertuples():
        severity = "issue" if half or study.positive in (row[1], row.partner) else "caution"
        text = (
            f"With class sizes made equal, {wording.quoted(row[1])} and {wording.quoted(row.partner)} are mixed to "
            f"{wording.share(min(row.mixing, 1))} of what shuffled labels would show (interval {_percent(row.low, row.high)}). "
            "Resampling cannot separate what lies on top of each other."
        )
        findings.append(Finding(severity, text, ("tuned_threshold",)))
    if len(mixed) and n_judged > 2:
        verb = "is" if len(mixed) == 1 else "are"
        text = f"{wording.count(len(mixed))} of {n_judged} classes {verb} mixed with another one; the table shows all."
        findings.append(Finding("issue" if half else "caution", text))
    if not findings:
        row = classes.sort_values("mixing", ascending=False, kind="stable").iloc[0]
        text = (
            f"No class is mixed beyond {wording.share(level)} of what shuffled labels would show. The most mixed two, "
            f"{wording.quoted(row['class'])} and {wording.quoted(row['partner'])}, reach {wording.share(min(row['mixing'], 1))} "
            f"by their neighbours and {wording.share(row['model_mixing'])} by the model."
        )
        findings.append(Finding("fine", text))
    if n_judged > ALL_PAIRS:
        text = f"With {n_judged} classes, each was compared only with the {PARTNERS} whose centres are nearest."
        findings.append(Finding("fine", text))
    return tuple(findings)


def _percent(low: float, high: float) -> str:
    return f"{wording.share(min(low, 1))} to {wording.share(min(high, 1))}"


def draw(result: Result) -> dict[str, go.Figure]:
    """Mixing per class with the null, and per pair."""
    classes, pairs = result.tables["classes"], result.tables["pairs"]
    first, second = "Mixing with the most mixed class", "Mixing by pair of classes"
    axes = {
        "x_title": "mixing (0 apart, 1 shuffled)",
        "y_title": "class",
        "caption": "Mixing at equal class sizes, by class.",
    }
    grid = {"x_title": "partner", "y_title": "class", "value_title": "mixing", "caption": "Mixing by pair of classes."}
    return {
        first: charts.bars(classes, "mixing", "class", title=first, null="null", **axes),
        second: charts.heatmap(pairs, "partner", "class", "mixing", title=second, low=0, high=1, **grid),
    }


def sick(random_state: int = 0) -> Dataset:
    """Centres one standard deviation apart."""
    return synthetic.planted("overlap", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Centres four standard deviations apart: as rare, and separable."""
    return synthetic.planted("clean", random_state=random_state)
