"""What a recipe asserts before it is run: which costs its sampling stands for, and by which class shares it decides."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.engine import provenance
from core.evaluation.asserted import AFTER, BEFORE, SAMPLED, STEPS, Asserted, asserted
from core.numerics.asserted_costs import implied_costs
from core.recipe import Recipe
from core.result import Finding, Result
from core.study import Study

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
    "batches",
    "loss",
    "shift",
    "threshold",
    "effective",
    "cost_optimal",
    "implied_cost",
]


def effective_prior(study: Study, recipe: Recipe, *, threshold: float | None = None) -> Result:
    """Say by which class shares a recipe decides, and which costs that stands for; no learner is fitted.

    ``π_eff,c ∝ π_c · (sampler rate)_c · (weight)_c · (rate in batches)_c · (loss)_c · exp(−shift_c)``, and a threshold t multiplies the odds of the
    class of interest by ``(1 − t) / t``. All steps are run on the rows of the table as they are, with a learner that sees no columns: the shares that come
    out can only come from the steps, so every sampler, ensemble, weight and composer of batches is counted as it acts and not by its name. A loss is counted by the one
    probability per class at which it is smallest on these rows, read as the loss says; a schedule stands at its end. Weights
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
        ``classes``: class, share (of the table), after_sampling (share), weight, batches, loss and shift (factors, 1 for the largest class),
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
    found = asserted(study, recipe, threshold)
    findings = (_caption(found), _whole(found), _stacked(found), _open(found), _in_training(found), _scheduled(found))
    values = {"recipe": recipe.text, "threshold": threshold}
    stamp = provenance("effective_prior", values, study, time.perf_counter() - start)
    return Result({"classes": _classes(found), "steps": _steps(found)}, tuple(filter(None, findings)), stamp)


def cost_caption(study: Study, recipe: Recipe) -> str:
    """One sentence on what the sampling and the weights of a recipe say about costs."""
    return _caption(asserted(study, recipe, None)).text


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


def _classes(found: Asserted) -> pd.DataFrame:
    study, cut = found.study, np.ones(len(found.study.classes))
    cut[study.positive_code] = np.nan if found.threshold is None else (1 - found.threshold) / found.threshold
    parts = [found.until(*(*BEFORE, AFTER)[:n]) for n in range(len(SAMPLED), len(STEPS))]
    factors = (_factor(*pair) for pair in pairwise(parts))
    ends = cut, found.until(*STEPS), found.optimal, implied_costs(study.class_shares, found.until(*STEPS))
    values = (study.classes, study.class_shares, parts[0], *factors, *ends)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def _steps(found: Asserted) -> pd.DataFrame:
    table, own, rows = found.study.class_shares, found.study.positive_code, []
    before = table
    for stage, shares in found.after.items():
        moved, cost = implied_costs(before, shares)[own], implied_costs(table, shares)[own]
        rows.append((found.recipe.stage(stage).title, stage, moved, shares[own], cost, 1 / (1 + cost)))
        before = shares
    return pd.DataFrame(rows, columns=["step", "stage", "odds_factor", "share", "implied_cost", "same_threshold"])


def _caption(found: Asserted) -> Finding:
    """What the steps before the threshold say about costs, beside what was stated; a threshold of the recipe has its own sentences."""
    said = BEFORE if found.restores else (*BEFORE, AFTER)
    cost, stated = found.cost(*said), found.study.miss_cost
    untouched = 1 / SAME < cost < SAME
    back = found.restores and 1 / SAME < found.cost(*BEFORE, AFTER) < SAME
    verbs = (
        [] if untouched else [_verb(found, stage) for stage in said if stage in found.after and _moves(found, stage)]
    )
    if untouched:
        text = "This recipe leaves the class shares as they are: at the threshold 0.5, one miss counts as much as one false alarm."
    else:
        verb = " and ".join([", ".join(verbs[:-1]), verbs[-1]] if len(verbs) > 1 else verbs)
        text = f"{verb[:1].upper()}{verb[1:]} {'say' if len(verbs) > 1 else 'says'} that {_worth(cost, 'costs as much as')}."
    without = "Without them, the" if len(verbs) > 1 else "Without it, the"
    if back and not untouched:
        text += f" '{found.recipe.stage(AFTER).title}' is there to take that back."
    elif not stated and not untouched:
        text += f" {without} threshold {wording.number(1 / (1 + cost))} says the same."
    if not stated or found.recipe.stage("decision"):
        return Finding("fine", text)
    return _beside(text, 1.0 if back else cost, stated, "The" if untouched or back else without)


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


