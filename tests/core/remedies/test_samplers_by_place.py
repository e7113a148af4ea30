"""Samplers that look at where rows stand: CEOS, neighbourhood-constrained SMOTE, cluster-inverse, class proxies, tiers, Balanced-MixUp."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_moons
from sklearn.neighbors import KNeighborsClassifier

from core import learners
from core.learners.sampling.goals import MixedShares, Tiers
from core.learners.sampling.sampler import OverSampler
from core.learners.sampling.space import Space
from core.registry import method
from core.remedies.sampling import neighbourhood_constrained_smote as constrained


def sampler(slug, **options):
    """The sampler of a remedy with some of its options."""
    return method(slug).fn(None, random_state=0, **options).sampler


def made_by(slug, X, y, **options):
    """The rows that a remedy's sampler adds, their labels, and its notes."""
    chosen = sampler(slug, **options)
    X_new, y_new = chosen.fit_resample(X, y)
    return X_new[len(y) :], y_new[len(y) :], chosen.notes_


@pytest.mark.parametrize(("k", "dominance"), [(1, 0.7), (3, 0.5)])
def test_ceos_goes_a_limited_way_to_a_near_row_of_another_class(k, dominance):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [150, 80, 20])
    X = rng.normal(size=(250, 3)) + y[:, None]
    space, rare, others = Space(X), np.flatnonzero(y == 2), np.flatnonzero(y != 2)
    middle, unit = space.units
    Z = (X - middle) / unit
    near = others[np.argsort(((Z[rare, None] - Z[others]) ** 2).sum(axis=2), axis=1)[:, :k]]
    start, way = X[rare][:, None], X[near] - X[rare][:, None]
    rows, labels, _ = made_by("ceos", X, y, k=k, dominance=dominance)
    rows = rows[labels == 2][:, None, None]
    t = ((rows - start) * way).sum(axis=3) / (way**2).sum(axis=2)
    off = np.linalg.norm(rows - start - t[..., None] * way, axis=3).reshape(len(rows), -1)
    t = t.reshape(len(rows), -1)[np.arange(len(rows)), off.argmin(axis=1)]
    assert len(rows) == 130 and off.min(axis=1).max() < 1e-12
    assert t.min() >= 0 and t.max() <= 1 - dominance
    assert abs(t.mean() - (1 - dominance) / 2) < 3 * (1 - dominance) / np.sqrt(12 * 130)


def test_ceos_keeps_whole_numbers_within_the_way_and_text_and_gaps_of_the_rare_row():
    y = np.repeat([0, 1], [60, 4])
    X = pd.DataFrame({"n": np.where(y, np.arange(64) % 2, 11.0), "x": np.where(y, np.nan, 5.0)})
    X["t"] = pd.Categorical(np.where(y, "rare", "common"))
    rows, _, notes = made_by("ceos", X, y, k=5)
    assert set(rows["n"]) == {0.0, 1.0, 2.0, 3.0}  # 0.3 of 11 is 3.3, of 10 from 1 on is 3
    assert rows["x"].isna().all() and set(rows["t"]) == {"rare"}
    assert notes == [
        "Of 56 made rows of a class, 0 % have mostly rows of other classes among their 5 nearest real rows; "
        "of 4 of its real rows, each counted among its own, 0 %."
    ]


def test_constrained_rows_stay_out_of_the_other_moon():
    inside = KNeighborsClassifier(1).fit(*make_moons(4000, noise=0.05, random_state=99))
    shares = {"smote": [], "neighbourhood_constrained_smote": []}
    for seed in range(3):
        X, y = make_moons(1500, noise=0.2, random_state=seed)
        keep = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:100]])
        X, y = X[keep], y[keep]
        y[np.random.default_rng(seed).choice(750, 10, replace=False)] = 1
        for slug, found in shares.items():
            found.append(np.mean(inside.predict(made_by(slug, X, y)[0]) == 0))
    assert np.mean(shares["smote"]) > 0.08
    assert np.mean(shares["neighbourhood_constrained_smote"]) < 0.02


