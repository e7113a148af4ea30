"""The sampler that adds rows which came with the table, marked as synthetic, instead of making any."""

from __future__ import annotations

from typing import Any

import numpy as np
from imblearn.base import BaseSampler

from core.learners.rows import Rows, represented
from core.learners.sampling.labels import Labels
from core.learners.sampling.output import Output
from core.learners.sampling.sampler import _Sampler, _seed
from core.learners.sampling.space import Space
from core.marked_rows import Imported
from core.wording import of, plural

NOTHING = "No row of the table is marked as synthetic, so none was added."
OTHER_COLUMNS = "The synthetic rows have other columns than the table, so none was added."


class Importer(_Sampler, BaseSampler):
    """Adds rows that are given instead of making any.

    Only rows of classes that are there are added, and those that may join these rows, see ``core.marked_rows.Imported.admitted``.

    Parameters
    ----------
    imported : core.marked_rows.Imported or None
        Without them rows stay as they are.
    share : float
        How many of them are used, between 0 and 1; the same rows in every fold, drawn at random.
    balance, sampling_strategy
        Have no effect; there are as many rows as there are.
    random_state : int, RandomState or None
        Seed.

    Attributes
    ----------
    notes_ : list of str
        What could not be done as asked, in sentences.
    represents_ : ndarray or None
        How many rows of the whole table each row stands for; None where each stands for itself.
    """

    _down, _made, _sampling_type, options = False, True, "clean-sampling", None
    asks_for_rows = True

    def __init__(
        self,
        imported: Imported | None = None,
        share: float = 1.0,
        *,
        balance: float = 1.0,
        sampling_strategy: Any = "auto",
        random_state: Any = 0,
    ) -> None:
        self.imported = imported
        self.share = share
        self.balance = balance
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """The sampler, and how many rows it has."""
        return f"Importer({self.imported!r}, share={self.share!r}, random_state={self.random_state!r})"

    def fit_resample(self, X: Any, y: Any, rows: Rows | None = None) -> tuple[Any, Any]:
        """Add the rows that may be added.

        Parameters
        ----------
        X : pandas.DataFrame, array or list (n_samples, n_features)
        y : array (n_samples,)
        rows : Rows or None
            Groups and order of the rows, and what each stands for.

        Returns
        -------
        X, y
            Rows that were there come first, in their order; the kinds and types are those that were given.
        """
        space, labels = self._read(X, y)
        self.notes_: list[str] = []
        self.passages_: list[Any] = []
        chosen, codes = self._chosen(space, labels, rows or Rows())
        out = Output(space, None, len(chosen))
        if len(chosen):
            added = self.imported.X.iloc[chosen]
            out.numbers[...] = added.iloc[:, space.numeric].to_numpy(dtype="float64")
            for place, (j, held) in enumerate(zip(space.text, space.categories, strict=True)):
                out.levels[:, place] = held.categories.get_indexer(added.iloc[:, j])
        stands = represented(rows)
        each = self.imported.represents if self.imported is not None else 1.0
        self.represents_ = None if stands is None else np.append(stands, np.full(len(chosen), each))
        return out.table(), labels.back(np.append(labels.codes, codes))

    def _chosen(self, space: Space, labels: Labels, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the rows that are added, and their places among the classes that are there."""
        nothing, given = np.empty(0, dtype=np.intp), self.imported
        if given is None:
            self.notes_.append(NOTHING)
            return nothing, nothing
        names = [] if space.block is not None and not hasattr(space.form, "columns") else list(space.form.columns)
        if names != list(given.X.columns):
            self.notes_.append(OTHER_COLUMNS)
            return nothing, nothing
        n = len(given.codes)
        drawn = np.random.default_rng(_seed(self.random_state)).permutation(n) < round(self.share * n)
        place = {label: position for position, label in enumerate(labels.known.tolist())}
        codes = np.array([place.get(code, -1) for code in given.codes.tolist()], dtype=np.intp)
        free = given.admitted(rows.groups, rows.order)
        self._tell(free & drawn, codes[drawn & free] < 0, drawn)
        chosen = np.flatnonzero(drawn & free & (codes >= 0))
        return chosen, codes[chosen]

    def _tell(self, free: np.ndarray, strange: np.ndarray, drawn: np.ndarray) -> None:
        if free.sum() < drawn.sum():
            told = of(int(drawn.sum() - free.sum()), int(drawn.sum()), "synthetic row")
            self.notes_.append(
                f"{told} left out: their group is not among these rows, or they are later than all of them."
            )
        if strange.any():
            rows = plural(int(strange.sum()), "synthetic row")
            self.notes_.append(f"{rows} of classes that none of these rows has left out.")
