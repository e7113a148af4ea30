"""What follows from the choices: table, dataset, study, results. The only file that caches."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core import jobs
from core.dataset import Dataset
from core.engine import run
from core.errors import UserError
from core.reading.read import read
from core.reading.samples import Sample, load, samples
from core.reading.suggest import suggest_leave_out, suggest_targets
from core.recipe import Recipe
from core.registry import Method, methods
from core.result import Result
from core.study import Study
from core.table import Table
from pages.kit.choices import DEFAULTS, READING, UPLOAD, choice, choose, of_study, settings

PROFILE, EXPLAIN, LEDGER = ("profile", "missingness"), ("explanation",), ("ledger",)
"""Families with a place of their own; every other family stands among the checks of the Diagnose page."""


def of_page(*families: str) -> tuple[Method, ...]:
    """The diagnostics of some families, or of all that have no place of their own."""
    if families:
        return methods("diagnostic", *families)
    return tuple(item for item in methods("diagnostic") if item.group not in (*PROFILE, *EXPLAIN, *LEDGER))


def results(items: Sequence[Method], asked: Study | None = None) -> dict[Method, jobs.Job]:
    """Several diagnostics, each as a job."""
    return {item: result(item, asked) for item in items}


def source() -> str:
    """Where the table comes from: a sample's slug, or ``UPLOAD``."""
    known = [UPLOAD, *(sample.slug for sample in samples())]
    return choice("data") if choice("data") in known else known[1]


def sample() -> Sample | None:
    """The sample that is looked at, if it is one."""
    return next((sample for sample in samples() if sample.slug == source()), None)


def table() -> Table:
    """The table as it was read.

    Raises
    ------
    UserError
        It cannot be read, or the link was made for a file that is not here.
    """
    if source() != UPLOAD:
        return _sample(source())
    if "upload" not in st.session_state:
        raise UserError("This link was made with a file, and a link does not carry files.", "Upload the file again.")
    name, content, digest = st.session_state.upload
    choices = tuple((key, choice(key)) for key in READING if choice(key) != DEFAULTS[key])
    return _uploaded(digest, name, choices, content)


def target() -> str:
    """The chosen target column, or the one that is suggested."""
    columns = table().frame.columns
    if choice("target") in columns:
        return choice("target")
    if sample() is not None:
        return sample().target
    return next(iter(target_reasons()), columns[-1])


def leave_out() -> tuple[str, ...]:
    """The columns that no method may see."""
    known = set(table().frame.columns) - {target()}
    usual = sample().leave_out if sample() is not None else ()
    chosen = usual if choice("leave_out") is None else choice("leave_out")
    return tuple(column for column in chosen if column in known)


def forget_unfit() -> None:
    """Forget choices that the table does not know, such as those of a link that was made for another one."""
    try:
        columns = table().frame.columns
        if choice("target") not in columns:
            choose(target="")
        if choice("leave_out") and not set(choice("leave_out")) & set(columns):
            choose(leave_out=None)
        if choice("class") not in dataset().classes:
            choose(**{"class": ""})
    except UserError:  # the page says what is wrong
        return


def target_reasons() -> Mapping[str, str]:
    """Columns that may be the target, the likeliest first, and why."""
    return _target_reasons(table().fingerprint, table())


def leave_out_reasons() -> Mapping[str, str]:
    """Columns that should be left out, and why."""
    return _leave_out_reasons(table().fingerprint, target(), table())


def dataset() -> Dataset:
    """The table with its target."""
    held = table()
    return _dataset(held.fingerprint, target(), leave_out(), held)


def study(recipe: Recipe | None = None) -> Study:
    """What is asked of the dataset; the recipe is the one that is explained."""
    held = dataset()
    usual = sample().positive if sample() is not None and sample().target == held.target else ""
    positive = next((label for label in (choice("class"), usual) if label in held.classes), "")
    choices = {
        "positive": positive, "learner": choice("learner"), "recipe": recipe or Recipe(), "n_folds": choice("folds"),
        "n_repeats": choice("repeats"), "miss_cost": choice("cost"), "random_state": choice("seed"),
    }  # fmt: skip
    return _study(held.fingerprint, repr(sorted(choices.items(), key=lambda item: item[0])), held, choices)


def result(method: Method, asked: Study | None = None) -> jobs.Job:
    """One diagnostic of a study, as a job whose only result is a ``Result``."""
    asked = asked or study()
    values = settings(method)
    key = (asked.key, method.slug, repr(values))
    if method.cost == "minutes" and method.slug not in choice("asked"):
        text = "This check takes minutes and runs only when asked for."
        return _desk().job((key, "skipped"), [(Result.sentence, ("skipped", text))], jobs.Runner(0))
    return _desk().job(key, [(partial(run, method.slug, **values), (_travelling(asked),))])


def scores(recipe: Recipe) -> jobs.Job:
    """A recipe scored out of fold, as a job with one result per fold."""
    from core.evaluation.compare import n_fold_tasks, score_fold

    held = study()
    tasks = [(score_fold, (_travelling(held), recipe, fold)) for fold in range(n_fold_tasks(held))]
    return _desk().job((held.key, "scores", recipe), tasks)


