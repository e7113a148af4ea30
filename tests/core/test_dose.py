"""Dose and response: what is fitted, and that marks follow the intervals on planted outcomes."""

from dataclasses import replace

import numpy as np
import pytest

from core import __main__ as command_line
from core.errors import UserError
from core.evaluation import dose
from core.evaluation.dose import FEWEST, MOST_SIZES, DoseOutcome, dose_fold, plan, repeated
from core.evaluation.dose_response import dose_response, draw
from core.recipe import Recipe
from core.registry import methods
from core.study import Study
from core.synthetic import planted

SMOTE = Recipe.of("smote")


@pytest.fixture(scope="module")
def study():
    return repeated(Study(planted("overlap", class_sizes=(400, 50), n_features=3), learner="linear", positive="rare"))


class Recorder:
    """Notes the rows that it is fitted on; predicts shares."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y):
        Recorder.seen.append(frozenset(X.index))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def made(study, effect):
    """Outcomes of the whole plan whose average precision follows ``effect(rows, dose)`` up to noise that dose and fold share."""
    rng = np.random.default_rng(0)
    level = rng.normal(0, 0.05, len(study.folds))
    return [
        DoseOutcome(
            rows,
            ratio,
            fold,
            round(rows * ratio),
            0.4 + level[fold] + effect(rows, ratio) + rng.normal(0, 0.004),
            0.25,
            0.1,
        )
        for rows, ratio, fold in plan(study).tasks
    ]


def marks(result):
    return {(row.rows, row.mark): row.dose for row in result.tables["marks"].itertuples()}


def test_sizes_are_halved_down_to_ten_and_doses_end_at_parity(study):
    found = plan(study)
    assert found.rows == (40, 20, 10)
    assert found.doses[40] == (0, 0.5, 1, 2, 4, 7) and found.doses[20] == (0, 0.5, 1, 2, 4, 8, 15)
    assert plan(study, beyond_parity=True).doses[40][-1] == 20
    assert len(found.tasks) == (6 + 7 + 7) * 20 and found.tasks[0] == (40, 0.0, 0) and found.tasks[19][2] == 0
    many = plan(repeated(Study(planted("clean", class_sizes=(20_000, 5_000), n_features=1))))
    assert len(many.rows) == MOST_SIZES and many.rows[0] == 4_000 and many.rows[-1] == FEWEST
    assert many.n_folds == 10, "large tables keep the folds of the study"
    assert plan(study.with_(positive="common")).tasks == [], "a class as large as the largest"
    with pytest.raises(UserError, match="dose"):
        plan(study, doses=[-1])


def test_doses_of_a_fold_learn_from_the_same_rows_and_never_from_a_test_row(study, monkeypatch):
    monkeypatch.setattr(dose, "_dosed", lambda *given: Recorder())
    monkeypatch.setattr(dose, "_made", lambda *given: 0)
    Recorder.seen.clear()
    for rows, ratio in ((40, 0.0), (40, 2.0), (10, 8.0)):
        dose_fold(study, SMOTE, rows, ratio, 3)
    train, test = study.folds[3]
    whole, again, few = Recorder.seen
    assert whole == again == set(train) and few < whole and not few & set(test)
    assert sum(study.codes[list(few)] == study.positive_code) == 10 and len(whole) - len(few) == 30


def test_no_dose_is_doing_nothing_and_a_dose_is_that_many_rows(study):
    train, test = study.folds[0]
    from sklearn.metrics import average_precision_score

    score = study.fit_predict_proba(Recipe(), train, test)[:, study.positive_code]
    expected = average_precision_score(study.codes[test] == study.positive_code, score)
    given = Recipe.of("smote", "tuned_threshold", "calibrated_probabilities")
    assert dose_fold(study, given, 40, 0.0, 0).average_precision == pytest.approx(expected)
    classifier = dose._dosed(study, given, 100)
    X, y = study.dataset.X.iloc[train], study.codes[train]
    _, codes = classifier.sampler.fit_resample(X, y)
    assert np.bincount(codes).tolist() == [320, 100]
    assert dose_fold(study, given, 40, 1.5, 0).n_made == 60
    assert dose_fold(study, given, 10, 40, 0).average_precision > 0, "beyond parity, without a warning"


def test_every_sampler_that_adds_rows_takes_a_dose(study):
    train, _ = study.folds[0]
    X, y, dosed = study.dataset.X.iloc[train], study.codes[train], []
    for remedy in methods("remedy", "sampling"):
        try:
            sampler = dose._dosed(study, Recipe.of(remedy.slug), 100).sampler
        except UserError:
            continue
        dosed.append(remedy.slug)
        assert np.bincount(sampler.fit_resample(X, y)[1]).tolist() == [320, 100], remedy.slug
    assert {"smote", "random_oversampling"} <= set(dosed)


@pytest.mark.parametrize("recipe", ["", "class_weights", "random_undersampling", "imbalanced_learn:sampler=SMOTEENN"])
def test_a_recipe_without_a_dose_is_refused(study, recipe):
    with pytest.raises(UserError, match="smote"):
        dose.run(study, Recipe.parse(recipe))


def test_the_therapeutic_and_the_toxic_dose_are_found(study):
    def effect(rows, ratio):
        return 0.0 if ratio < 2 or rows == 40 else 0.08 if ratio < 8 else -0.08

    result = dose_response(study, SMOTE, made(study, effect))
    assert marks(result) == {(20, "therapeutic"): 2, (20, "toxic"): 8, (10, "therapeutic"): 2, (10, "toxic"): 8}
    assert "no dose helps" in result.findings[0].text and result.findings[0].severity == "fine"
    assert "with 20 rows of 'rare' 2 synthetic rows per real row helps and 8" in result.findings[1].text
    row = result.tables["differences"].query("rows == 20 and dose == 4").iloc[0]
    assert row["low"] < row["difference"] == pytest.approx(0.08, abs=0.005) and row["difference"] < row["high"]


def test_a_helpful_and_a_harmful_dose_are_said_in_numbers(study):
    result = dose_response(study, SMOTE, made(study, lambda rows, ratio: 0.03 * (ratio >= 1) - 0.1 * (ratio > 4)))
    text = result.findings[0].text
    assert marks(result)[40, "therapeutic"] == 1 and marks(result)[40, "toxic"] == 7
    assert "helps is 1 synthetic row per real row: average precision goes from 0." in text
    assert "From 7 synthetic rows per real row on it harms" in text and result.findings[0].severity == "caution"


def test_no_effect_has_no_dose(study):
    result = dose_response(study, SMOTE, made(study, lambda rows, ratio: 0.0))
    assert marks(result) == {} and "no dose helps" in result.findings[0].text


def test_intervals_are_corrected_for_the_number_of_doses_of_all_sizes(study):
    from core.judge import fold_interval

    outcomes = made(study, lambda rows, ratio: 0.0)
    differences = dose_response(study, SMOTE, outcomes).tables["differences"]
    row = differences.query("rows == 40 and dose == 4").iloc[0]
    by_cell = {(o.rows, o.dose, o.fold): o.average_precision for o in outcomes}
    change = np.array([by_cell[40, 4, fold] - by_cell[40, 0, fold] for fold in range(20)])
    assert row[["difference", "low", "high"]].tolist() == pytest.approx(
        fold_interval(change, 0.25, n_comparisons=len(differences))
    )


def test_what_has_arrived_is_drawn_but_not_judged(study):
    outcomes = made(study, lambda rows, ratio: 0.2 * (ratio > 0))
    for part in (outcomes[:0], outcomes[:1], outcomes[:13], outcomes[:60], outcomes[:-1]):
        result = dose_response(study, SMOTE, part)
        assert f"{len(part)} of 400 fits" in result.findings[0].text and not len(result.tables["marks"])
        assert len(draw(result)) == min(len(part), 2)


def test_numbers_of_the_figures_stand_in_the_tables(study):
    result = dose_response(study, SMOTE, made(study, lambda rows, ratio: 0.1 * (ratio == 2)))
    curve = set(result.tables["curve"][["average_precision", "low", "high"]].to_numpy().ravel())
    first, second = draw(result).values()
    assert {trace.name for trace in first.data} >= {"therapeutic dose", "40 rows of 'rare'"}
    assert {value for trace in first.data for value in trace.y} <= curve
    assert {value for trace in second.data for value in trace.x} <= set(result.tables["differences"]["difference"])


def test_folds_without_the_class_give_a_sentence(study):
    outcomes = [replace(outcome, average_precision=np.nan) for outcome in made(study, lambda rows, ratio: 0.0)]
    result = dose_response(study, SMOTE, outcomes)
    assert result.severity == "not applicable" and draw(result) == {}


def test_too_few_rows_get_a_sentence():
    few = Study(planted("clean", class_sizes=(60, 8), n_features=1))
    result = dose_response(few, SMOTE, dose.run(few, SMOTE))
    assert result.severity == "not applicable" and "fewer than 10 rows of 'rare'" in result.findings[0].text
    assert draw(result) == {}


def test_the_command_prints_the_curve(tmp_path, capsys):
    path = tmp_path / "table.csv"
    path.write_text("age,outcome\n" + "".join(f"{i % 17},{'yes' if i % 8 == 0 else 'no'}\n" for i in range(160)))
    options = ["--target", "outcome", "--learner", "linear", "--folds", "2", "--doses", "1"]
    assert command_line.main(["dose", str(path), *options, "--recipe", "smote"]) == 0
    out = capsys.readouterr().out
    assert "With all 10 rows of 'yes' of a training part" in out and "Average precision with 10 rows of 'yes'" in out
    assert [line.split()[:2] for line in out.splitlines() if line.startswith("    dose")] == [
        ["dose", "0"],
        ["dose", "1"],
    ]
    assert command_line.main(["dose", str(path), *options, "--recipe", "class_weights"]) == 2
    assert "no sampler" in capsys.readouterr().err
