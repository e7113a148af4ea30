"""What follows from the choices: the study, its results and scores, as jobs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st

from core import jobs
from core.column_profile import column_profile
from core.engine import run
from core.errors import UserError
from core.job import Budget, Job
from core.recipe import Recipe
from core.registry import Method, methods
from core.result import Result
from core.study import Study
from pages.kit import kept, kept_session, tables, work
from pages.kit.choices import LIMITS, choice, choose, of_study, settings

PROFILE, EXPLAIN, LEDGER = ("profile", "missingness"), ("explanation",), ("ledger",)
"""Families with a place of their own; every other family stands among the checks of the Diagnose page."""

WARMED = ("core.evaluation.live_training", "core.learners.boosted", "core.learners.together", "sklearn.model_selection")
MOST_FINISHED = 500
"""Results on examples that every session is shown without computing them again; they hold no analyst's data."""

AT_ONCE = 10_000
"""Rows up to which a forecast is made in the page: it takes less than a second, and workers may be busy."""


def of_page(*families: str) -> tuple[Method, ...]:
    """The diagnostics of some families, or of all that have no place of their own."""
    if families:
        return methods("diagnostic", *families)
    return tuple(item for item in methods("diagnostic") if item.group not in (*PROFILE, *EXPLAIN, *LEDGER))


def results(items: Sequence[Method], asked: Study | None = None) -> dict[Method, Job]:
    """Several diagnostics, each as a job."""
    return {item: result(item, asked) for item in items}


def ahead(items: Sequence[Method]) -> None:
    """Start diagnostics of the page that probably comes next, where workers do it beside this one."""
    if _runner().workers:
        with suppress(UserError):  # the page says what is wrong
            results(items)


def forget_unfit() -> None:
    """Forget choices that the table does not know, such as those of a link that was made for another one."""
    try:
        columns = tables.table().frame.columns
        if choice("target") not in columns:
            choose(target="")
        if choice("rule") and tables.rule().text != choice("rule"):
            choose(rule="")
        if choice("leave_out") and not set(choice("leave_out")) & set(columns):
            choose(leave_out=None)
        if choice("class") not in tables.dataset().classes:
            choose(**{"class": ""})
    except UserError:  # the page says what is wrong
        return


def study(recipe: Recipe | None = None) -> Study:
    """What is asked of the dataset; the recipe is the one that is explained."""
    return _study(recipe) if recipe else _plain_study()


@kept.by_choices
def _plain_study() -> Study:
    return _study(Recipe())


def _study(recipe: Recipe) -> Study:
    held, sample = tables.dataset(), tables.sample()
    usual = sample.positive if sample is not None and sample.target == held.target else ""
    positive = next((label for label in (choice("class"), usual) if label in held.classes), "")
    choices = {
        "positive": positive, "learner": choice("learner"), "recipe": recipe, "n_folds": choice("folds"),
        "n_repeats": choice("repeats"), "miss_cost": choice("cost"), "random_state": choice("seed"),
    }  # fmt: skip
    return kept.small(lambda: Study(held, **choices), "study", held.fingerprint, sorted(choices.items(), key=str))


def result(method: Method, asked: Study | None = None) -> Job:
    """One diagnostic of a study, as a job whose only result is a ``Result``."""
    asked = asked or study()
    values = settings(method)
    key = (asked.key, method.slug, repr(values))
    if method.cost == "minutes" and method.slug not in choice("asked"):
        text = "This check takes minutes and runs only when asked for."
        return _desk().job((key, "skipped"), [(Result.sentence, ("skipped", text))], jobs.Runner(0))
    desk, finished = _desk(), kept.for_all(dict, "finished on examples") if tables.sample() else {}
    if key in finished:  # the result alone is kept: a job would hold the table of the session that began it
        return desk.job(key, [(partial(finished.get, key), ())], jobs.Runner(0))
    job = desk.job(key, [(partial(run, method.slug, **values), (_travelling(asked),))])
    if job.state == "done" and len(finished) < MOST_FINISHED:
        finished[key] = job.results[0]
    return job


def scores(recipe: Recipe) -> Job:
    """A recipe scored out of fold, as a job with one result per fold."""
    from core.evaluation.kept_scores import tasks_of

    held, path, cluster = study(), kept_session.store(), work.elsewhere()
    tasks, told = tasks_of(_travelling(held), recipe, path, elsewhere=cluster is not None)
    return _desk().job((held.key, "scores", recipe), tasks, cluster, **told)


def comparison(scored: Mapping[Recipe, Job]) -> Result | None:
    """What has been scored so far, compared with the baseline; None until that has two folds."""
    held = study()
    going = {recipe: job for recipe, job in scored.items() if recipe == Recipe() or job.state != "failed"}
    outcomes = {recipe: job.results if job.done >= 2 else [] for recipe, job in going.items()}
    if not outcomes[Recipe()]:
        return None
    from core.evaluation.compare import compare

    arrived = [(recipe, len(folds)) for recipe, folds in outcomes.items()]
    said = at_use() | {"margin": choice("margin")}
    return kept.small(lambda: compare(held, outcomes, **said), "comparison", held.key, arrived, repr(said))


