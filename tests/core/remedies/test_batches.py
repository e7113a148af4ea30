"""Batch composers: shares, coverage and limits on tables of many shapes, and what they do to probabilities."""

import time

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from core.learners.neural import NeuralNetwork
from core.learners.together import fit_together
from core.numerics.batching import BatchRows, instance
from core.numerics.loss_terms import cross_entropy, indicator
from core.registry import methods

COMPOSERS = {m.slug: m for m in methods("remedy", "batches")}
EACH = pytest.mark.parametrize("slug", COMPOSERS)
TABLES = {
    "two classes": ((900, 100), 50),
    "one row": ((500, 1), 64),
    "many classes": (tuple(range(60, 4, -2)), 12),
    "equal": ((40, 40, 40), 30),
    "one class": ((33,), 10),
    "one step": ((20, 7, 3), 30),
    "rows of one": ((12, 1, 1, 1), 4),
    "one row a step": ((9, 2), 1),
    "not a multiple": ((471, 31, 8), 100),
}


class Holder(ClassifierMixin, BaseEstimator):
    """Keeps the batches that it is given."""

    def __init__(self, batches=None):
        self.batches = batches


def made(slug, **options):
    """The way to compose batches that a remedy gives to a learner."""
    return COMPOSERS[slug].fn(Holder(), **options).batches


def table(name="two classes", **more):
    """The rows of one of the tables, in mixed order."""
    sizes, batch_size = TABLES[name]
    codes = np.random.default_rng(5).permutation(np.repeat(np.arange(len(sizes)), sizes))
    return BatchRows(codes, np.array(sizes), batch_size, **more)


def composed(slug, rows, seed=0, **options):
    return made(slug, **options)(rows, np.random.default_rng(seed))


def places(rows, batches):
    """How many places each class has in each batch: (n_steps, n_classes)."""
    return (rows.codes[batches][..., None] == np.arange(len(rows.counts))).sum(axis=1)


@EACH
@pytest.mark.parametrize("name", TABLES)
def test_what_holds_for_all(slug, name):
    """Whole batches of rows that are there, the number of steps that is said, every class, and the same again from the same seed."""
    rows = table(name, progress=0.5, loss=np.random.default_rng(1).exponential(size=len(table(name).codes)))
    before = rows.codes.copy(), rows.loss.copy()
    batches = composed(slug, rows)
    assert batches.shape[1] == rows.batch_size and batches.min() >= 0 and batches.max() < len(rows.codes)
    assert np.issubdtype(batches.dtype, np.integer)
    assert batches.shape[0] == rows.n_steps or slug == "rotating_batches"
    assert np.array_equal(batches, composed(slug, rows)) and np.array_equal(before[0], rows.codes)
    assert np.array_equal(before[1], rows.loss)
    seen = np.unique(np.concatenate([rows.codes[composed(slug, rows, seed)].ravel() for seed in range(30)]))
    assert len(seen) == len(rows.counts)


@pytest.mark.parametrize(
    ("slug", "options", "progress", "expected"),
    [
        ("instance_batches", {}, 0.3, lambda share: share),
        ("instance_batches", {"evenly": False}, 0.3, lambda share: share),
        ("class_aware_batches", {}, 0.3, lambda share: share**0),
        ("class_aware_batches", {"balance": 0.5}, 0.3, lambda share: share / 2 + 0.5 / len(share)),
        ("square_root_batches", {}, 0.3, lambda share: share**0.5),
        ("square_root_batches", {"power": 0.2}, 0.3, lambda share: share**0.2),
        ("progressive_batches", {}, 0.0, lambda share: share),
        ("progressive_batches", {}, 1.0, lambda share: share**0),
        ("progressive_batches", {}, 0.25, lambda share: 0.75 * share + 0.25 / len(share)),
        ("progressive_batches", {"start": 0.5}, 0.5, lambda share: share),
        ("progressive_batches", {"start": 0.5, "balance": 0.8}, 1.0, lambda share: 0.2 * share + 0.8 / len(share)),
    ],
)
@pytest.mark.parametrize("name", ["two classes", "many classes", "equal", "one row"])
def test_shares_of_the_epoch_and_of_every_batch(slug, options, progress, expected, name):
    """In the epoch to the row, in every batch to the row unless order is plain; on average over epochs exactly."""
    rows = table(name, progress=progress)
    shares = expected(rows.counts / rows.counts.sum())
    shares = shares / shares.sum()
    found = np.array([places(rows, composed(slug, rows, seed, **options)) for seed in range(60)])
    due = shares * rows.n_steps * rows.batch_size
    coverage = abs(len(rows.codes) - rows.n_steps * rows.batch_size) if slug == "instance_batches" else 0
    assert (np.abs(found.sum(axis=1) - due) < 1 + coverage).all()
    assert np.abs(found.sum(axis=1).mean(axis=0) - due).max() < 0.3 + coverage
    if options.get("evenly", True):
        assert (np.ptp(found, axis=1) <= 1).all()


@pytest.mark.parametrize("slug", ["class_aware_batches", "square_root_batches", "progressive_batches"])
def test_rows_of_a_class_take_turns(slug):
    """None comes more than once more often than another of its class, and in a batch none twice while others wait."""
    rows = table(progress=1.0)
    batches = composed(slug, rows)
    often = np.bincount(batches.ravel(), minlength=1000)
    assert all(np.ptp(often[rows.codes == c]) <= 1 for c in (0, 1))
    assert all(len(np.unique(batch)) == rows.batch_size for batch in batches)


