"""What every loss keeps: its derivatives are those of its values; order, shifts and neighbours do not matter; nothing overflows."""

from dataclasses import fields, replace

import numpy as np
import pytest

from core.learners.loss import LossTrained
from core.numerics.loss_terms import Known, indicator
from core.params import Choice, Range
from core.registry import methods

LOSSES = methods("remedy", "losses")
EACH = pytest.mark.parametrize("remedy", LOSSES, ids=lambda remedy: remedy.slug)
CASES = ((2, 9), (4, 11))
SCALES = (1.0, 8.0, 40.0, 1e4)
STEPS, PARTS = np.array([-2, -1, 1, 2]) * 1e-3, np.array([1, -8, 8, -1]) / 12e-3
"""Central differences of fourth order."""


@pytest.fixture(autouse=True)
def _nothing_overflows():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield


def variants(remedy):
    """The loss with its defaults, and with each option at each end of its range, one at a time."""
    yield {}
    for parameter in remedy.params:
        limits = parameter.constraint
        ends = (limits.low, limits.high) if isinstance(limits, Range) else (True, False)
        ends = limits.options if isinstance(limits, Choice) else ends
        yield from ({parameter.name: parameter.kind(end)} for end in ends if end != parameter.default)


def loss_of(remedy, **options):
    from core import learners

    wrapped = remedy.fn(learners.make("linear"), **options)
    assert isinstance(wrapped, LossTrained)
    return wrapped.loss


def losses(remedy):
    return [loss_of(remedy, **options) for options in variants(remedy)]


def example(n_classes, n, *, scale=1.0, networks=2, seed=0, dtype=np.float64, **more):
    """Scores, classes and all that a loss may know, for several networks; no two classes are equally large."""
    rng = np.random.default_rng([seed, n_classes, n])
    codes = np.stack([rng.permutation(np.arange(n) % n_classes) for _ in range(networks)])
    scores = scale * rng.normal(size=(networks, n_classes, n))
    counts = np.broadcast_to(400.0 * 0.4 ** np.arange(n_classes)[:, None] + 7, (networks, n_classes, 1))
    weight = rng.uniform(0.5, 1.5, (networks, 1, n))
    cost = rng.uniform(0.2, 1, (n_classes, n_classes)) * (1 - np.eye(n_classes))
    ties = rng.uniform(0, 1, (n_classes, n_classes)) * (1 - np.eye(n_classes))
    told = {
        "weight": (weight / weight.mean(axis=-1, keepdims=True)).astype(dtype),
        "groups": np.broadcast_to(rng.permutation(np.arange(n) % 3), (networks, n)),
        "cost": np.broadcast_to((cost + cost.T) / 2, (networks, n_classes, n_classes)),
        "ties": np.broadcast_to((ties + ties.T) / 2, (networks, n_classes, n_classes)),
    }
    known = Known(counts.copy(), **{"progress": 0.35, "step": 5, **told, **more})
    return scores.astype(dtype), indicator(codes, n_classes, dtype), known


def chosen(known, pick):
    """What is known of some of the networks, or of one alone."""
    arrays = {f.name: getattr(known, f.name) for f in fields(known) if isinstance(getattr(known, f.name), np.ndarray)}
    return replace(known, **{name: values[pick] for name, values in arrays.items()})


def differences(function, at):
    """The derivative by every entry of ``at`` (n_rows, n_columns): function takes (n, n_rows, n_columns) and gives (n, …) for each."""
    entries = at.size
    moved = np.repeat(at[None], len(STEPS) * entries, axis=0).reshape(len(STEPS), entries, entries)
    moved[:, np.arange(entries), np.arange(entries)] += STEPS[:, None]
    found = function(moved.reshape(-1, *at.shape))
    return np.tensordot(PARTS, found.reshape(len(STEPS), entries, *found.shape[1:]), axes=1)


