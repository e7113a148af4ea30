"""Contributions by the shap package against LightGBM's own and against coefficients, on text columns and gaps."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.learners import make
from core.learners.contributions import contributions


@pytest.mark.parametrize("n_classes", [2, 3])
def test_trees_agree_with_the_library_that_grew_them(n_classes):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300), "c": rng.choice(["x", "y", "z"], 300)})
    y = np.digitize(frame["a"] + (frame["c"] == "x") + rng.normal(0, 0.3, 300), [0.5, 1.5][: n_classes - 1])
    frame.loc[::5, "b"] = np.nan
    data = Dataset.from_frame(frame.assign(y=y), "y")
    learner = make("boosted").fit(data.X, y)
    parts, constant, _ = contributions(learner, data.X)
    theirs = learner.model_.booster_.predict(learner.encode(data.X), pred_contrib=True).reshape(300, -1, 4)
    ours = np.concatenate([parts, np.broadcast_to(constant, (300, 1, n_classes))], axis=1)
    np.testing.assert_allclose(ours[:, :, 1:] if n_classes == 2 else ours, theirs.transpose(0, 2, 1), atol=1e-9)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_linear_parts_are_coefficients_times_values(n_classes):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.normal(size=200), "c": rng.choice(["x", "y"], 200)})
    y = np.digitize(frame["a"], [-0.5, 0.5][: n_classes - 1])
    data = Dataset.from_frame(frame.assign(y=y), "y")
    learner = make("linear").fit(data.X, y)
    parts, constant, _ = contributions(learner, data.X)
    Z, model = learner.encode(data.X), learner.model_
    word = Z[:, learner.encoded_columns() == 1] @ model.coef_[:, learner.encoded_columns() == 1].T
    np.testing.assert_allclose(parts[:, 1, -len(model.coef_) :], word, atol=1e-9)
    np.testing.assert_allclose(constant[-len(model.coef_) :], model.intercept_, atol=1e-9)
