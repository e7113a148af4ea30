"""Growth of a score against the power law it was drawn from, and recall at prevalence by hand."""

import numpy as np
import pytest

from core.numerics.saturation import growth, recall_at_prevalence


@pytest.mark.parametrize(("a", "b", "c"), [(0.95, 2.0, 0.5), (0.8, 1.5, 0.8), (0.9, 4.0, 1.0)])
def test_an_exact_power_law_is_carried_on_exactly(a, b, c):
    def score(n):
        return a - b * n**-c

    curve = growth(np.array([[score(25), score(50), score(100)]]))
    assert curve.ratio == pytest.approx(2**-c)
    assert curve.after(1.0) == pytest.approx(score(200))
    assert curve.after(2.0) == pytest.approx(score(400))
    doublings = np.log2(200 / 100)
    assert curve.doublings_to(score(200) - score(100)) == pytest.approx(doublings)
    assert np.isinf(curve.doublings_to(a - score(100) + 0.01))


def test_a_score_never_passes_one_and_a_falling_curve_is_flat():
    curve = growth(np.array([[0.1, 0.4, 0.9], [0.5, 0.6, 0.4], [1.0, 1.0, 1.0]]))
    ahead = curve.after(np.float64(20.0))
    assert ahead[0] == pytest.approx(1.0, abs=1e-3) and ahead[0] <= 1
    assert ahead[1:].tolist() == [0.4, 1.0]
    assert np.isinf(curve.doublings_to(0.05)[1:]).all()
    # by hand: the error falls from .9 to .1 in two doublings, so it falls to a third in each
    assert curve.after(1.0)[0] == pytest.approx(1 - 0.1 / 3)


def test_a_curve_that_speeds_up_is_not_carried_on_faster_than_its_error_can_fall():
    curve = growth(np.array([[0.2, 0.25, 0.5]]))
    assert curve.ratio == pytest.approx(np.sqrt(0.5 / 0.8))
    assert curve.after(1.0) == pytest.approx(1 - 0.5 * np.sqrt(0.5 / 0.8))


def test_recall_at_prevalence_by_hand():
    score, positive = np.array([0.9, 0.7, 0.5, 0.5, 0.5, 0.1]), np.array([True, False, True, False, True, False])
    # three rows are taken: .9 (found), .7, and one of three that tie, two of which are positive
    assert recall_at_prevalence(score, positive) == pytest.approx((1 + 2 / 3) / 3)
    assert recall_at_prevalence(np.zeros(6), positive) == pytest.approx(0.5)
    assert recall_at_prevalence(positive.astype(float), positive) == 1
