"""A recommendation keeps to its time, stops when told, and says "better" only where rows that did not choose say so."""

import itertools

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.dataset import Dataset
from core.errors import UserError
from core.evaluation.halving import DROPPED, FAILED, KEPT, MOST_LEFT, SLOW, Search
from core.evaluation.recommend import LATE, draw, recommend, recommended
from core.evaluation.scoring import AT_HALF, AT_OWN, COST, FoldOutcome, score_fold
from core.evaluation.search_plan import Candidate, candidates, planned
from core.jobs import Runner
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted

WEIGHTS, SMOTE, FOCAL = (Recipe.of(slug) for slug in ("class_weights", "smote", "focal"))


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def scored_by(gain, *, clock=None, takes=lambda learner: 0.1, noise=5.0, seed=0, log=None, matrix=None):
    """In place of fits: cost 100, less what a candidate gains, and noise of its own on every fold; the time that it takes."""

    def score(study, recipe, fold):
        train, test = study.folds[fold]
        rng = np.random.default_rng([seed, fold, *map(ord, study.learner + recipe.text)])
        shared = np.random.default_rng([seed, fold]).normal(0, 10)
        cost = 100 + shared - gain(study.learner, recipe) + rng.normal(0, noise)
        scores = {
            (COST, AT_OWN): cost,
            ("average precision", ""): 1 - cost / 200,
            (COST, AT_HALF): 150 + shared,
            ("F1", AT_OWN): 0.5,
            ("F1", AT_HALF): 0.5,
            ("Brier score", ""): 0.1,
        }
        if clock is not None:
            clock.now += takes(study.learner)
        if log is not None:
            log.append((study.learner, recipe, fold))
        matrices = {AT_OWN: np.diag(study.class_sizes)} if matrix is None else {AT_OWN: matrix(study, recipe)}
        return FoldOutcome(recipe, fold, scores, 0.5, matrices, len(test) / len(train), 0.0)

    return score


@pytest.fixture(autouse=True)
def no_partial_results(monkeypatch):
    monkeypatch.setattr("core.evaluation.recommend.PACE", 5.0)


def study_of(sizes=(900, 100), **choices):
    return Study(planted("clean", class_sizes=sizes, n_features=2), **({"miss_cost": 5.0} | choices))


def last(study, seconds=60.0, **given):
    clock = given.pop("clock", None) or Clock()
    given.setdefault("score", scored_by(lambda learner, recipe: 0.0, clock=clock))
    return [part for part in recommend(study, seconds, clock=clock, **given) if part is not None][-1]


def test_no_row_is_tested_twice_and_no_fold_that_chooses_tests_rows_of_the_fold_it_chooses_for():
    rng = np.random.default_rng(0)
    y = np.where(np.arange(600) < 90, "b", "a")
    frame = pd.DataFrame(
        {"x": rng.normal(size=600), "who": rng.integers(0, 120, 600), "when": rng.permutation(600), "y": y}
    )
    for roles in ({}, {"who": "group"}, {"when": "time"}, {"who": "group", "when": "time"}):
        study = Study(Dataset.from_frame(frame, "y", [c for c in ("who", "when") if c not in roles], roles=roles))
        plan = planned(study)
        tests = [test for _, test in plan.folds]
        tested, ordered = np.concatenate(tests), "when" in roles
        entry = sum(map(len, tests[: plan.rungs[-1]])) / len(tested)
        assert len(np.unique(tested)) == len(tested) and 0.2 < entry < 0.4
        assert len(tested) == 600 or ordered
        assert plan.rungs == ((2, 4, 6) if ordered else (2, 3)) and len(plan.apart) >= 12
        for train, test in plan.folds:
            assert not np.intersect1d(train, test).size
            assert ordered or len(train) + len(test) == 600
            if "who" in roles:
                assert not np.intersect1d(frame["who"].iloc[train], frame["who"].iloc[test]).size
            if ordered:
                assert frame["when"].iloc[train].max() < frame["when"].iloc[test].min()
        f, all_of_them = plan.apart[2], range(len(plan.folds))
        assert plan.others(f, all_of_them) == (list(range(f)) if ordered else [*range(f), *all_of_them[f + 1 :]])


