"""Prototypes: rows drawn from a class's normal distribution or towards its centres, and common rows that stand for others."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core import learners
from core.learners.sampling.represented import PerRare, territories
from core.learners.sampling.sampler import OverSampler, UnderSampler
from core.learners.sampling.space import Space
from core.numerics.gaussian_class import Gaussian, cut_in_two, gaussian
from core.numerics.mean_shift import directions, shift_points, tail_rates, weights_towards
from core.recipe import Recipe
from core.remedies.sampling import gaussian_prototypes, majority_pruning, mean_shift_prototypes, prototype_undersampling


def mixed(sizes, seed=0):
    """Numbers with gaps, a flag, a count, and text with gaps."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    X = pd.DataFrame(rng.normal(size=(len(y), 3)) + y[:, None], columns=list("abc"))
    X["flag"] = (rng.random(len(y)) < 0.1).astype(float)
    X["visits"] = rng.integers(0, 9, len(y)).astype(float)
    X["word"] = pd.Categorical(rng.choice(["x", "y", "z"], len(y), p=[0.7, 0.2, 0.1]))
    for name in ("a", "visits", "word"):
        X.loc[rng.random(len(y)) < 0.2, name] = np.nan
    return X, y


def test_the_moments_of_complete_rows_are_those_of_numpy_with_shrunken_correlations():
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 3)) + 2
    found, r = gaussian(Z), np.corrcoef(Z.T)
    pairs = r[np.triu_indices(3, 1)]
    shrinkage = np.sum((1 - pairs**2) ** 2 / 59) / np.sum(pairs**2)
    expected = np.cov(Z.T) * (np.eye(3) + (1 - np.eye(3)) * (1 - shrinkage))
    assert found.shrinkage == pytest.approx(shrinkage)
    np.testing.assert_allclose(found.mean, Z.mean(axis=0))
    np.testing.assert_allclose(found.root @ found.root.T, expected)


def test_gaps_may_make_correlations_impossible_and_the_nearest_possible_ones_are_used():
    """Three pairs of columns, each seen alone, with correlations 1, 1 and -1: no rows have all of them."""
    x = np.linspace(-1, 1, 40)
    gap = np.full(40, np.nan)
    Z = np.vstack([np.column_stack(part) for part in ([x, x, gap], [gap, x, x], [x, gap, -x])])
    found = gaussian(Z)
    covariance = found.root @ found.root.T
    assert np.linalg.eigvalsh(covariance).min() > -1e-12
    np.testing.assert_allclose(np.diag(covariance), np.nanvar(Z, axis=0, ddof=1))
    assert covariance[0, 1] > 0 and covariance[1, 2] > 0 and covariance[0, 2] < 0


def test_gaussian_rows_have_the_moments_the_frequencies_and_the_gaps_of_the_class():
    X, y = mixed((3000, 300))
    X_new, y_new = OverSampler(gaussian_prototypes._choose, random_state=1).fit_resample(X, y)
    real, made = X[y == 1], X_new.iloc[len(X) :]
    assert (y_new[len(X) :] == 1).all() and len(made) == 2700
    for name in "abc":
        standard_error = real[name].std() * np.sqrt(1 / 2000)
        assert abs(made[name].mean() - real[name].mean()) < 4 * standard_error
        assert made[name].std() == pytest.approx(real[name].std(), rel=0.06)
    assert set(made["flag"].unique()) == {0.0, 1.0}
    share = real["flag"].mean()
    assert abs(made["flag"].mean() - share) < 4 * np.sqrt(share * (1 - share) / 2700)
    assert (made["word"].value_counts() == 9 * real["word"].value_counts()).all()
    assert (made.isna().sum() == 9 * real.isna().sum()).all()
    assert (made["visits"].dropna() % 1 == 0).all() and made["visits"].between(0, 8).sum() == made["visits"].count()
    assert not made[list("abc")].merge(real[list("abc")]).dropna().shape[0]


def test_weights_and_rates_follow_the_paper():
    Z = directions(np.array([[3.0, 0], [0, 2], [-1, 0]]))
    weights = weights_towards(Z[:1], Z, 0.2)[0]
    np.testing.assert_allclose(weights, np.exp([5, 0, -5]) / np.exp([5, 0, -5]).sum())
    np.testing.assert_allclose(tail_rates(np.array([900, 100])), 0.1 * np.array([0.2, 1.8]))
    assert tail_rates(np.array([10**6] * 30 + [1]))[-1] == 1


def test_points_go_to_the_rows_in_their_direction_and_to_the_mean_where_all_rows_count():
    rng = np.random.default_rng(0)
    values = np.vstack([rng.normal((6, 0), 0.5, (40, 2)), rng.normal((0, 6), 0.5, (40, 2))])
    Z = directions(values)
    near = shift_points(Z[:1], Z, values, 0.05, 0.2, 10)
    np.testing.assert_allclose(near[0], values[:40].mean(axis=0), atol=0.2)
    np.testing.assert_allclose(shift_points(Z[:1], Z, values, 1e6, 0.2, 10)[0], values.mean(axis=0), atol=1e-4)
    values[1:, 1] = np.nan
    assert shift_points(Z[:1], Z, values, 0.2, 0.1, 5)[0, 1] == pytest.approx(values[0, 1])
    assert np.isnan(shift_points(Z[:1], Z[1:], values[1:], 0.2, 0.1, 5)[0, 1])