def close(found, expected, scale=1.0):
    """Relative error at most 1e-5, beside what differences of numbers so large can tell."""
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-10 * max(scale, 1.0))


def check_derivatives(loss, n_classes, n, scale, **more):
    """Gradient and Hessian of one network against differences, with all changed tables side by side as networks."""
    scores, own, known = example(n_classes, n, scale=scale, networks=1, **more)
    terms, weight = loss(scores, own, known), known.weight[0, 0]
    many = np.zeros(len(STEPS) * n_classes * n, dtype=int)
    others, labels = chosen(known, many), own[many]
    slopes = differences(lambda z: (weight * loss(z, labels, others).value).sum(axis=-1), scores[0])
    scale = max(scale, float(np.abs(terms.value).max()))
    close(terms.gradient[0], slopes.reshape(n_classes, n) / weight, scale)
    gradients = differences(lambda z: loss(z, labels, others).gradient.reshape(len(many), -1), scores[0])
    bends = np.diagonal(gradients).reshape(n_classes, n)
    if loss.exact:
        close(terms.hessian[0], bends, scale)
    else:
        assert (terms.hessian[0] >= bends - 1e-5 * np.abs(bends) - 1e-9 * scale).all()


@EACH
@pytest.mark.parametrize(("n_classes", "n"), CASES)
def test_derivatives_are_those_of_the_values(remedy, n_classes, n):
    """At random and extreme scores, options at both ends of their ranges, with and without groups and a memory, early and late."""
    for loss in losses(remedy):
        for scale in SCALES:
            check_derivatives(loss, n_classes, n, scale)
    loss = loss_of(remedy)
    scores, own, known = example(n_classes, n, networks=1, seed=1)
    for changed in ({"groups": None}, {"progress": 0.0}, {"progress": 1.0}, {"state": loss(scores, own, known).state}):
        check_derivatives(loss, n_classes, n, 2.0, **changed)


def equal(one, other, tolerance=1e-10):
    for name in ("value", "gradient", "hessian"):
        found, expected = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def twice(loss, scores, own, known):
    """Two batches one after the other, so that what is remembered counts."""
    first = loss(scores, own, known)
    return first, loss(scores[..., ::-1] * 0.5, own[..., ::-1], mirrored(replace(known, state=first.state, step=6)))


def mirrored(known):
    """What is known, for rows in the opposite order."""
    return replace(known, weight=known.weight[..., ::-1], groups=known.groups[..., ::-1])


@EACH
@pytest.mark.parametrize(("n_classes", "n"), CASES)
def test_order_of_classes_shifts_and_other_networks_do_not_matter(remedy, n_classes, n):
    turned = np.random.default_rng(3).permutation(n_classes)[::-1]
    for loss in losses(remedy):
        scores, own, known = example(n_classes, n, scale=2.0, networks=3)
        both = twice(loss, scores, own, known)
        crossed = {name: getattr(known, name)[:, turned][:, :, turned] for name in ("cost", "ties")}
        permuted = replace(known, counts=known.counts[:, turned], **crossed)
        for terms, other in zip(both, twice(loss, scores[:, turned], own[:, turned], permuted), strict=True):
            back = (other.gradient, other.hessian)
            equal(replace(terms, gradient=terms.gradient[:, turned], hessian=terms.hessian[:, turned]), other)
            assert all(np.isfinite(values).all() for values in back)
        for terms, other in zip(both, twice(loss, scores + 3.0, own, known), strict=True):
            equal(terms, other)
        for i in range(3):
            for pick in (i, slice(i, i + 1)):
                for terms, other in zip(both, twice(loss, scores[pick], own[pick], chosen(known, pick)), strict=True):
                    equal(
                        replace(
                            terms, value=terms.value[pick], gradient=terms.gradient[pick], hessian=terms.hessian[pick]
                        ),
                        other,
                    )