def test_where_all_edges_count_the_nearest_row_is_of_the_class(monkeypatch):
    monkeypatch.setattr(constrained, "SHARES", (1.0,))
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(400, 2)), np.repeat([0, 1], [320, 80])
    rows, _, notes = made_by("neighbourhood_constrained_smote", X, y)
    pool = np.arange(400)
    near, distances = Space(X).nearest_to(rows, np.empty((len(rows), 0), dtype=int), pool, 2)
    tie = distances[:, 0] == distances[:, 1]
    assert (y[near[:, 0]] == 1)[~tie].all() and len(rows) == 240
    assert notes[0].endswith("100 % of its edges to rows of other classes counted.")


@pytest.mark.parametrize(
    ("alpha", "cap", "expected"),
    [
        (0.0, 50, [120, 120, 120]),
        (0.5, 50, [63, 109, 188]),
        (1.0, 10, [28, 83, 249]),
        (1.0, 2, [139, 166, 55]),  # the two smaller ones at twice their share, 30 / 130 and 10 / 130
        (1.0, 1, [249, 83, 28]),
    ],
)
def test_smaller_sub_clusters_get_more_rows(alpha, cap, expected):
    rng = np.random.default_rng(0)
    sizes = [90, 30, 10]
    centres = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    X = np.vstack([rng.normal(4, 4, (490, 2)), np.repeat(centres, sizes, axis=0) + rng.normal(0, 0.3, (130, 2))])
    y = np.repeat([0, 1], [490, 130])
    for groups in (0, 3):
        rows, _, notes = made_by("cluster_inverse_oversampling", X, y, alpha=alpha, cap=cap, groups=groups)
        away = ((rows[:, None] - centres) ** 2).sum(axis=2)
        assert np.bincount(away.argmin(axis=1)).tolist() == expected
        assert away.min(axis=1).max() < 4, "no row lies between sub-clusters"
        assert notes[0].startswith("A class has 3 groups; rows added: ")


def test_the_smallest_sub_cluster_is_found_more_often_and_the_largest_less():
    """At 1 % false alarms, on fresh rows; SMOTE beside it. The docstring states ten tables, these are two of them."""
    found = {"smote": [], "cluster_inverse_oversampling": []}
    for seed in (0, 1):
        X, y, _ = sub_clusters(seed, (150, 40, 12))
        X_test, y_test, group = sub_clusters(1000 + seed, (150, 150, 150))
        for slug, recalls in found.items():
            options = {"groups": 3} if slug != "smote" else {}
            model = method(slug).fn(learners.make("boosted"), random_state=0, **options).fit(X, y)
            score = model.predict_proba(X_test)[:, 1]
            cut = np.quantile(score[y_test == 0], 0.99)
            recalls.append([np.mean(score[group == g] > cut) for g in (1, 3)])
    largest, smallest = np.mean(found["cluster_inverse_oversampling"], axis=0) - np.mean(found["smote"], axis=0)
    assert smallest > 0.05 > 0 > largest


def sub_clusters(seed, sizes):
    """A common class around the origin, and a rare one in three groups; the group of each row beside."""
    rng = np.random.default_rng(seed)
    centres = 3.2 * np.eye(3, 6)
    groups = [centre + 0.6 * rng.normal(size=(n, 6)) for centre, n in zip(centres, sizes, strict=True)]
    X = pd.DataFrame(np.vstack([1.3 * rng.normal(size=(3000, 6)), *groups])).rename(columns=str)
    return X, np.repeat([0, 1], [3000, sum(sizes)]), np.repeat([0, 1, 2, 3], [3000, *sizes])


@pytest.mark.parametrize("borrowed", [0, 20])
def test_class_proxies_have_the_stated_mean_and_spread(borrowed):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [900, 300, 9])
    X = rng.normal(size=(1209, 3)) * [1, 10, 0.1] * (1 + y[:, None]) + y[:, None]
    X[rng.random(X.shape) < 0.1] = np.nan
    X[1200:1202] = [[-99] * 3, [99] * 3]  # values stay within those of the table: give them room
    middle, unit = Space(X).units
    Z = np.clip((X - middle) / unit, -8, 8)
    s2 = np.array([np.nanvar(Z[y == c], axis=0, ddof=1) for c in range(3)])
    n = np.sum(~np.isnan(Z[y == 1]), axis=0) - 1
    sd = np.sqrt((n * s2[1] + borrowed * s2.mean(axis=0)) / (n + borrowed))
    chosen = sampler("class_proxy_sampler", borrowed=borrowed)
    chosen = OverSampler(chosen.choose, chosen.options, sampling_strategy={1: 20_300}, random_state=0)
    rows = (chosen.fit_resample(X, y)[0][1209:] - middle) / unit
    assert np.allclose(np.nanmean(rows, axis=0), np.nanmean(Z[y == 1], axis=0), atol=5 * sd.max() / np.sqrt(18_000))
    assert np.allclose(np.nanstd(rows, axis=0) / sd, 1, atol=0.06)
    assert abs(np.isnan(rows).mean() - np.isnan(Z[y == 1]).mean()) < 0.02


