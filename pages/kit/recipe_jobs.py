"""What is computed about recipes beside their scores, each as a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from core.errors import UserError
from core.job import Job
from core.learners.cost_matrix import Statement
from core.recipe import Recipe
from core.result import Result
from core.study import Study
from pages.kit import kept, session
from pages.kit.choices import choice


def asserted(recipe: Recipe) -> Job:
    """Which costs and class shares a recipe stands for."""
    from core.evaluation.effective_prior import effective_prior

    return session.of_recipes("asserted", effective_prior, recipe, at_once=True)


def loss_curve(recipe: Recipe) -> Job:
    """The loss of a single row against the probability of its class."""
    from core.evaluation.loss_curve import loss_curve

    return session.of_recipes("loss curve", loss_curve, recipe, at_once=True)


def live(recipes: tuple[Recipe, ...]) -> Job:
    """Recipes trained side by side, as a job that tells how far it is; what was asked before and is not asked now is stopped."""
    from core.evaluation.live_training import live_tasks, tried_together

    together = tried_together(recipes)[0]
    return session.of_tasks(session.study(), "live", together, lambda held: live_tasks(held, together), alone=True)


def trained(recipes: tuple[Recipe, ...], job: Job) -> Result | None:
    """What has arrived of the training; None before anything has."""
    from core.evaluation.live_training import live_result

    held, latest = session.study(), job.latest
    said = session.at_use() | {"margin": choice("margin")}
    key = ("trained", held.key, recipes, repr(said), list(map(id, latest)))
    return kept.small(lambda: (latest, live_result(held, recipes, latest, **said)), *key)[1]


def exposure(recipe: Recipe) -> Job:
    """What the rows that a recipe makes would give away."""
    from core.evaluation.exposure import exposure

    return session.of_recipes("exposure", exposure, recipe, at_once=True)


def fidelity(recipe: Recipe) -> Job:
    """The audit of the rows that a recipe makes."""
    from core.evaluation.synthetic_rows import fidelity

    return session.of_recipes("fidelity", fidelity, recipe)


def attack(recipe: Recipe) -> Job:
    """The attack on the rows that a recipe makes."""
    from core.evaluation.attack import attack

    return session.of_recipes("attack", attack, recipe)


def no_doses(recipe: Recipe) -> str:
    """Why a recipe has no doses to try; empty when it has."""
    from core.evaluation.dose import sampler_of

    try:
        sampler_of(session.study().classifier(recipe))
    except UserError as error:
        return f"{error.problem} {error.remedy}"
    return ""


def doses(recipe: Recipe) -> Job:
    """Doses of synthetic rows, as a job with one result per fit."""
    from core.evaluation import dose

    def tasks(held: Study) -> list[tuple]:
        return [(dose.dose_fold, (held, recipe, *task)) for task in dose.plan(held).tasks]

    return session.of_tasks(dose.repeated(session.study()), "doses", recipe, tasks)


def dosed(recipe: Recipe, job: Job) -> Result | None:
    """What has arrived of the doses; None before anything has."""
    from core.evaluation.dose import repeated
    from core.evaluation.dose_response import dose_response

    held = repeated(session.study())
    if not job.done:
        return None
    return kept.small(lambda: dose_response(held, recipe, job.results), "dosed", held.key, recipe.text, job.done)


def final(recipe: Recipe) -> Job:
    """A recipe and the baseline scored on the test rows."""
    from core.evaluation.final import final_score

    return session.of_recipes("final", final_score, recipe, **session.at_use())


def recommendation(seconds: float) -> Job:
    """A search within a time, as a job that tells how far it is."""
    from core.evaluation.recommend import recommend

    return session.of_tasks(session.study(), "recommend", seconds, lambda held: [(recommend, (held, seconds))])


def costs(
    recipes: Sequence[Recipe],
    prevalence: float,
    between: tuple[float, float] | None = None,
    matrix: tuple[Statement, ...] | None = None,
) -> Job:
    """What follows from the costs for some recipes, or from a cost of each error; for doing nothing alone, beside calibrated probabilities."""
    from core.evaluation.cost_matrix import matrix_panel
    from core.evaluation.costs import cost_panel

    held = session.study()
    asked = {"recipes": tuple(recipes) if len(recipes) > 1 else (), "prevalence_at_use": prevalence or None}
    if matrix is not None:
        return session.of_recipes("cost matrix", matrix_panel, matrix, held=held.with_(miss_cost=0.0), **asked)
    asked |= {"miss_cost": held.miss_cost or 1.0, "between": between}
    return session.of_recipes("costs", cost_panel, held=held.with_(miss_cost=0.0), **asked)


def curves(recipes: Sequence[Recipe], prevalence: float) -> Job:
    """Some recipes over all thresholds."""
    from core.evaluation.curves import curves_of

    return session.of_recipes("curves", curves_of, tuple(recipes), prevalence=prevalence or None)


def calibration(recipes: Sequence[Recipe], prevalence: float) -> Job:
    """Whether the probabilities of some recipes come true; at the prevalence of the table."""
    from core.evaluation.calibration import calibration_of

    return session.of_recipes("calibration", calibration_of, tuple(recipes))


def threshold(recipes: Sequence[Recipe], prevalence: float) -> Job:
    """How far the threshold of the last recipe moves; at the prevalence of the table."""
    from core.evaluation.threshold_band import threshold_band

    return session.of_recipes("threshold", threshold_band, recipes[-1])


def refits(recipe: Recipe, n_refits: int) -> Job:
    """A recipe fitted again on rows drawn anew, as a job with one result per fit."""
    from core.evaluation.instability import refit

    def tasks(held: Study) -> list[tuple]:
        return [(refit, (held, recipe, draw)) for draw in range(n_refits + 1)]

    return session.of_tasks(session.study(), "refits", (recipe, n_refits), tasks)


def refitted(jobs: Mapping[Recipe, Job], n_refits: int) -> Result | None:
    """How far rows move by the recipes that are done; None before doing nothing is."""
    from core.evaluation.moved_rows import instability

    held, done = session.study(), [recipe for recipe, job in jobs.items() if job.done == n_refits + 1]
    if Recipe() not in done:
        return None
    arrived = [one for recipe in done for one in jobs[recipe].results]
    key = ("refitted", held.key, n_refits, done)
    return kept.small(lambda: instability(held, arrived, n_refits=n_refits), *key)


def at_use(X: pd.DataFrame, name: str) -> Job:
    """How frequent the classes are among rows without labels."""
    from core.evaluation.prior_at_use import told

    digest = int(pd.util.hash_pandas_object(X, index=False).sum())
    return session.of_tasks(session.study(), "at use", (name, digest), lambda held: [(told, (held, X))])
