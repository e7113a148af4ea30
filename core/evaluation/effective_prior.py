"""What a recipe asserts before it is run: which costs its sampling stands for, and by which class shares it decides."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.engine import provenance
from core.numerics.asserted_costs import at_costs, at_threshold, implied_costs
from core.recipe import Recipe
from core.registry import method
from core.result import Finding, Result
from core.study import Study

BEFORE, AFTER = ("ensembles", "sampling", "losses", "weighting"), "calibration"
"""Stages in the order in which rows pass them, and the one that works on probabilities."""

STEPS = (*BEFORE, AFTER, "decision")

APART = 2.0
"""How many times two cost ratios may differ and still agree."""

SAME = 1.05
"""How far odds must move for a step to count."""

EVEN = 0.05
"""By what part of 1 / n_classes the share of a class may differ from it where all classes are called at parity."""

COLUMNS = [
    "class",
    "share",
    "after_sampling",
    "weight",
    "shift",
    "threshold",
    "effective",
    "cost_optimal",
    "implied_cost",
]


def effective_prior(study: Study, recipe: Recipe, *, threshold: float | None = None) -> Result:
    """Say by which class shares a recipe decides, and which costs that stands for; no learner is fitted.

    ``π_eff,c ∝ π_c · (sampler rate)_c · (weight)_c · exp(−shift_c)``, and a threshold t multiplies the odds of the class of interest by
    ``(1 − t) / t``. All steps are run on the rows of the table as they are, with a learner that sees no columns: the shares that come
    out can only come from the steps, so every sampler, ensemble and weight is counted as it acts and not by its name. Weights
    that are computed on sampled rows add nothing to a table that is even already. Calibrated probabilities speak of the shares of
    the table again, and so does prior correction, at least in intent. The shares are what the recipe asserts: boosted trees that fit
    every copied row take less of it on. A decision by effective shares at the cut of .5 is the cheapest when one miss costs
    ``[e / (1 − e)] / [π / (1 − π)]`` false alarms; at parity, with two classes, N / P. The rule for more than two classes, a false
    alarm taken as the average over the other rows, and the comparison of odds rather than shares are our inference.

    Parameters
    ----------
    study : Study
        Not changed.
    recipe : Recipe
        Of any stages.
    threshold : float or None
        The threshold that a tuned one came to, if it was measured; without it a tuned threshold is left out of the sum.

    Returns
    -------
    Result
        ``classes``: class, share (of the table), after_sampling (share), weight and shift (factors, 1 for the largest class),
        threshold (factor of the odds), effective (share), cost_optimal (share at the stated costs, or the share of the table),
        implied_cost (false alarms that one miss is worth).
        ``steps``: step, stage, odds_factor (of the class of interest), share (of it after the step), implied_cost (of all steps so far),
        same_threshold (the one that says the same without them).
        The first finding is the cost caption.

    References
    ----------
    Elkan (2001), IJCAI, for costs and class shares. The product of all steps is our inference.
    """
    start = time.perf_counter()
    found = _asserted(study, recipe, threshold)
    findings = (_caption(found), _whole(found), _stacked(found), _open(found))
    values = {"recipe": recipe.text, "threshold": threshold}
    stamp = provenance("effective_prior", values, study, time.perf_counter() - start)
    return Result({"classes": _classes(found), "steps": _steps(found)}, tuple(filter(None, findings)), stamp)


def cost_caption(study: Study, recipe: Recipe) -> str:
    """One sentence on what the sampling and the weights of a recipe say about costs."""
    return _caption(_asserted(study, recipe, None)).text


def draw(result: Result) -> dict[str, go.Figure]:
    """The share of each class in the table, as the recipe acts, and as the costs ask."""
    names = {"share": "in the table", "effective": "as the recipe decides", "cost_optimal": "as the costs ask"}
    rows = result.tables["classes"].melt("class", list(names), "kind", "value")
    rows["kind"] = rows["kind"].map(names)
    title, caption = (
        "Class shares behind the decision",
        "What the steps of the recipe make of the class shares, together.",
    )
    axes = {"x_title": "share of the rows", "y_title": "class", "caption": caption}
    return {title: charts.bars(rows, "value", "class", by="kind", title=title, **axes)}


@dataclass(frozen=True, eq=False)
class _Asserted:
    """The class shares (n_classes,) after each step of a recipe, by stage, and the threshold; None where it is tuned."""

    study: Study
    recipe: Recipe
    after: dict[str, np.ndarray]
    n_fitted: int
    threshold: float | None

    def until(self, *stages: str) -> np.ndarray:
        """The shares after the last of some stages."""
        return next((self.after[stage] for stage in reversed(self.after) if stage in stages), self.study.class_shares)

    @property
    def optimal(self) -> np.ndarray:
        """The shares by which the stated costs are least; those of the table without costs."""
        costs = np.ones(len(self.study.classes))
        costs[self.study.positive_code] = self.study.miss_cost or 1.0
        return at_costs(self.study.class_shares, costs)

    def cost(self, *stages: str) -> float:
        """How many false alarms one miss is worth after some stages."""
        return float(implied_costs(self.study.class_shares, self.until(*stages))[self.study.positive_code])


def _asserted(study: Study, recipe: Recipe, threshold: float | None) -> _Asserted:
    after, n_fitted, taken = {}, 0, set()
    for stage in (*BEFORE, AFTER):
        if not recipe.stage(stage):
            continue
        taken.add(stage)
        part = Recipe(tuple(step for step in recipe.steps if method(step[0]).group in taken))
        after[stage], n_rows = _shares(study, part)
        n_fitted = n_rows if stage == "sampling" else n_fitted
    found = _Asserted(study, recipe, after, n_fitted, threshold)
    if threshold is None:
        stated = getattr(study.classifier(recipe), "threshold_of_costs", 0.5)
        found = replace(found, threshold=stated)
    if recipe.stage("decision") and found.threshold is not None:
        after["decision"] = at_threshold(found.until(*STEPS), study.positive_code, found.threshold)
    return found


def _shares(study: Study, part: Recipe) -> tuple[np.ndarray, int]:
    classifier = study.classifier(part)
    if getattr(classifier, "restores_prior", False):
        return study.class_shares, 0
    from core.learners.blind import asserted_shares

    return asserted_shares(classifier, study.dataset.X, study.codes, study.rows)


def _classes(found: _Asserted) -> pd.DataFrame:
    study, cut = found.study, np.ones(len(found.study.classes))
    cut[study.positive_code] = np.nan if found.threshold is None else (1 - found.threshold) / found.threshold
    sampled, prepared, shifted = found.until(*BEFORE[:2]), found.until(*BEFORE), found.until(*BEFORE, AFTER)
    ends = cut, found.until(*STEPS), found.optimal, implied_costs(study.class_shares, found.until(*STEPS))
    values = (study.classes, study.class_shares, sampled, _factor(sampled, prepared), _factor(prepared, shifted), *ends)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def _steps(found: _Asserted) -> pd.DataFrame:
    table, own, rows = found.study.class_shares, found.study.positive_code, []
    before = table
    for stage, shares in found.after.items():
        moved, cost = implied_costs(before, shares)[own], implied_costs(table, shares)[own]
        rows.append((found.recipe.stage(stage).title, stage, moved, shares[own], cost, 1 / (1 + cost)))
        before = shares
    return pd.DataFrame(rows, columns=["step", "stage", "odds_factor", "share", "implied_cost", "same_threshold"])


def _caption(found: _Asserted) -> Finding:
    """What sampling and weights say about costs, beside what was stated; a threshold of the recipe has its own sentences."""
    cost, stated = found.cost(*BEFORE), found.study.miss_cost
    untouched = 1 / SAME < cost < SAME
    back = AFTER in found.after and 1 / SAME < found.cost(*BEFORE, AFTER) < SAME
    if untouched:
        text = "This recipe leaves the class shares as they are: at the threshold 0.5, one miss counts as much as one false alarm."
    else:
        text = f"{_verb(found)} says that {_worth(cost, 'costs as much as')}."
    if back and not untouched:
        text += f" '{found.recipe.stage(AFTER).title}' is there to take that back."
    elif not stated and not untouched:
        text += f" Without it, the threshold {wording.number(1 / (1 + cost))} says the same."
    if not stated or found.recipe.stage("decision"):
        return Finding("fine", text)
    return _beside(text, 1.0 if back else cost, stated, "The" if untouched or back else "Without it, the")


def _beside(text: str, cost: float, stated: float, start: str) -> Finding:
    """The caption, and how far it lies from the costs that were stated."""
    text += f" You stated {wording.number(stated)}: "
    if 1 / APART <= cost / stated <= APART:
        return Finding("fine", f"{text}the two agree within a factor of {APART:g}.")
    more = f"{wording.times(cost / stated)} as much" if cost > stated else f"{wording.times(stated / cost)} less"
    return Finding(
        "caution",
        f"{text}this asserts {more}. {start} threshold {wording.number(1 / (1 + stated))} says what you stated.",
    )


def _verb(found: _Asserted) -> str:
    shares, own, label = found.until(*BEFORE), found.study.positive_code, wording.quoted(found.study.positive)
    even = bool(np.all(np.abs(len(shares) * shares - 1) < EVEN))
    until = f"until {label} {'is at parity' if even else f'makes up {wording.share(shares[own])} of the rows'}"
    sampled = not 1 / SAME < found.cost(*BEFORE[:2]) < SAME  # steps that change rows and take it back say nothing
    if sampled and found.n_fitted <= len(found.study.codes):
        return f"Leaving out rows {until}"
    verb = "Growing" if sampled else "Weighting"
    if shares[own] < found.study.class_shares[own]:
        return f"{verb} other classes {until}"
    return f"{verb} {label} {'to parity' if even else f'to {wording.share(shares[own])} of the rows'}"


def _worth(cost: float, word: str) -> str:
    """One miss in false alarms, or one false alarm in misses, whichever is more than one."""
    if cost >= 1:
        return f"one miss {word} {_alarms(cost)}"
    misses = wording.number(1 / cost)
    return f"one false alarm {word} {misses} miss{'' if misses == '1' else 'es'}"


def _alarms(cost: float) -> str:
    return f"{wording.number(cost)} false alarm{'' if wording.number(cost) == '1' else 's'}"


def _whole(found: _Asserted) -> Finding | None:
    """The effective share of the class of interest beside that of the table."""
    if "decision" not in found.after and len(found.after) + (found.threshold is None) < 2:
        return None
    own, table = (shares[found.study.positive_code] for shares in (found.until(*STEPS), found.study.class_shares))
    start, cost = "All steps together" if found.threshold else "All steps before the threshold", found.cost(*STEPS)
    if 1 / SAME < cost < SAME:
        return Finding("fine", f"{start} leave the class shares of the table as they are.")
    text = (
        f"{start} act as if {wording.quoted(found.study.positive)} made up {wording.share(own)} of the rows instead of "
        f"{wording.share(table)}: as if {_worth(cost, 'cost')}."
    )
    return Finding("fine", text)


def _stacked(found: _Asserted) -> Finding | None:
    """A warning where several steps raise the class of interest, and together beyond what the costs ask for."""
    raising: list[str] = []
    for row in _steps(found).itertuples():
        raising = [] if row.stage == AFTER else raising
        raising += [row.step] if row.odds_factor > SAME else []
    study, own = found.study, found.study.positive_code
    beyond = float(implied_costs(found.optimal, found.until(*STEPS))[own])
    if len(raising) < 2 or beyond <= APART:
        return None
    asked = f"a cost of {wording.number(study.miss_cost)} asks" if study.miss_cost else "equal costs ask"
    text = (
        f"{wording.listing(raising)} each raise {wording.quoted(study.positive)}. Together they make its odds {wording.times(beyond)} as high as "
        f"{asked} for, so many alarms will be false. Keep one of them, or calibrate the probabilities before the threshold."
    )
    return Finding("caution", text, ("calibrated_probabilities",))


def _open(found: _Asserted) -> Finding | None:
    """That a tuned threshold is not known yet."""
    if found.threshold is not None:
        return None
    text = (
        "The threshold is tuned on probabilities of this recipe, so it takes the steps before it into account. What it adds is known "
        "when the recipe has been scored."
    )
    return Finding("fine", text)


def _factor(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    factor = after / before
    return factor / factor[0]
