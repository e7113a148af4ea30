"""What weights, shifts, more rows and costs do for a class that overlaps, and for one that is only rare."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.class_plane import class_plane, pair_table
from core.dataset import Dataset
from core.interventions import (
    GEOMETRIC,
    NOTHING,
    QUADRANT,
    REMEDIES,
    SEVERITY,
    UNIFORM,
    Trials,
    error_scores,
    pair_scores,
    trials,
)
from core.judge import fold_interval
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Circumplex intervention",
    "Does any remedy tell a missed class apart from its nearest one?",
    maturity="emerging",
    cost="minutes",
    gravest="caution",
)

MAIN, AREA = "told apart", "balanced AUC"
"""The measure by which a gain is judged, and the one that no threshold moves."""

MOST_CLASSES = 5
"""Failing classes that are looked at: the class of interest first, then those with the most missed rows."""


def circumplex_intervention(study: Study, *, false_alarms: Annotated[float, Range(0.01, 0.2, 0.01)] = 0.05) -> Result:
    """Train one linear classifier in seven ways on the same folds, and see who gains.

    The classifier is a softmax over ``z = X B``, with a small ridge. Beside *nothing* it is trained with class weights ``1 / n_c``; with logit adjustment,
    cross-entropy of ``z + log π`` and decisions by z; on copied rows; on interpolated rows; with a geometric cost ``Σ_k p_k C[y, k]`` added, where C
    holds the distances of the class centres in the plane over the largest; and with the uniform cost, ``C = 1 − I``, that is
    ``1 − p_y``. The uniform cost is the control: what it wins as well is not owed to geometry.

    How it is detected
    ------------------
    For each class of which the plain classifier finds less than half, *told apart* is the mean of two shares: its rows that score higher for it than for its
    nearest class, and the rows of the nearest class that score higher for theirs. What one class wins from the other cancels out. A
    remedy gains where the paired difference to nothing over all folds leaves zero out (Nadeau and Bengio's interval, widened for all classes and
    remedies). A class that lies on another one cannot gain; one that is rare and apart can. Where the balanced AUC does not change as well, only the threshold
    was wrong. The cost term is that of the paper, added to cross-entropy
    with weight 1; its table form and *told apart* are our inference: hence emerging. It describes, and never calls an issue.

    Why it matters
    --------------
    It puts the verdict of circumplex overlap to the test. Effort on weights and synthetic rows is lost on a class that lies on top of another one.

    What to do
    ----------
    Where a remedy gains, compare it with the right threshold on the remedies page. Where none does, look for another column, or merge the two classes.

    Parameters
    ----------
    false_alarms : float
        Share of the rows of other classes that may be taken for the class, where recall is read at equal false alarms.

    Returns
    -------
    Result
        ``classes``: class, n_rows, nearest, balanced_auc with low and high (as in circumplex overlap), recall (of the plain classifier), failing,
        best (the remedy with the largest change of told apart), outcome ("gains" or "no gain shown"). ``changes``: class, nearest, remedy, measure (told
        apart, balanced AUC, recall, recall of the nearest class, recall at equal false alarms), baseline, value, change with low and high. ``costs``:
        comparison (geometric cost or uniform cost against nothing, geometric against uniform cost), measure (error severity, quadrant
        preservation), change with low and high. Where no class fails, the one with the lowest recall is shown.

    References
    ----------
    Huynh (2026), arXiv 2606.15763. Menon et al. (2021), International Conference on Learning Representations (logit adjustment). Chawla et al. (2002),
    Journal of Artificial Intelligence Research 16. Nadeau and Bengio (2003), Machine Learning 52.
    """
    seen, plan = trials(study), class_plane(study)
    pairs = pair_table(study, plan)
    pairs[["a", "b"]] = plan.judged[pairs[["a", "b"]].to_numpy()]
    classes = _looked_at(study, seen, pairs)
    measured = {
        (row.a, name): pair_scores(seen, name, row.a, row.b, false_alarms)
        for row in classes.itertuples()
        for name in (NOTHING, *REMEDIES)
    }
    changes = _changes(study, seen, classes, measured)
    main = changes[changes["measure"] == MAIN]
    known = main.assign(change=main["change"].fillna(-np.inf))
    best = known.loc[known.groupby("class", sort=False)["change"].idxmax()].reset_index(drop=True)
    gained = set(main.loc[main["low"] > 0, "class"])
    classes = classes.assign(
        best=best["remedy"], outcome=["gains" if name in gained else "no gain shown" for name in classes["class"]]
    )
    tables = {"classes": classes.drop(columns=["a", "b"]), "changes": changes, "costs": _costs(seen)}
    findings = _findings(tables, len(study.classes))
    if len(seen.codes) < len(study.codes):
        text = (
            f"Measured on {wording.plural(len(seen.codes), 'row')}, small classes whole; the rows of larger classes carry "
            "the weight of those that were left out, so that no class is less rare than in the table."
        )
        findings = (*findings, Finding("fine", text))
    return Result(tables, findings)


def _looked_at(study: Study, seen: Trials, pairs: pd.DataFrame) -> pd.DataFrame:
    """The failing classes with their nearest ones; the class of lowest recall where none fails."""
    both = pd.concat([pairs, pairs.rename(columns={"a": "b", "b": "a"})], ignore_index=True)
    nearest = both.sort_values(["high", "balanced_auc", "mahalanobis"], kind="stable").groupby("a").head(1)
    nearest = nearest.sort_values("a")[["a", "b", "balanced_auc", "low", "high"]]
    found = np.zeros((len(study.classes), 2))
    for test, scores in zip(seen.tests, seen.scores[NOTHING], strict=True):
        own = seen.codes[test]
        np.add.at(found, own, np.stack([scores.argmax(axis=1) == own, np.ones(len(own))], axis=1))
    recall = found[:, 0] / np.maximum(found[:, 1], 1)
    table = nearest.assign(recall=recall[nearest["a"]], n_rows=study.class_sizes[nearest["a"]])
    table = table[found[table["a"], 1] > 0].assign(failing=lambda t: t["recall"] < 0.5)
    order = table.assign(first=table["a"] != study.positive_code, missed=table["n_rows"] * (table["recall"] - 1))
    if table["failing"].any():
        kept = order[order["failing"]].sort_values(["first", "missed"], kind="stable").index[:MOST_CLASSES]
    else:
        kept = order.sort_values("recall", kind="stable").index[:1]
    table = table.loc[kept].reset_index(drop=True)
    names = {"class": [study.classes[a] for a in table["a"]], "nearest": [study.classes[b] for b in table["b"]]}
    return table.assign(**names)[
        ["class", "n_rows", "nearest", "balanced_auc", "low", "high", "recall", "failing", "a", "b"]
    ]


def _changes(study: Study, seen: Trials, classes: pd.DataFrame, measured: dict) -> pd.DataFrame:
    records = []
    for row in classes.itertuples():
        plain = measured[row.a, NOTHING]
        for name in REMEDIES:
            for measure, values in measured[row.a, name].items():
                n = len(classes) * len(REMEDIES)
                change = fold_interval(values - plain[measure], seen.test_share, n_comparisons=n)
                middle = [np.nanmean(part) if not np.isnan(part).all() else np.nan for part in (plain[measure], values)]
                records.append((study.classes[row.a], row.nearest, name, measure, *middle, *change))
    columns = ["class", "nearest", "remedy", "measure", "baseline", "value", "change", "low", "high"]
    return pd.DataFrame(records, columns=columns)


def _costs(seen: Trials) -> pd.DataFrame:
    scores = {name: error_scores(seen, name) for name in (NOTHING, GEOMETRIC, UNIFORM)}
    records = []
    for left, right in ((GEOMETRIC, NOTHING), (UNIFORM, NOTHING), (GEOMETRIC, UNIFORM)):
        for measure in (SEVERITY, QUADRANT):
            gap = scores[left][measure] - scores[right][measure]
            change = fold_interval(gap, seen.test_share, n_comparisons=6)
            records.append((f"{left} against {right}", measure, *change))
    return pd.DataFrame(records, columns=["comparison", "measure", "change", "low", "high"])


def _findings(tables: dict[str, pd.DataFrame], n_classes: int) -> tuple[Finding, ...]:
    classes, changes = tables["classes"], tables["changes"]
    findings = [
        _finding(row, changes[changes["class"] == row["class"]]) for _, row in classes.iterrows() if row["failing"]
    ]
    if not findings:
        row = classes.iloc[0]
        text = (
            f"The plain linear classifier finds at least half of every class; the least found is {wording.quoted(row['class'])} "
            f"with a recall of {wording.share(row['recall'])}. No class needs a remedy to be told apart."
        )
        findings = [Finding("fine", text)]
    return (*findings, Finding("fine", _on_costs(tables["costs"], n_classes)))


def _finding(row: pd.Series, changes: pd.DataFrame) -> Finding:
    """One sentence on a failing class: who gains, or that nobody is shown to."""
    main = changes[changes["measure"] == MAIN]
    name, other = wording.quoted(row["class"]), wording.quoted(row["nearest"])
    gaining = main[main["low"] > 0].sort_values("change", ascending=False, kind="stable")
    best = gaining.iloc[0] if len(gaining) else main.loc[main["change"].fillna(-np.inf).idxmax()]
    change = f"{wording.change(best['change'])} ({wording.change(best['low'])} to {wording.change(best['high'])})"
    start = f"{wording.share(best['baseline'])} told apart from {other} with none"
    if len(gaining):
        slugs = [slug for remedy in gaining["remedy"] for slug in REMEDIES[remedy]]
        text = (
            f"{name} gains by {wording.plural(len(gaining), 'remedy', 'remedies')} of {len(REMEDIES)} on the same folds, most by {best['remedy']}: "
            f"{start}, {change}. So at least part of its misses come from its rarity."
        )
        area = changes[(changes["measure"] == AREA) & (changes["remedy"] == best["remedy"])].iloc[0]
        if not area["low"] > 0:
            text += f" The ranking is not shown to gain (balanced AUC {wording.change(area['change'])}), so moving the threshold may do as well."
            slugs = ["tuned_threshold", *slugs]
        return Finding("caution", text, tuple(dict.fromkeys(slugs)))
    text = (
        f"None of {len(REMEDIES)} remedies is shown to tell {name} apart better on the same folds: {start}, the best, {best['remedy']}, "
        f"changes it by {change}."
    )
    return Finding("caution", f"{text} {_trade(other, changes)}")


def _trade(other: str, changes: pd.DataFrame) -> str:
    """What class weights win for a class, and what they cost its nearest one."""
    weighted = changes[changes["remedy"] == "class weights"].set_index("measure")["change"]
    won, lost = weighted["recall"], weighted["recall of the nearest class"]
    return f"Class weights change its recall by {wording.change(won)}, and that of {other} by {wording.change(lost)}."


def _on_costs(costs: pd.DataFrame, n_classes: int) -> str:
    row = costs[(costs["comparison"] == f"{GEOMETRIC} against {UNIFORM}") & (costs["measure"] == SEVERITY)].iloc[0]
    if n_classes == 2:
        return "With 2 classes every error is equally far, and the geometric cost is the uniform one."
    if np.isnan(row["low"]):
        return (
            "The geometric and the uniform cost leave errors on fewer than 2 folds; their severity cannot be compared."
        )
    change = f"{wording.change(row['change'])} ({wording.change(row['low'])} to {wording.change(row['high'])})"
    if row["high"] < 0:
        return f"Its geometry brings errors nearer: against the uniform cost the geometric one changes their severity by {change}."
    return f"Against the uniform cost the geometric one changes the severity of errors by {change}: no gain is shown that is owed to the geometry."


def draw(result: Result) -> dict[str, go.Figure]:
    """What each remedy changes in how a class is told apart from its nearest one."""
    changes, title = result.tables["changes"], "Change on the same folds"
    main = changes[changes["measure"] == MAIN]
    text = "Paired change of the share told apart from the nearest class, over all folds, with intervals."
    axes = {"x_title": "change of the share told apart", "y_title": "remedy", "caption": text}
    return {title: charts.intervals(main, "change", "remedy", by="class", reference=0.0, title=title, **axes)}


def two_pairs(degenerate: bool, random_state: int = 0, n_common: int = 2000) -> Dataset:
    """Four classes: two about as frequent as each other on one spot or apart, and a rare one beside the common one, or far from it.

    Parameters
    ----------
    degenerate : bool
        Whether "pair 1" and "pair 2" share their centre and "rare" lies 2 standard deviations from "common"; else all lie far apart.
    random_state : int
        Seed.
    n_common : int
        Rows of "common".
    """
    rng, sizes = np.random.default_rng(random_state), (n_common, 130, 110, 60)
    codes = rng.permutation(np.repeat(np.arange(4), sizes))
    centres = np.zeros((4, 5))
    centres[1, 0] = centres[2, 0 if degenerate else 1] = 5.0
    centres[3, 2] = 2.0 if degenerate else 6.0
    frame = pd.DataFrame(
        rng.normal(size=(len(codes), 5)) + centres[codes], columns=[f"measure {j + 1}" for j in range(5)]
    )
    labels = np.array(["common", "pair 1", "pair 2", "rare"])[codes]
    return Dataset.from_frame(frame.assign(outcome=labels), "outcome", name="two pairs")


def sick(random_state: int = 0) -> Dataset:
    """Two classes on one spot, and a rare one that is separable but outnumbered."""
    return two_pairs(True, random_state, n_common=1000)


def healthy(random_state: int = 0) -> Dataset:
    """The same sizes, all classes far apart."""
    return two_pairs(False, random_state, n_common=1000)
