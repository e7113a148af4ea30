"""The graphs of records that SMOTE draws rows on, and what rows on them would give away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import NotApplicable
from core.evaluation.made_rows import sampler_of
from core.learners.encoding import HUGE
from core.learners.resampling import reached, targets
from core.learners.sampling.draw import Draw
from core.learners.sampling.sampler import CopyingOverSampler
from core.learners.sampling.space import Space
from core.numerics.exposure import POINTS, exposed
from core.recipe import Recipe
from core.study import Study

MOST_RECORDS = 10_000
"""Records of a class whose graph is looked at; of a class with more, a random sample of so many."""

UNTRIED = "Columns with gaps were left out; whether someone finds lines in their filled cells was not tried."

COPIES = "'{}' copies records: each copy shows a record as it stands in the table."
CENTRES = "'{}' puts centres of groups in the place of rows. The forecast, which is for rows on lines between records, does not cover them."

BESIDE = {
    "rose": "Rows of ROSE are drawn around single records. The forecast, which is for rows on lines between records, does not cover them; the mean of "
    "the rows around one record comes near it.",
    "copula_synthesis": "Copula draws do not lie between records. The forecast does not cover them; exact copies are counted in the audit of the made rows.",
    "imported_rows": "Nobody knows here how the imported rows were made, so nothing can be forecast. The attack looks for records in them.",
}
"""What is known of samplers that the forecast does not cover."""

OTHER = "The forecast is for SMOTE and does not cover '{}'. The attack can be run on the rows that it makes."


@dataclass(frozen=True, eq=False)
class Graph:
    """The records of a class and their nearest neighbours within it.

    Parameters
    ----------
    rows : ndarray of int (n_records,)
        As rows of the study; a sample where the class has more than ``MOST_RECORDS``.
    near : ndarray of int (n_records, k)
        Positions in ``rows``; without columns where the class can only be copied.
    enough : ndarray of int (n_records,)
        How many of the neighbours share enough columns with the record to be joined with it.
    apart : ndarray of bool (n_records, k)
        Whether a record and its neighbour differ in the columns that show lines.
    weights : ndarray (n_records,)
        Share of the made rows that each record starts.
    n_columns, n_class : int
        Columns that can show lines; records of the class.
    """

    rows: np.ndarray
    near: np.ndarray
    enough: np.ndarray
    apart: np.ndarray
    weights: np.ndarray
    n_columns: int
    n_class: int

    def at(self, n_made: int) -> Revealed:
        """What so many made rows of the class would give away."""
        n, k = self.near.shape
        if k == 0:
            chance = np.full(n, float(n_made > 0))
            return Revealed(self.rows, chance, chance, np.zeros(n), n_made, self.n_columns, k)
        expected = self.weights * n_made * n / self.n_class
        found = exposed(self.near, expected, self.apart, enough=self.enough, lines=lines_needed(k, self.n_columns))
        return Revealed(self.rows, *found, n_made, self.n_columns, k)


@dataclass(frozen=True, eq=False)
class Revealed:
    """What the rows made of one class would give away.

    Parameters
    ----------
    rows : ndarray of int (n_records,)
        The records, as rows of the study.
    chance, bold, n_lines : ndarray (n_records,)
        See ``core.numerics.exposure.exposed``.
    n_made, n_columns, k : int
        Rows that are made; columns that can show lines; neighbours.
    """

    rows: np.ndarray
    chance: np.ndarray
    bold: np.ndarray
    n_lines: np.ndarray
    n_made: int
    n_columns: int
    k: int


def revealed(study: Study, recipe: Recipe, rows: np.ndarray | None = None) -> dict[int, Revealed]:
    """What the rows made of each growing class would give away, by the code of the class.

    Parameters
    ----------
    study : Study
    recipe : Recipe
    rows : ndarray of int or None
        The rows that the sampler is given; all when left out.

    Raises
    ------
    NotApplicable
        The recipe has no sampler, or one that the forecast does not cover.
    """
    graphs, balance = graphs_of(study, recipe, rows), balance_of(recipe)
    return {code: graph.at(rows_made(study, code, balance, rows)) for code, graph in graphs.items()}


def lines_needed(k: int, n_columns: int) -> int:
    """How many lines must meet to show a record: 3, or 2 where there are too few neighbours for that; in a plane any two lines meet."""
    return POINTS if n_columns < 3 else min(POINTS, max(k, 2))


def kept_columns(X: pd.DataFrame) -> dict[str, bool]:
    """Whether made rows keep each numeric column to whole numbers or to its two values, so that it shows no lines."""
    values = {name: X[name].dropna().to_numpy() for name in X.columns if X[name].dtype != "category"}
    return {
        name: bool(np.all(v == np.round(v)) or not np.any((v != v.min()) & (v != v.max())))
        for name, v in values.items()
    }


def fractional(X: pd.DataFrame, rows: np.ndarray) -> list[str]:
    """Numeric columns that can show lines between some rows: see ``kept_columns``, without gaps in these rows, and not all alike there.

    Left out are numbers so large or so near each other that their squares are none.
    """
    own = X.iloc[rows]
    parts = [name for name, whole in kept_columns(X).items() if not whole and own[name].abs().max() < HUGE]
    return [
        name for name in parts if not own[name].isna().any() and own[name].nunique() > 1 and own[name].std() > 1 / HUGE
    ]


def graphs_of(study: Study, recipe: Recipe, rows: np.ndarray | None = None) -> dict[int, Graph]:
    """The graph of every class that grows, by its code: the class of interest, if it grows, then the rarest first; parameters as ``revealed`` has them.

    Raises
    ------
    NotApplicable
        As ``revealed``.
    """
    sampler_of(study, recipe)  # a recipe without one is turned away
    slug = recipe.stage("sampling").slug
    if slug not in WEIGHTS:
        raise NotApplicable(_beside(study, recipe))
    balance, order = (
        balance_of(recipe),
        sorted(range(len(study.classes)), key=lambda code: (code != study.positive_code, -code)),
    )
    growing = [code for code in order if rows_made(study, code, balance, rows) > 0]
    if not growing:
        raise NotApplicable(f"'{recipe.title}' makes no rows on this table.")
    rows = np.arange(study.dataset.n_samples) if rows is None else rows
    X, codes = study.dataset.X.iloc[rows].reset_index(drop=True), study.codes[rows]
    space, rng, options = Space(X), np.random.default_rng(study.random_state), dict(dict(recipe.steps)[slug])
    found = {}
    for code in growing:
        own = np.flatnonzero(codes == code)
        drawn = own if len(own) <= MOST_RECORDS else np.sort(rng.choice(own, MOST_RECORDS, replace=False))
        draw = Draw(space, codes, code, drawn, len(drawn), rng, [])
        columns = fractional(X, drawn)
        cells = X[columns].to_numpy()[drawn]
        if draw.alike:
            near, enough = np.empty((len(drawn), 0), dtype=np.intp), np.zeros(len(drawn), dtype=np.intp)
        else:
            near, enough = draw.neighbours(options["k"])
        apart = (cells[near] != cells[:, None]).any(axis=2)
        weights = WEIGHTS[slug](draw, options)
        found[code] = Graph(rows[drawn], near, enough, apart, weights / weights.sum(), len(columns), len(own))
    return found


def _beside(study: Study, recipe: Recipe) -> str:
    """What is known of rows of a sampler that the forecast does not cover."""
    sampler, slug = sampler_of(study, recipe), recipe.stage("sampling").slug
    title = Recipe(tuple(step for step in recipe.steps if step[0] == slug)).title
    kind = getattr(getattr(sampler, "_form", None), "kind", "")
    if kind == "centres":
        return CENTRES.format(title)
    if getattr(sampler, "_down", getattr(sampler, "down", False)):
        return f"'{title}' makes no rows; those that remain stand in it as they are."
    options = getattr(sampler, "options", None) or {}
    if kind == "copies" or isinstance(sampler, CopyingOverSampler) or options.get("how") == "copy":
        return COPIES.format(title)
    return BESIDE.get(slug, OTHER.format(title))


def _even(draw: Draw, options: dict) -> np.ndarray:
    return np.ones(len(draw.members))


def _adaptive(draw: Draw, options: dict) -> np.ndarray:
    return _or_even(draw.strangers(options["k"]))


def _border(draw: Draw, options: dict) -> np.ndarray:
    strange = draw.strangers(options["border"])
    return _or_even(((strange >= 0.5) & (strange < 1)).astype(float))


def _or_even(weights: np.ndarray) -> np.ndarray:
    return weights if weights.any() else np.ones(len(weights))


WEIGHTS = {"smote": _even, "borderline_smote": _border, "adasyn": _adaptive}
"""How many rows each record starts, by the sampler that the forecast covers."""


def balance_of(recipe: Recipe) -> float:
    """How far the sampler of a recipe balances the classes."""
    return dict(dict(recipe.steps)[recipe.stage("sampling").slug])["balance"]


def rows_made(study: Study, code: int, balance: float, rows: np.ndarray | None = None) -> int:
    """Rows that a sampler makes of a class at some balance.

    Parameters
    ----------
    study : Study
    code : int
    balance : float
    rows : ndarray of int or None
        The rows that it is given. When left out, all; of a working sample as many as give the ratio that the whole table would have.
    """
    codes, stands = study.codes if rows is None else study.codes[rows], study.represents
    if stands is None:
        return int(targets(codes, balance).get(code, 0) - np.sum(codes == code))
    if rows is not None:
        return int(reached(codes, stands[rows], balance, made=True).wanted.get(code, 0) - np.sum(codes == code))
    whole = study.table_sizes
    return round(balance * (whole.max() - whole[code]) / whole[code] * study.class_sizes[code])
