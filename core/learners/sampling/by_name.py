"""A bare sampler by the name of its remedy, for pipelines of scikit-learn and imbalanced-learn."""

from __future__ import annotations

from typing import Any

from sklearn.dummy import DummyClassifier

from core.errors import UserError
from core.recipe import Recipe


def sampler(slug: str, *, random_state: Any = 0, **parameters: Any) -> Any:
    """The sampler of a remedy, not fitted, by itself.

    It has ``fit_resample``, ``get_params`` and ``set_params``, takes data frames with text and gaps, and fits in an imbalanced-learn
    ``Pipeline``, which resamples in ``fit`` only. After ``fit_resample``, ``notes_`` says in sentences what could not be done as asked.

    Parameters
    ----------
    slug : str
        A remedy that changes rows: "smote", "adasyn", "random_undersampling" …
    random_state : int, RandomState or None
        Seed.
    **parameters
        Those of the remedy; the rest keep their defaults.

    Returns
    -------
    imbalanced-learn sampler

    Raises
    ------
    UserError
        There is no such remedy or parameter, or the remedy changes no rows.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.arange(24.0).reshape(12, 2), np.repeat(["common", "rare"], [9, 3])
    >>> X_new, y_new = sampler("smote", k=2).fit_resample(X, y)
    >>> X_new.shape, int((y_new == "rare").sum())
    ((18, 2), 9)
    >>> sampler("smote", k=2).set_params(k=1).get_params()["k"]
    1
    """
    recipe = Recipe.of(slug, **{slug: parameters})
    wrapped = recipe.apply(DummyClassifier(), random_state=random_state, positive=1, miss_cost=1.0)
    found = getattr(wrapped, "sampler", None)
    if found is None:
        raise UserError(
            f"'{recipe.title}' changes no rows, so it has no sampler.", "Choose a remedy of the stage 'sampling'."
        )
    return found