def test_class_proxies_borrow_text_and_two_valued_columns_from_near_rows():
    rng = np.random.default_rng(0)
    y, x = np.repeat([0, 1], [300, 60]), rng.normal(size=360)
    X = pd.DataFrame({"x": x, "flag": (x > 0).astype(float), "t": pd.Categorical(np.where(x > 0, "up", "down"))})
    rows, _, notes = made_by("class_proxy_sampler", X, y, k=1)
    clear = rows["x"].abs() > 0.5
    assert ((rows["x"] > 0) == (rows["t"] == "up"))[clear].all() and clear.sum() > 100
    assert ((rows["flag"] == 1) == (rows["t"] == "up")).all()
    assert notes[0].startswith("Nearer to the middle of another class than to that of their own: ")


@pytest.mark.parametrize(
    ("sizes", "cap", "expected"),
    [
        ([900, 100, 30, 10], 5, [900, 100, 65, 50]),
        ([900, 100, 30, 10], 2, [900, 100, 60, 20]),
        ([950, 50], 5, [950, 250]),
        ([950, 50], 50, [950, 500]),
        ([50, 50, 50], 5, [50, 50, 50]),
    ],
)
def test_tiers(sizes, cap, expected):
    y = np.repeat(np.arange(len(sizes)), sizes)
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    for how in ("copy", "interpolate"):
        rows, labels, _ = made_by("tiered_upsampling", X, y, cap=cap, how=how)
        assert (np.bincount(labels, minlength=len(sizes)) + sizes).tolist() == expected
        known = (rows[:, None] == X).all(axis=2)
        assert known.any(axis=1).all() if how == "copy" else not known.any()
        times = known.sum(axis=0)
        assert how != "copy" or all(np.ptp(times[y == c]) <= 1 for c in range(len(sizes)))


def test_goals_mean_the_same_on_a_working_sample():
    """200 rows stand for 2,000: what the sampled rows stand for adds up to what sampling all rows would give."""
    y = np.repeat([0, 1], [150, 50])
    X = np.random.default_rng(0).normal(size=(200, 2))
    stands = np.where(y == 0, 13.0, 1.0)
    for slug, goal in (("tiered_upsampling", Tiers(5.0)), ("balanced_mixup", MixedShares(0.2, 1.0))):
        chosen = sampler(slug)
        assert chosen.sampling_strategy == goal
        _, y_new = chosen.fit_resample(X, y, stands)
        assert np.allclose(np.bincount(y_new, chosen.represents_), goal.rows(np.array([1950.0, 50.0])))


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_balanced_mixup_is_the_published_mixture_given_the_label(alpha):
    """Against the mixture drawn as it is defined: rows, weights, then a label by the toss of a coin."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [8000, 1500, 500])
    x = y + rng.normal(0, 0.01, len(y))
    n = 200_000
    b, i = rng.integers(0, 3, n), y[rng.integers(0, len(y), n)]
    weight = rng.beta(alpha, 1, n)
    mixed, label = weight * b + (1 - weight) * i, np.where(rng.random(n) < weight, b, i)
    X = pd.DataFrame({"x": x, "t": pd.Categorical(np.array(["a", "b", "c"])[y])})
    rows, labels, _ = made_by("balanced_mixup", X, y, alpha=alpha, amount=2.0)
    assert np.allclose(np.bincount(labels) / 20_000, np.bincount(label) / n, atol=0.004)
    for c in range(3):
        ours, theirs = rows["x"].to_numpy()[labels == c], mixed[label == c]
        assert abs(ours.mean() - theirs.mean()) < 4 * theirs.std() / np.sqrt(len(ours))
        assert abs(ours.std() - theirs.std()) < 0.02
        assert set(rows["t"][labels == c]) == {"abc"[c]}
