"""Our contributions against the shap package, on text columns and gaps."""

import warnings

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.learners import make
from core.learners.contributions import contributions


@pytest.mark.parametrize("n_classes", [2, 3])
def test_trees_agree_with_shap(n_classes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300), "c": rng.choice(["x", "y", "z"], 300)})
    y = np.digitize(frame["a"] + (frame["c"] == "x") + rng.normal(0, 0.3, 300), [0.5, 1.5][: n_classes - 1])
    frame.loc[::5, "b"] = np.nan
    data = Dataset.from_frame(frame.assign(y=y), "y")
    learner = make("boosted").fit(data.X, y)
    parts, constant, _ = contributions(learner, data.X)
    explainer = shap.TreeExplainer(learner.model_.booster_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = np.asarray(explainer.shap_values(learner.encode(data.X)))
    np.testing.assert_allclose(parts if n_classes > 2 else parts[:, :, 1], theirs, atol=1e-9)
    np.testing.assert_allclose(constant if n_classes > 2 else constant[1], explainer.expected_value, atol=1e-9)
