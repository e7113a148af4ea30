"""Every command that fits recipes runs where it is told, keeps what it fits, and prints the same when it starts again."""

import time

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.errors import UserError
from core.evaluation import kept_forecasts, kept_scores, kept_training, live_training
from core.evaluation.curves import curves_of
from core.evaluation.dose import _known as dose_known
from core.evaluation.dose import run as dose_run
from core.evaluation.kept_forecasts import forecast, through_store
from core.evaluation.kept_scores import tasks_of
from core.evaluation.kept_training import trained
from core.learners.neural import NeuralNetwork
from core.recipe import Recipe
from core.store import Store
from core.study import Study
from core.synthetic import planted

WEIGHTS = Recipe.of("class_weights")
TUNED = Recipe.of("class_weights", "tuned_threshold")


def study(**choices):
    return Study(planted("overlap", class_sizes=(160, 40)), n_folds=2, n_repeats=1, **{"learner": "linear"} | choices)


def same(result, other):
    for name, table in other.tables.items():
        columns = [column for column in table if column != "seconds"]
        pd.testing.assert_frame_equal(result.tables[name][columns], table[columns], check_exact=True)


def damaged(held, key):
    raise UserError("The file cannot be used.", "Choose another file.")


def test_forecasts_are_made_anywhere_kept_and_not_made_again(tmp_path, monkeypatch):
    path, plain, seen = str(tmp_path / "a.store"), study(), []
    held = study()
    made = forecast(held, [Recipe(), TUNED], store=path, engine="threads", workers=2)
    assert made == (Recipe(), WEIGHTS) and len(Store(path)) == 4
    for recipe in made:
        assert np.array_equal(held._memory["out_of_fold", recipe], plain.out_of_fold(recipe))
    monkeypatch.setattr(kept_forecasts, "fold_forecast", None)
    again = study(recipe=WEIGHTS)
    forecast(again, [WEIGHTS, Recipe()], store=path, progress=lambda *told: seen.append(told))
    assert seen == [(4, 4)] and np.array_equal(again.out_of_fold(WEIGHTS), plain.out_of_fold(WEIGHTS))
    assert forecast(again, [Recipe()], limit=1e-9) == (Recipe(),), "what is known needs no time"


def test_what_a_page_computes_takes_forecasts_from_the_store_and_keeps_new_ones(tmp_path, monkeypatch):
    path, plain = str(tmp_path / "a.store"), curves_of(study(), (TUNED,))
    forecast(study(), [Recipe()], store=path)
    same(through_store(path, curves_of, study(), (TUNED,)), plain)
    assert len(Store(path)) == 4
    monkeypatch.setattr(Study, "fit_predict_proba", None)
    same(through_store(path, curves_of, study(), (TUNED,)), plain)
    monkeypatch.undo()
    same(through_store(str(tmp_path / "gone" / "a"), curves_of, study(), (TUNED,)), plain)
    monkeypatch.setattr(Store, "get", damaged)
    same(through_store(path, curves_of, study(), (TUNED,)), plain)
    tasks, told = tasks_of(study(), TUNED, path, elsewhere=True)
    assert len(tasks) == len(study().folds) and not told


def test_training_and_doses_are_kept(tmp_path, monkeypatch):
    hidden, _, *rest = NeuralNetwork.__init__.__defaults__
    monkeypatch.setattr(NeuralNetwork.__init__, "__defaults__", (hidden, 3, *rest))
    path, focal = str(tmp_path / "a.store"), Recipe.of("focal")
    first = trained(study(learner="neural"), [focal], store=path, engine="threads")
    one = [*live_training.live_training(study(learner="neural"), [focal])][-1]
    pd.testing.assert_frame_equal(first.tables["scores"], one.tables["scores"], check_exact=False, atol=1e-6)
    with monkeypatch.context() as slow:
        slow.setattr("core.evaluation.kept_training.train_fold", lambda *one: time.sleep(0.5))
        with pytest.raises(UserError, match="Time ran out after 0 of 2 folds"):
            trained(study(learner="neural"), [WEIGHTS], limit=1e-9, engine="threads")
    doses = dose_run(study(), Recipe.of("random_oversampling"), doses=[1.0], store=path)
    monkeypatch.setattr(live_training, "train", None)
    monkeypatch.setattr("core.evaluation.dose.dose_fold", None)
    again = trained(study(learner="neural"), [focal], store=path)
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table, check_exact=True)
    assert dose_run(study(), Recipe.of("random_oversampling"), doses=[1.0], store=path) == doses
    neural, held = study(learner="neural"), Store(path)
    plain, arrays = held.get(kept_training._key(neural, focal, 0))
    forged = [(plain, arrays | {"curves": arrays["curves"][part]}) for part in (0, slice(0), (..., slice(2)))]
    forged += [
        (plain, arrays | {"outcome log odds": np.zeros(3)}),
        ({"epochs": 1, "seconds": 1, "n_together": 1}, arrays),
    ]
    assert kept_training._unpacked(neural, (plain, arrays), focal, 0) is not None
    assert [kept_training._unpacked(neural, one, focal, 0) for one in forged] == [None] * 5
    held.put("one", vars(doses[0]) | {"average_precision": "high"}, {})
    held.put("other", vars(doses[0]) | {"fold": 7}, {})
    task = (doses[0].rows, doses[0].dose, doses[0].fold)
    assert [dose_known(held, key, task) for key in ("one", "other")] == [None] * 2


COMMANDS = {
    "curves": [],
    "calibration": [],
    "costs": ["--miss-cost", "5"],
    "losses": ["--recipe", "class_weights"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_prints_the_same_when_it_starts_again(command, tmp_path, capsys, monkeypatch):
    table, path = tmp_path / "a.csv", tmp_path / "a.store"
    data = planted("overlap", class_sizes=(160, 40), n_features=2)
    data.X.assign(target=data.y).to_csv(table, index=False)
    given = [command, str(table), "--target", "target", "--learner", "linear", "--folds", "2", "--repeats", "1"]
    given += [*COMMANDS[command], "--recipe", "tuned_threshold", "--store", str(path)]
    assert main([*given, "--engine", "threads"]) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(kept_forecasts, "fold_forecast", None)
    monkeypatch.setattr(kept_scores, "score_fold", None)
    assert main([*given, "--engine", "here"]) == 0
    assert capsys.readouterr().out == first and len(Store(path)) >= 2


def test_a_recipe_that_cannot_decide_is_named():
    with pytest.raises(UserError, match=r"'Group thresholds \(column x0\)': 'x0' is no column"):
        kept_scores.scored(study(), [Recipe.of(group_thresholds={"column": "x0"})])


def test_every_command_says_what_is_wrong_before_it_begins(tmp_path, capsys):
    for command in ("curves", "calibration", "costs", "losses", "recommend", "diagnose", "dose", "compare"):
        assert main([command, str(tmp_path / "none.csv"), "--target", "y", "--engine", "dask://nowhere"]) == 2
        assert "is no address of a cluster" in capsys.readouterr().err