def at_use() -> dict[str, Any]:
    """Where decisions will be used, and which costs of a miss are possible there."""
    return {"prevalence_at_use": choice("prevalence") or None, "between": between()}


def ends() -> tuple[float, float]:
    """The least and the greatest cost of a miss that is possible; 0 for what was not said."""
    found = []
    for end in (*choice("band"), "0", "0")[:2]:
        try:
            found.append(float(end))
        except ValueError:
            found.append(0.0)
    low, high = LIMITS["cost"]
    return tuple(end if low <= end <= high else 0.0 for end in found)


def between() -> tuple[float, float] | None:
    """The costs of a miss that are possible, where both ends were said and the stated cost lies there."""
    low, high = ends()
    return (low, high) if 0 < low < high and low <= choice("cost") <= high else None


def of_recipes(
    name: str,
    made: Callable[..., Any],
    *arguments: Any,
    at_once: bool = False,
    held: Study | None = None,
    **options: Any,
) -> Job:
    """Something about recipes, as a job whose only result is a ``Result``; ``at_once`` makes it in the page where the table is small, without a look at what is kept."""
    held = held or study()
    runner = jobs.Runner(0) if at_once and len(held.codes) <= AT_ONCE else None
    if at_once:
        task = (partial(made, **options) if options else made, (_travelling(held), *arguments))
    else:
        from core.evaluation.kept_forecasts import through_store

        task = (partial(through_store, kept_session.store(), made, **options), (_travelling(held), *arguments))
    return _desk().job((held.key, name, *arguments, repr(sorted(options.items()))), [task], runner)


def of_tasks(
    held: Study, name: str, what: Any, tasks: Callable[[Study], Sequence[tuple]], *, alone: bool = False
) -> Job:
    """Several tasks about recipes, as a job; one that is ``alone`` stops others of its name."""
    if alone:
        _desk().drop_live(name, but=(held.key, name, what))
    return _desk().job((held.key, name, what), tasks(_travelling(held)))


def column(name: str) -> Job:
    """Everything about one column, as a job whose only result is a ``Result``."""
    held = study()
    return _desk().job((held.key, "column", name), [(column_profile, (_travelling(held), name))])


def example(method: Method, which: str) -> Study:
    """The sick or the healthy table of a method."""
    return kept.for_all(lambda: Study(getattr(method, which)()), "example", method.slug, which)


def drop_stale() -> None:
    """Stop and forget what runs for choices that have changed since."""
    if st.session_state.get("of_study") != of_study():
        _desk().drop_live()
        _desk().budget = Budget()
        st.session_state.of_study = of_study()
    work.limited(_desk().budget)


def stop() -> None:
    """Stop what runs for this session."""
    _desk().cancel()


def resume() -> None:
    """Forget what was stopped or failed, so that it starts again with all its time."""
    _desk().forget_unfinished()
    _desk().budget.renew()
    st.session_state.resumed = st.session_state.get("resumed", 0) + 1


def warm() -> None:
    """Start the workers and import what computes, in the background, once the first page stands."""
    kept.for_all(_start_workers, "workers")


class Desk:
    """The jobs of one session, by what they compute; the oldest are forgotten."""

    KEPT = 300

    def __init__(self) -> None:
        self.jobs: OrderedDict[Any, Job] = OrderedDict()
        self.budget = Budget()

    def job(self, key: Any, tasks: Sequence[tuple[Callable, tuple]], runner: Any = None, **told: Any) -> Job:
        """The job that computes this, started when it is new; the runner may be ``told`` more about it."""
        if key not in self.jobs:
            self.jobs[key] = (runner or _runner()).start(tasks, id(self), self.budget, **told)
            while len(self.jobs) > self.KEPT:
                self.jobs.popitem(last=False)[1].cancel()
        self.jobs.move_to_end(key)
        return self.jobs[key]

    def cancel(self) -> None:
        """Stop every job; they stay visible as cancelled."""
        for job in self.jobs.values():
            job.cancel()

    def drop_live(self, kind: str = "", but: Any = None) -> None:
        """Stop and forget what still runs; of one kind alone, where it is named."""
        for key in [key for key, job in self.jobs.items() if job.live and kind in ("", key[1]) and key != but]:
            self.jobs.pop(key).cancel()

    def forget_unfinished(self) -> None:
        """Forget what was cancelled or failed."""
        for key in [key for key, job in self.jobs.items() if job.state in ("cancelled", "failed")]:
            del self.jobs[key]


def _desk() -> Desk:
    return kept.until_left(Desk)


def _runner() -> jobs.Runner:
    return kept.for_all(lambda: jobs.Runner(jobs.workers_of_this_machine()), "runner")


def _start_workers() -> bool:
    if _runner().workers:
        _runner().warm(*WARMED)
        threading.Thread(
            target=jobs.import_modules, args=("core.evaluation.compare", "scipy.stats"), daemon=True
        ).start()
    return True


def _travelling(held: Study) -> Study:
    """A study as it is sent to a worker: without what was computed here."""
    return held.with_() if _runner().workers else held
