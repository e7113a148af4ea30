"""Whether made rows give themselves away: two boosted models, each fitted on one half of the rows and asked about the other."""

from __future__ import annotations

import numpy as np

N_TREES = 30
MOST = 4000
"""Rows of either side that the models are fitted on."""

ENOUGH, TIMES = 1000, 4
"""Strange rows that the models are fitted on: so many, or so many times as many as there are rows of the class."""

FEWEST = 20
"""Rows of a class from which it can be learned how they look."""

SPARED = 0.05
"""The share of real rows that may at most be turned away."""


class ToldApart:
    """Tells strange rows from the rows of a class, at equal shares of both.

    Parameters
    ----------
    own, strange : tuple of ndarray
        Numbers (n, n_numeric) with NaN for missing and levels (n, n_text) with -1.
    rng : numpy.random.Generator
        Draws the halves.

    Attributes
    ----------
    own_scores : ndarray (n_own,)
        Probability of being strange, from the model that was not fitted on the row.
    strange_scores : ndarray (n_strange,)
        The same of the strange rows.
    """

    def __init__(
        self, own: tuple[np.ndarray, np.ndarray], strange: tuple[np.ndarray, np.ndarray], rng: np.random.Generator
    ) -> None:
        X = np.vstack([_features(*own), _features(*strange)])
        y = np.repeat([0, 1], [len(own[0]), len(strange[0])])
        half = np.concatenate([_halves(int(n), rng) for n in np.bincount(y, minlength=2)])
        text = list(range(own[0].shape[1], X.shape[1]))
        self._models = [_fitted(X[half == side], y[half == side], text) for side in (0, 1)]
        scores = np.empty(len(y))
        for side in (0, 1):
            scores[half != side] = self._score(side, X[half != side])
        self.own_scores, self.strange_scores = scores[y == 0], scores[y == 1]

    @property
    def area(self) -> float:
        """The chance that of a strange row and one of the class the strange one is told: 0.5 is guessing.

        It falls below 0.5 where made rows look more like one half of a small class than its other half does.
        """
        own = np.sort(self.own_scores)
        below, above = (np.searchsorted(own, self.strange_scores, side=side) for side in ("left", "right"))
        return float((below + above).mean() / 2 / len(own))

    def limit(self, asked: float) -> float:
        """The probability above which rows are turned away: the one asked for, or so much more that real rows are spared."""
        return max(asked, float(np.quantile(self.own_scores, 1 - SPARED, method="higher")))

    def scores(self, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Probability of being strange (n,) of rows that neither model was fitted on: the mean of both."""
        X = _features(numbers, levels)
        return (self._score(0, X) + self._score(1, X)) / 2

    def _score(self, side: int, X: np.ndarray) -> np.ndarray:
        return self._models[side].predict(X, num_threads=1) if len(X) else np.empty(0)


def enough(n_own: int) -> int:
    """How many strange rows are needed beside n rows of the class."""
    return min(MOST, max(ENOUGH, TIMES * n_own))


def _features(numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
    return np.hstack([numbers, np.where(levels < 0, np.nan, levels.astype(float))])


def _halves(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(np.arange(n) % 2)


def _fitted(X: np.ndarray, y: np.ndarray, text: list[int]) -> object:
    import lightgbm

    weight = (len(y) / 2 / np.bincount(y))[y]
    settings = {
        "objective": "binary", "num_leaves": 15, "learning_rate": 0.1, "min_data_in_leaf": 5, "lambda_l2": 1.0,
        "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1, "seed": 0,
    }  # fmt: skip
    rows = lightgbm.Dataset(X, y, weight=weight, categorical_feature=text or "auto", params={"verbosity": -1})
    return lightgbm.train(settings, rows, N_TREES)
