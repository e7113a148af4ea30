"""Limits of a study and the place where it runs: asked for in the side bar, kept to, and said in one sentence."""

import sys
import types

import pytest
from streamlit.testing.v1 import AppTest
from test_meaning import texts

from core import memory, run_cluster
from core.evaluation import kept_scores
from core.jobs import Runner
from core.result import Result
from pages.kit import session, work

EASY = {"data": "wine_cultivars", "learner": "linear", "folds": "2", "repeats": "1"}


@pytest.fixture(autouse=True)
def no_checks(opened, monkeypatch):
    """What the checks say is tested elsewhere."""
    monkeypatch.setattr(session, "run", lambda *_, **__: Result.sentence("not applicable", "Not looked at."))


def controls():
    from pages.kit import choices, work

    choices.restore()
    work.controls()


def side_bar(**link):
    app = AppTest.from_function(controls)
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app, {one.label: one for one in app.number_input}


def test_limits_are_asked_for_within_what_the_server_allows(monkeypatch):
    app, asked = side_bar(minutes="90")
    assert asked["Minutes of computing"].value == 90 and not app.radio
    assert asked["Gigabytes of memory"].value <= 4
    monkeypatch.setenv("COUNTERPOISE_MINUTES", "10")
    monkeypatch.setenv("COUNTERPOISE_GIGABYTES", "2")
    _, asked = side_bar(minutes="90", gigabytes="500")
    minutes, size = asked["Minutes of computing"], asked["Gigabytes of memory"]
    assert (minutes.value, minutes.max, size.value, size.max) == (10, 10, 2.0, 2.0)
    for odd in ("inf", "nan", "many"):
        monkeypatch.setenv("COUNTERPOISE_MINUTES", odd)
        monkeypatch.setenv("COUNTERPOISE_GIGABYTES", odd)
        assert work.most_minutes() == 1440 and 0.5 <= work.most_gigabytes() < 1e6
    monkeypatch.setattr(memory, "total", lambda: None)
    app, asked = side_bar()
    assert "Memory is not watched on this system" in texts(app) and "Gigabytes of memory" not in asked


def test_a_cluster_is_offered_only_where_the_server_names_one(monkeypatch):
    monkeypatch.setenv("COUNTERPOISE_ENGINE", "dask://10.0.0.5:8786")
    monkeypatch.setitem(sys.modules, "distributed", None)
    app, _ = side_bar(where="cluster")
    assert not app.radio and "needs the package 'distributed', which is not installed" in texts(app).replace("\\", "")
    monkeypatch.setitem(sys.modules, "distributed", types.ModuleType("distributed"))
    app, _ = side_bar()
    (place,) = app.radio
    assert place.options == ["The computer that runs Counterpoise", "The cluster at 10.0.0.5:8786"]
    assert "rows of your table are sent to its workers" in texts(app)
    monkeypatch.delenv("COUNTERPOISE_ENGINE")
    assert not side_bar(where="cluster")[0].radio, "a link names no cluster"


def test_folds_are_scored_on_the_cluster_and_kept_here(opened, monkeypatch):
    monkeypatch.setenv("COUNTERPOISE_ENGINE", "dask://10.0.0.5:8786")
    monkeypatch.setitem(sys.modules, "distributed", types.ModuleType("distributed"))
    went, real = [], run_cluster.run_tasks
    monkeypatch.setattr(
        run_cluster, "run_tasks", lambda tasks, engine, **how: went.append(engine) or real(tasks, **how)
    )
    here = opened("remedy", **EASY)
    there = opened("remedy", **EASY, seed="1", where="cluster").run()
    assert not there.exception and "F1" in texts(there) and "F1" in texts(here)
    assert went == ["dask://10.0.0.5:8786"]
    monkeypatch.setattr(kept_scores, "score_fold", None)  # what the cluster has scored is not scored again here
    again = opened("remedy", **EASY, seed="1")
    assert not again.exception and not again.error


def stopping():
    from core.job import Budget, Job
    from core.jobs import Runner
    from core.recipe import Recipe
    from pages.kit import show

    spent = Runner(1).start([(int, ())], budget=Budget(seconds=60, spent=61))
    failed = Job([(int, ())])
    failed.error = show.UserError("The column is gone.", "Choose another.")
    show.progress({Recipe.of("smote"): spent, Recipe.of("class_weights"): failed}, "fold")


def test_what_was_met_and_what_failed_is_said_in_one_sentence_each():
    app = AppTest.from_function(stopping).run()
    assert not app.exception
    (warning,), (error,) = app.warning, app.error
    assert warning.value.startswith("Stopped: this study has computed for 1 minute, which is its limit.")
    assert "Start it again to go on" in warning.value
    assert error.value.replace("\\", "") == "'Class weights': The column is gone. Choose another."
    assert Runner(0).others("anybody") == 0 and work.others([]) == ""
