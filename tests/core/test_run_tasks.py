"""Tasks run here, in threads, in processes or on a cluster with equal results; they stop in time, and a mistake comes back as it is."""

import operator
import sys
import time

import pandas as pd
import pytest

from core.errors import UserError
from core.evaluation.compare import evaluate
from core.recipe import Recipe
from core.run_tasks import in_order, run_tasks
from core.study import Study
from core.synthetic import planted

SUMS = [(operator.add, (n, 1)) for n in range(6)]


def study():
    return Study(planted("overlap", class_sizes=(160, 40)), learner="linear", n_folds=2, n_repeats=1)


def same(result, other):
    for name, table in other.tables.items():
        pd.testing.assert_frame_equal(result.tables[name], table, check_exact=True)


def test_a_comparison_is_the_same_wherever_it_runs():
    recipes = [Recipe.of("class_weights")]
    here = evaluate(study(), recipes)
    same(evaluate(study(), recipes, engine="threads", workers=2), here)
    same(evaluate(study(), recipes, engine="processes", workers=1), here)


@pytest.mark.parametrize("engine", ["here", "threads", "processes"])
def test_values_mistakes_and_the_end_of_time(engine):
    assert run_tasks(SUMS, engine, workers=2) == {n: n + 1 for n in range(6)}
    assert run_tasks([], engine) == {}
    with pytest.raises(ZeroDivisionError):
        run_tasks([(operator.truediv, (1, 0)), *SUMS], engine, workers=1)


@pytest.mark.parametrize("engine", ["here", "threads", "processes"])
def test_a_study_stops_within_a_second_with_what_has_arrived(engine):
    pauses, start = [(time.sleep, (0.05,))] * 100, time.monotonic()
    some = run_tasks(pauses, engine, workers=2, limit=0.5)
    assert 0 <= len(some) < 100 and time.monotonic() - start < 2
    told, start = [], time.monotonic()
    slow = [(abs, (1,)), *[(time.sleep, (0.3 if engine == "here" else 20 if engine == "processes" else 2,))] * 4]
    got = run_tasks(slow, engine, workers=1, arrived=lambda *one: told.append(one), cancelled=lambda: bool(told))
    assert told == [(0, 1)] and got == {0: 1}
    assert time.monotonic() - start < 5


def test_values_in_order_with_progress():
    told = []
    assert in_order(SUMS, lambda *now: told.append(now), engine="threads", workers=2) == [1, 2, 3, 4, 5, 6]
    assert told == [(n, 6) for n in range(1, 7)]


def test_an_engine_that_is_not_at_hand_is_said_in_words(monkeypatch):
    for engine in ("quick", "dask:", "dask://host", "dask://:1"):
        with pytest.raises(UserError) as refused:
            run_tasks(SUMS, engine)
        assert "dask" in refused.value.problem + refused.value.remedy
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match="needs the package 'distributed'"):
        run_tasks(SUMS, "dask://localhost:8786")


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_two_workers_gives_the_same_comparison():
    distributed = pytest.importorskip("distributed")
    recipes = [Recipe.of("class_weights")]
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        engine = "dask://" + cluster.scheduler_address.removeprefix("tcp://")
        assert run_tasks(SUMS, engine) == {n: n + 1 for n in range(6)}
        same(evaluate(study(), recipes, engine=engine), evaluate(study(), recipes, engine="threads"))
        assert len(run_tasks([(time.sleep, (0.1,))] * 50, engine, limit=0.5)) < 50
    with pytest.raises(UserError, match="No Dask scheduler answers"):
        run_tasks(SUMS, "dask://127.0.0.1:1")
