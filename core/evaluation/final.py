"""The final score: recipes fitted on all training rows and scored once on the declared test rows."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd

from core import wording
from core.engine import provenance
from core.errors import UserError
from core.evaluation.compare import with_baseline
from core.evaluation.cost_scores import Prices, prices
from core.evaluation.scoring import COST, LOWER_IS_BETTER, answers, cost_per_1000, decided
from core.evaluation.verdict import IMPORTED
from core.judge import difference_interval, proportion_interval
from core.numerics.decisions import confusion, decision_scores
from core.recipe import Recipe
from core.result import Finding, Result
from core.study import Study

N_DRAWS = 400
FEWEST = 10
"""Test rows of the class of interest below which nothing is claimed."""


def final_score(study: Study, recipe: Recipe, **use: Any) -> Result:
    """Score a recipe and the baseline on the declared test rows.

    Parameters
    ----------
    study : Study
        Its dataset has a test set; the training rows are those of the study.
    recipe : Recipe
        The one that was chosen by the folds.
    **use
        ``prevalence_at_use`` and ``between`` of ``core.evaluation.cost_scores.prices``.

    Returns
    -------
    Result
        ``scores``: recipe, metric, value, low, high. ``differences``: metric, difference (recipe less baseline), low, high; on the same
        rows. ``classes``: class, n_training, training_share, n_test, test_share. ``confusion``: recipe, class, predicted, n_rows.
        Intervals come from rows drawn anew within each class, widened for few rows of the class of interest (expanded percentiles); those of
        recall and precision are exact. They do not speak of other training rows, nor of rows that belong together.
        The first finding is the verdict.

    Raises
    ------
    UserError
        No test set is declared.

    References
    ----------
    Hesterberg (2015), The American Statistician 69, for expanded percentiles. Clopper and Pearson (1934), Biometrika 26.
    """
    test = study.dataset.test
    if test is None:
        raise UserError("No test file is declared.", "Name a test file on the data page, or with --test.")
    start = time.perf_counter()
    codes = test.y.map({label: code for code, label in enumerate(study.classes)}).to_numpy(dtype=np.intp)
    draws = _draws(codes, len(study.classes), np.random.default_rng(study.random_state))
    said = prices(study, **use), _lost(study)
    outcomes = {one: _outcome(study, one, test.X, codes, draws, *said) for one in with_baseline([recipe])}
    tail = _tail(int((codes == study.positive_code).sum()))
    tables = {
        "scores": pd.concat([_scores(study, one, *found, tail) for one, found in outcomes.items()], ignore_index=True),
        "differences": _differences(outcomes, recipe, tail), "classes": _classes(study, codes),
        "confusion": pd.concat([_confusion(study, one, matrix) for one, (_, matrix) in outcomes.items()], ignore_index=True),
    }  # fmt: skip
    tables["scores"] = tables["scores"][["recipe", "metric", "value", "low", "high"]]
    stamp = provenance("final_score", {"recipe": recipe.text, **use}, study, time.perf_counter() - start)
    return Result(tables, _findings(study, recipe, tables, codes), stamp)


def _draws(codes: np.ndarray, n_classes: int, rng: np.random.Generator) -> np.ndarray:
    """How often each row is drawn (N_DRAWS + 1, n): once in the first line, then anew within each class."""
    draws = np.ones((N_DRAWS + 1, len(codes)))
    for c in range(n_classes):
        rows = np.flatnonzero(codes == c)
        if len(rows):
            draws[1:, rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=N_DRAWS)
    return draws


def _lost(study: Study) -> np.ndarray:
    """What a miss of each test row costs, in false alarms; the mean of the training rows where the test rows do not say it."""
    costs, found = study.dataset.test.costs, np.full(study.dataset.test.n_samples, study.miss_cost)
    for _, column in costs.items():
        own = study.codes == study.positive_code
        mean = study.row_costs[own].mean()
        raw = column.fillna(mean).clip(lower=0).to_numpy()
        found = raw * study.miss_cost / mean
    return found


def _outcome(
    study: Study, recipe: Recipe, X: pd.DataFrame, codes: np.ndarray, draws: np.ndarray, known: Prices, lost: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Every metric in every draw, and the confusion matrix of the rows as they are."""
    fitted = study.fitted(decided(study, recipe), np.arange(study.dataset.n_samples))
    positive, n_classes = study.positive_code, len(study.classes)
    proba, pred = answers(study, fitted, X)
    found = codes == positive
    values: dict[str, list[float]] = {}
    ranked = _ranking(proba[:, positive], found, draws)
    errors = (proba[:, positive] - found) ** 2
    for k, weight in enumerate(draws):
        matrix = confusion(codes, pred, n_classes, weight)
        one = ranked[k] | decision_scores(matrix, positive) | {"Brier score": float(weight @ errors / weight.sum())}
        missed = float((weight * lost)[found & (pred != positive)].sum()) if study.miss_cost else None
        if missed is not None:
            one[COST] = cost_per_1000(missed, matrix, positive)
        one |= known.of(matrix, positive, missed)
        for name, value in one.items():
            values.setdefault(name, []).append(value)
    return {name: np.array(column) for name, column in values.items()}, confusion(codes, pred, n_classes)