@EACH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows_and_types_stay(remedy, dtype):
    """Scores of ±1e4, right and wrong, and all equal; what comes in as float32 comes out so."""
    for loss in losses(remedy):
        for n_classes, n in CASES:
            scores, own, known = example(n_classes, n, dtype=dtype)
            sure = dtype(1e4) * (2 * own - 1)
            for extreme in (sure, -sure, 1e4 * np.sign(scores), np.zeros_like(scores), 30 * scores):
                terms = loss(extreme, own, known)
                for values, shape in (
                    (terms.value, own[:, 0].shape),
                    (terms.gradient, own.shape),
                    (terms.hessian, own.shape),
                ):
                    assert np.isfinite(values).all() and values.shape == shape and values.dtype == dtype
                proba = loss.proba(extreme, known)
                assert (proba >= 0).all() and np.allclose(proba.sum(axis=-2), 1, atol=1e-5) and proba.shape == own.shape
            single = loss(scores.astype(np.float32), own.astype(np.float32), known)
            equal(single, loss(scores.astype(np.float64), own.astype(np.float64), known), tolerance=2e-3)


@EACH
def test_a_loss_is_pure(remedy):
    """The same arguments give the same numbers, and nothing given is changed; no weights are equal weights."""
    for loss in losses(remedy):
        scores, own, known = example(4, 11, state=None)
        arrays = [scores, own, *(values for values in vars(known).values() if isinstance(values, np.ndarray))]
        before = [values.copy() for values in arrays]
        for values in arrays:
            values.flags.writeable = False
        first, again = loss(scores, own, known), loss(scores, own, known)
        kept = first.gradient.copy()
        np.multiply(first.gradient, 0, out=first.gradient)
        equal(replace(first, gradient=kept), again, tolerance=0)
        assert (first.state is None) == (again.state is None)
        if first.state is not None:
            assert np.array_equal(first.state, again.state) and np.isfinite(first.state).all()
        assert all(np.array_equal(values, copy) for values, copy in zip(arrays, before, strict=True))
        ones = replace(known, weight=np.ones_like(known.weight))
        equal(loss(scores, own, replace(known, weight=None)), loss(scores, own, ones))
        assert loss(scores, own, ones).state is None or loss(scores, own, replace(known, weight=None)).state is not None


@EACH
def test_probabilities_follow_the_classes(remedy):
    for loss in losses(remedy):
        for n_classes, n in CASES:
            scores, _, known = example(n_classes, n, scale=2.0)
            turned = np.arange(n_classes)[::-1]
            proba = loss.proba(scores, known)
            assert proba.dtype == scores.dtype and np.allclose(proba.sum(axis=-2), 1)
            other = loss.proba(scores[:, turned] - 5.0, replace(known, counts=known.counts[:, turned]))
            np.testing.assert_allclose(other, proba[:, turned], rtol=1e-9, atol=1e-12)


def check_hidden(loss, n_classes, n):
    """The value that a loss adds by the last hidden layer, and its gradient."""
    _, own, known = example(n_classes, n, networks=1)
    H = np.random.default_rng(2).normal(size=(5, n))
    many = np.zeros(len(STEPS) * H.size, dtype=int)
    others, labels, weight = chosen(known, many), own[many], known.weight[0, 0]
    value, gradient = loss.hidden(H[None], own, known, **loss.options)
    slopes = differences(lambda h: (weight * loss.hidden(h, labels, others, **loss.options)[0]).sum(axis=-1), H)
    close(gradient[0], slopes.reshape(H.shape) / weight)
    assert value.shape == (1, n)
    for extreme in (np.zeros_like(H), 1e4 * H):
        found = loss.hidden(extreme[None].astype(np.float32), own.astype(np.float32), known, **loss.options)
        assert all(np.isfinite(values).all() and values.dtype == np.float32 for values in found)


@EACH
def test_the_part_of_the_hidden_layer_has_its_gradient(remedy):
    for loss in losses(remedy):
        for n_classes, n in CASES if loss.hidden else ():
            check_hidden(loss, n_classes, n)