def comparison(scored: Mapping[Recipe, jobs.Job]) -> Result | None:
    """What has been scored so far, compared with the baseline; None until that has two folds."""
    held = study()
    outcomes = {recipe: job.results if job.done >= 2 else [] for recipe, job in scored.items()}
    if not outcomes[Recipe()]:
        return None
    arrived = tuple((recipe, len(folds)) for recipe, folds in outcomes.items())
    return _comparison(repr((held.key, arrived)), held, outcomes)


def example(method: Method, which: str) -> Study:
    """The sick or the healthy table of a method."""
    return _example(method.slug, which, method)


def drop_stale() -> None:
    """Stop and forget what runs for choices that have changed since."""
    if st.session_state.get("of_study") != of_study():
        _desk().drop_live()
        st.session_state.of_study = of_study()


def stop() -> None:
    """Stop what runs for this session."""
    _desk().cancel()


def resume() -> None:
    """Forget what was stopped or failed, so that it starts again."""
    _desk().forget_unfinished()


def warm() -> None:
    """Start the workers and import what computes, in the background, once the first page stands."""
    _warmed()


class Desk:
    """The jobs of one session, by what they compute; the oldest are forgotten."""

    KEPT = 300

    def __init__(self) -> None:
        self.jobs: OrderedDict[Any, jobs.Job] = OrderedDict()

    def job(self, key: Any, tasks: Sequence[tuple[Callable, tuple]], runner: jobs.Runner | None = None) -> jobs.Job:
        """The job that computes this, started when it is new."""
        if key not in self.jobs:
            self.jobs[key] = (runner or _runner()).start(tasks)
            while len(self.jobs) > self.KEPT:
                self.jobs.popitem(last=False)[1].cancel()
        self.jobs.move_to_end(key)
        return self.jobs[key]

    def cancel(self) -> None:
        """Stop every job; they stay visible as cancelled."""
        for job in self.jobs.values():
            job.cancel()

    def drop_live(self) -> None:
        """Stop and forget what still runs."""
        for key in [key for key, job in self.jobs.items() if job.live]:
            self.jobs.pop(key).cancel()

    def forget_unfinished(self) -> None:
        """Forget what was cancelled or failed."""
        for key in [key for key, job in self.jobs.items() if job.state in ("cancelled", "failed")]:
            del self.jobs[key]


@st.cache_resource(scope="session", show_spinner=False, on_release=Desk.cancel)
def _desk() -> Desk:
    return Desk()


@st.cache_resource(show_spinner=False)
def _runner() -> jobs.Runner:
    return jobs.Runner(jobs.workers_of_this_machine())


@st.cache_resource(show_spinner=False)
def _warmed() -> bool:
    if _runner().workers:
        _runner().warm("core.evaluation.compare", "core.learners.boosted", "sklearn.model_selection")
        threading.Thread(
            target=jobs.import_modules, args=("core.evaluation.compare", "scipy.stats"), daemon=True
        ).start()
    return True


@st.cache_resource(max_entries=20, show_spinner=False)
def _sample(slug: str) -> Table:
    return load(slug)


@st.cache_resource(scope="session", max_entries=2, show_spinner="Reading the file.")
def _uploaded(digest: str, name: str, choices: tuple, _content: bytes) -> Table:
    return read(_content, name, **dict(choices))


@st.cache_resource(scope="session", max_entries=4, show_spinner=False)
def _target_reasons(fingerprint: str, _table: Table) -> Mapping[str, str]:
    return {suggestion.column: suggestion.reason for suggestion in suggest_targets(_table)}


@st.cache_resource(scope="session", max_entries=8, show_spinner=False)
def _leave_out_reasons(fingerprint: str, target: str, _table: Table) -> Mapping[str, str]:
    return suggest_leave_out(_table, target)


@st.cache_resource(scope="session", max_entries=4, show_spinner=False)
def _dataset(fingerprint: str, target: str, leave_out: tuple[str, ...], _table: Table) -> Dataset:
    return Dataset.from_table(_table, target, leave_out)


@st.cache_resource(scope="session", max_entries=8, show_spinner=False)
def _study(fingerprint: str, choices_text: str, _dataset: Dataset, _choices: Mapping[str, Any]) -> Study:
    return Study(_dataset, **_choices)


@st.cache_resource(scope="session", max_entries=8, show_spinner=False)
def _comparison(key: str, _study: Study, _outcomes: Mapping[Recipe, Sequence[Any]]) -> Result:
    from core.evaluation.compare import compare

    return compare(_study, _outcomes)


@st.cache_resource(max_entries=40, show_spinner=False)
def _example(slug: str, which: str, _method: Method) -> Study:
    return Study(getattr(_method, which)())


def _travelling(held: Study) -> Study:
    """A study as it is sent to a worker: without what was computed here."""
    return held.with_() if _runner().workers else held
