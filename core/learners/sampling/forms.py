"""imbalanced-learn's samplers by name: what each does to rows, what it needs, and why it may fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from imblearn import over_sampling, under_sampling
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import LogisticRegression

SEEN = 30_000
"""Rows of one class that a sampler is shown; of more, so many at random."""


@dataclass(frozen=True)
class Form:
    """What a sampler does.

    Parameters
    ----------
    name : str
        The class in imbalanced-learn that makes or selects rows.
    kind : str
        "copies" and "over" add rows; "under" keeps a number of rows; "centres" puts made rows in their place; "clean" decides itself
        how many it removes.
    reason : str
        Why it can fail, as the end of a sentence.
    then : str or None
        A sampler that cleans what the first one left.
    most : int
        Rows of one class that it is shown.
    fixed : tuple of (argument, value)
        Arguments that make it what its key says.
    neighbours : tuple of (argument, number)
        Arguments that count neighbours; fewer are used where a class is small.
    """

    name: str
    kind: str
    reason: str
    then: str | None = None
    most: int = SEEN
    fixed: tuple[tuple[str, Any], ...] = ()
    neighbours: tuple[tuple[str, int], ...] = ()


_FEW = "it has too few rows for this method"
_CLEAN = "the classes are too small for this method"
_K5, _K5_M10, _K3 = (("k_neighbors", 5),), (("k_neighbors", 5), ("m_neighbors", 10)), (("n_neighbors", 3),)
_NEAR3 = (("n_neighbors", 3), ("n_neighbors_ver3", 3))

FORMS = {
    "RandomOverSampler": Form("RandomOverSampler", "copies", _FEW),
    "SMOTE": Form("SMOTE", "over", _FEW, neighbours=_K5),
    "BorderlineSMOTE": Form(
        "BorderlineSMOTE",
        "over",
        "no row of it has mostly, but not only, rows of other classes around it",
        neighbours=_K5_M10,
    ),
    "SVMSMOTE": Form(
        "SVMSMOTE", "over", "its support vectors are too few or lie among other classes", most=5_000, neighbours=_K5_M10
    ),
    "KMeansSMOTE": Form("KMeansSMOTE", "over", "no cluster holds enough rows of it", neighbours=(("k_neighbors", 2),)),
    "ADASYN": Form(
        "ADASYN",
        "over",
        "no row of it has a row of another class among its neighbours",
        neighbours=(("n_neighbors", 5),),
    ),
    "SMOTEENN": Form("SMOTE", "over", _FEW, "EditedNearestNeighbours", neighbours=_K5),
    "SMOTETomek": Form("SMOTE", "over", _FEW, "TomekLinks", neighbours=_K5),
    "RandomUnderSampler": Form("RandomUnderSampler", "under", _CLEAN),
    "NearMiss1": Form("NearMiss", "under", _CLEAN, fixed=(("version", 1),), neighbours=_NEAR3),
    "NearMiss2": Form("NearMiss", "under", _CLEAN, most=5_000, fixed=(("version", 2),), neighbours=_NEAR3),
    "NearMiss3": Form("NearMiss", "under", _CLEAN, fixed=(("version", 3),), neighbours=_NEAR3),
    "InstanceHardnessThreshold": Form("InstanceHardnessThreshold", "under", _CLEAN),
    "ClusterCentroids": Form("ClusterCentroids", "centres", _CLEAN),
    "TomekLinks": Form("TomekLinks", "clean", _CLEAN),
    "EditedNearestNeighbours": Form("EditedNearestNeighbours", "clean", _CLEAN, neighbours=_K3),
    "RepeatedEditedNearestNeighbours": Form("RepeatedEditedNearestNeighbours", "clean", _CLEAN, neighbours=_K3),
    "AllKNN": Form("AllKNN", "clean", _CLEAN, neighbours=_K3),
    "NeighbourhoodCleaningRule": Form("NeighbourhoodCleaningRule", "clean", _CLEAN, neighbours=_K3),
    "OneSidedSelection": Form("OneSidedSelection", "clean", _CLEAN),
}


def grower(
    form: Form, options: dict[str, Any], codes: np.ndarray, code: int, n: int, columns: tuple[int, int], seed: int
) -> Any:
    """The sampler that makes n rows of one class.

    Parameters
    ----------
    form : Form
    options : dict
        Further arguments.
    codes : ndarray of int (n_samples,)
        The class of each row that it is shown.
    code, n : int
        The class, and the rows to make of it.
    columns : tuple of (int, int)
        Columns of numbers, and columns of codes of levels.
    seed : int
    """
    numbers, words = columns
    size = int(np.sum(codes == code))
    given = {"sampling_strategy": {code: size + n}, "random_state": seed, **dict(form.fixed)}
    for name, k in form.neighbours:
        given[name] = max(1, min(options.get(name, k), (len(codes) if name == "m_neighbors" else size) - 1))
    name = form.name
    if name == "KMeansSMOTE":
        given["cluster_balance_threshold"] = size / len(codes)
    if words:
        name = "SMOTENC" if numbers else "SMOTEN"
        given |= {"categorical_features": list(range(numbers, numbers + words))} if numbers else {}
    return getattr(over_sampling, name)(**{**options, **given})


def remover(form: Form, options: dict[str, Any], codes: np.ndarray, goal: dict[int, int], seed: int) -> Any:
    """The sampler that keeps ``goal[code]`` rows of classes, or that cleans; other parameters as for ``grower``."""
    smallest, given = int(np.bincount(codes)[np.unique(codes)].min()), dict(form.fixed)
    for name, k in form.neighbours:
        given[name] = max(1, min(options.get(name, k), smallest if form.name == "NearMiss" else len(codes) - 1))
    if form.kind != "clean":
        given["sampling_strategy"] = goal
    if form.name == "InstanceHardnessThreshold":
        given |= {"cv": max(2, min(5, smallest)), "estimator": LogisticRegression()}
    if form.name == "ClusterCentroids":
        given["estimator"] = MiniBatchKMeans(n_init=1, random_state=seed)
    chosen = getattr(under_sampling, form.name)
    if "random_state" in chosen().get_params():
        given["random_state"] = seed
    return chosen(**{**options, **given})
