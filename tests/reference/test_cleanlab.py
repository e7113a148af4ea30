"""Confident learning against cleanlab, whose authors published it."""

import numpy as np
import pytest

from core.numerics.confident import confident_counts

count = pytest.importorskip("cleanlab.count")


def draw(seed, n_classes, sharpness):
    """Random labels of unequal frequency, and probabilities that lean towards them."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(n_classes, 600, p=np.arange(1, n_classes + 1) / np.arange(1, n_classes + 1).sum())
    proba = rng.dirichlet(np.ones(n_classes), 600)
    proba[np.arange(600), codes] += sharpness * rng.random(600)
    return proba / proba.sum(axis=1, keepdims=True), codes


@pytest.mark.parametrize("n_classes", [2, 3, 7])
@pytest.mark.parametrize("seed", [0, 1])
def test_thresholds_are_cleanlabs(seed, n_classes):
    proba, codes = draw(seed, n_classes, 1.0)
    ours = confident_counts(proba, codes).thresholds
    np.testing.assert_allclose(ours, count.get_confident_thresholds(codes, proba), rtol=1e-12)


@pytest.mark.parametrize("sharpness", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_joint_of_two_classes_is_cleanlabs(seed, sharpness):
    proba, codes = draw(seed, 2, sharpness)
    theirs = count.compute_confident_joint(codes, proba, calibrate=False)
    assert confident_counts(proba, codes).joint.tolist() == theirs.tolist()


@pytest.mark.parametrize("n_classes", [3, 5])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_joint_of_more_classes_is_cleanlabs(seed, n_classes):
    proba, codes = draw(seed, n_classes, 0.7)
    theirs = count.compute_confident_joint(codes, proba, calibrate=False)
    assert confident_counts(proba, codes).joint.tolist() == theirs.tolist()
