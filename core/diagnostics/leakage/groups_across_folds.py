"""Rows that belong together, on both sides of a split."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable, unknown
from core.numerics.paired_ranking import draw_groups, weighted_average_precision, weighted_share
from core.params import Range
from core.reading.dependence import repeated_codes
from core.recipe import Recipe
from core.registry import About
from core.result import Finding, Result
from core.study import Study
from core.validation import alone_numbered, folds

ABOUT = About(
    "Groups across folds",
    "Are the scores too good because rows of one group are on both sides of a split?",
    cost="seconds",
    names=("groups",),
)

N_DRAWS, CELLS = 200, 1_000_000
NORMAL = 1.96
FEWEST_GROUPS = 5
PLANS = ("rows at random", "groups held together", "difference")
MEASURES = ("average precision", "recall")


def groups_across_folds(
    study: Study, *, column: str = "", tolerated: Annotated[float, Range(0.0, 0.5, 0.01)] = 0.02
) -> Result:
    """How much worse the model is when all rows of a group are held out together.

    The learner is scored twice on the same rows of the class of interest: with the study's folds, which put rows at random, and with as
    many stratified folds that keep the rows of a group together. The gap is the average precision of the first minus that
    of the second. Its interval is 1.96 standard deviations over draws of whole groups anew, both scores at once.

    How it is detected
    ------------------
    The column that says which rows belong together is the one that you name, or else the first whose name ends in a word such
    as "patient", "machine" or "id" and whose values repeat, even when it was left out as a feature, or else the first that holds at least
    30 codes such as "p12", of 2 to 50 rows each on average. It is an issue when rows of the
    class of interest have rows of their group among the training rows, and the interval of the gap lies above zero and the gap
    is at least ``tolerated``. A row without a group is a group of its own. Where a column has the role "group", the study's folds
    keep its rows together; then there is one score and nothing to warn of. Folds that follow time follow it here, too.

    Why it matters
    --------------
    Five rows of one patient resemble each other. A model that saw four of them recognises the fifth, and its score says nothing
    about the next patient.

    What to do
    ----------
    Ask whether the model will meet new groups. If so, give the column the role "group": every fold then keeps its rows together, here
    and on all pages. If the same groups come again, rows at random are fair.

    Parameters
    ----------
    column : str
        The column that says which rows belong together; empty looks for one by name.
    tolerated : float
        The gap of average precision below which nothing is called an issue.

    Returns
    -------
    Result
        ``scores``: measure, plan, value, low, high; a row is found for the recall when the class of interest is its most probable
        class. ``groups``: column, n_groups, largest (rows of the largest group), class, n_samples, n_groups_of_class, n_across (rows
        of the class with a row of their group in the training folds), share.

    Raises
    ------
    NotApplicable
        No column says which rows belong together, or the class of interest has rows in fewer than 5 groups.

    References
    ----------
    Roberts et al. (2017), Ecography 40, for blocked validation. Field and Welsh (2007), Journal of the Royal Statistical Society B
    69, for drawing whole groups. Kaufman et al. (2012), ACM TKDD 6.
    """
    name, group = _group(study, column)
    chosen = study.dataset.roles.get("group", ())
    held = bool(chosen) and column in ("", *chosen)
    plain = study.out_of_fold()
    grouped = plain if held else _grouped(study, group)
    kept = np.flatnonzero(~np.isnan(grouped).any(axis=1))
    positive = study.codes[kept] == study.positive_code
    n_with = len(np.unique(group[kept][positive]))
    if not held and min(n_with, len(np.unique(group[kept][~positive]))) < FEWEST_GROUPS:
        raise NotApplicable(
            f"The rows of {wording.quoted(study.positive)} belong to {wording.plural(n_with, 'group')} of column {wording.quoted(name)}; "
            f"at least {FEWEST_GROUPS} groups with it and with the rest are needed."
        )
    across = _across(study, group)[kept][positive]
    table = {"column": name, "n_groups": group.max() + 1, "largest": np.bincount(group).max(), "class": study.positive}
    table |= {
        "n_samples": positive.sum(),
        "n_groups_of_class": n_with,
        "n_across": across.sum(),
        "share": across.mean(),
    }
    scores = _scores(study, kept, group[kept], plain[kept], grouped[kept])
    if held:
        scores = scores[scores["plan"] == PLANS[1]].reset_index(drop=True)
        return Result({"scores": scores, "groups": pd.DataFrame([table])}, (Finding("fine", study.plan),))
    tables = {"scores": scores, "groups": pd.DataFrame([table])}
    return Result(tables, (_finding(tables, tolerated),))


def _group(study: Study, column: str) -> tuple[str, np.ndarray]:
    """The name of the column and the group of each row."""
    data = study.dataset
    if column and column not in data.X.columns and column not in data.groups.columns:
        raise unknown("column", column, [*data.X.columns, *data.groups.columns])
    name = column or next(iter((*data.groups.columns, *repeated_codes(data.X))), "")
    if not column and data.roles.get("group"):
        return " and ".join(data.roles["group"]), alone_numbered(data.group_codes)
    if not name:
        raise NotApplicable(
            "No column says which rows belong together. If one does, name it in the settings of this check."
        )
    values = data.groups[name] if name in data.groups.columns else data.X[name]
    return name, alone_numbered(pd.factorize(values.astype(object))[0])


def _grouped(study: Study, group: np.ndarray) -> np.ndarray:
    """Out-of-fold probabilities (n_samples, n_classes) with the rows of a group held out together."""
    kind = np.minimum(study.class_sizes, study.n_folds)[study.codes] == study.n_folds
    labels = np.where(kind, study.codes, -1)  # classes of a few rows cannot be spread over the folds
    proba = np.full((len(group), len(study.classes)), np.nan)
    choices = {"random_state": study.random_state, "groups": group, "order": study.dataset.order}
    for train, test in folds(labels, n_folds=study.n_folds, **choices):
        proba[test] = study.fit_predict_proba(Recipe(), train, test)
    return proba


def _across(study: Study, group: np.ndarray) -> np.ndarray:
    """Whether a row has a row of its group among the rows that its model was trained on."""
    across = np.zeros(len(group), dtype=bool)
    for train, test in study.folds[: study.n_folds]:
        across[test] = np.isin(group[test], group[train])
    return across


def _scores(study: Study, rows: np.ndarray, group: np.ndarray, plain: np.ndarray, grouped: np.ndarray) -> pd.DataFrame:
    positive = study.codes[rows] == study.positive_code
    rng = np.random.default_rng(study.random_state)
    n_draws = int(np.clip(CELLS / len(group), 50, N_DRAWS))
    weight = np.vstack([np.ones(len(group), dtype=int), draw_groups(group, n_draws, rng)])
    c, pair = study.positive_code, (plain, grouped)
    stands = weight if study.represents is None else weight * study.represents[rows]
    precision = [weighted_average_precision(proba[:, c], positive, stands) for proba in pair]
    found = [(proba.argmax(axis=1) == c)[positive] for proba in pair]
    recall = [weighted_share(hit, weight[:, positive]) for hit in found]
    records = []
    for measure, (first, second) in zip(MEASURES, (precision, recall), strict=True):
        for plan, draws in zip(PLANS, (first, second, first - second), strict=True):
            reach = NORMAL * np.nanstd(draws[1:])
            bounds = (-1.0, 1.0) if plan == PLANS[2] else (0.0, 1.0)
            records.append((measure, plan, draws[0], *np.clip((draws[0] - reach, draws[0] + reach), *bounds)))
    return pd.DataFrame(records, columns=["measure", "plan", "value", "low", "high"])


def _finding(tables: dict[str, pd.DataFrame], tolerated: float) -> Finding:
    group = tables["groups"].iloc[0]
    scores = tables["scores"].set_index(["measure", "plan"])
    plain, grouped, gap = (scores.loc[(MEASURES[0], plan)] for plan in PLANS)
    column = wording.quoted(group["column"])
    text = (
        f"Column {column} names {wording.plural(group['n_groups'], 'group')}. {wording.of(group['n_across'], group['n_samples'])} of "
        f"{wording.quoted(group['class'])} have rows of their group among the training rows. "
        f"Average precision is {wording.score(plain['value'])} with rows at random and {wording.score(grouped['value'])} with groups held "
        f"together, a gap of {wording.with_interval(*gap)}"
    )
    if group["n_across"] and gap["low"] > 0 and gap["value"] >= tolerated:
        return Finding("issue", f"{text}: for new groups, believe the second.")
    return Finding("fine", f"{text}: rows at random do not make the score clearly too good.")


def draw(result: Result) -> dict[str, go.Figure]:
    """Both scores and their difference."""
    title, caption = (
        "Scores with and without groups held together",
        "Scores for the class of interest; intervals over groups.",
    )
    table = result.tables["scores"]
    return {
        title: charts.intervals(
            table, "value", "plan", title=title, x_title="score", y_title="folds", caption=caption, by="measure", reference=0.0
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """Five similar rows per patient."""
    return synthetic.planted("groups", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """As many rows per patient, which have nothing in common."""
    dataset = synthetic.planted("clean", random_state=random_state)
    patient = np.random.default_rng(random_state).permutation(dataset.n_samples) // 5
    frame = dataset.X.assign(patient=[f"p{i}" for i in patient], outcome=dataset.y)
    return Dataset.from_frame(frame, "outcome", name="unrelated rows")