def _moves(found: Asserted, stage: str) -> bool:
    """Whether a stage moves the class of interest; an ensemble and a sampler count together, as what one adds the other may take out."""
    if stage in SAMPLED:
        last = next(name for name in reversed(SAMPLED) if name in found.after)
        return stage == last and not 1 / SAME < found.cost(*SAMPLED) < SAME
    before, own = found.until(*STEPS[: STEPS.index(stage)]), found.study.positive_code
    return not 1 / SAME < implied_costs(before, found.after[stage])[own] < SAME


def _verb(found: Asserted, stage: str) -> str:
    """What a stage does to the class of interest, as the subject of a sentence."""
    if stage == AFTER:
        return wording.quoted(found.recipe.stage(AFTER).title)
    if stage == "losses":
        return f"training by {wording.quoted(found.recipe.stage(stage).title)}"
    own, label, shares = found.study.positive_code, wording.quoted(found.study.positive), found.after[stage]
    before = found.study.class_shares if stage in SAMPLED else found.until(*STEPS[: STEPS.index(stage)])
    even = bool(np.all(np.abs(len(shares) * shares - 1) < EVEN))
    until = f"until {label} {'is at parity' if even else f'makes up {wording.share(shares[own])} of the rows'}"
    if stage in SAMPLED and found.n_fitted <= len(found.study.codes):
        return f"leaving out rows {until}"
    verb = {"weighting": "weighting", "batches": "filling batches with"}.get(stage, "growing")
    if shares[own] < before[own]:
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


def _whole(found: Asserted) -> Finding | None:
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


def _stacked(found: Asserted) -> Finding | None:
    """A warning where several steps raise the class of interest, and together beyond what the costs ask for."""
    raising: list[str] = []
    for row in _steps(found).itertuples():
        raising = [] if row.stage == AFTER and found.restores else raising
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


def _open(found: Asserted) -> Finding | None:
    """That a tuned threshold is not known yet."""
    if found.threshold is not None:
        return None
    text = (
        "The threshold is tuned on probabilities of this recipe, so it takes the steps before it into account. What it adds is known "
        "when the recipe has been scored."
    )
    return Finding("fine", text)


def _in_training(found: Asserted) -> Finding | None:
    """That batches of hard rows show what only training decides."""
    if not found.in_training:
        return None
    title = wording.quoted(found.recipe.stage("batches").title)
    text = f"Which rows {title} show is decided while training goes on. The shares are those of a learner that tells no row of a class from another."
    return Finding("fine", text)


def _scheduled(found: Asserted) -> Finding | None:
    """Where the schedule of a loss or of batches began."""
    own, ends = found.study.positive_code, found.until(*BEFORE)
    if found.begins is None or 1 / SAME < implied_costs(found.begins, ends)[own] < SAME:
        return None
    start, end = (wording.share(shares[own]) for shares in (found.begins, ends))
    text = (
        f"This recipe changes while training goes on: it begins by acting as if {wording.quoted(found.study.positive)} made up {start} of the rows and ends "
        f"with {end}, which is what is counted here. A neural network, whose steps get shorter, may end in between."
    )
    return Finding("fine", text)


def _factor(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    factor = after / before
    return factor / factor[0]
