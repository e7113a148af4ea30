"""The neural learner: a softmax linear model or a small multilayer perceptron on scaled, imputed and one-hot columns."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data

from core.learners.dense_input import DenseInput
from core.learners.encoding import as_frame
from core.learners.loss import Loss, settled, steady
from core.learners.one_thread import one_thread
from core.numerics.batching import Batches
from core.numerics.class_history import ClassSums
from core.numerics.loss_terms import softmax
from core.numerics.network import Networks, Shape, with_ones
from core.numerics.network_lesson import Lesson, Plan
from core.numerics.network_rows import TrainingRows
from core.numerics.network_training import Cohort
from core.numerics.optimising import Optimiser, adam

EXACT = 256
"""Up to so many rows, training is in double precision: it costs nothing there, and a weight of 2 is the same as two rows to many digits."""

LEAST_STEPS = 4
"""Steps of an epoch at least: small tables are seen several times in it."""

QUIET = 0.3
"""Factor of the first weights of the head: with fewer random scores to unlearn, small tables are learned better."""

LEAST_ROWS, HELD_OUT, LEAST_OF_CLASS = 500, 0.1, 10
"""Rows from which on some are held out; their share; and the rows of a class below which none of it is."""


class NeuralNetwork(ClassifierMixin, BaseEstimator):
    """A multilayer perceptron that takes a table with gaps and text columns.

    ``softmax(relu(x W1 + b1) W2 + b2)``, trained in mini-batches of single-precision numbers. Numeric columns are scaled robustly and standardised, gaps are filled with the median and
    marked by a column of their own, text becomes 0/1 columns; all of it is learned from the rows given to ``fit``. With several branches each one has
    a gate that decides row by row how much of it goes on; the form of the gates is inferred, as the source gives no formula. The same rows give the same numbers, alone or beside other networks, on one thread or two.

    Parameters
    ----------
    hidden : int
        Hidden units, of each branch; 0 is a linear model.
    n_epochs : int
        How often all rows are seen at most. Small tables are seen several times in an epoch, so that it has at least 4 steps.
    batch_size : int
        Rows in a step.
    branches : int
        1 is a plain hidden layer.
    weight_decay : float
        How strongly weights shrink, of the default optimiser.
    patience : int
        Stop after so many epochs without a better loss on rows held out, and keep the best weights; 0 trains to the end on all rows. A tenth of the rows is held out, in tables of at
        least 500 rows. Where batches are composed, or the loss changes as training goes on, no loss on rows held out could be compared, and training goes to the end.
    rate : float
        Length of a step of the default optimiser, which is Adam; it falls to 0 along half a cosine.
    loss : Loss or None
        What is made small; None is cross-entropy.
    batches : Batches or None
        How batches are composed; None takes every row once, in random order.
    optimiser : Optimiser or None
        How steps are taken; None is Adam.
    random_state : int
        Seed of first weights, order of rows and rows held out.

    Attributes
    ----------
    classes_ : ndarray (n_classes,)
    n_epochs_ : int
        Epochs trained.
    n_held_out_ : int
        Rows held out.
    """

    def __init__(
        self,
        hidden: int = 32,
        n_epochs: int = 30,
        batch_size: int = 256,
        branches: int = 1,
        *,
        weight_decay: float = 0.5,
        patience: int = 0,
        rate: float = 0.01,
        loss: Loss | None = None,
        batches: Batches | None = None,
        optimiser: Optimiser | None = None,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.branches = branches
        self.weight_decay = weight_decay
        self.patience = patience
        self.rate = rate
        self.loss = loss
        self.batches = batches
        self.optimiser = optimiser
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Gaps are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: np.ndarray | None = None) -> NeuralNetwork:
        """Fit on a table (n_samples, n_features) with labels (n_samples,)."""
        lesson = self.begin(self.prepared(X, y, sample_weight))
        if lesson is not None:
            cohort = Cohort([lesson])
            with one_thread():
                while cohort.epoch():
                    pass
            self.keep(cohort, 0, cohort.results())
        return self

    def prepared(self, X: Any, y: Any, sample_weight: np.ndarray | None = None) -> TrainingRows:
        """Encode a table as the network will see it, and hold out rows; the first half of ``fit``."""
        frame = self._frame(X, reset=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a sampler may leave two rows of each class
            check_classification_targets(y)
        self.classes_, codes = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        if len(codes) != len(frame):
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(frame), len(codes)]}")
        weight, used = self._weights(sample_weight, frame, codes)
        if used is not None:
            frame, codes, weight = frame[used], codes[used], weight[used]
        dtype = np.float64 if len(codes) <= EXACT else np.float32
        with one_thread():
            self.encoder_ = DenseInput(frame, weight)
        X = with_ones(self.encoder_(frame), dtype)
        groups = None if self.loss is None else self.loss.told.get("groups")
        if groups is not None and used is not None:
            groups = np.asarray(groups)[used]
        rows = TrainingRows(X, codes, len(self.classes_), weight, groups)
        return self._without_held_out(rows)

    def begin(self, rows: TrainingRows, begun: dict[tuple, np.ndarray] | None = None) -> Lesson | None:
        """What is to be trained on rows prepared by this learner or by one that is equal but for its loss; None for a single class.

        In ``begun`` learners that hold the same loss find and leave the scores at which they begin.
        """
        self.counts_, self.n_held_out_ = rows.counts, 0 if rows.held_out is None else len(rows.held_out.codes)
        self.shape_ = Shape(rows.X.shape[1] - 1, rows.n_classes, self.hidden, self.branches if self.hidden else 1)
        self.flat_, self.n_epochs_ = np.zeros((1, self.shape_.n_parameters)), 0
        self._sums = ClassSums(rows.n_classes)
        if rows.n_classes < 2:
            return None
        start = Networks.drawn(1, self.shape_, self._seed)
        if self.hidden:
            start.parts["head"][:] *= QUIET
        loss, mass = self.loss, np.maximum(self.counts_, 1e-9)
        begun = {} if begun is None else begun
        key = (id(loss), mass.tobytes())
        if key not in begun:
            begun[key] = np.log(mass / mass.sum()) if loss is None else settled(loss, mass, progress=0.0)[0]
        start.parts["b2" if self.hidden else "b1"][0] = begun[key]
        told = {name: values for name, values in (loss.told if loss else {}).items() if name != "groups"}
        judged = rows.held_out is not None and rows.judged and self.batches is None and steady(loss, self.counts_)
        plan = Plan(self.n_epochs, self.batch_size, LEAST_STEPS, self.patience if judged else 0)
        optimiser = self.optimiser or Optimiser(adam, {"weight_decay": self.weight_decay}, self.rate)
        bare = None if loss is None else replace(loss, told={})
        hidden = None if loss is None or loss.hidden is None else _OfHidden(bare)
        return Lesson(rows, self.shape_, start.flat[0], plan, optimiser, bare, hidden, told, self.batches, self._seed)

    def take_encoder(self, other: NeuralNetwork) -> None:
        """Take what another learner learned from the same table before training; in place of ``prepared``."""
        for name in ("classes_", "encoder_", "n_features_in_", "feature_names_in_"):
            if hasattr(other, name):
                setattr(self, name, getattr(other, name))

    def keep(self, cohort: Cohort, place: int, results: np.ndarray) -> None:
        """Take the parameters of one network of a cohort, whose results are given."""
        self.flat_ = results[place : place + 1].astype(np.float64)
        self.n_epochs_, self._sums = int(cohort.n_epochs[place]), cohort.sums[place]

    def class_means(self, held_out: bool = False) -> np.ndarray:
        """The numbers of ``history_`` as an array (n_epochs, n_classes, 4): loss, recall, gradient, rows; on training rows or on those held out."""
        check_is_fitted(self)
        return self._sums.means(held_out)

    @property
    def history_(self) -> pd.DataFrame:
        """What happened to each class: one row for each epoch, class and kind of rows.

        Columns are ``epoch`` from 1, ``class``, ``rows`` ("training" as the steps of the epoch saw them, or "held out" after it), ``n``, mean ``loss``, ``recall`` with
        the most probable class taken, and ``gradient``: the length of the mean gradient of the class by the scores, which is that by the biases of the head.
        """
        check_is_fitted(self)
        frames = []
        for kind, means in (("training", self.class_means()), ("held out", self.class_means(held_out=True))):
            epochs, n_classes = means.shape[:2]
            frame = pd.DataFrame(means.reshape(-1, 4), columns=["loss", "recall", "gradient", "n"])
            frame.insert(0, "epoch", np.repeat(np.arange(1, epochs + 1), n_classes))
            frame.insert(1, "class", np.tile(self.classes_, epochs))
            frame.insert(2, "rows", kind)
            frames.append(frame)
        return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)

    def encode(self, X: Any) -> np.ndarray:
        """The matrix (n_samples, n_encoded) that the network sees."""
        check_is_fitted(self)
        table, ahead = self.__dict__.pop("ahead_", (None, None))
        return ahead if table is X and X is not None else self.encoder_(self._frame(X, reset=False))

    def encoded_columns(self) -> np.ndarray:
        """For each encoded column, the position of the column of ``X`` that it comes from."""
        check_is_fitted(self)
        return self.encoder_.owners()

    def scores(self, X: Any) -> np.ndarray:
        """Scores (n_samples, n_classes) before the softmax."""
        Z = self.encode(X)
        with one_thread():
            return Networks(self.shape_, self.flat_).scores(Z[None])[0].T

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes), in the order of ``classes_``, as the loss means them."""
        check_is_fitted(self)
        scores = np.ascontiguousarray(self.scores(X).T)
        proba = softmax(scores) if self.loss is None else self.loss.proba(scores, self.loss.known(self.counts_))
        return np.ascontiguousarray(proba.T)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row."""
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    @property
    def _seed(self) -> int:
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        X = validate_data(self, X, reset=reset, dtype="float64", ensure_all_finite="allow-nan")
        return as_frame(X)

    def _weights(
        self, sample_weight: np.ndarray | None, frame: pd.DataFrame, codes: np.ndarray
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Weights, 1 on average, and the rows that have one; None for both where all are alike."""
        if sample_weight is None:
            return None, None
        weight = _check_sample_weight(sample_weight, np.empty((len(frame), 1)), ensure_non_negative=True)
        used = weight > 0
        if not used.any():
            raise ValueError("All rows have weight 0.")
        if used.all() and np.ptp(weight) == 0:
            return None, None
        return weight / weight[used].mean(), None if used.all() else used

    def _without_held_out(self, rows: TrainingRows) -> TrainingRows:
        n = len(rows.codes)
        if not self.patience or n < LEAST_ROWS:
            return rows
        rng = np.random.default_rng([self._seed, 2])
        order = rng.permutation(n)
        sizes = rows.sizes
        n_out = np.where(sizes >= LEAST_OF_CLASS, np.maximum(np.round(HELD_OUT * sizes), 1), 0).astype(int)
        rank = np.empty(n, int)
        for c, m in enumerate(sizes):
            rank[order[rows.codes[order] == c]] = np.arange(m)
        out = rank < n_out[rows.codes]
        return rows.take(np.flatnonzero(~out), rows.take(np.flatnonzero(out)))


class _OfHidden:
    """What a loss asks of the hidden layer, with its options."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, H: np.ndarray, own: np.ndarray, known: Any) -> tuple[np.ndarray, np.ndarray]:
        return self.loss.hidden(H, own, known, **self.loss.options)
