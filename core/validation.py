"""Folds: which rows are trained on and which are tested, random, by group, or in the order of time."""

from __future__ import annotations

import numpy as np

from core.errors import UserError
from core.wording import count, plural, quoted

Folds = tuple[tuple[np.ndarray, np.ndarray], ...]


def folds(
    codes: np.ndarray,
    *,
    n_folds: int,
    n_repeats: int = 1,
    random_state: int = 0,
    groups: np.ndarray | None = None,
    order: np.ndarray | None = None,
) -> Folds:
    """Draw the train and test rows of every fold.

    Without groups and order: stratified folds, drawn anew for every repeat. With groups: all rows of a group are on one
    side of every fold, and the classes are spread over the folds as evenly as whole groups allow; larger groups are
    dealt first, in a random order among those of about one size, each to the fold that has seen the smallest share of its classes. With an order: the rows are cut into
    ``n_folds + 1`` blocks of equal size; each block but the first is tested once by what was learned from all rows before
    it, rows of equal time are never parted, and nothing is repeated. With both, rows of a test group are also taken
    out of the training rows of that fold.

    Parameters
    ----------
    codes : ndarray (n_samples,)
        The class of each row.
    n_folds, n_repeats : int
        With an order, ``n_repeats`` has no effect.
    random_state : int
        The only source of randomness.
    groups : ndarray (n_samples,) of int, optional
        The group of each row; a negative number stands for a row that is in no group with another.
    order : ndarray (n_samples,) of float, optional
        When each row came; a row where it is NaN is neither trained on nor tested.

    Returns
    -------
    tuple of (train, test)
        Positions, rising; ``n_folds`` times ``n_repeats`` pairs, or ``n_folds`` with an order.

    Raises
    ------
    UserError
        There are fewer groups than folds, fewer different times than blocks, or only one class to learn from.

    Examples
    --------
    >>> codes = np.array([0, 1] * 6)
    >>> [test.tolist() for _, test in folds(codes, n_folds=2, order=np.arange(12.0))]
    [[4, 5, 6, 7], [8, 9, 10, 11]]
    """
    codes = np.asarray(codes)
    if order is not None:
        return _in_order(
            codes, n_folds, np.asarray(order, dtype="float64"), None if groups is None else alone_numbered(groups)
        )
    if groups is not None:
        return _grouped(codes, n_folds, n_repeats, random_state, alone_numbered(groups))
    return _stratified(codes, n_folds, n_repeats, random_state)


def describe(
    n_folds: int, n_repeats: int = 1, *, group: str = "", n_groups: int = 0, time: str = "", n_first: int = 0
) -> str:
    """Say in one sentence how rows are tested.

    Parameters
    ----------
    n_folds, n_repeats : int
    group, time : str
        The columns that keep rows together and that order them; empty without one.
    n_groups : int
        Different groups.
    n_first : int
        Rows that are learned from before the first fold is tested.

    Examples
    --------
    >>> describe(5, 2)
    '5 stratified folds, drawn 2 times: each row is tested once per draw.'
    >>> describe(5, 1, group="patient_id", n_groups=412)
    "Folds keep all rows of one 'patient_id' together: 412 groups in 5 folds, drawn 1 time."
    """
    drawn = f"drawn {plural(n_repeats, 'time')}"
    together = f"all rows of one {quoted(group)} together: {plural(n_groups, 'group')}"
    if time:
        kept = f" Folds keep {together}." if group else ""
        return (
            f"Folds follow {quoted(time)}: each of {count(n_folds)} is tested on rows later than all it learned from. "
            f"The earliest {plural(n_first, 'row')} {'is' if n_first == 1 else 'are'} only learned from.{kept}"
        )
    if group:
        return f"Folds keep {together} in {n_folds} folds, {drawn}."
    return f"{n_folds} stratified folds, {drawn}: each row is tested once per draw."


def alone_numbered(groups: np.ndarray) -> np.ndarray:
    """Number groups from 0, and make each row without a group, a negative number, one of its own.

    Examples
    --------
    >>> alone_numbered(np.array([4, -1, 4, -1])).tolist()
    [0, 1, 0, 2]
    """
    groups = np.array(groups, dtype=np.int64)
    lonely = groups < 0
    groups[lonely] = groups.max(initial=-1) + 1 + np.arange(lonely.sum())
    return np.unique(groups, return_inverse=True)[1].ravel()


def _stratified(codes: np.ndarray, n_folds: int, n_repeats: int, random_state: int) -> Folds:
    """Deal the rows of each class in turn, in a random order: the folds of scikit-learn's ``RepeatedStratifiedKFold``."""
    _, first, classes, sizes = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
    seen = np.argsort(first)  # classes in the order of their first rows
    if sizes.max(initial=0) < n_folds:
        raise UserError(
            f"The largest class has {plural(sizes.max(initial=0), 'row')}; at least {n_folds} are needed for {n_folds} folds.",
            "Choose fewer folds, or another target column.",
        )
    ends = np.cumsum(sizes[seen])
    members = np.split(np.argsort(np.argsort(seen)[classes.ravel()], kind="stable"), ends[:-1])
    rng, found = np.random.RandomState(random_state), []
    for _ in range(n_repeats):
        fold = np.empty(len(codes), dtype=np.intp)
        for rows, end in zip(members, ends, strict=True):
            dealt = np.arange(end - len(rows), end) % n_folds
            given = np.repeat(np.arange(n_folds), np.bincount(dealt, minlength=n_folds))
            rng.shuffle(given)
            fold[rows] = given
        inside = [fold == f for f in range(n_folds)]
        found += [(np.flatnonzero(~test), np.flatnonzero(test)) for test in inside]
    return tuple(found)


