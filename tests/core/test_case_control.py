"""A working sample: rows to keep, rows drawn, what each stands for."""

import numpy as np
import pytest

from core.numerics.case_control import at_shares, draw, sampling_plan, standing


@pytest.mark.parametrize("seed", range(40))
def test_a_plan_keeps_rare_classes_whole_and_cuts_the_others_to_one_level(seed):
    rng = np.random.default_rng(seed)
    counts = np.ceil(np.exp(rng.uniform(0, 12, rng.integers(1, 40)))).astype(int)
    size = int(rng.integers(1, counts.sum() * 2))
    plan = sampling_plan(counts, size)
    assert plan.sum() == min(size, counts.sum())
    assert (plan <= counts).all()
    cut = plan < counts
    if cut.any():
        assert np.ptp(plan[cut]) <= 1
        assert plan[~cut].max(initial=0) <= plan[cut].max()
    order = rng.permutation(len(counts))
    assert sorted(sampling_plan(counts[order], size)) == sorted(plan)


def test_a_plan_by_hand():
    assert sampling_plan(np.array([990, 100, 10]), 200).tolist() == [95, 95, 10]
    assert sampling_plan(np.array([990_000, 10_000]), 20_000).tolist() == [10_000, 10_000]
    assert sampling_plan(np.array([990_000, 10_000]), 50_000).tolist() == [40_000, 10_000]
    assert sampling_plan(np.array([5, 5]), 100).tolist() == [5, 5]


def test_drawn_rows_stand_for_their_class_exactly():
    codes = np.random.default_rng(0).choice(4, 5000, p=[0.9, 0.07, 0.02, 0.01])
    sizes = np.bincount(codes)
    plan = sampling_plan(sizes, 700)
    rows, represents = draw(codes, plan, 3)
    assert (np.diff(rows) > 0).all()
    assert (np.bincount(codes[rows]) == plan).all()
    np.testing.assert_allclose(np.bincount(codes[rows], represents), sizes)
    np.testing.assert_allclose(standing(codes[rows], represents, 4), sizes / plan)
    assert (standing(codes, None, 4) == 1).all()
    again, _ = draw(codes, plan, 3)
    other, _ = draw(codes, plan, 4)
    assert (again == rows).all()
    assert (other != rows).any()


def test_every_row_of_a_cut_class_is_drawn_equally_often():
    codes = np.repeat([0, 1], [60, 5])
    drawn = sum(np.bincount(draw(codes, np.array([20, 5]), seed)[0], minlength=65) for seed in range(600))
    assert (drawn[60:] == 600).all()
    assert drawn[:60].min() > 200 - 4.5 * np.sqrt(600 * 2 / 9)
    assert drawn[:60].max() < 200 + 4.5 * np.sqrt(600 * 2 / 9)


def test_probabilities_move_by_the_odds_that_were_sampled_away():
    proba = np.array([[0.5, 0.5], [0.9, 0.1], [0.0, 0.0]])
    moved = at_shares(proba, np.array([99.0, 1.0]))
    np.testing.assert_allclose(moved[:2], [[0.99, 0.01], [0.9 * 99 / (0.9 * 99 + 0.1), 0.1 / (0.9 * 99 + 0.1)]])
    assert (moved[2] == 0).all()