def test_candidates_serve_their_learner_and_doing_nothing_comes_first():
    known = candidates(study_of(learner="linear"), [Recipe.of("smote", smote={"k": 3})])
    assert known[0] == Candidate("linear") and len(set(known)) == len(known)
    assert {one.learner for one in known} == {"boosted", "linear", "neural"}
    assert known[3].recipe.text == "smote:k=3"
    slugs = {slug for one in known for slug in one.recipe.slugs}
    assert {
        "class_weights",
        "focal",
        "balanced_bagging",
        "smote",
        "random_oversampling",
        "random_undersampling",
    } <= slugs


@pytest.mark.parametrize("seconds", [0.05, 1.0, 4.0, 30.0])
def test_the_time_is_kept(seconds):
    clock, speed = Clock(), {"boosted": 0.1, "linear": 0.05, "neural": 0.4}
    result = last(study_of(), seconds, clock=clock, score=scored_by(lambda *_: 0.0, clock=clock, takes=speed.get))
    assert clock.now <= seconds + speed["boosted"]  # doing nothing has one fold in any case
    table = result.tables["candidates"].set_index("candidate")
    if seconds == 0.05:
        assert (table["n_folds"] > 0).sum() == 1 and "the time was too short to try another" in result.findings[0].text
        return
    assert clock.now >= 0.5 * seconds or not (table["state"] == LATE).any()
    assert (table["state"] == LATE).any() == (seconds < 30)
    assert result.provenance["seconds"] == pytest.approx(clock.now)


def test_rungs_keep_the_better_half_and_doing_nothing():
    def gain(learner, recipe):
        return 40.0 * ("class_weights" in recipe.text and learner == "linear") - 20.0 * (recipe == Recipe())

    clock, log = Clock(), []
    result = last(study_of(), 1000.0, clock=clock, score=scored_by(gain, clock=clock, log=log))
    rungs, table = result.tables["rungs"], result.tables["candidates"].set_index("candidate")
    n_tried, last_rung = len(candidates(study_of())), rungs["rung"] == 2
    assert rungs.groupby("rung")["n_folds"].first().tolist() == [2, 3, 17]
    sizes = rungs.groupby("rung").size()
    half = n_tried // 2
    assert sizes[0] == n_tried + 4 and sizes[1] == half + 1 + 4 and sizes[2] == 1 + MOST_LEFT  # twins have caught up
    assert table.loc["boosted: Do nothing", "n_folds"] == 17 and table.loc["boosted: Do nothing", "state"] == KEPT
    assert set(table["state"]) == {KEPT, DROPPED} and rungs[last_rung]["passed"].sum() == 1
    assert "boosted, calibrated: Do nothing" in table.index
    assert len(log) == len(set(log)), "nothing is fitted twice"
    assert recommended(result) == (
        "linear",
        Recipe.parse("class_weights:power=0.5+tuned_threshold:criterion=expected cost"),
    )
    row = result.tables["choice"].iloc[0]
    assert row["recommended"] and row["high"] < 0 and row["n_folds"] == 14 and row["times_chosen"] >= 1
    assert (
        row["test_rows"] == 700
        and row["test_positives"] == 70
        and (row["rows"], row["positives"], row["seed"]) == (1000, 100, 0)
    )
    after = {(learner, recipe) for learner, recipe, fold in log if fold >= 3}
    assert len(after) == 1 + MOST_LEFT, "only those that are left and doing nothing go on"
    text = result.findings[0].text
    assert text.startswith(
        "Use 'Class weights (power 0.5)' with 'Linear model (logistic regression)': on rows that had no part"
    )
    assert "what is chosen takes cost per 1,000 rows from" in text and "interval −" in text
    assert "too good on average. Plan with the interval" in result.findings[1].text
    assert result.findings[2].text.startswith(
        "The right threshold alone, in place of 0.5, brings cost per 1,000 rows from 147 to 119 (−28, interval −33 to −23)"
    )
    assert len(draw(result)) == 3


