"""The samplers of imbalanced-learn, on any table."""

from __future__ import annotations

from typing import Annotated, Any

from core.params import Choice, Range
from core.registry import About

ABOUT = About("Samplers of imbalanced-learn", "What do the samplers do that most people use?")

SAMPLERS = (
    "TomekLinks",
    "EditedNearestNeighbours",
    "RepeatedEditedNearestNeighbours",
    "AllKNN",
    "OneSidedSelection",
    "NeighbourhoodCleaningRule",
    "RandomUnderSampler",
    "NearMiss1",
    "NearMiss2",
    "NearMiss3",
    "ClusterCentroids",
    "InstanceHardnessThreshold",
    "RandomOverSampler",
    "SMOTE",
    "BorderlineSMOTE",
    "SVMSMOTE",
    "KMeansSMOTE",
    "ADASYN",
    "SMOTEENN",
    "SMOTETomek",
)


def imbalanced_learn(
    classifier: Any,
    *,
    sampler: Annotated[str, Choice(*SAMPLERS)] = "TomekLinks",
    balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0,
    random_state: int = 0,
) -> Any:
    """Use a sampler of imbalanced-learn as it is, in the training part of each fold only.

    It sees numbers in robust units with gaps at the median, and text as 0/1 columns with gaps at the most frequent level; SMOTE becomes SMOTE-NC
    where text and numbers stand together and SMOTE-N where there is text only. Rows that it selects come back as they were, gaps and
    all. Rows that it makes get the units, types and levels of the table and the gaps of a random row of their class. Neighbours are
    as many as imbalanced-learn's default, fewer where a class is small; a class of one row, or of rows that are all alike, is copied.
    KMeansSMOTE uses the clusters in which the class is at least as frequent as in all rows; its own default asks for half of a cluster
    and finds none where a class is rare. InstanceHardnessThreshold judges by a logistic regression, ClusterCentroids clusters by mini-batches;
    CondensedNearestNeighbour is left out, being too slow. Of a class with more than 30,000 rows (SVMSMOTE and NearMiss2: 5,000) random rows
    are shown. Where a sampler cannot work, rows stay as they were and a sentence says so; no class is removed.

    Why it matters
    --------------
    Samplers that remove: TomekLinks, EditedNearestNeighbours, RepeatedEditedNearestNeighbours, AllKNN, NeighbourhoodCleaningRule and OneSidedSelection take out
    common rows at the border, NearMiss those that lie far from rare rows, InstanceHardnessThreshold those that a logistic regression
    gets wrong, ClusterCentroids puts cluster centres in their place. Samplers that add: see SMOTE.
    SMOTEENN and SMOTETomek add and then clean. Removing common rows near rare ones makes the rare class look easier than it is, and all of
    them shift probabilities. On two tables (stroke and page
    blocks, both learners, 5 folds) no choice gained average precision beyond its interval; NearMiss1 and InstanceHardnessThreshold lost it
    on stroke with either learner.

    What to do
    ----------
    Compare with doing nothing and the right threshold, on folds that were not resampled, and calibrate afterwards.

    Parameters
    ----------
    sampler : str
        The name in imbalanced-learn; NearMiss has three versions.
    balance : float
        0.1 closes a tenth of the gap to the largest class (or the smallest, for samplers that remove a number of rows), 1 all of it. Those that
        clean decide themselves; ADASYN, KMeansSMOTE and InstanceHardnessThreshold hit the number about.

    References
    ----------
    Lemaître, Nogueira and Aridas (2017), Journal of Machine Learning Research 18; imbalanced-learn's documentation names the paper of each sampler. What
    happens to text, gaps and tiny classes is our own.
    """
    from core.learners.sampling.adapted import Adapted
    from core.learners.wrapping import Resampled

    return Resampled(classifier, Adapted(sampler, balance=balance, random_state=random_state))
