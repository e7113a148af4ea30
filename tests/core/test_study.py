"""A study: folds that hold every class, a class of interest, and nothing computed twice."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.errors import UserError
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted


def test_codes_count_along_the_classes_most_frequent_first():
    study = Study(planted("clean", class_sizes=(90, 60, 20)))
    assert study.classes == ("class 1", "class 2", "class 3")
    assert study.class_sizes.tolist() == [90, 60, 20]
    assert (np.asarray(study.classes)[study.codes] == study.dataset.y).all()


def test_every_row_is_tested_once_per_repeat_and_classes_are_spread():
    study = Study(planted("clean", class_sizes=(80, 20)), n_repeats=3)
    assert len(study.folds) == 15
    for repeat in range(3):
        tested = np.concatenate([test for _, test in study.folds[5 * repeat : 5 * repeat + 5]])
        assert sorted(tested) == list(range(100))
    assert {int((study.codes[test] == 1).sum()) for _, test in study.folds} == {4}
    assert all(not set(train) & set(test) for train, test in study.folds)


def test_a_class_smaller_than_the_folds_is_left_to_the_other_folds():
    study = Study(planted("clean", class_sizes=(60, 3)), learner="linear", positive="rare")
    assert sorted(int((study.codes[test] == 1).sum()) for _, test in study.folds[:5]) == [0, 0, 1, 1, 1]
    assert np.isfinite(study.out_of_fold()).all()


def test_classes_that_are_all_smaller_than_the_folds_are_refused():
    frame = pd.DataFrame({"x": np.arange(28.0), "y": [f"c{i % 14}" for i in range(28)]})
    with pytest.raises(UserError, match="at least 5 are needed"):
        Study(Dataset.from_frame(frame, "y"))


def test_the_class_of_interest_is_the_rarest_with_enough_rows():
    assert Study(planted("clean", class_sizes=(90, 30, 4))).positive == "class 2"
    assert Study(planted("clean", class_sizes=(90, 8))).positive == "rare"
    assert Study(planted("clean"), positive="common").positive == "common"


@pytest.mark.parametrize("choice", [{"positive": "rar"}, {"learner": "bosted"}])
def test_unknown_choices_are_named_with_the_close_match(choice):
    with pytest.raises(UserError) as error:
        Study(planted("clean"), **choice)
    assert error.value.remedy in ("Did you mean 'rare'?", "Did you mean 'boosted'?")


def test_a_tiny_table_is_refused_with_a_sentence():
    with pytest.raises(UserError, match="The table has 8 rows with a label; at least 10 are needed"):
        Study(planted("clean", class_sizes=(5, 3)))


def test_out_of_fold_is_computed_once_and_never_by_a_model_that_saw_the_row():
    study = Study(planted("overlap", class_sizes=(80, 20)), learner="linear")
    first = study.out_of_fold()
    assert study.out_of_fold() is first
    assert study.out_of_fold(Recipe.of("class_weights")) is not first
    train, test = study.folds[0]
    assert np.array_equal(first[test], study.fit_predict_proba(Recipe(), train, test))


def test_equal_choices_have_equal_keys():
    dataset = planted("clean")
    assert Study(dataset).key == Study(dataset, recipe=Recipe()).key
    assert Study(dataset).key != Study(dataset, random_state=1).key
    assert Study(dataset).key != Study(planted("clean", random_state=1)).key
