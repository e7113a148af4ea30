"""Whether the table has enough rows, and the scores enough signal, to say anything."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.judge import LEVEL, against_null, proportion_interval
from core.numerics.ranking import average_precision, bootstrap_average_precision, permuted_average_precision
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About("Evidence", "Do the scores mean anything?", cost="seconds", names=("few_rows",))

FEW_POSITIVES = 50
"""Rows of the class of interest below which every claim about it is wide."""

SIGNIFICANT = 0.01
"""Largest p of the average precision against shuffled labels that counts as evidence."""


def evidence(
    study: Study,
    *,
    fewest: Annotated[int, Range(5, 100)] = 10,
    n_draws: Annotated[int, Range(100, 1000, 100)] = 200,
) -> Result:
    """How many rows stand behind each score, and whether the model ranks the class of interest better than chance.

    Recall of a class is ``found / rows`` over out-of-fold predictions, with the exact (Clopper–Pearson) interval. Average
    precision is ``Σ (R_i − R_{i−1}) P_i`` along the ranking by the out-of-fold probability of the class of interest; with no
    signal it is about the prevalence. Its interval comes from resampling rows within classes, its null from shuffled
    labels: both at the same class sizes.

    How it is detected
    ------------------
    A class of fewer than ``fewest`` rows is an issue, and its recall and average precision are withheld: no number is better than one that nobody
    could repeat. Of 1 row found, the exact interval of the recall is 2.5 % to 100 %; of 1 missed, 0 % to 97.5 %. Average precision whose share of shuffled draws at least as large exceeds 1 % is an issue, below 50 rows of the class a caution: the columns
    tell nothing about the class of interest that these rows could show. Fewer than 50 rows of the class of
    interest are a caution.

    Why it matters
    --------------
    With 8 rows of a class, one more row found moves recall by 12 points. No comparison of remedies survives that.

    What to do
    ----------
    Read the counts before the scores. Collect more rows of the class, or merge it with one that is treated alike. If
    average precision does not leave its null, look for better columns before trying any remedy.

    Parameters
    ----------
    fewest : int
        Rows that a class needs for its recall to be shown.
    n_draws : int
        Draws of the bootstrap and of the null. Above 20,000 rows fewer are made, at least 40 and 100.

    Returns
    -------
    Result
        ``classes``: class, n_samples, prevalence, found, recall with low and high (NaN when withheld), smallest_fold and
        largest_fold (test rows in a fold), withheld (the reason or empty). With two classes a row is found when its class
        has a probability above .5, with more when its class is the most probable. ``average_precision``: class,
        n_samples, prevalence (the baseline), average_precision with low and high (NaN when withheld), null, null_low, null_high, p, withheld.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26. Ojala and Garriga (2010), Journal of Machine Learning Research 11
    (permutation tests of classifiers). Saito and Rehmsmeier (2015), PLOS ONE 10.
    """
    study = study.judged
    proba = study.out_of_fold()
    classes = _classes(study, proba.argmax(axis=1), fewest)
    precision = _average_precision(study, proba[:, study.positive_code], n_draws)
    precision["withheld"] = classes["withheld"].iloc[study.positive_code]
    if precision["withheld"].iloc[0]:
        precision[["average_precision", "low", "high", "p"]] = np.nan
    findings = [*_few(classes, fewest), *_signal(study, precision, classes)]
    return Result({"classes": classes, "average_precision": precision}, tuple(findings))


def _classes(study: Study, pred: np.ndarray, fewest: int) -> pd.DataFrame:
    sizes = study.class_sizes
    found = np.bincount(study.codes[pred == study.codes], minlength=len(sizes))
    folds = [np.bincount(study.codes[test], minlength=len(sizes)) for _, test in study.folds[: study.n_folds]]
    low, high = proportion_interval(found, sizes)
    shown = sizes >= fewest
    recall, low, high = (np.where(shown, values, np.nan) for values in (found / sizes, low, high))
    table = {"class": study.classes, "n_samples": sizes, "prevalence": study.class_shares, "found": found}
    table |= {"recall": recall, "low": low, "high": high}
    table |= {"smallest_fold": np.min(folds, axis=0), "largest_fold": np.max(folds, axis=0)}
    reason = f"fewer than {fewest} rows"
    return pd.DataFrame(table | {"withheld": np.where(shown, "", reason)})


def _average_precision(study: Study, score: np.ndarray, n_draws: int) -> pd.DataFrame:
    positive = study.codes == study.positive_code
    share = min(1.0, 20_000 / len(score))
    rng = np.random.default_rng(study.random_state)
    stands = study.represents
    draws = bootstrap_average_precision(score, positive, max(40, round(share * n_draws)), rng, stands)
    null = permuted_average_precision(score, positive, max(100, round(share * n_draws)), rng, stands)
    judged = against_null(average_precision(score, positive, stands), null)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    record = {"class": study.positive, "n_samples": int(positive.sum())}
    record |= {"prevalence": study.class_shares[study.positive_code]}
    record |= {"average_precision": judged.value, "low": low, "high": high, "null": judged.null}
    record |= {"null_low": judged.null_low, "null_high": judged.null_high, "p": judged.p}
    return pd.DataFrame([record])


def _few(classes: pd.DataFrame, fewest: int) -> list[Finding]:
    few = classes[classes["n_samples"] < fewest].sort_values("n_samples", kind="stable")
    if few.empty:
        return []
    verb, owner = ("has", "its") if len(few) == 1 else ("have", "their")
    smallest = wording.plural(few["n_samples"].iloc[0], "row")
    text = (
        f"{wording.listing(few['class'])} {verb} fewer than {fewest} rows ({smallest} in the smallest class): "
        f"{owner} recall is withheld, because nobody could repeat it."
    )
    return [Finding("issue", text)]


def _signal(study: Study, precision: pd.DataFrame, classes: pd.DataFrame) -> list[Finding]:
    row, name = precision.iloc[0], wording.quoted(study.positive)
    own = classes[classes["class"] == study.positive].iloc[0]
    found = f"{wording.of(own['found'], own['n_samples'])} of class {name} are found "
    found += "at a threshold of .5" if len(classes) == 2 else "as the most probable class"
    low, high = (wording.count(own[name]) for name in ("smallest_fold", "largest_fold"))
    fold = f"each fold tests {low if low == high else f'{low} or {high}'} of them"
    ap = f"Average precision for {name} is {wording.score(row['average_precision'])}"
    span = wording.interval(row["null_low"], row["null_high"])
    findings = []
    if row["p"] > SIGNIFICANT and not own["withheld"]:
        few = own["n_samples"] < FEW_POSITIVES
        rows = f" that {wording.plural(own['n_samples'], 'row')} could prove" if few else ""
        text = f"{ap}; shuffled labels reach {span} at the same class sizes. The scores show no signal for this class{rows}."
        findings.append(Finding("caution" if few else "issue", text))
    if not own["withheld"]:
        text = (
            f"{found} (interval {wording.share(own['low'])} to {wording.share(own['high'])}); {fold}. {ap} "
            f"(interval {wording.interval(row['low'], row['high'])}), against {wording.score(row['prevalence'])} with no signal."
        )
        findings.append(Finding("caution" if own["n_samples"] < FEW_POSITIVES else "fine", text))
    else:
        text = (
            f"No score is reported for {name}: with {wording.plural(own['n_samples'], 'row')}, one more row found would move its recall by "
            f"{wording.share(1 / own['n_samples'])}. Of 1 row found the recall may be anything from 2.5 % to 100 %."
        )
        findings.append(Finding("caution", text))
    return findings


def draw(result: Result) -> dict[str, go.Figure]:
    """Recall per class with its exact interval."""
    table = result.tables["classes"]
    shown = table[table["withheld"] == ""]
    if shown.empty:
        return {}
    title, caption = "Recall per class", "Share of the rows of each class found out of fold, with exact intervals."
    axes = {"x_title": "recall", "y_title": "class", "caption": caption}
    return {title: charts.intervals(shown, "recall", "class", title=title, **axes)}


def sick(random_state: int = 0) -> Dataset:
    """Columns that have nothing to do with the class."""
    rng = np.random.default_rng(random_state)
    frame, codes = synthetic.clouds(synthetic.SIZES, n_features=6, distance=0.0, rng=rng)
    return Dataset.from_frame(frame.assign(outcome=synthetic.names(codes)), "outcome", name="no signal")


def healthy(random_state: int = 0) -> Dataset:
    """Separable classes of the same sizes."""
    return synthetic.planted("clean", random_state=random_state)