def test_plain_batches_show_every_row_once_and_even_ones_no_batch_without_the_class():
    rows = BatchRows(np.repeat([0, 1], (980, 20)), np.array([980, 20]), 50)
    for evenly in (True, False):
        batches = composed("instance_batches", rows, evenly=evenly)
        assert np.array_equal(np.sort(batches.ravel()), np.arange(1000))
        without = (places(rows, batches)[:, 1] == 0).mean()
        assert without == 0 if evenly else 0.15 < without < 0.6


@pytest.mark.parametrize("ratio", [1.0, 3.0])
@pytest.mark.parametrize("name", ["two classes", "one row", "many classes", "equal", "not a multiple"])
def test_rotation(name, ratio):
    """Common rows once, rare rows once a slice; a stream is its slice and all rare rows; the share of each batch is the same up to a row."""
    rows = table(name)
    is_rare = (rows.counts < rows.counts.mean())[rows.codes]
    n_rare = is_rare.sum()
    n_slices = int(np.ceil((~is_rare).sum() / (ratio * max(n_rare, 1))))
    batches = composed("rotating_batches", rows, ratio=ratio)
    n = (~is_rare).sum() + n_slices * n_rare
    assert 0 <= batches.size - n < rows.batch_size
    order = batches.ravel()[:n]
    often = np.bincount(order, minlength=len(rows.codes))
    assert (often[~is_rare] == 1).all() and (often[is_rare] == n_slices).all()
    assert np.array_equal(batches.ravel()[n:], order[: batches.size - n])
    if n_rare:
        inside = is_rare[order]
        for stream in order[inside].reshape(n_slices, n_rare):
            assert len(np.unique(stream)) == n_rare
        passed = np.cumsum(inside)
        assert np.ptp(np.bincount(np.maximum(passed[~inside] - 1, 0) // n_rare, minlength=n_slices)) <= ratio + 2
        assert np.ptp(is_rare[batches[:-1]].sum(axis=1)) <= 1


def test_hard_rows_come_first_and_others_are_looked_at_again():
    """The hard and the unseen share 80 % of the places evenly; at least the kept part is hard; first of all every row once."""
    rows = table(loss=np.full(1000, 0.1))
    assert np.array_equal(composed("hard_example_batches", table(), 3), instance(table(), np.random.default_rng(3)))
    hard = np.arange(0, 1000, 4)
    rows.loss[hard], rows.loss[8] = 0.5, np.nan
    often = np.bincount(composed("hard_example_batches", rows).ravel(), minlength=1000)
    others = np.delete(np.arange(1000), hard)
    assert often[hard].sum() == 800 and np.ptp(often[hard]) <= 1
    assert often[others].sum() == 200 and often[others].max() == 1
    often = np.bincount(composed("hard_example_batches", rows, kept=0.25, threshold=0.5).ravel(), minlength=1000)
    assert (often[hard] >= 3).all()
    strict = BatchRows(rows.codes, rows.counts, 50, 0.5, np.arange(1000) / 1e6)
    often = np.bincount(composed("hard_example_batches", strict, kept=0.1, revisited=0.0).ravel(), minlength=1000)
    assert (often[900:] == 10).all() and (often[:900] == 0).all()
    none_left = BatchRows(rows.codes, rows.counts, 50, 0.5, np.full(1000, 9.0))
    assert (np.bincount(composed("hard_example_batches", none_left).ravel()) == 1).all()


def fitted_shares(slug, **options):
    """The probability of the rare class that a model without columns learns: the share that the batches assert."""
    rng, score, rows = np.random.default_rng(0), np.zeros((2, 1)), table(progress=1.0)
    for epoch in range(30):
        for batch in made(slug, **options)(rows, rng):
            gradient = cross_entropy(
                np.repeat(score, rows.batch_size, axis=1), indicator(rows.codes[batch], 2)
            ).gradient
            score -= 4 / (1 + epoch) * gradient.mean(axis=1, keepdims=True)
    return 1 / (1 + np.exp(score[0] - score[1]))[0]


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("instance_batches", 0.1),
        ("class_aware_batches", 0.5),
        ("square_root_batches", 0.25),
        ("progressive_batches", 0.5),
        ("rotating_batches", 0.5),
    ],
)
def test_probabilities_follow_the_shares_of_the_batches(slug, expected):
    """The rare class has 10 % of the rows: class-aware batches raise it to one half, as class weights do."""
    assert fitted_shares(slug) == pytest.approx(expected, abs=0.005)


def test_networks_with_other_batches_learn_what_they_learn_alone():
    """All ways at once on the same rows, though one of them takes more steps."""
    rows = table("not a multiple")
    X = np.random.default_rng(0).normal(size=(len(rows.codes), 3)) + rows.codes[:, None]
    networks = [method.fn(NeuralNetwork(4, 3, 100)) for method in COMPOSERS.values()]
    together = fit_together([(network, X, rows.codes, None) for network in networks])
    for network, beside in zip(networks, together, strict=True):
        assert np.allclose(network.fit(X, rows.codes).predict_proba(X), beside.predict_proba(X), atol=1e-5)


@EACH
def test_an_epoch_of_a_large_table_is_composed_at_once(slug):
    """100,000 rows in at most 20 ms, the quickest of five."""
    rng = np.random.default_rng(0)
    codes = np.minimum(rng.geometric(0.6, 100_000) - 1, 7)
    rows = BatchRows(codes, np.bincount(codes), 256, 0.5, rng.exponential(size=len(codes)).astype(np.float32))
    compose, seconds = made(slug), []
    for seed in range(5):
        start = time.perf_counter()
        compose(rows, np.random.default_rng(seed))
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.02
