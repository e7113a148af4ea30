"""Losses, batches and optimisers of the neural learner side by side, seen while they are trained.

    for result in live_training(study, recipes):
        if result is not None:
            ...  # the last one is complete

``live_training(study, recipes, metric="")`` is a generator, in the caller or as one task of ``core.jobs``. It gives

- None after an epoch that is not worth drawing: a moment at which it can be stopped;
- a Result with the table ``curves`` alone, at most ten times a second;
- at last the complete Result.

On two processes it takes about half the time: ``job = runner.start(live_tasks(study, recipes))`` shares out the folds, and
``live_result(study, recipes, job.latest)`` makes the same Results of what has arrived, partial or complete; None before anything has.

What was trained is kept in the study's memory, recipe by recipe and fold by fold, so that a changed loss trains only that loss.
``tried_together(recipes)`` says which recipes are trained here and which only the ordinary comparison scores.
``draw(result)`` takes a partial result or the complete one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import charts
from core.engine import provenance
from core.errors import UserError
from core.evaluation.compare import chosen_thresholds, evidence, mean_scores, paired_differences
from core.evaluation.cost_scores import with_costs
from core.evaluation.distinguishing import CHANCES, MARGIN, step_down
from core.evaluation.live_curves import curve_table, stack, training_figures
from core.evaluation.live_folds import BASELINE, Seen, Trained, known, refused, train
from core.evaluation.live_words import ADJUSTED, BASE, ROUNDING, findings, still_training, unfit_findings
from core.evaluation.scoring import AT_HALF, AT_OWN, CALIBRATION, COST, COST_METRICS, PROBABILITY, FoldOutcome
from core.recipe import Recipe
from core.result import Result
from core.study import Study

STAGES = frozenset({"optimisers", "batches", "weighting", "losses", "decision"})
"""What recipes that are trained together may change."""

SHOWN = (
    ("average precision", ""), ("macro-F1", AT_HALF), ("macro-F1", AT_OWN), ("F1", AT_HALF), ("F1", AT_OWN), ("recall", AT_HALF), ("recall", AT_OWN),
    *((name, "") for name in (*PROBABILITY, CALIBRATION[0])),
    *((name, cut) for name in (COST, *COST_METRICS) for cut in (AT_HALF, AT_OWN)),
)  # fmt: skip
COMPARED = ["recipe", "against", "metric", "cut", "difference", "low", "high", "n_folds", "p", "p_holm", *CHANCES]
PACE, TIMES = 0.1, 10
"""Seconds between two partial results at least; and how many times the seconds that one takes to make."""


def tried_together(recipes: Iterable[Recipe]) -> tuple[tuple[Recipe, ...], tuple[Recipe, ...]]:
    """Part recipes into those that are trained side by side, and those that change more than that.

    Plain cross-entropy, and logit adjustment after it, are always there and are in neither part.

    Returns
    -------
    together, apart : tuple of Recipe
        Each recipe once.
    """
    always = (BASELINE, Recipe.of("cross_entropy"), Recipe.of("posthoc_logit_adjustment"))
    asked = [recipe for recipe in dict.fromkeys(recipes) if recipe not in always]
    return tuple(filter(_fits, asked)), tuple(recipe for recipe in asked if not _fits(recipe))


def live_training(
    study: Study, recipes: Iterable[Recipe] = (), metric: str = "", margin: float = MARGIN
) -> Iterator[Result | None]:
    """Train the neural learner by several recipes on the folds of the first draw, and compare them with plain cross-entropy.

    Folds and recipes are one batched product. Test rows are seen by nothing but the scores. The threshold of a fold is chosen on inner folds of
    its training rows, whose networks are trained in the same go, so that every score equals that of the ordinary comparison on these folds.
    Every recipe is held against two references: cross-entropy at the threshold chosen in the same way, and the
    same networks with logit adjustment after training. The intervals of all recipes against both hold together (Bonferroni).

    Parameters
    ----------
    study : Study
        Its learner is "neural". What was trained is kept in its memory.
    recipes : iterable of Recipe
        Those that ``tried_together`` leaves apart are named in a finding and not trained.
    metric : str
        What "better" means; empty takes the cost when one is stated, and average precision otherwise.
    margin : float
        As for ``core.evaluation.compare.compare``.

    Yields
    ------
    Result or None
        Partial results hold ``curves`` only; None is no news. The last one holds:
        ``curves``: recipe, epoch, class, rows ("training" or "held out"), loss, loss_low, loss_high, recall, recall_low, recall_high,
        gradient_norm, gradient_norm_low, gradient_norm_high, n_folds (those still training): means over folds, low and high the least and
        the most of a fold; a fold that has stopped stays at its last values. ``scores``: recipe, metric, cut, value, low, high, n_folds.
        ``differences``: recipe, against, metric, cut, difference, low, high, n_folds, p, p_holm (raised for all recipes against both references), better,
        equivalent, worse; paired by fold. ``thresholds``: recipe, median,
        smallest, largest, n_folds. ``training``: recipe, epochs (mean over folds), fewest, most, seconds, n_together (recipes that
        were trained in one go and share its time). ``evidence``: measure, value. Held-out rows are those that inner folds left out.
    """
    wanted = _wanted(study, recipes)
    for seen in train_folds(study, wanted, range(study.n_folds)):
        yield None if seen is None else live_result(study, recipes, [seen], metric, margin)


def live_tasks(study: Study, recipes: Iterable[Recipe] = ()) -> list[tuple[Callable, tuple]]:
    """The same as two tasks of a job, each with a part of the folds; what they tell is made into a Result by ``live_result``."""
    wanted, half = _wanted(study, recipes), (study.n_folds + 1) // 2
    return [(train_folds, (study, wanted, folds)) for folds in (range(half), range(half, study.n_folds)) if folds]


def live_result(
    study: Study,
    recipes: Iterable[Recipe],
    parts: Sequence[Seen],
    metric: str = "",
    margin: float = MARGIN,
    **said: Any,
) -> Result | None:
    """The Result of what was seen so far, as ``live_training`` describes it: with curves alone until all folds of all recipes are done.

    Parameters
    ----------
    study : Study
    recipes : iterable of Recipe
        As they were given to ``live_tasks``.
    parts : sequence of Seen
        The newest of each task.
    metric, margin
        As for ``live_training``.
    **said
        ``prevalence_at_use`` and ``between`` of ``core.evaluation.cost_scores.prices``.
    """
    unfit = {recipe: reason for seen in parts for recipe, reason in seen.refused.items()}
    wanted = tuple(recipe for recipe in _wanted(study, recipes) if recipe not in unfit)
    done = {place: one for seen in parts for place, one in seen.done.items()}
    if all((recipe, fold) in done for recipe in wanted for fold in range(study.n_folds)):
        found = {recipe: [done[recipe, fold] for fold in range(study.n_folds)] for recipe in wanted}
        result = _complete(study, found, tried_together(recipes)[1], metric, margin, **said)
        return replace(result, findings=(*result.findings, *unfit_findings(unfit)))
    return _partial(study, wanted, parts) if parts else None


def train_folds(study: Study, recipes: Sequence[Recipe], folds: Sequence[int]) -> Iterator[Seen | None]:
    """Train the recipes that are not known yet on some folds of the first draw, and tell how far they are; the last one has all."""
    places = [(recipe, fold) for recipe in recipes for fold in folds]
    missing = {recipe for recipe, fold in places if known(study, recipe, fold) is None}
    new = [recipe for recipe in recipes if recipe in missing and not refused(study, recipe)]
    before = {place: known(study, *place) for place in places if place[0] not in missing}
    if new and before:
        yield Seen(before, {})
    last, pause = 0.0, PACE
    for so_far in train(study, new, folds) if new else ():
        start = time.perf_counter()
        if so_far is None or start - last < pause:
            yield None
            continue
        epoch, curves = so_far
        seen = Seen(before, curves(), epoch)
        yield seen
        last = time.perf_counter()
        pause = max(PACE, TIMES * (last - start))
    unfit = {recipe: reason for recipe in recipes if (reason := refused(study, recipe))}
    yield Seen({place: known(study, *place) for place in places if place[0] not in unfit}, {}, refused=unfit)


def draw(result: Result) -> dict[str, go.Figure]:
    """Changes against cross-entropy, then what happened to each class while training: held-out rows first."""
    figures, table = {}, result.tables.get("differences")
    if table is not None and len(table):
        metric = result.provenance["parameters"]["metric"]
        title = f"Change of {metric} against cross-entropy"
        caption = "Paired over the same folds. A loss is better or worse only where its interval leaves zero out."
        rows = table[(table["metric"] == metric) & table["cut"].isin(["", AT_OWN])]
        axes = {"x_title": f"difference of {metric}", "y_title": "recipe", "by": "against", "reference": 0}
        figures[title] = charts.intervals(rows, "difference", "recipe", title=title, caption=caption, **axes)
    return figures | training_figures(result.tables["curves"])


def _fits(recipe: Recipe) -> bool:
    for stage in STAGES:
        recipe = recipe.without(stage)
    return recipe == BASELINE


def _wanted(study: Study, recipes: Iterable[Recipe]) -> tuple[Recipe, ...]:
    if study.learner != "neural":
        problem = "Training is shown for the neural learner only."
        raise UserError(problem, "Choose the neural learner, or compare the recipes below.")
    return (BASELINE, *tried_together(recipes)[0])


def _name(recipe: Recipe) -> str:
    return BASE if recipe == BASELINE else recipe.title


def _partial(study: Study, wanted: Sequence[Recipe], parts: Sequence[Seen]) -> Result:
    """Curves of the folds that have begun, as far as the slowest of them is."""
    done = {place: one.curves for seen in parts for place, one in seen.done.items()}
    going = {place: values for seen in parts for place, values in seen.curves.items()}
    epochs = min((seen.epochs for seen in parts if seen.curves), default=0)
    new = list(dict.fromkeys(recipe for recipe in wanted if any((recipe, f) not in done for f in range(study.n_folds))))
    arrived = done | {place: values[:epochs] for place, values in going.items() if epochs}
    stacks = {recipe: [arrived[recipe, f] for f in range(study.n_folds) if (recipe, f) in arrived] for recipe in wanted}
    curves = {_name(recipe): stack(own) for recipe, own in stacks.items() if own}
    finding = still_training(epochs, [_name(recipe) for recipe in new])
    return Result({"curves": curve_table(study, curves)}, (finding,), _stamp(study, wanted, "", 0.0))


def _complete(
    study: Study,
    found: Mapping[Recipe, Sequence[Trained]],
    apart: Sequence[Recipe],
    metric: str,
    margin: float,
    **said: Any,
) -> Result:
    metric = metric or (COST if study.miss_cost else "average precision")
    base = [one.outcome for one in found[BASELINE]]
    outcomes = {_name(recipe): [one.outcome for one in own] for recipe, own in found.items()}
    references = {BASE: base, ADJUSTED: [one.adjusted for one in found[BASELINE]]}
    outcomes, references = with_costs(study, outcomes, **said), with_costs(study, references, **said)
    shown = references | outcomes
    tables = {
        "curves": curve_table(study, {_name(recipe): stack([one.curves for one in own]) for recipe, own in found.items()}),
        "scores": _only_shown(pd.concat([mean_scores(name, own) for name, own in shown.items()], ignore_index=True)),
        "differences": _differences(outcomes, references, margin),
        "thresholds": pd.DataFrame([chosen_thresholds(name, own) for name, own in shown.items()]),
        "training": pd.DataFrame([_training(_name(recipe), own) for recipe, own in found.items()]),
        "evidence": evidence(study, draws=1),
    }  # fmt: skip
    stamp = _stamp(study, found, metric, sum(one.seconds for own in found.values() for one in own))
    return Result(tables, findings(study, tables, metric, tuple(found)[1:], apart, margin), stamp)


def _differences(
    outcomes: Mapping[str, Sequence[FoldOutcome]], references: Mapping[str, Sequence[FoldOutcome]], margin: float
) -> pd.DataFrame:
    """Every recipe against both references; all comparisons of a metric and cut are one family."""
    tried = [name for name in outcomes if name != BASE]
    n_together = len(references) * len(tried)
    changes = [
        paired_differences(name, outcomes[name], theirs, n_together=n_together, margin=margin).assign(against=against)
        for name in tried
        for against, theirs in references.items()
    ]
    if not changes:
        return pd.DataFrame(columns=COMPARED)
    table = _only_shown(pd.concat(changes, ignore_index=True))
    same = (table[["low", "high"]].abs() < ROUNDING).all(axis=1)
    table["p"] = table["p"].mask(same, 1.0)
    return table.assign(p_holm=step_down(table, n_together))[COMPARED]


def _only_shown(table: pd.DataFrame) -> pd.DataFrame:
    wanted = [key in SHOWN for key in zip(table["metric"], table["cut"], strict=True)]
    return table[wanted].reset_index(drop=True)


def _stamp(study: Study, recipes: Iterable[Recipe], metric: str, seconds: float) -> dict:
    values = {"recipes": [recipe.text for recipe in recipes], "metric": metric, "learner": study.learner}
    return provenance("live_training", values, study, seconds)


def _training(name: str, own: Sequence[Trained]) -> dict[str, object]:
    epochs = [one.epochs for one in own]
    row = {"recipe": name, "epochs": sum(epochs) / len(epochs), "fewest": min(epochs), "most": max(epochs)}
    return row | {"seconds": sum(one.seconds for one in own), "n_together": own[0].n_together}
