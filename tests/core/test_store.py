"""The store: exact numbers back, foreign and damaged files refused in words, the oldest dropped, nothing scored twice."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from core.errors import UserError
from core.evaluation import kept_scores
from core.evaluation.compare import evaluate
from core.recipe import Recipe
from core.store import Store, digest_of
from core.study import Study
from core.synthetic import planted

WEIGHTS = Recipe.of("class_weights")


@pytest.fixture(scope="module")
def study():
    return Study(planted("overlap", class_sizes=(160, 40)), learner="linear", n_folds=2)


def test_numbers_come_back_exactly(tmp_path):
    held = Store(tmp_path / "a.store")
    arrays = {
        "odds": np.float32([0.1, np.nan, -np.inf]),
        "matrix": np.arange(6).reshape(2, 3).T,
        "none": np.zeros((0, 3)),
        "one": np.array(1 / 3),
        "flags": np.array([True, False]),
    }
    held.put("key", {"a": [0.1 + 0.2, None, "é"]}, arrays)
    plain, back = Store(tmp_path / "a.store").get("key")
    assert plain == {"a": [0.1 + 0.2, None, "é"]}
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype and back[name].flags.writeable
        assert np.array_equal(back[name], array, equal_nan=array.dtype.kind == "f"), name
    assert held.get("other") is None
    with pytest.raises(TypeError):
        held.put("key", 1, {"objects": np.array([print])})


def other_store(path, *statements):
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


def test_what_is_no_store_is_refused_and_left_as_it_is(tmp_path):
    text = tmp_path / "text"
    text.write_bytes(b"age,outcome\n1,yes\n" * 200)
    foreign = other_store(tmp_path / "foreign", "CREATE TABLE mine (a)")
    posing = other_store(tmp_path / "posing", "CREATE TABLE mine (a)", "PRAGMA application_id = 1129337649")
    for path in (text, foreign, posing, tmp_path, tmp_path / "no" / "folder"):
        before = path.read_bytes() if path.is_file() else b""
        with pytest.raises(UserError) as refused:
            Store(path)
        assert str(tmp_path)[:20] in refused.value.problem and refused.value.remedy
        assert before == (path.read_bytes() if path.is_file() else b"")


def test_damaged_values_count_as_absent(tmp_path):
    held = Store(tmp_path / "a.store")
    for key in "abc":
        held.put(key, 1, {"x": np.arange(5.0)})
    with sqlite3.connect(held.path) as connection:
        connection.execute("UPDATE work SET data = x'00' WHERE key = 'a'")
        connection.execute("UPDATE work SET plain = 7, digest = NULL WHERE key = 'b'")
    connection.close()
    assert held.get("a") is None and held.get("b") is None
    assert np.array_equal(held.get("c")[1]["x"], np.arange(5.0))


def test_the_oldest_are_dropped_and_threads_write_at_one_time(tmp_path):
    held = Store(tmp_path / "a.store", most=100_000)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: Store(held.path).put(f"early {n}", n, {}), range(20)))
    assert len(held) == 20
    for n in range(15):
        held.put(f"late {n}", n, {"x": np.zeros(1000)})
    assert held.get("early 0") is None and held.get("late 0") is None
    assert held.get("late 14")[0] == 14 and 8 <= len(held) <= 12


def test_a_study_goes_on_where_it_was_with_the_same_numbers(study, tmp_path, monkeypatch):
    path, plain, seen = tmp_path / "a.store", evaluate(study, [WEIGHTS]), []
    stopped = kept_scores.scored(study, [Recipe(), WEIGHTS], store=path, cancelled=lambda: len(Store(path)) >= 5)
    assert sum(map(len, stopped.values())) == 5
    rest = evaluate(study.with_(), [WEIGHTS], store=path, progress=lambda *told: seen.append(told))
    assert seen == [(5, 8), (6, 8), (7, 8), (8, 8)]
    monkeypatch.setattr(kept_scores, "score_fold", None)
    again = evaluate(study.with_(recipe=WEIGHTS), [WEIGHTS], store=path)
    for result in (rest, again):
        for name, table in plain.tables.items():
            pd.testing.assert_frame_equal(result.tables[name], table, check_exact=True)
    ours, theirs = (kept_scores.score_kept(study, WEIGHTS, 3, str(path)), stopped[Recipe()][3])
    assert {field.name for field in fields(ours)} == set(vars(theirs)) and ours.log_odds.dtype == theirs.log_odds.dtype
    monkeypatch.undo()
    assert kept_scores.score_kept(study, WEIGHTS, 3, str(tmp_path / "gone" / "a")).scores == ours.scores
    for other in ({"random_state": 1}, {"miss_cost": 3.0}, {"n_folds": 3}, {"positive": study.classes[0]}):
        assert kept_scores.known(Store(path), study.with_(**other), WEIGHTS, 0) is None


def test_values_with_the_right_key_that_do_not_fit_the_study_count_as_absent(study, tmp_path):
    held = Store(tmp_path / "a.store")
    outcome = kept_scores.score_kept(study, Recipe(), 0, str(held.path))
    assert kept_scores.known(held, study, Recipe(), 0).scores == outcome.scores
    plain, arrays = kept_scores.packed(outcome)
    odds, matrix = arrays["log odds"], arrays["matrix 0"]
    forged = [
        (plain, arrays | {"log odds": odds[:-1]}), (plain, arrays | {"log odds": odds[:, None]}),
        (plain, arrays | {"log odds": np.ones(len(odds), dtype=bool)}), (plain, arrays | {"matrix 0": np.ones((3, 3))}),
        (plain, arrays | {"matrix 1": matrix[0]}), (plain | {"cuts": plain["cuts"][:1]}, arrays),
        (plain | {"scores": plain["scores"][:1]}, arrays), (plain | {"numbers": [10**400, 0, 0]}, arrays),
        (plain | {"cuts": [{}]}, arrays), ([], arrays), (None, {}), ({"scores": 7}, {}),
    ]  # fmt: skip
    for one in forged:
        held.put(kept_scores._key(study, Recipe(), 0), *one)
        assert kept_scores.known(held, study, Recipe(), 0) is None
    assert kept_scores.score_kept(study, Recipe(), 0, str(held.path)).scores == outcome.scores, "it is computed anew"


def test_a_key_changes_with_everything_that_it_is_made_of():
    assert digest_of("a", 1) == digest_of("a", 1)
    assert len({digest_of(*parts) for parts in (("a", 1), ("a", 1.0), ("a", "1"), ("a", 1, None), (("a", 1),))}) == 5
