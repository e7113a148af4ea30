"""What the ledger needs to know of a class, each part computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.label_quality import LabelQuality, label_quality
from core.learning_curve import LearningCurve, learning_curve
from core.numerics.clusters import sub_clusters
from core.numerics.decisions import best_threshold
from core.numerics.mixing import overlap_of_scores
from core.numerics.neighbours import class_distances
from core.study import Study

NEAREST = 5
"""Which nearest row of each class, at equal class sizes, says whose region a row lies in."""

ALPHA = 0.05
"""Error rate of the tests that open an account, shared by all columns or groups that are looked at."""

FEWEST_GAPS = 5
"""Rows of the class with a gap, and without, that a column needs to be judged."""

STEEP = 0.05
"""Recall per doubling of the rows below which a learning curve counts as flat."""


@dataclass(frozen=True, eq=False)
class Case:
    """The class of interest of a study, its misses, and what may explain them.

    Parameters
    ----------
    study : Study
        Its ``positive`` is the class.
    """

    study: Study

    @cached_property
    def own(self) -> int:
        """The code of the class."""
        return self.study.positive_code

    @cached_property
    def of_class(self) -> np.ndarray:
        """Its rows, as a mask."""
        return self.study.codes == self.own

    @cached_property
    def n_class(self) -> int:
        """How many rows it has."""
        return int(self.of_class.sum())

    @cached_property
    def p(self) -> np.ndarray:
        """Out-of-fold probability of the class, of every row."""
        return self.study.out_of_fold()[:, self.own]

    @cached_property
    def taken(self) -> np.ndarray:
        """Rows that the model takes for the class, as it is."""
        return self.study.out_of_fold().argmax(axis=1) == self.own

    @cached_property
    def missed(self) -> np.ndarray:
        """Positions of its rows that are taken for another class."""
        return np.flatnonzero(self.of_class & ~self.taken)

    @cached_property
    def threshold(self) -> np.ndarray:
        """The threshold of each row: chosen on the rows of the other folds; never below the share of the class."""
        if self.study.miss_cost:
            return np.full(len(self.p), 1 / (1 + self.study.miss_cost))
        chosen = np.empty(len(self.p))
        for _, test in self.study.folds[: self.study.n_folds]:
            rest = np.ones(len(self.p), dtype=bool)
            rest[test] = False
            chosen[test] = best_threshold(self.p[rest], self.of_class[rest], "F1")
        return np.maximum(chosen, self.n_class / len(self.p))

    @cached_property
    def found(self) -> np.ndarray:
        """Rows that are taken for the class as it is, or reach the right threshold."""
        return self.taken | (self.p >= self.threshold)

    @cached_property
    def alarms(self) -> tuple[int, int]:
        """Rows of other classes taken for it: as it is, and with the right threshold."""
        return int((self.taken & ~self.of_class).sum()), int((self.found & ~self.of_class).sum())

    @cached_property
    def quality(self) -> LabelQuality:
        """What model and neighbours say of each label."""
        return label_quality(self.study)

    @cached_property
    def rival(self) -> np.ndarray:
        """The likeliest other class of each row, with class frequencies removed."""
        balanced = self.quality.balanced.copy()
        balanced[:, self.own] = -1
        return balanced.argmax(axis=1)

    @cached_property
    def reach(self) -> np.ndarray:
        """Distance of each row to the near rows of every class, as many drawn of each as the class has, up to 500."""
        n_rows = min(max(50, self.n_class), 500)
        seed = self.study.random_state
        found = class_distances(self.study.Z, self.study.codes, NEAREST, max_rows=n_rows, random_state=seed)
        return np.clip(np.nan_to_num(found, nan=1e9, posinf=1e9), 1e-9, 1e9)

    @cached_property
    def gap_columns(self) -> np.ndarray:
        """Columns (positions) where fewer rows of the class are found with a gap than without."""
        gaps = self.study.dataset.X.iloc[np.flatnonzero(self.of_class)].isna().to_numpy()
        n_gaps = gaps.sum(axis=0)
        judged = np.flatnonzero((n_gaps >= FEWEST_GAPS) & (len(gaps) - n_gaps >= FEWEST_GAPS))
        found = self.found[self.of_class]
        opened = [j for j in judged if fewer(found[gaps[:, j]], found[~gaps[:, j]], len(judged))]
        return np.array(opened, dtype=int)

    @cached_property
    def cluster(self) -> np.ndarray:
        """The sub-cluster of each row of the class; −1 for scattered rows and for the rows of other classes."""
        cluster = np.full(len(self.p), -1)
        cluster[self.of_class] = sub_clusters(self.study.Z[self.of_class], random_state=self.study.random_state)
        return cluster

    @cached_property
    def main_cluster(self) -> int:
        """The largest sub-cluster."""
        inside = self.cluster[self.cluster >= 0]
        return int(np.bincount(inside).argmax()) if len(inside) else 0

    @cached_property
    def curve(self) -> LearningCurve:
        """How the class is learned as rows are added."""
        return learning_curve(self.study)

    @cached_property
    def climbs(self) -> bool:
        """Whether more rows still help: a slope, or a last doubling, beyond chance, and ``STEEP`` at least."""
        own = self.curve.slopes[self.curve.slopes["class"] == self.study.positive]
        sure = own["climbs"] | (own["gain_low"] > 0)
        return bool((sure & (own["slope"] >= STEEP)).any())

    def mixing(self, rival: int, explained: np.ndarray) -> float:
        """Mixing of the class with another at equal class sizes, by the model or by the neighbours, whichever is less.

        Missed rows that are explained already (n_missed,) are set aside: wrong labels would look like overlap.
        """
        mine, other = self.of_class.copy(), self.study.codes == rival
        mine[self.missed[explained]] = False
        if not mine.any():
            return 0.0
        near = np.log(self.reach[:, rival] / self.reach[:, self.own])
        model = np.log(self.quality.balanced[:, self.own] / self.quality.balanced[:, rival])
        return min(overlap_of_scores(score[mine], score[other]) for score in (near, model))


def fewer(few: np.ndarray, many: np.ndarray, n_tests: int = 1) -> bool:
    """Whether the first rows are found more seldom than the second, by Fisher's exact test."""
    from scipy.stats import hypergeom

    if not len(few) or not len(many):
        return False
    n, k = len(few) + len(many), int(few.sum() + many.sum())
    return bool(hypergeom.cdf(few.sum(), n, k, len(few)) * n_tests < ALPHA)
