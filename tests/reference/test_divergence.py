"""Jensen–Shannon divergence against scipy, and the classifier's estimate against the truth of two normal clouds."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon

from core.divergence import compared, drawn
from core.numerics.divergence import at_equal_sizes, beyond_chance, from_counts, from_probabilities, of_numbers


def normal_truth(difference, rng, n=200_000):
    """Divergence by the exact ratio of two densities: ``difference`` draws log P − log Q at rows of P and of Q."""
    of_first, of_second = difference(rng, n)
    return from_probabilities(1 / (1 + np.exp(-of_first)), 1 / (1 + np.exp(-of_second)))[0]


def correlated(n, rho, rng):
    z = rng.normal(size=(n, 2))
    z[:, 1] = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
    return z


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
def test_counts_agree_with_scipy(smoothing):
    rng = np.random.default_rng(0)
    for _ in range(20):
        p, q = rng.integers(0, 30, (2, 12))
        expected = jensenshannon(p + smoothing, q + smoothing, base=2) ** 2
        assert from_counts(p, q, smoothing) == pytest.approx(expected, abs=1e-12)
    assert from_counts(np.array([5, 0]), np.array([0, 9]), 0) == pytest.approx(1)


def test_numbers_need_no_order_and_stand_gaps_and_extremes():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=2000), rng.normal(1.5, 1, size=2000)
    plain = of_numbers(a, b)
    assert of_numbers(np.append(a, 1e200), b) == pytest.approx(plain, abs=0.01)
    assert of_numbers(np.full(50, np.nan), np.full(70, np.nan)) == 0
    assert of_numbers(np.where(np.arange(2000) < 1000, np.nan, a), a) > 0.2
    assert plain == pytest.approx(
        normal_truth(lambda r, n: (1.5 * (1.5 / 2 - r.normal(size=n)), 1.5 * (1.5 / 2 - r.normal(1.5, 1, n))), rng), abs=0.02
    )  # fmt: skip


def test_at_correlation_nine_tenths_the_joint_estimate_is_right_and_the_marginal_is_blind():
    rho = 0.9

    def difference(rng, n):
        def log_ratio(z):
            within = (z**2).sum(axis=1) - 2 * rho * z[:, 0] * z[:, 1]
            return -np.log(1 - rho**2) / 2 - within / (2 * (1 - rho**2)) + (z**2).sum(axis=1) / 2

        return log_ratio(correlated(n, rho, rng)), log_ratio(rng.normal(size=(n, 2)))

    truth = normal_truth(difference, np.random.default_rng(0))
    assert truth == pytest.approx(0.309, abs=0.003), "as printed for this case"
    found = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        first, second = pd.DataFrame(correlated(4000, rho, rng)), pd.DataFrame(rng.normal(size=(4000, 2)))
        found.append(compared(first, second, random_state=seed, max_rows=4000))
    assert np.abs([one.joint - truth for one in found]).max() < 0.02
    assert max(one.marginal for one in found) < 0.01
    assert all(one.low <= truth <= one.high for one in found[:3])
    assert found[0].protocol == "JSD2|LogReg-deg1or2|platt>prior|n=4000+4000|folds=6|seed=0"


def test_at_a_tenth_of_the_rows_only_the_corrected_estimate_is_right():
    gap, dimension = 0.55, 4

    def difference(rng, n):
        half = dimension * gap**2 / 2
        return gap * (rng.normal(gap, 1, (n, dimension)).sum(axis=1)) - half, gap * rng.normal(size=(n, dimension)).sum(
            axis=1
        ) - half

    truth = normal_truth(difference, np.random.default_rng(0))
    assert truth == pytest.approx(0.19, abs=0.003)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        samples = pd.DataFrame(rng.normal(gap, 1, (6000, dimension))), pd.DataFrame(rng.normal(size=(600, dimension)))
        corrected, plain = (
            compared(*samples, random_state=seed, max_rows=6000, correct=correct) for correct in (True, False)
        )
        assert corrected.joint == pytest.approx(truth, abs=0.03)
        assert plain.joint == 0


def test_equal_samples_have_no_divergence_at_any_ratio():
    rng = np.random.default_rng(3)
    for n in (60, 600):
        found = compared(pd.DataFrame(rng.normal(size=(n, 20))), pd.DataFrame(rng.normal(size=(1500, 20))))
        assert found.low == 0 and found.joint < 0.01
    assert at_equal_sizes(np.array([0.2]), 4.0) == pytest.approx(0.5)


def test_single_columns_of_equal_samples_show_no_divergence_on_average():
    """Rarity is not illness: a rare class is not far away because it is rare."""
    rng = np.random.default_rng(4)
    counts = [
        (rng.multinomial(240, np.full(12, 1 / 12)), rng.multinomial(5000, np.full(12, 1 / 12))) for _ in range(400)
    ]
    raw = np.mean([from_counts(*pair) for pair in counts])
    assert raw > 0.007
    assert abs(raw - 11 * (1 / 240 + 1 / 5000) / (8 * np.log(2))) < 0.0005
    assert np.mean([beyond_chance(*pair) for pair in counts]) < 0.002


def test_a_shift_of_one_column_of_twenty_is_seen_and_copies_in_one_group_are_not_told_apart():
    rng = np.random.default_rng(0)
    first, second = pd.DataFrame(rng.normal(size=(1500, 20))), pd.DataFrame(rng.normal(size=(200, 20)))
    assert compared(first, second).high < 0.02
    second[3] += 1.0
    assert compared(first, second).low > 0.02, "the true divergence is 0.161"
    group = np.repeat(np.arange(40), 10)
    copies = pd.DataFrame(rng.normal(size=(40, 12))[group] + 0.05 * rng.normal(size=(400, 12)))
    parted = [compared(copies[:200], copies[200:], groups=known) for known in (None, group)]
    assert parted[0].low > 0.2, "forty persons are learned by heart"
    assert parted[1].low == 0


def test_rows_of_a_working_sample_are_drawn_by_what_they_stand_for_and_none_twice():
    weight = np.repeat([50.0, 1.0], [4000, 4000])
    rows = drawn(np.arange(8000), weight, 8000, np.random.default_rng(0))
    assert len(np.unique(rows)) == len(rows)
    assert (rows < 4000).sum() == 4000
    assert 40 < (rows >= 4000).sum() < 130