def test_noise_is_seldom_a_recommendation_and_small_gains_are_none():
    changed, study = 0, study_of()
    tried = [Candidate("boosted", recipe) for recipe in (Recipe(), WEIGHTS, FOCAL, SMOTE)]
    for seed in range(12):
        clock = Clock()
        score = scored_by(lambda *_: 0.0, clock=clock, seed=seed, noise=8.0)
        result = last(study, 20.0, clock=clock, score=score, tried=tried)
        changed += recommended(result)[1] != Recipe.parse("tuned_threshold:criterion=expected cost")
    assert changed <= 1  # 2.5 % on this side of the interval
    clock = Clock()
    little = scored_by(lambda learner, recipe: 0.8 * (recipe == FOCAL), clock=clock, noise=0.01)
    text = last(study_of(), 60.0, clock=clock, score=little).findings[0].text
    assert text.startswith("Do nothing, with the right threshold")


def test_one_row_fewer_in_every_fold_is_no_certainty():
    """The spread over folds is nearly none, and the count of rows decided otherwise is small."""

    def matrix(study, recipe):
        return np.array([[45 - (recipe == Recipe()), int(recipe == Recipe())], [0, 5]])

    for cheaper in (True, False):
        clock, tried = Clock(), (Candidate("boosted"), Candidate("boosted", WEIGHTS))
        given = {"matrix": matrix} if cheaper else {}
        score = scored_by(lambda learner, recipe: 10.0 * (recipe == WEIGHTS), clock=clock, noise=0.01, **given)
        row = last(study_of((900, 40)), 60.0, clock=clock, score=score, tried=tried).tables["choice"].iloc[0]
        assert row["n_folds"] == 7 and row["test_positives"] == 28
        assert row["recommended"] != cheaper
        error = 1000 * np.sqrt(7) / 350 * 1.96 if cheaper else 0.0  # seven false alarms fewer on seven folds of 50 rows
        assert row["high"] - row["difference"] == pytest.approx(max(error, 0.05), abs=0.05)


def test_the_simplest_of_near_equal_candidates_is_taken():
    clock = Clock()
    gains = {"class_weights:power=0.5": 30.0, "smote": 30.5, "focal": 20.0}
    score = scored_by(
        lambda learner, recipe: gains.get(recipe.text, 0.0) if learner == "boosted" else 0.0, clock=clock, noise=0.1
    )
    assert recommended(last(study_of(), 500.0, clock=clock, score=score))[1].slugs[0] == "class_weights"


def test_without_costs_average_precision_decides():
    clock = Clock()
    score = scored_by(lambda learner, recipe: 40.0 * (recipe == SMOTE), clock=clock)
    result = last(study_of(miss_cost=0.0), 500.0, clock=clock, score=score)
    assert recommended(result) == ("boosted", Recipe.parse("smote+tuned_threshold"))
    row = result.tables["choice"].iloc[0]
    assert row["metric"] == "average precision" and row["low"] > 0
    front = result.tables["front"]
    assert front["paid"].between(0, 1).all() and front["on_front"].any()


def test_the_front_holds_what_nothing_beats():
    clock = Clock()
    front = last(study_of(), 30.0, clock=clock, score=scored_by(lambda *_: 0.0, clock=clock)).tables["front"]
    values = front[["paid", "brier", "seconds"]].to_numpy()
    for own, on_front in zip(values, front["on_front"], strict=True):
        assert on_front == (not any((other <= own).all() and (other < own).any() for other in values))


def test_slow_and_failing_candidates_are_left_out_and_the_rest_goes_on():
    clock = Clock()
    plain = scored_by(lambda *_: 0.0, clock=clock, takes=lambda learner: 16.0 if learner == "neural" else 0.1)

    def score(study, recipe, fold):
        if recipe == SMOTE:
            raise UserError("No.", "Not here.")
        return plain(study, recipe, fold)

    result = last(study_of(), 60.0, clock=clock, score=score)
    assert "given up: there would not have been time" in " ".join(finding.text for finding in result.findings)
    states = result.tables["candidates"].groupby("learner")["state"].agg(set)
    assert SLOW in states["neural"] and FAILED in states["linear"] and KEPT in states["boosted"]


@pytest.mark.parametrize("sizes", [(300, 9), (300, 10)])
def test_few_rows_of_the_class_are_refused(sizes):
    log, clock = [], Clock()
    result = last(study_of(sizes), 60.0, clock=clock, score=scored_by(lambda *_: 0.0, clock=clock, log=log))
    if sizes[1] < 10:
        assert not result.tables and not log and "has 9 rows; at least 10 are needed" in result.findings[0].text
        assert draw(result) == {}
    else:
        choice = result.tables["choice"]
        assert log and choice.iloc[-1]["recommended"] and len(choice) == 2
        assert "but was scored on 3 folds of rows that had no part" in result.findings[0].text


