"""What the linear learner sees is what scikit-learn's transformers make of the same columns."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

from core.learners.encoding import robust_units, scaled
from core.learners.linear_input import LinearInput


def table(kind):
    """Forty rows of four numbers; with gaps, text, an empty column or more levels than columns are kept for."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(40, 4)), columns=list("abcd"))
    if kind == "gaps":
        X = X.mask(rng.random(X.shape) < 0.3)
    if kind == "empty":
        X["b"] = np.nan
    if kind == "text":
        X.insert(1, "place", pd.Categorical(rng.choice([None, "x", "y"], 40)))
    if kind == "levels":
        X.insert(0, "place", pd.Categorical(np.arange(40).astype(str)))
    return X


@pytest.mark.parametrize("kind", ["numbers", "gaps", "empty", "text", "levels"])
def test_numbers_gaps_and_text_are_encoded_as_scikit_learn_does(kind):
    X = table(kind)
    learned, numbers, words = X[:25], list("abcd"), [name for name in X if name == "place"]
    units = robust_units(learned[numbers].to_numpy())
    frames = [
        rows.assign(**dict(zip(numbers, scaled(rows[numbers].to_numpy(), *units).T, strict=True)))
        for rows in (learned, X)
    ]
    filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    levels = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=30, sparse_output=False)
    theirs = ColumnTransformer([("numbers", filled, numbers), ("words", levels, words)]).fit(frames[0])
    np.testing.assert_array_equal(LinearInput(learned)(X), theirs.transform(frames[1]))
