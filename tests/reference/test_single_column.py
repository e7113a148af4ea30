"""What one column tells, against scikit-learn; identical rows, against pandas."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core import judge
from core.numerics.duplicates import identical_rows
from core.numerics.single_column import (
    MISSING,
    area_by_fold,
    class_edges,
    copies_class,
    counts_by_level,
    levels_of_numbers,
    levels_of_text,
    out_of_fold_rates,
    taken_for,
)


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    codes = rng.choice(3, 400, p=[0.7, 0.2, 0.1])
    levels = np.clip(rng.poisson(2 + 2 * codes), 0, 9)
    return levels, codes, rng.integers(0, 5, 400)


def test_area_by_fold_is_scikit_learns(table):
    levels, codes, fold = table
    counts = counts_by_level(levels, codes, fold, 3)
    rates = out_of_fold_rates(counts)
    areas = area_by_fold(counts, rates)
    for f in range(5):
        for c in range(3):
            rows = fold == f
            expected = roc_auc_score(codes[rows] == c, rates[f, levels[rows], c])
            assert areas[f, c] == pytest.approx(expected)


def test_rates_use_training_rows_only(table):
    levels, codes, fold = table
    rates = out_of_fold_rates(counts_by_level(levels, codes, fold, 3))
    train = fold != 2
    prior = np.bincount(codes[train], minlength=3) / train.sum()
    own = np.bincount(codes[train & (levels == 4)], minlength=3)
    np.testing.assert_allclose(rates[2, 4], (own + prior) / (own.sum() + 1))
    np.testing.assert_allclose(rates.sum(axis=2), 1)


def test_taken_for_counts_like_a_classifier(table):
    levels, codes, fold = table
    counts = counts_by_level(levels, codes, fold, 3)
    rates = out_of_fold_rates(counts)
    predicted = rates[fold, levels].argmax(axis=1)
    hits, taken = taken_for(counts, rates)
    assert taken.tolist() == np.bincount(predicted, minlength=3).tolist()
    assert hits.tolist() == [int(((predicted == c) & (codes == c)).sum()) for c in range(3)]


def test_few_values_are_levels_and_many_become_ranges():
    values = np.array([3.0, 1.0, np.nan, 2.0, 3.0])
    levels, exact = levels_of_numbers(values, np.zeros(5, dtype=int), 3)
    assert exact and levels.tolist() == [2, 0, MISSING, 1, 2]
    many = np.arange(1000.0)
    codes = (many >= 990).astype(int)
    levels, exact = levels_of_numbers(many, codes, 4)
    assert not exact and (np.diff(levels) >= 0).all()
    assert not set(levels[codes == 0]) & set(levels[codes == 1]), "a class with a range of its own keeps it"


def test_class_edges_are_quantiles_of_each_class():
    values, codes = np.array([5.0, 1.0, 3.0, 10.0]), np.array([0, 0, 0, 2])
    edges = class_edges(values, codes)
    assert edges[:2].tolist() == [1.0, 10.0] and edges[-2:] == pytest.approx([5.0, 10.0])
    assert (edges[-2:] > [5.0, 10.0]).all()


def test_rare_texts_share_the_last_level():
    codes = np.array([7, 7, 7, 2, 2, 0, -1, 4])
    assert levels_of_text(codes, 3).tolist() == [0, 0, 0, 1, 1, 2, MISSING, 2]
    assert levels_of_text(np.full(3, -1), 3).tolist() == [MISSING] * 3


def test_a_copy_of_the_class_is_told_from_a_strong_column():
    single, counted = np.ones(3, dtype=bool), np.ones(3, dtype=bool)
    copy = np.array([[900, 0, 0], [0, 50, 49], [0, 0, 1]])
    strong = np.array([[900, 0, 0], [0, 30, 20], [0, 20, 30]])
    constant = np.array([[900, 50, 50], [0, 0, 0], [0, 0, 0]])
    assert copies_class(copy, single, counted, 0.98)
    assert not copies_class(strong, single, counted, 0.98)
    assert not copies_class(constant, single, counted, 0.98)


def test_identical_rows_are_pandas_groups():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 3, (200, 4)).astype(float)).mask(rng.random((200, 4)) < 0.1)
    group = identical_rows([frame[column].to_numpy() for column in frame])
    expected = frame.groupby(list(frame.columns), dropna=False).ngroup().to_numpy()
    pairs = pd.DataFrame({"ours": group, "theirs": expected}).drop_duplicates()
    assert pairs["ours"].is_unique and pairs["theirs"].is_unique


def test_the_null_of_the_area_covers_shuffled_labels():
    rng = np.random.default_rng(1)
    labels = np.arange(300) < 30
    areas = [roc_auc_score(rng.permutation(labels), rng.normal(size=300)) for _ in range(400)]
    assert np.mean(np.array(areas) <= judge.area_null(30, 270)) == pytest.approx(0.975, abs=0.02)
    assert judge.area_null(1, 5, 1000) == 1.0
    assert judge.area_null(30, 270, 40) > judge.area_null(30, 270)
