"""Bars of several jobs on one page: when all are stopped, each says so and can be started again."""

import itertools
import re
from types import SimpleNamespace

from streamlit.testing.v1 import AppTest
from test_recommending import scored

from core.evaluation.recommend import recommend
from core.job import Job
from core.study import Study
from core.synthetic import planted
from pages.kit import live, so_far


def page():
    from core.job import Job
    from pages.kit import show

    for noun in ("part", "fold"):
        job = Job([(int, ())])
        job.cancel()
        show.progress({noun: job}, noun)


def test_every_stopped_bar_can_be_started_again():
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [button.label for button in app.button] == ["Start again"] * 2
    assert [warning.value[:8] for warning in app.warning] == ["Stopped."] * 2


def test_a_task_that_tells_how_far_it_is_moves_its_bar():
    clock, job = itertools.count(), Job([(int, ()), (int, ())])
    study = Study(planted("clean", class_sizes=(150, 50)), learner="linear", miss_cost=5.0)
    parts = recommend(study, 90.0, clock=lambda: next(clock), score=scored(SimpleNamespace(now=0)))
    assert (so_far.share([job]), so_far.words([job], "fold")) == (0, "0 of 2 folds done")
    said = [so_far.words([job], "search") for part in itertools.islice(parts, 3) if job._told(0, part)]
    assert all(re.fullmatch(r"\d of \d\d candidates tried, \d+ of 90 seconds used", text) for text in said)
    assert said[0].startswith("0 of ") and said[-1] != said[0] and 0 < so_far.share([job]) < 0.5
    job.cancel()
    assert so_far.share([job]) == 0


def _training():
    from core.recipe import Recipe
    from pages.kit import live

    live.section(Recipe())


def test_a_training_of_which_nothing_has_arrived_says_where_it_will_be_shown(monkeypatch):
    stopped = SimpleNamespace(live=False, state="cancelled", error=None, reason="", latest=[])
    monkeypatch.setattr(live.choices, "choice", {"learner": "neural"}.get)
    monkeypatch.setattr(live.choices, "recipes", tuple)
    monkeypatch.setattr(live.recipe_jobs, "live", lambda recipes: stopped)
    monkeypatch.setattr(live.recipe_jobs, "trained", lambda recipes, job: None)
    app = AppTest.from_function(_training).run()
    assert not app.exception
    assert [item.value for item in app.markdown] == ["The first curves appear here."]
    assert [item.label for item in app.button] == ["Start again"]