def test_mean_shift_rows_are_like_their_class_but_closer_together():
    X, y = mixed((600, 60))
    X_new, _ = OverSampler(mean_shift_prototypes._choose, {"tau": 0.2}, random_state=1).fit_resample(X, y)
    real, made = X[y == 1], X_new.iloc[len(X) :]
    assert (made.isna().sum() == 9 * real.isna().sum()).all()
    for name in "bc":
        assert made[name].between(real[name].min(), real[name].max()).all()
        assert 0.3 * real[name].std() < made[name].std() < 0.9 * real[name].std()


def prototypes(ratio, seed=0):
    return UnderSampler(prototype_undersampling._choose, sampling_strategy=PerRare(1 / ratio), random_state=seed)


def test_prototypes_are_real_rows_each_once_and_the_same_every_time():
    X, y = mixed((200, 40, 6))
    sampler = prototypes(0.5)
    X_new, y_new = sampler.fit_resample(X, y)
    rows = sampler.sample_indices_
    assert np.bincount(y_new).tolist() == [12, 12, 6]
    assert len(set(rows)) == len(rows) and set(np.flatnonzero(y == 2)) <= set(rows)
    pd.testing.assert_frame_equal(X_new, X.iloc[rows].reset_index(drop=True))
    again = prototypes(0.5)
    again.fit_resample(X, y)
    assert (again.sample_indices_ == rows).all()
    everything, _ = prototypes(0.1).fit_resample(X[y > 0], y[y > 0])
    assert len(everything) == 46


def test_rows_that_are_alike_are_still_kept_once_each():
    X = pd.DataFrame({"a": np.repeat([0.0, 1.0, 2.0], [50, 40, 10]), "b": 1.0})
    y = np.r_[np.zeros(94, dtype=int), np.ones(6, dtype=int)]
    sampler = prototypes(0.2)
    sampler.fit_resample(X, y)
    assert len(set(sampler.sample_indices_)) == 36


def test_prototypes_reach_the_odd_regions():
    """Of 990 rows in one place and 10 in another, 20 random ones hold a row of the other with probability 0.18."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(np.vstack([rng.normal(0, 1, (990, 2)), rng.normal(30, 1, (10, 2)), rng.normal(9, 1, (10, 2))]))
    y = np.repeat([0, 1], [1000, 10])
    found = 0
    for seed in range(10):
        sampler = prototypes(0.5, seed)
        sampler.fit_resample(X, y)
        found += np.isin(sampler.sample_indices_, np.arange(990, 1000)).any()
    assert found > 5


def test_what_prototypes_stand_for_adds_up_and_probabilities_stay_natural():
    X, y = mixed((2000, 100))
    kept = np.sort(np.r_[np.arange(0, 2000, 100), np.arange(2000, 2100)])
    stands = territories(Space(X), y, kept)
    assert stands[:20].sum() == 2000 and (stands[20:] == 1).all()
    remedy = Recipe.parse("prototype_undersampling:weights=cluster sizes").apply(
        learners.make("linear"), random_state=0
    )
    fitted = remedy.fit(X, y)
    assert fitted.represents_.sum() == pytest.approx(2100)
    weighted = fitted.predict_proba(X)[:, 1].mean()
    plain = Recipe.parse("prototype_undersampling").apply(learners.make("linear"), random_state=0).fit(X, y)
    assert weighted < 0.07 < 0.09 < plain.predict_proba(X)[:, 1].mean()


def test_pruning_keeps_the_common_rows_nearest_to_rare_ones():
    X = pd.DataFrame({"a": np.r_[np.arange(20.0), [0.2, 7.1]]})
    y = np.repeat([0, 1], [20, 2])
    sampler = UnderSampler(majority_pruning._choose, balance=0.75)
    sampler.fit_resample(X, y)
    near = np.abs(X["a"].to_numpy()[:20, None] - [0.2, 7.1]).min(axis=1)
    kept = sampler.sample_indices_[sampler.sample_indices_ < 20]
    assert near[kept].max() <= np.delete(near, kept).min()
    assert len(kept) == round(20 - 0.75 * 18)


def test_the_normal_cut_keeps_the_share():
    drawn = np.random.default_rng(0).normal(1, 2, 40_000)
    found = Gaussian(np.array([1.0]), np.array([[2.0]]), 0.0)
    above = cut_in_two(drawn, found, 0, 0.03, 0.0)
    assert stats.binomtest(int(above.sum()), 40_000, 0.03).pvalue > 0.001
