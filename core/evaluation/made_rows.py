"""The rows that a recipe's sampler makes, leaves or takes away on some rows of a study, and how often it does so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import NotApplicable
from core.learners.wrapping import resampled
from core.numerics.duplicates import identical_rows
from core.recipe import Recipe
from core.study import Study


@dataclass(frozen=True, eq=False)
class Sampled:
    """What a sampler did.

    Parameters
    ----------
    rows : ndarray of int
        The rows of the study that it was given.
    kept : ndarray of bool (n_rows,)
        Which of them are still there.
    made : pandas.DataFrame (n_made, n_features)
        The rows that it added.
    codes : ndarray of int (n_made,)
        Their classes.
    notes : tuple of str
        What could not be done as asked, in sentences.
    """

    rows: np.ndarray
    kept: np.ndarray
    made: pd.DataFrame
    codes: np.ndarray
    notes: tuple[str, ...]


def sampler_of(study: Study, recipe: Recipe) -> Any:
    """The sampler of a recipe, not fitted.

    Raises
    ------
    NotApplicable
        The recipe changes no rows, or does so in a way that cannot be looked at from outside.
    """
    inside = None if recipe.stage("ensembles") else study.classifier(recipe)
    while inside is not None:
        if hasattr(inside, "sampler"):
            return inside.sampler
        inside = getattr(inside, "classifier", None)
    if recipe.stage("sampling") or recipe.stage("ensembles"):
        raise NotApplicable(
            f"'{recipe.title}' draws its rows inside of the learner, anew for each part of it. No rows of it can be shown."
        )
    raise NotApplicable(f"'{recipe.title}' makes no rows and takes none away.")


def sampled(study: Study, recipe: Recipe, rows: np.ndarray) -> Sampled:
    """Let the sampler of a recipe change some rows of a study, as it would inside a fold.

    Parameters
    ----------
    study : Study
    recipe : Recipe
    rows : ndarray of int
        At least two classes must be among them.

    Raises
    ------
    NotApplicable
        See ``sampler_of``.
    """
    sampler = sampler_of(study, recipe)
    X, codes = study.dataset.X.iloc[rows].reset_index(drop=True), study.codes[rows]
    X_new, codes_new = resampled(sampler, X, codes, study.rows and study.rows.take(rows))
    codes_new = np.asarray(codes_new)
    source = _source(X, codes, X_new, codes_new)
    kept = np.zeros(len(X), dtype=bool)
    kept[source[source >= 0]] = True
    made = source < 0
    return Sampled(
        rows, kept, X_new[made].reset_index(drop=True), codes_new[made], tuple(getattr(sampler, "notes_", ()))
    )


def cells(frame: pd.DataFrame) -> list[np.ndarray]:
    """The columns of a features table as numbers; text as codes of its levels, −1 where missing."""
    return [
        (frame[name].cat.codes if frame[name].dtype == "category" else frame[name]).to_numpy() for name in frame.columns
    ]


def equal_rows(parts: Sequence[pd.DataFrame], codes: Sequence[np.ndarray] = ()) -> list[np.ndarray]:
    """Number the rows of several tables with the same columns and levels so that equal rows have equal numbers; by class where it is given."""
    columns = [np.concatenate(found) for found in zip(*(cells(part) for part in parts), strict=True)]
    columns += [np.concatenate(codes)] if codes else []
    return np.split(identical_rows(columns), np.cumsum([len(part) for part in parts])[:-1])


def _source(X: pd.DataFrame, codes: np.ndarray, X_new: pd.DataFrame, codes_new: np.ndarray) -> np.ndarray:
    """Which given row each new row is, −1 for a made one. Samplers that only add put the given rows first; else rows are matched."""
    before, after = equal_rows([X, X_new], [codes, codes_new])
    n = len(before)
    if len(after) >= n and np.array_equal(before, after[:n]):
        return np.concatenate([np.arange(n), np.full(len(after) - n, -1)])
    given = pd.DataFrame({"row": before, "time": pd.Series(before).groupby(before).cumcount(), "source": np.arange(n)})
    found = pd.DataFrame({"row": after, "time": pd.Series(after).groupby(after).cumcount()})
    return found.merge(given, how="left", on=["row", "time"])["source"].fillna(-1).to_numpy(dtype=int)