def _ranking(score: np.ndarray, found: np.ndarray, draws: np.ndarray) -> list[dict[str, float]]:
    """Average precision and the area under the ROC curve in every draw, from one sorting of the scores."""
    if not found.any() or found.all():
        return [{"average precision": np.nan, "ROC-AUC": np.nan} for _ in draws]
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(score[order]) < 0, True))  # equal scores are one step
    result = []
    for weight in draws:
        hits, alarms = (np.cumsum(weight[order] * own)[ends] for own in (found[order], ~found[order]))
        gained, passed = np.diff(hits, prepend=0), np.diff(alarms, prepend=0)
        precision = hits / np.maximum(hits + alarms, 1e-300)
        area = float((passed * (hits - gained / 2)).sum() / (hits[-1] * alarms[-1]))
        result.append({"average precision": float((gained * precision).sum() / hits[-1]), "ROC-AUC": area})
    return result


def _tail(n: int) -> float:
    """The share of draws beyond each limit: with n rows, rows drawn anew spread too little by √((n − 1) / n), and as a normal, not as t."""
    from scipy.special import ndtr
    from scipy.stats import t

    return float(ndtr(-np.sqrt(n / (n - 1)) * t.isf(0.025, n - 1))) if n > 1 else 0.0


def _scores(
    study: Study, recipe: Recipe, values: dict[str, np.ndarray], matrix: np.ndarray, tail: float
) -> pd.DataFrame:
    """Every metric with its interval; exact where it is a share of rows."""
    table, c = _spread(values, tail).assign(recipe=recipe.title), study.positive_code
    for metric, n in (("recall", matrix[c].sum()), ("precision", matrix[:, c].sum())):
        if n and matrix[c].sum():
            table.loc[table["metric"] == metric, ["low", "high"]] = [
                float(end) for end in proportion_interval(matrix[c, c], n)
            ]
    return table


def _spread(values: dict[str, np.ndarray], tail: float, name: str = "value") -> pd.DataFrame:
    rows = []
    for metric, column in values.items():
        drawn = column[1:][~np.isnan(column[1:])]
        low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (np.nan, np.nan)
        rows.append((metric, column[0], low, high))
    return pd.DataFrame(rows, columns=["metric", name, "low", "high"])


def _differences(
    outcomes: dict[Recipe, tuple[dict[str, np.ndarray], np.ndarray]], recipe: Recipe, tail: float
) -> pd.DataFrame:
    base, chosen = outcomes[Recipe()][0], outcomes[recipe][0]
    return _spread({metric: chosen[metric] - base[metric] for metric in base}, tail, "difference")


def _classes(study: Study, codes: np.ndarray) -> pd.DataFrame:
    n_test = np.bincount(codes, minlength=len(study.classes))
    table = {"class": study.classes, "n_training": study.class_sizes, "training_share": study.class_shares}
    return pd.DataFrame(table | {"n_test": n_test, "test_share": n_test / n_test.sum()})


