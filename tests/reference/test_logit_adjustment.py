"""The sign of logit adjustment: plus in training, minus afterwards. Printed recalls of a table of 1531, 72 and 83 rows, to 0.05.

The table behind the printed recalls is not published. Three round normal classes in the plane, with the centres of the two rare ones 1.6 standard deviations
from that of the common one, at a right angle, were found by least squares on the six recalls of the plain and the adjusted decision.
"""

import numpy as np
import pandas as pd
import pytest

from core.learners.linear import LinearModel
from core.learners.loss import with_loss
from core.recipe import Recipe
from core.remedies.losses.logit_adjustment import _loss

SIZES, CENTRES = (1531, 72, 83), np.array([[0.0, 0.0], [1.6, 0.0], [0.0, 1.6]])
PLAIN, ADJUSTED, WRONG = (0.993, 0.128, 0.152), (0.620, 0.759, 0.720), (1.000, 0.000, 0.003)


def rows(sizes, seed):
    codes = np.repeat(np.arange(3), sizes)
    points = np.random.default_rng(seed).normal(size=(len(codes), 2)) + CENTRES[codes]
    return pd.DataFrame(points, columns=["across", "up"]), codes


@pytest.fixture(scope="module", params=[0, 1])
def table(request):
    """Rows to learn from, and fresh rows of the same classes to count on."""
    return *rows(SIZES, request.param), *rows((5000, 5000, 5000), 100)


def recalls(proba, codes):
    return np.array([(proba.argmax(axis=1)[codes == c] == c).mean() for c in range(3)])


def test_plus_in_training_is_minus_afterwards(table):
    X, y, fresh, truth = table
    plain = LinearModel().fit(X, y).predict_proba(fresh)
    trained, after = (
        Recipe.of(slug).apply(LinearModel(), random_state=0).fit(X, y).predict_proba(fresh)
        for slug in ("logit_adjustment", "posthoc_logit_adjustment")
    )
    assert recalls(plain, truth) == pytest.approx(PLAIN, abs=0.05)
    assert recalls(trained, truth) == pytest.approx(ADJUSTED, abs=0.05)
    assert recalls(after, truth) == pytest.approx(ADJUSTED, abs=0.05)
    assert recalls(trained, truth) == pytest.approx(recalls(after, truth), abs=0.02)
    assert np.abs(trained - after).mean() < 0.02


def test_minus_in_training_gives_rare_classes_up(table):
    """Trained with −log π the scores are right only with the shift kept, and then they are the plain ones: nothing is won, and without it all is lost."""
    X, y, fresh, truth = table
    wrong = with_loss(LinearModel(), _loss, tau=-1.0).fit(X, y).predict_proba(fresh)
    kept = wrong / (np.bincount(y) / len(y))
    assert recalls(wrong, truth) == pytest.approx(WRONG, abs=0.05)
    assert recalls(kept, truth) == pytest.approx(PLAIN, abs=0.05)
    assert recalls(kept, truth) == pytest.approx(recalls(LinearModel().fit(X, y).predict_proba(fresh), truth), abs=0.02)
    assert recalls(wrong, truth)[1:].max() < 0.01
