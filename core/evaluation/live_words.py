"""What a first look at losses says, in plain words: better only when the interval says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from core import wording
from core.evaluation.distinguishing_words import carried, probability
from core.evaluation.scoring import AT_OWN, COST, LOWER_IS_BETTER, TOTAL
from core.evaluation.verdict import (
    FEWEST_ROWS,
    MARGIN,
    Tables,
    broken_probabilities,
    dependence,
    evidence_finding,
    harm,
    marked_findings,
    scarce,
)
from core.judge import LEVEL
from core.recipe import Recipe
from core.result import Finding
from core.study import Study

ROUNDING = 1e-6
"""A difference below it comes from rounding: two losses may well train the same model."""

BASE, ADJUSTED = "Cross-entropy", "Cross-entropy, then logit adjustment"


def still_training(epochs: int, names: Sequence[str]) -> Finding:
    """How far the training is."""
    text = f"{wording.listing(names)} in training, {wording.plural(epochs, 'epoch')} so far. Scores and the verdict follow when it ends."
    return Finding("fine", text)


def unfit_findings(unfit: Mapping[Recipe, str]) -> tuple[Finding, ...]:
    """Recipes that could not be tried, each with its reason; what the others come to is not affected."""
    return tuple(
        Finding("caution", f"{wording.quoted(recipe.title)} could not be tried: {reason}")
        for recipe, reason in unfit.items()
    )


def findings(
    study: Study,
    tables: Tables,
    metric: str,
    tried: Sequence[Recipe],
    apart: Sequence[Recipe],
    margin: float = MARGIN,
) -> tuple[Finding, ...]:
    """The verdict first, then what limits it."""
    n_positive = int(study.judged.class_sizes[study.judged.positive_code])
    if n_positive < FEWEST_ROWS:
        text = (
            f"The class of interest {wording.quoted(study.positive)} has {wording.plural(n_positive, 'row')}: too few to "
            "say which loss is better. Collect more rows before choosing one."
        )
        first = Finding("caution", text)
    else:
        first = Finding("fine", _verdict(study, tables, metric, margin))
    changes = tables["differences"].query("against == @BASE and not (abs(low) < @ROUNDING and abs(high) < @ROUNDING)")
    against_base = {**tables, "differences": changes}
    limits = [
        _first_look(study),
        evidence_finding(study, tables),
        *(scarce(tables, n_positive) if n_positive >= FEWEST_ROWS else ()),
        *dependence(study),
        *marked_findings(study, tried),
    ]
    if n_positive >= FEWEST_ROWS:
        limits += [harm(against_base, metric), broken_probabilities(against_base)]
    limits += [_left_out(apart)]
    return tuple(filter(None, [first, *limits]))


def _verdict(study: Study, tables: Tables, metric: str, margin: float) -> str:
    gains = tables["differences"].query("metric == @metric and cut in ('', @AT_OWN)")
    base = _score(tables, BASE, metric)
    if not len(gains):
        return (
            f"Cross-entropy with the right threshold has {metric} {wording.number(base)}. Choose a loss to compare it."
        )
    sign = -1 if metric in LOWER_IS_BETTER else 1
    gains = gains.assign(gain=sign * gains["difference"], least=gains["low"] if sign > 0 else -gains["high"])
    first, other = (gains[gains["against"] == name].set_index("recipe") for name in (BASE, ADJUSTED))
    better = first[first["least"] > ROUNDING].sort_values("least", ascending=False)
    if not len(better):
        return _none_better(study, first, metric) + _by_steps(first, first.index[:0], len(gains))
    name, best = better.index[0], better.iloc[0]
    text = (
        f"'{name}' does better than cross-entropy with the right threshold: {metric} goes from {wording.number(base)} to "
        f"{wording.number(_score(tables, name, metric))} ({_told(best)}, p {probability(best['p_holm'])} after Holm's correction for {len(gains)}; "
        f"{carried(study, int(best['n_folds']))})"
    )
    beyond = other.loc[name, "least"] > ROUNDING
    text += f"{', and' if beyond else ', but not'} than the same with logit adjustment after training ({_told(other.loc[name])})."
    if best["least"] <= (margin * base if metric in (COST, TOTAL) else margin):
        text += " The gain may be too small to matter."
    rest = better.index[1:]
    if len(rest):
        text += f" {wording.listing(rest)} {'does' if len(rest) == 1 else 'do'} better than cross-entropy, too."
    return text + _by_steps(first, better.index, len(gains))


def _by_steps(first: pd.DataFrame, known: pd.Index, n_together: int) -> str:
    """Who does better by Holm's steps alone, beside those whose interval leaves zero out."""
    names = first.index[(first["p_holm"] <= 1 - LEVEL) & (first["gain"] > ROUNDING)].difference(known, sort=False)
    if not len(names):
        return ""
    return (
        f" After Holm's correction for {n_together}, {wording.listing(names)} {'does' if len(names) == 1 else 'do'} better, too; by how much is open, because "
        "the intervals, which hold for all at once, still reach zero."
    )


def _none_better(study: Study, first: pd.DataFrame, metric: str) -> str:
    n_folds = int(first["n_folds"].max())
    text = f"No loss does better than cross-entropy with the right threshold: no gain in {metric} that the folds agree on, with {carried(study, n_folds)}."
    if first["gain"].isna().all():
        return text
    name = first["gain"].idxmax()
    if first["gain"].max() < ROUNDING and first.loc[name, ["low", "high"]].abs().max() < ROUNDING:
        return f"{text} '{name}' comes out equal to it."
    return f"{text} Nearest to one is '{name}' ({_told(first.loc[name])})."


def _told(row: pd.Series) -> str:
    return (
        f"{wording.change(row['difference'])}, interval {wording.change(row['low'])} to {wording.change(row['high'])}"
    )


def _first_look(study: Study) -> Finding | None:
    draws = len(study.folds) // study.n_folds
    if draws == 1:
        return None
    text = (
        f"This is a first look at {wording.plural(study.n_folds, 'fold')}, drawn once. The comparison of recipes draws them {wording.plural(draws, 'time')}: "
        "see whether it agrees before you choose."
    )
    return Finding("fine", text)


def _left_out(apart: Sequence[Recipe]) -> Finding | None:
    if not apart:
        return None
    verb = "is" if len(apart) == 1 else "are"
    text = (
        f"{wording.listing(recipe.title for recipe in apart)} {verb} not tried here: only recipes that change optimiser, batches, weights, loss or "
        "threshold are trained side by side. The comparison of recipes scores them all."
    )
    return Finding("fine", text)


def _score(tables: Tables, recipe: str, metric: str) -> float:
    scores = tables["scores"]
    rows = scores[(scores["recipe"] == recipe) & (scores["metric"] == metric) & scores["cut"].isin(["", AT_OWN])]
    return float(rows["value"].iloc[0])