def _grouped(codes: np.ndarray, n_folds: int, n_repeats: int, random_state: int, groups: np.ndarray) -> Folds:
    n_groups, classes = int(groups.max(initial=-1)) + 1, np.unique(codes, return_inverse=True)[1].ravel()
    if n_groups < n_folds:
        raise UserError(
            f"The rows are in {plural(n_groups, 'group')}; at least {n_folds} are needed for {n_folds} folds.",
            "Choose fewer folds, or take the role 'group' from the column.",
        )
    marks = np.random.default_rng(0).integers(2**62, size=int(classes.max()) + 1)
    signs = np.zeros(n_groups, dtype=np.int64)
    np.add.at(signs, groups, marks[classes])  # equal class counts, and practically no others, have equal sums
    _, kind, n_of_kind = np.unique(signs, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(kind, kind="stable"), np.cumsum(n_of_kind)[:-1])
    kinds = np.zeros((len(n_of_kind), len(marks)))
    np.add.at(kinds, (kind[groups], classes), 1)
    kinds /= n_of_kind[:, None] * kinds.sum(axis=0)
    rng, found = np.random.default_rng(random_state), []
    for _ in range(n_repeats):
        fold = _dealt(kinds, members, n_folds, rng)[groups]
        found += [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in range(n_folds)]
    return tuple(found)


def _dealt(kinds: np.ndarray, members: list[np.ndarray], n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """The fold of each group: kinds of groups with equal class counts are dealt whole, those of twice the weight first."""
    fold = np.empty(sum(map(len, members)), dtype=np.intp)
    load = np.zeros((n_folds, kinds.shape[1]))
    weight = (kinds**2).sum(axis=1)
    for i in np.lexsort((rng.random(len(kinds)), -np.floor(np.log2(weight) / 2))):  # chance within a doubling
        level, n = load @ kinds[i], len(members[i])
        if n == 1:
            ties = np.flatnonzero(level <= level.min() + 1e-12)
            f = ties[load[ties].sum(axis=1).argmin()] if len(ties) > 1 else ties[0]
            fold[members[i]] = f
            load[f] += kinds[i]
            continue
        given = _filled(level, load.sum(axis=1), weight[i], n, rng)
        fold[rng.permutation(members[i])] = np.repeat(np.arange(n_folds), given)
        load += given[:, None] * kinds[i]
    return rng.permutation(n_folds)[fold]


def _filled(level: np.ndarray, load: np.ndarray, rise: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """How many of n equal groups each fold gets when each goes where the level is lowest, and lifts it by the rise.

    Where levels are equal, the fold with less load comes first, and chance decides the rest.
    """
    place = np.lexsort((rng.random(len(level)), np.round(load, 12), np.round(level, 12)))
    height, given = level[place], np.zeros(len(level), dtype=np.intp)
    reach = (np.cumsum(height) + n * rise) / np.arange(1, len(level) + 1)
    last = np.flatnonzero(reach > height)[-1]
    given[: last + 1] = np.floor((reach[last] - height[: last + 1]) / rise * (1 - 1e-12))
    for _ in range(n - int(given.sum())):
        given[np.argmin(np.round(height + given * rise, 12))] += 1
    back = np.empty_like(given)
    back[place] = given
    return back


def _in_order(codes: np.ndarray, n_folds: int, order: np.ndarray, groups: np.ndarray | None) -> Folds:
    known = np.flatnonzero(~np.isnan(order))
    times, place, n_each = np.unique(order[known], return_inverse=True, return_counts=True)
    if len(times) < n_folds + 1:
        raise UserError(
            f"The column that orders the rows has {plural(len(times), 'different value')}; at least {n_folds + 1} are "
            f"needed for {n_folds} folds.",
            "Choose fewer folds, or take the role 'time' from the column.",
        )
    block = _blocks(n_each, n_folds + 1)[place.ravel()]
    found = []
    for f in range(1, n_folds + 1):
        train, test = known[block < f], known[block == f]
        if groups is not None:
            train = train[~np.isin(groups[train], groups[test])]
        if len(np.unique(codes[train])) < min(2, len(np.unique(codes))):
            raise UserError(
                f"Fold {f} of {n_folds} in the order of time would learn from {plural(len(train), 'earlier row')} of "
                f"{plural(len(np.unique(codes[train])), 'class', 'classes')}; at least 2 classes are needed.",
                "Choose fewer folds, or take the role 'time' from the column.",
            )
        found.append((train, test))
    return tuple(found)


def _blocks(n_each: np.ndarray, n_blocks: int) -> np.ndarray:
    """The block of each different time: as equal in rows as whole times allow, none empty."""
    ends = np.cumsum(n_each)
    block = np.empty(len(ends), dtype=np.intp)
    start, done = 0, 0
    for b in range(n_blocks):
        left = n_blocks - b
        want = done + (ends[-1] - done) / left
        stop = int(np.abs(ends[start : len(ends) - left + 1] - want).argmin()) + start + 1
        if left == 1:
            stop = len(ends)
        block[start:stop] = b
        start, done = stop, ends[stop - 1]
    return block
