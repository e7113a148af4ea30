"""What looks at made rows, on tables and recipes that leave it little: numbers at the ends of what a float holds, and ensembles."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.errors import NotApplicable, UserError
from core.evaluation import dose
from core.evaluation.attack import attack
from core.evaluation.audited_columns import _edges
from core.evaluation.exposure import exposure
from core.evaluation.made_rows import sampler_of
from core.evaluation.record_graphs import fractional
from core.recipe import Recipe
from core.study import Study

RNG = np.random.default_rng(0)
LABEL = np.repeat(["common", "rare"], [60, 20])
NOISE = RNG.normal(size=80)
SIZES = {"huge": 4e307, "large": 1e200, "tiny": 1e-200, "smallest": 5e-324}
ODD = pd.DataFrame({name: np.round(NOISE, 1) * size for name, size in SIZES.items()})
PLAIN = pd.DataFrame({"a": NOISE, "b": RNG.normal(size=80)})


def study_of(X):
    return Study(Dataset.from_frame(X.assign(outcome=LABEL), "outcome"), "rare")


@pytest.mark.parametrize(
    "values", [*(ODD[name].to_numpy() for name in SIZES), 1e16 + np.arange(3.0) * 2, np.full(4, 1e16)]
)
def test_bins_are_made_of_any_numbers(values):
    edges = _edges(values)
    assert 2 <= len(edges) <= 13 and (np.diff(edges) > 0).all() and np.isfinite(edges).all()
    assert np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0].sum() == len(values)


def test_numbers_whose_squares_are_none_show_no_lines_and_break_nothing():
    study, recipe = study_of(ODD.join(PLAIN)), Recipe.of("smote")
    assert fractional(study.dataset.X, np.arange(60, 80)) == ["a", "b"]
    assert attack(study, recipe, changes=False).tables["attacks"]["n_columns"].eq(2).all()
    assert exposure(study, recipe).tables["classes"]["n_columns"].eq(2).all()


def test_a_sampler_inside_of_an_ensemble_has_no_rows_to_show_and_no_dose():
    study, recipe = study_of(PLAIN), Recipe.parse("smote+balanced_bagging:n_members=2")
    with pytest.raises(NotApplicable, match="anew for each part"):
        sampler_of(study, recipe)
    assert exposure(study, recipe).severity == attack(study, recipe).severity == "not applicable"
    with pytest.raises(UserError, match="Each member of an ensemble"):
        dose.run(study, recipe)
