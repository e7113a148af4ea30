"""Recommend a recipe: a search within a time, and a gain that was seen where the choice was not made.

    for result in recommend(study, seconds=60):
        if result is not None:
            ...  # the last one is complete

``recommend`` is a generator, in the caller or as one task of ``core.jobs``: ``job = runner.start([(recommend, (study, 60.0))])``, and
``job.latest[0]`` is the newest Result. It gives None before every fit, a moment at which it can be stopped, and a partial Result at most
twice a second, whose provenance has ``so_far``: the share of the time that is used, and how far it is in words. ``draw(result)`` takes a partial result or the complete one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge
from core.engine import provenance
from core.evaluation.distinguishing import FEWEST_ROWS, MARGIN, margin_of
from core.evaluation.halving import FAILED, FEWEST_FOLDS, KEPT, RUNNING, WAITING, Search
from core.evaluation.recommend_words import findings, goal, refused, searching, so_far
from core.evaluation.scoring import AT_HALF, AT_OWN, COST, LOWER_IS_BETTER, FoldOutcome, decided, score_fold
from core.evaluation.search_plan import Candidate, candidates, planned
from core.recipe import Recipe
from core.result import Result
from core.study import Study

PACE = 0.5
"""Seconds between two partial results at least."""

LATE, MOST_SHOWN = "not reached", 8
CANDIDATES = [
    "candidate", "learner", "recipe", "text", "rung", "n_folds", "metric", "score", "difference", "low", "high", "F1", "brier", "seconds", "state",
]  # fmt: skip
RUNGS = ["rung", "n_folds", "candidate", "score", "passed"]
FRONT = ["candidate", "learner", "recipe", "paid", "brier", "seconds", "n_folds", "on_front"]
CHOICE = [
    "recommended", "learner", "recipe", "text", "metric", "baseline", "value", "difference", "low", "high", "n_folds", "times_chosen", "rows",
    "positives", "test_rows", "test_positives", "seed",
]  # fmt: skip
THRESHOLD = ["metric", "at_half", "value", "difference", "low", "high", "n_folds"]


def recommend(
    study: Study,
    seconds: float = 60.0,
    *,
    recipes: Iterable[Recipe] = (),
    tried: Sequence[Candidate] | None = None,
    margin: float = MARGIN,
    clock: Callable[[], float] = time.perf_counter,
    score: Callable[[Study, Recipe, int], FoldOutcome] = score_fold,
) -> Iterator[Result | None]:
    """Search learners and recipes within a time, and recommend one only if it beats doing nothing on rows that had no part in the choice.

    The rows are cut into folds (``core.evaluation.search_plan.planned``); those of the entry test 30 % of the rows. There candidates climb rungs: all are scored on
    two folds, as many as 40 % of the time allows, the simple ones first; the better half on more; and the best of these again with calibrated probabilities and the threshold that
    costs imply. Those that then lead, as many as the time allows, are scored with doing nothing on all other folds. Every candidate has the threshold that fits the stated
    cost, or the best F1 without one, chosen inside its training rows, unless it names another one. Of those that are left, the best mean over all folds wins, or the simplest one within the margin of it.

    What this choice gains is seen by nested selection: for each fold outside the entry the choice is made anew by the other folds, with an order by the earlier ones, and scored on it. No row that is
    tested has a say in the choice that it tests, though models that other folds test may have learned from it; so the best of many does not look better than it is, and the interval needs no correction for the others.
    A gain is told only where something came out ahead of doing nothing (the winner's condition): over many searches the gains that are told are too good on average, and the intervals are what to plan with.
    The winner is recommended where the corrected interval of these paired differences leaves zero out on the right side and the mean is beyond the margin, on at least four folds
    and ten rows of the class of interest; else doing nothing is. No fit is started that would, by those seen before, end after the time.

    Parameters
    ----------
    study : Study
        Not changed. Its learner is that of doing nothing; its test rows, if it has any, are not touched.
    seconds : float
        The time.
    recipes : iterable of Recipe
        More candidates, with every learner that they serve.
    tried : sequence of Candidate or None
        The candidates, doing nothing first; None takes ``core.evaluation.search_plan.candidates``.
    margin : float
        A difference too small to matter, of average precision; of costs, this share of the baseline's.
    clock, score : callable
        Gives the time in seconds; scores a fold as ``core.evaluation.scoring.score_fold`` does. Equal scores and equal times give equal results.

    Yields
    ------
    Result or None
        ``candidates``: candidate (recipe and learner in words), learner, recipe, text, rung (0 is the first), n_folds, metric, score (doing nothing's plus the mean
        difference on the same folds, each by its rows), difference, low, high (corrected, over the folds that it has, of one candidate at a time), F1 (at its own threshold), brier, seconds (of a fold), state
        ("waiting", "running", "dropped", "kept", "too slow", "cannot run", "not reached"). ``rungs``: rung, n_folds, candidate, score, passed (whether it went on, and on the last rung whether it was chosen). ``front``:
        candidate, learner, recipe, paid (the cost, or 1 − average precision), brier, seconds, n_folds, on_front (no other candidate is as good in all three and better in one).
        The last Result alone: ``choice``: recommended, learner, recipe, text (with the decision), metric, baseline, value, difference, low, high (of what was chosen for each fold, on that fold), n_folds,
        times_chosen (the folds for which it was this candidate), rows, positives, test_rows, test_positives (of these folds), seed. ``threshold``: metric, at_half, value, difference, low, high, n_folds: what the
        threshold alone does for doing nothing, over all folds that it has. The first finding is the recommendation. With fewer than ten rows
        of the class of interest there is a finding alone, and nothing is searched.
    """
    study = study.whole
    if study.class_sizes[study.positive_code] < FEWEST_ROWS:
        yield Result({}, refused(study), _stamp(study, seconds, "", 0.0))
        return
    key = (COST, AT_OWN) if study.miss_cost else ("average precision", "")
    order = list(candidates(study, recipes) if tried is None else tried)
    search, last = Search(study, planned(study), order, key, seconds, clock, score), -np.inf
    for _ in search.run():
        due = clock() - last >= PACE
        tables = _tables(search, search.base) if due and any(search.outcomes.values()) else {}
        stamp = _stamp(study, seconds, key[0], 0.0) | {"so_far": so_far(search)}
        yield Result(tables, searching(search), stamp) if due else None
        last = clock() if due else last
    ended, winner = {RUNNING: KEPT, WAITING: LATE}, search.winner(margin)
    search.state = {one: ended.get(state, state) for one, state in search.state.items()}
    tables = _tables(search, winner) | {
        "choice": _choice(study, search, winner, margin),
        "threshold": _threshold(search),
    }
    yield Result(tables, findings(study, search, tables), _stamp(study, seconds, key[0], seconds - search.left))


def recommended(result: Result) -> tuple[str, Recipe]:
    """The learner and the recipe, with its decision, of a complete Result; nothing is recommended where there is none."""
    row = result.tables["choice"].query("recommended").iloc[0]
    return row["learner"], Recipe.parse(row["text"])


def draw(result: Result) -> dict[str, go.Figure]:
    """What is paid against calibration and time, and who passed the rungs."""
    if "front" not in result.tables:
        return {}
    metric, front, rungs = result.provenance["parameters"]["metric"], result.tables["front"], result.tables["rungs"]
    shown = front.assign(shown=front["candidate"].where(front["on_front"], "no better than another"))
    shown = shown.sort_values(["on_front", "paid"], ascending=[False, True])
    caption = "Left and low is good. Named candidates: none other is as good in cost, calibration and time, and better in one. Candidates that left early stand where few folds put them."
    axes = {"y_title": "Brier score", "x_title": goal(metric), "by": "shown", "caption": caption}
    paid = charts.points(shown, "paid", "brier", title="What is paid against calibration", **axes)
    axes |= {"y_title": goal(metric), "x_title": "seconds of a fold"}
    took = charts.points(shown, "seconds", "paid", title="Training time against what is paid", **axes)
    sign = 1 if metric in LOWER_IS_BETTER else -1
    furthest = rungs.assign(worth=sign * rungs["score"]).sort_values(["rung", "worth"], ascending=[False, True])
    best = [*rungs["candidate"].head(1), *furthest["candidate"]]
    best = list(dict.fromkeys(best))[:MOST_SHOWN]
    axes = {"x_title": "folds", "y_title": metric, "by": "candidate", "lines": True}
    axes["caption"] = (
        f"Scores as folds are added, of doing nothing and the {len(best) - 1} best of those that came furthest."
    )
    climbed = charts.points(rungs[rungs["candidate"].isin(best)], "n_folds", "score", title="Rungs", **axes)
    return {"What is paid against calibration": paid, "Training time against what is paid": took, "Rungs": climbed}


def _tables(search: Search, winner: Candidate) -> dict[str, pd.DataFrame]:
    return {"candidates": _candidates(search), "rungs": _rungs(search, winner), "front": _front(search)}


def _candidates(search: Search) -> pd.DataFrame:
    rows = []
    for one in search.order:
        n_folds, brier, f1 = len(search.outcomes[one]), ("Brier score", ""), ("F1", AT_OWN)
        known = [search.mean(one, key) if n_folds else np.nan for key in (search.key, f1, brier)]
        moved = search.interval(one, search.key) if n_folds and one != search.base else (np.nan,) * 3
        moved = (
            (known[0] - search.mean(search.base, search.key), *moved[1:]) if n_folds and one != search.base else moved
        )
        took = float(np.mean(search.took[one])) if n_folds else np.nan
        place = (search.rung.get(one, 0), n_folds, search.key[0], known[0], *moved, *known[1:], took, search.state[one])
        rows.append((one.name, one.learner, one.recipe.title, one.recipe.text, *place))
    return pd.DataFrame(rows, columns=CANDIDATES)


def _rungs(search: Search, winner: Candidate) -> pd.DataFrame:
    """Scores over the folds of each rung, of the candidates that have all of them."""
    rows = []
    for rung, n_folds in enumerate(search.plan.rungs):
        for one in search.order:
            if all(f in search.outcomes[one] for f in range(n_folds)):
                passed = search.rung.get(one, 0) > rung or search.state[one] == RUNNING
                rows.append((rung, n_folds, one.name, search.mean(one, search.key, range(n_folds)), passed))
    folds = search.shared
    for one in search.left_over if search.compared else ():
        score = search.mean(one, search.key, folds)
        rows.append((len(search.plan.rungs), len(folds), one.name, score, one == winner))
    return pd.DataFrame(rows, columns=RUNGS)


def _front(search: Search) -> pd.DataFrame:
    seen = [one for one in search.order if search.outcomes[one] and search.state[one] != FAILED]
    values = np.array(
        [
            [search.mean(one, search.key), search.mean(one, ("Brier score", "")), np.mean(search.took[one])]
            for one in seen
        ]
    ).reshape(-1, 3)
    values = np.maximum(values, 0)  # a difference on few folds may place a candidate below what can be
    if search.key[0] not in LOWER_IS_BETTER:
        values[:, 0] = 1 - values[:, 0]
    beaten = [
        ((values <= own).all(axis=1) & (values < own).any(axis=1)).any() or bool(np.isnan(own).any()) for own in values
    ]
    rows = [
        (one.name, one.learner, one.recipe.title, *own, len(search.outcomes[one]), not lost)
        for one, own, lost in zip(seen, values, beaten, strict=True)
    ]
    return pd.DataFrame(rows, columns=FRONT)


def _choice(study: Study, search: Search, winner: Candidate, margin: float) -> pd.DataFrame:
    """The winner, if it is not doing nothing, with what choosing gains, and doing nothing."""
    sizes, own, seed = study.class_sizes, int(study.class_sizes[study.positive_code]), study.random_state
    n, helps, rows = int(sizes.sum()), False, []
    if winner != search.base:
        chosen = search.nested(margin)
        mean, low, high = search.confirmed(chosen)
        sign = -1 if search.key[0] in LOWER_IS_BETTER else 1
        base = float(np.nanmean([search.outcomes[search.base][f].scores[search.key] for f in chosen]))
        tested = np.concatenate([search.plan.folds[f][1] for f in chosen])
        n_own = int((study.codes[tested] == study.positive_code).sum())
        little = margin_of(margin, list(search.outcomes[search.base].values()), search.key)
        enough = len(chosen) >= FEWEST_FOLDS and n_own >= FEWEST_ROWS
        helps = enough and bool(min(sign * low, sign * high) > 0 and sign * mean > little)
        times = sum(one == winner for one in chosen.values())
        seen = (len(chosen), times, n, own, len(tested), n_own, seed)
        rows.append((helps, *_named(study, search, winner), base, base + mean, mean, low, high, *seen))
    value = search.mean(search.base, search.key)
    seen = (len(search.outcomes[search.base]), 0, n, own, 0, 0, seed)
    rows.append((not helps, *_named(study, search, search.base), value, value, 0.0, np.nan, np.nan, *seen))
    return pd.DataFrame(rows, columns=CHOICE)


def _named(study: Study, search: Search, one: Candidate) -> tuple[str, str, str, str]:
    return one.learner, one.recipe.title, decided(study, one.recipe).text, search.key[0]


def _threshold(search: Search) -> pd.DataFrame:
    """Doing nothing at its own threshold, less at 0.5."""
    name, own = COST if search.key[0] == COST else "F1", search.outcomes[search.base]
    change = np.array([out.scores[name, AT_OWN] - out.scores[name, AT_HALF] for out in own.values()])
    value = float(np.mean([out.scores[name, AT_OWN] for out in own.values()]))
    mean, low, high = judge.fold_interval(change, search.share(own))
    return pd.DataFrame([(name, value - mean, value, mean, low, high, len(own))], columns=THRESHOLD)


def _stamp(study: Study, seconds: float, metric: str, elapsed: float) -> dict:
    values = {"seconds": seconds, "metric": metric, "learner": study.learner}
    return provenance("recommend", values, study, elapsed)