def test_it_can_be_stopped_at_any_moment_and_equal_times_give_equal_results():
    clock = Clock()
    n_all = sum(1 for _ in recommend(study_of(), 6.0, clock=clock, score=scored_by(lambda *_: 0.0, clock=clock)))
    for n in (1, 2, n_all // 2, n_all - 1):
        clock, log = Clock(), []
        running = recommend(study_of(), 6.0, clock=clock, score=scored_by(lambda *_: 0.0, clock=clock, log=log))
        seen = list(itertools.islice(running, n))
        running.close()
        assert len(log) == n - 1, "a chance to stop before every fit"
        assert all(part is None or "choice" not in part.tables for part in seen)
    first, second = (last(study_of(), 20.0) for _ in range(2))
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name])
    assert first.findings == second.findings


def test_real_fits_give_the_numbers_of_the_ordinary_comparison_and_a_planted_gain_is_found():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 8))
    level = x @ np.resize([5.0, -5.0], 8)
    above = level + rng.logistic(size=600) > np.quantile(level, 0.85)
    frame = pd.DataFrame(x, columns=list("abcdefgh")).assign(y=np.where(above, "yes", "no"))
    study = Study(Dataset.from_frame(frame, "y"), positive="yes", miss_cost=5.0, n_folds=2)
    tried, clock = (Candidate("boosted"), Candidate("linear")), Clock()

    def score(one, recipe, fold):
        clock.now += 1.0
        return score_fold(one, recipe, fold)

    job = Runner(0).start([(recommend, (study, 0.01))])  # as a task, with nothing but its first fit
    assert job.state == "done" and job.latest[0].tables["choice"]["recommended"].tolist() == [True]
    result = last(study, 45.0, clock=clock, score=score, tried=tried)
    assert recommended(result) == ("linear", Recipe.parse("tuned_threshold:criterion=expected cost"))
    assert result.findings[0].text.startswith(
        "Use 'Linear model (logistic regression)' as it is: on rows that had no part"
    )
    search = Search(study, planned(study), list(tried), (COST, AT_OWN), 9.0, Clock(), score_fold)
    again = score_fold(search.studies["boosted"], Recipe(), 0).scores[COST, AT_OWN]
    assert search.studies["boosted"].key != study.key
    list(itertools.islice(search.run(), 2))
    assert search.outcomes[search.base][0].scores[COST, AT_OWN] == again


def test_the_command_prints_candidates_the_sentence_and_the_recipe(tmp_path, capsys):
    data = planted("clean", class_sizes=(100, 20), n_features=2)
    data.X.assign(y=data.y.to_numpy()).to_csv(tmp_path / "t.csv", index=False)
    assert main(["recommend", str(tmp_path / "t.csv"), "--target", "y", "--miss-cost", "5", "--seconds", "1"]) == 0
    out, err = capsys.readouterr()
    assert "Recipe: " in out and "Learner: " in out and "FINE: " in out
    assert "boosted: Do nothing: cost per 1,000 rows" in err
    assert main(["recommend", str(tmp_path / "t.csv"), "--target", "y", "--seconds", "0"]) == 2


def test_the_benchmark_keeps_a_split_as_it_is_without_objects_that_run(tmp_path, monkeypatch):
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, "1")  # which the benchmark sets, and this test takes back
    from benchmarks.recommend import keep, kept

    row = {"table": "stroke", "changed": True, "cost": np.float64(0.1) + 0.2, "low": np.nan, "positives": np.int64(3)}
    spread = {"ours": np.array([np.nan, -1000 / 3, 0.0]), "threshold": np.zeros(3)}
    keep(tmp_path / "stroke_0", row, spread)
    again, arrays = kept(tmp_path / "stroke_0")
    assert np.isnan(again.pop("low")) and np.isnan(row.pop("low")) and again == row
    assert set(arrays) == set(spread) and all(np.array_equal(arrays[k], spread[k], equal_nan=True) for k in spread)
    np.savez(tmp_path / "stroke_0.npz", ours=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        kept(tmp_path / "stroke_0")
