"""What follows from flagging a share of a class and a share of the rest: scores, their spread, and what chance would do."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

N_DRAWS = 2000


def flagged_scores(
    recall: np.ndarray | float, alarm_rate: np.ndarray | float, prevalence: float, miss_cost: float = 0.0
) -> dict[str, np.ndarray | float]:
    """Scores of a decision at a prevalence π, from its recall r and its false alarm rate q.

    Precision is ``π r / (π r + (1 − π) q)``, 0 when no row is flagged; F1 is ``2 π r / (π + π r + (1 − π) q)``.

    Parameters
    ----------
    recall, alarm_rate : float or ndarray
        Shares of the class, and of the rest, that are flagged.
    prevalence : float
    miss_cost : float
        How many false alarms one miss costs; 0 leaves the cost out.

    Returns
    -------
    dict of str to float or ndarray
        "recall", "false alarm rate", "precision", "F1", "flagged per 1,000", and "cost per 1,000 rows".
    """
    hits, alarms = prevalence * np.asarray(recall, float), (1 - prevalence) * np.asarray(alarm_rate, float)
    taken = hits + alarms
    scores = {
        "F1": 2 * hits / (prevalence + taken),
        "recall": np.asarray(recall, float),
        "precision": np.divide(hits, taken, out=np.zeros(np.shape(taken)), where=taken > 0),
        "false alarm rate": np.asarray(alarm_rate, float),
        "flagged per 1,000": 1000 * taken,
    }
    return scores | ({"cost per 1,000 rows": 1000 * (miss_cost * (prevalence - hits) + alarms)} if miss_cost else {})


def rate_draws(flagged: float, n: float, rng: np.random.Generator) -> np.ndarray:
    """Draws (N_DRAWS,) of a share of which ``flagged`` of ``n`` rows were seen: Beta(flagged + ½, n − flagged + ½).

    References
    ----------
    Brown, Cai and DasGupta (2001), Statistical Science 16, for Jeffreys intervals of shares.
    """
    return rng.beta(flagged + 0.5, max(n - flagged, 0) + 0.5, N_DRAWS)


def recall_by_chance(n_class: int, n_rest: int, share: float, level: float = 0.95) -> tuple[float, float, float]:
    """The recall of flagging a share of all rows at random: its mean and its central range, by the hypergeometric distribution.

    Parameters
    ----------
    n_class, n_rest : int
        Rows of the class, at least 1, and of the rest.
    share : float
        Between 0 and 1.
    level : float

    Returns
    -------
    mean, low, high : float
    """
    n, drawn = n_class + n_rest, round(share * (n_class + n_rest))
    mean = drawn * n_class / n
    reach = 10 + 10 * np.sqrt(mean * (1 - n_class / n))
    first, last = max(0, drawn - n_rest, int(mean - reach)), min(n_class, drawn, int(mean + reach))
    k = np.arange(first, last + 1)
    chance = np.exp(_log_choose(n_class, k) + _log_choose(n_rest, drawn - k) - _log_choose(n, drawn))
    place = np.searchsorted(np.cumsum(chance), [(1 - level) / 2, (1 + level) / 2])
    low, high = k[np.minimum(place, len(k) - 1)] / n_class
    return share, float(low), float(high)


def scores_by_chance(n_class: int, n_rest: int, taken: float, prevalence: float) -> dict[str, tuple[float, ...]]:
    """F1, recall and precision of flagging a share of all rows at random, where only the recall is left to chance: mean, low, high of each.

    Parameters
    ----------
    n_class, n_rest : int
        Rows of the class, at least 1, and of the rest.
    taken : float
        The share that is flagged.
    prevalence : float
        Of the class among the rows that are spoken of.
    """
    recalls = recall_by_chance(n_class, n_rest, taken)
    return {
        "recall": recalls,
        "precision": tuple(prevalence * r / taken if taken else 0.0 for r in recalls),
        "F1": tuple(2 * prevalence * r / (prevalence + taken) for r in recalls),
    }


def _log_choose(n: int, k: np.ndarray | int) -> np.ndarray:
    return gammaln(n + 1) - gammaln(np.asarray(k) + 1.0) - gammaln(n - np.asarray(k) + 1.0)
