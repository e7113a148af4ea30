"""The mask of a table, 1 where a cell is missing, as its distinct rows and how often each comes: everything else follows from these."""

from __future__ import annotations

import numpy as np

BLOCK = 1 << 15
"""Rows packed at once: their bits stay in the processor's cache."""

WORD = 64
"""Columns in one word of bits."""


def packed(mask: list[np.ndarray]) -> np.ndarray:
    """The gaps of each row as bits: column j is bit ``j % 64`` of word ``j // 64``.

    Parameters
    ----------
    mask : list of ndarray of bool (n_samples,)
        One per column, at least one.

    Returns
    -------
    ndarray of unsigned int (n_words, n_samples)
        Words of 32 bits for up to 32 columns.
    """
    kind = np.uint32 if len(mask) <= WORD // 2 else np.uint64
    n = len(mask[0])
    words = np.zeros((-(-len(mask) // WORD), n), dtype=kind)
    for start in range(0, n, BLOCK):
        for j, column in enumerate(mask):
            bits = column[start : start + BLOCK].astype(kind)
            words[j // WORD, start : start + BLOCK] |= np.left_shift(bits, kind(j % WORD), out=bits)
    return words


def patterns(mask: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows of a mask.

    Parameters
    ----------
    mask : list of ndarray of bool (n_samples,)
        One per column; none is one empty pattern.

    Returns
    -------
    pattern : ndarray of int (n_samples,)
        Which distinct row each row is.
    shapes : ndarray of bool (n_patterns, n_columns)
        The distinct rows; those without any gap come first.
    """
    words = packed(mask)
    if len(mask) <= WORD // 2 and (1 << len(mask)) <= 16 * words.shape[1]:
        pattern, seen = _by_table(words[0], 1 << len(mask))
        return pattern, _bits(seen[:, None], len(mask))
    pattern = np.unique(words[0], return_inverse=True)[1]
    for word in words[1:]:
        value, inverse = np.unique(word, return_inverse=True)
        pattern = np.unique(pattern * len(value) + inverse, return_inverse=True)[1]
    first = np.empty(int(pattern.max()) + 1, dtype=np.int64)
    first[pattern] = np.arange(len(pattern))
    return pattern, _bits(words[:, first].T, len(mask))


def _by_table(word: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the values of one word by looking each up in a table: as many entries as a few times the rows."""
    here = np.zeros(size, dtype=bool)
    here[word] = True
    seen = np.flatnonzero(here)
    rank = np.zeros(size, dtype=np.int32)
    rank[seen] = np.arange(len(seen), dtype=np.int32)
    return rank[word], seen.astype(word.dtype)


def _bits(words: np.ndarray, n_columns: int) -> np.ndarray:
    """Bits (n_patterns, n_columns) of words (n_patterns, n_words)."""
    column = np.arange(n_columns)
    return (words[:, column // WORD] >> (column % WORD).astype(words.dtype) & words.dtype.type(1)).astype(bool)


def counts_by_class(pattern: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Count the rows of each pattern and class.

    Parameters
    ----------
    pattern, codes : ndarray of int (n_samples,)
    n_classes : int

    Returns
    -------
    ndarray of int (n_patterns, n_classes)
    """
    flat = pattern.astype(np.intp) * n_classes + codes
    return np.bincount(flat, minlength=(int(pattern.max()) + 1) * n_classes).reshape(-1, n_classes)


def gram(shapes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """How many rows lack both columns of each pair: ``MᵀM`` of the mask, as one product over its distinct rows.

    Parameters
    ----------
    shapes : ndarray of bool (n_patterns, n_columns)
    sizes : ndarray of int (n_patterns,)
        Rows of each pattern.

    Returns
    -------
    ndarray of float (n_columns, n_columns)
        Whole numbers; the diagonal holds the gaps of each column.
    """
    both = np.zeros((shapes.shape[1],) * 2)
    for start in range(0, len(shapes), BLOCK):
        part = shapes[start : start + BLOCK].astype(np.float64)
        both += (part * sizes[start : start + BLOCK, None]).T @ part
    return both


def phi(both: np.ndarray, n: int) -> np.ndarray:
    """Correlation of masks (n_columns, n_columns) from how many rows lack both columns of each pair.

    Parameters
    ----------
    both : ndarray (n_columns, n_columns)
        See ``gram``; no column is full or empty.
    n : int
        Rows.
    """
    size = np.diag(both)
    spread = np.sqrt(size * (n - size))
    return np.clip((n * both - np.outer(size, size)) / np.outer(spread, spread), -1, 1)


def blocks(correlation: np.ndarray, n: int, together: float) -> np.ndarray:
    """The columns that go missing together: joined by a chain of pairs whose masks correlate.

    A pair joins when its correlation reaches ``together`` and the largest that chance gives among all pairs (5 % over all of them).

    Parameters
    ----------
    correlation : ndarray (n_columns, n_columns)
    n : int
        Rows.
    together : float

    Returns
    -------
    ndarray of int (n_columns,)
        The block of each column, -1 for those that are alone.
    """
    from scipy.sparse.csgraph import connected_components
    from scipy.special import ndtri

    n_pairs = max(len(correlation) * (len(correlation) - 1) / 2, 1)
    chance = -ndtri(0.025 / n_pairs) / np.sqrt(n)
    label = connected_components(correlation >= max(together, chance), directed=False)[1]
    alone = np.bincount(label)[label] < 2
    return np.where(alone, -1, np.searchsorted(np.unique(label[~alone]), label))


def nested_chain(both: np.ndarray, n: int, nested: float, fewest: float = 5) -> np.ndarray:
    """The longest row of columns of which each pair is nested, found from every column on in turn.

    A pair i before j is nested when its own ``H = 1 − E / E₀`` (see ``nested_order``) is at least ``nested``, at least ``fewest`` errors were
    expected, and chance gives so few in less than 1 % of tables over all pairs together (normal approximation).

    Parameters
    ----------
    both : ndarray (n_columns, n_columns)
        See ``gram``; columns by rising number of gaps.
    n : int
        Rows.
    nested, fewest : float

    Returns
    -------
    ndarray of int
        Positions of the columns, the fewest gaps first; empty when no pair is nested.
    """
    from scipy.special import ndtri

    size = np.diag(both)
    expected = np.outer(size, 1 - size / n)
    spread = np.sqrt(np.outer(size * (n - size), size * (n - size)) / max(n - 1, 1)) / n
    saved = expected - (size[:, None] - both)
    n_pairs = max(len(size) * (len(size) - 1) / 2, 1)
    clear = (saved >= nested * expected) & (expected >= fewest) & (saved >= -ndtri(0.01 / n_pairs) * spread)
    joined, best = np.triu(clear, 1), np.array([], dtype=int)
    for start in np.flatnonzero(joined.any(axis=1)):
        chain, left = [start], joined[start].copy()
        while left.any():
            chain.append(int(left.argmax()))
            left &= joined[chain[-1]]
        best = np.array(chain) if len(chain) > len(best) else best
    return best


def nested_order(shapes: np.ndarray, sizes: np.ndarray, both: np.ndarray) -> dict[str, np.ndarray | float]:
    """How far the gaps are nested: columns in an order in which a gap in one implies a gap in every later one.

    Columns stand from the fewest gaps to the most. For a pair i before j, an error is a row that lacks i and has j. With E errors in
    all pairs and E₀ expected of independent gaps of the same sizes, ``H = 1 − E / E₀``; its interval is by the delta method
    over rows. Under independence ``(E₀ − E) / √Var(E)`` is normal, with the hypergeometric variance of each pair.

    Parameters
    ----------
    shapes : ndarray of bool (n_patterns, n_columns)
        Columns by rising number of gaps; none is full or empty.
    sizes : ndarray of int (n_patterns,)
    both : ndarray (n_columns, n_columns)
        See ``gram``, in the same order.

    Returns
    -------
    dict
        ``errors`` and ``expected`` (n_columns,) of each column as the earlier one; ``h``, ``error`` (standard error of H) and ``z``.

    References
    ----------
    Loevinger (1948), Psychological Bulletin 45. Mokken (1971), A Theory and Procedure of Scale Analysis, section 4.
    """
    n, size, later = sizes.sum(), np.diag(both), np.triu(np.ones_like(both), 1)
    share = size / n
    errors = ((size[:, None] - both) * later).sum(axis=1)
    expected = (np.outer(size, 1 - share) * later).sum(axis=1)
    variance = np.outer(size * (n - size), size * (n - size)) * later / (n**2 * max(n - 1, 1))
    h = 1 - errors.sum() / expected.sum()
    gaps = shapes.astype(np.float64)
    at = (gaps * ((1 - gaps) @ later.T)).sum(axis=1)
    slope = later @ (1 - share) - later.T @ share
    mean = expected.sum() / n
    influence = -(at - errors.sum() / n) / mean + errors.sum() / n / mean**2 * ((gaps - share) @ slope)
    error = np.sqrt((sizes * influence**2).sum()) / n
    z = (expected.sum() - errors.sum()) / np.sqrt(variance.sum())
    return {"errors": errors, "expected": expected, "h": float(h), "error": float(error), "z": float(z)}