def _confusion(study: Study, recipe: Recipe, matrix: np.ndarray) -> pd.DataFrame:
    actual, predicted = np.indices(matrix.shape).reshape(2, -1)
    labels = np.asarray(study.classes, dtype=object)
    rows = {"recipe": recipe.title, "class": labels[actual], "predicted": labels[predicted], "n_rows": matrix.ravel()}
    return pd.DataFrame(rows)


def _findings(study: Study, recipe: Recipe, tables: dict[str, pd.DataFrame], codes: np.ndarray) -> tuple[Finding, ...]:
    n_own, label = int((codes == study.positive_code).sum()), wording.quoted(study.positive)
    if n_own < FEWEST:
        text = f"The test file has {wording.plural(n_own, 'row')} of {label}; below {FEWEST} nothing can be claimed."
        return (Finding("caution", text), *_shifted(study, tables))
    metric = COST if study.miss_cost else "average precision"
    scores = tables["scores"].set_index(["recipe", "metric"])
    base = scores.loc[("Do nothing", metric)]
    start = f"On {wording.plural(len(codes), 'test row')}, {wording.count(n_own)} of them {label}, doing nothing has {metric} "
    start += wording.with_interval(base["value"], base["low"], base["high"])
    if recipe == Recipe():
        return (Finding("fine", f"{start}."), *_grouped(study), *_shifted(study, tables))
    own, change = scores.loc[(recipe.title, metric)], tables["differences"].set_index("metric").loc[metric]
    low, high = (change["low"], change["high"]) if metric not in LOWER_IS_BETTER else (-change["high"], -change["low"])
    word = "better" if low > 0 else "worse" if high < 0 else "not told apart from it"
    text = (
        f"{start}; '{recipe.title}' has {wording.with_interval(own['value'], own['low'], own['high'])} and is {word}: the difference on the "
        f"same rows is {wording.change(change['difference'])} (interval {wording.change(change['low'])} to {wording.change(change['high'])}, from "
        f"{N_DRAWS} draws of these rows with seed {study.random_state})."
    )
    return (
        Finding("fine" if word == "better" else "caution", text),
        *_imported(study, recipe),
        *_grouped(study),
        *_shifted(study, tables),
    )


def _imported(study: Study, recipe: Recipe) -> tuple[Finding, ...]:
    """What nobody can see of synthetic rows that came with the table."""
    if IMPORTED not in recipe.slugs or study.dataset.synthetic is None:
        return ()
    n = wording.plural(study.dataset.synthetic.n_samples, "synthetic row")
    text = (
        f"{n} came with the training rows. If they were made before the test rows were set aside, test rows may be among "
        "those that they were made from, and the score is then too good."
    )
    return (Finding("caution", text),)


def _grouped(study: Study) -> tuple[Finding, ...]:
    """What the intervals leave out where rows belong together."""
    columns = study.dataset.roles.get("group", ())
    if not columns:
        return ()
    text = (
        f"Test rows count as independent here. Where several of them share one {wording.listing(columns)}, the intervals are too narrow, and a "
        "difference just beyond 0 may be chance."
    )
    return (Finding("caution", text),)


def _shifted(study: Study, tables: dict[str, pd.DataFrame]) -> tuple[Finding, ...]:
    """Whether the class of interest is as frequent in both files."""
    row = tables["classes"].set_index("class").loc[study.positive]
    n_training, n_test = tables["classes"][["n_training", "n_test"]].sum()
    low, high = difference_interval(row["n_test"], n_test, row["training_share"] * n_training, n_training)
    if low <= 0 <= high:
        return ()
    text = (
        f"{wording.quoted(study.positive)} makes up {wording.share(row['training_share'])} of the training rows and "
        f"{wording.share(row['test_share'])} of the test rows. Thresholds and probabilities were learned for the first."
    )
    return (Finding("caution", text),)
