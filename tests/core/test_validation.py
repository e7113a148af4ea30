"""Folds: no group on both sides, never later rows than those tested, and random ones as before."""

import numpy as np
import pytest
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedGroupKFold

from core.errors import UserError
from core.validation import folds


def spread(found, codes):
    """How far the shares of each class differ between test folds."""
    return np.std([np.bincount(codes[test], minlength=codes.max() + 1) / np.bincount(codes) for _, test in found], 0)


def test_without_groups_and_order_the_folds_are_those_of_scikit_learn():
    codes = np.repeat([0, 1, 2], (60, 20, 3))
    with pytest.warns(UserWarning, match="least populated"):
        wanted = list(RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=3).split(codes, codes))
    for (train, test), (other_train, other_test) in zip(
        folds(codes, n_folds=5, n_repeats=2, random_state=3), wanted, strict=True
    ):
        assert np.array_equal(train, other_train) and np.array_equal(test, other_test)


@pytest.mark.parametrize("n_groups", [5, 23, 150, 1500])
@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("sizes", ["equal", "skewed"])
def test_no_group_is_ever_on_both_sides(n_groups, n_classes, sizes):
    rng = np.random.default_rng(n_groups)
    codes = (rng.random((2000, 1)) < np.geomspace(0.9, 0.05, n_classes)[1:]).sum(axis=1)
    groups = rng.integers(0, n_groups, 2000) if sizes == "equal" else np.minimum(rng.zipf(1.3, 2000), n_groups) - 1
    groups[:10] = -1
    found = folds(codes, n_folds=5, n_repeats=2, random_state=1, groups=groups)
    parts = [{tuple(test) for _, test in found[first : first + 5]} for first in (0, 5)]
    assert len(found) == 10 and (n_groups == 5 or parts[0] != parts[1])
    for train, test in found:
        assert not set(groups[train][groups[train] >= 0]) & set(groups[test])
        assert np.array_equal(np.sort(np.r_[train, test]), np.arange(2000)) and len(test)
    assert np.array_equal(np.sort(np.concatenate([test for _, test in found[:5]])), np.arange(2000))


def test_grouped_folds_spread_a_rare_class_at_least_as_evenly_as_scikit_learn():
    rng = np.random.default_rng(0)
    for n_groups in (40, 150, 600):
        codes, groups = (rng.random(2000) < 0.05).astype(int), rng.integers(0, n_groups, 2000)
        theirs = list(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(codes, codes, groups))
        assert (spread(folds(codes, n_folds=5, groups=groups), codes) <= spread(theirs, codes) + 0.003).all()


@pytest.mark.parametrize("with_groups", [False, True])
def test_a_fold_is_tested_on_later_rows_only(with_groups):
    rng = np.random.default_rng(0)
    codes, order, groups = rng.integers(0, 2, 700), rng.integers(0, 60, 700).astype(float), rng.integers(0, 90, 700)
    order[:30] = np.nan
    found = folds(codes, n_folds=4, n_repeats=3, order=order, groups=groups if with_groups else None)
    assert len(found) == 4
    tested = np.concatenate([test for _, test in found])
    assert len(set(tested)) == len(tested) and not set(tested) & set(range(30))
    for train, test in found:
        assert order[train].max() < order[test].min() and 100 < len(test) < 170
        assert not with_groups or not set(groups[train]) & set(groups[test])


def test_a_kind_of_groups_is_dealt_as_one_by_one():
    codes = np.repeat([0, 1], (40, 8))
    groups = np.r_[np.repeat(np.arange(10), 4), 10 + np.arange(8)]
    found = folds(codes, n_folds=4, groups=groups)
    assert [np.bincount(codes[test]).tolist() for _, test in found if len(test)] and spread(found, codes)[1] == 0
    assert sorted(len(set(groups[test]) & set(range(10))) for _, test in found) == [2, 2, 3, 3]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"groups": np.arange(40) // 10}, "The rows are in 4 groups; at least 5 are needed for 5 folds"),
        ({"order": np.arange(40.0) // 10}, "has 4 different values; at least 6 are needed for 5 folds"),
        (
            {"order": np.r_[np.arange(20.0), np.arange(20.0, 40.0)]},
            "Fold 1 of 5 in the order of time would learn from 7",
        ),
    ],
)
def test_what_cannot_be_parted_is_said_with_numbers(given, sentence):
    with pytest.raises(UserError, match=sentence):
        folds(np.repeat([0, 1], 20), n_folds=5, **given)
