"""The mutual contamination model against values it was drawn from, and against a hand-worked posterior."""

import numpy as np
import pytest

from core.numerics.contamination import contamination, normal_scores


def draw(seed, sizes, distance, shares):
    """Scores of two labelled classes, the first on the right, and which labels are wrong."""
    rng = np.random.default_rng(seed)
    first = np.arange(sum(sizes)) < sizes[0]
    wrong = rng.random(len(first)) < np.where(first, *shares)
    return rng.normal(np.where(first ^ wrong, distance / 2, -distance / 2), 1), first, wrong


@pytest.mark.parametrize("shares", [(0.0, 0.0), (0.1, 0.0), (0.05, 0.2)])
@pytest.mark.parametrize("distance", [2.5, 4.0])
def test_planted_values_are_recovered(distance, shares):
    score, first, _ = draw(0, (4000, 4000), distance, shares)
    fit = contamination(score, first)
    assert fit.distance == pytest.approx(distance, rel=0.1)
    assert fit.shares == pytest.approx(shares, abs=0.02)


@pytest.mark.parametrize("sizes", [(100, 2000), (500, 500)])
def test_overlap_alone_is_not_taken_for_noise(sizes):
    evidence = [contamination(*draw(seed, sizes, 1.8, (0, 0))[:2]).evidence for seed in range(20)]
    assert np.max(evidence) < 12


def test_the_posterior_is_the_share_of_wrong_labels():
    score, first, wrong = draw(1, (20000, 20000), 3.0, (0.1, 0.1))
    posterior = contamination(score, first).wrong
    middle = (posterior > 0.4) & (posterior < 0.6)
    assert wrong[middle].mean() == pytest.approx(0.5, abs=0.07)
    # by hand: labelled first, score −1.5 with d′ = 3: 0.1 φ(0) / (0.9 φ(3) + 0.1 φ(0)) = 0.909
    near = first & (np.abs(score + 1.5) < 0.05)
    assert posterior[near].mean() == pytest.approx(0.909, abs=0.03)


def test_only_ranks_enter_and_class_frequencies_do_not():
    score, first, _ = draw(2, (200, 1000), 3.0, (0.1, 0.0))
    assert contamination(np.exp(score), first).shares == contamination(score, first).shares
    few = np.r_[np.flatnonzero(first), np.flatnonzero(~first)[:200]]
    assert contamination(score[few], first[few]).distance == pytest.approx(
        contamination(score, first).distance, abs=0.4
    )


def test_normal_scores_of_two_rows_by_hand():
    assert normal_scores(np.array([5.0, -1.0]), np.array([True, False])) == pytest.approx([0.6745, -0.6745], abs=1e-4)
