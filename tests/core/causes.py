"""Tables in which single rows of the rare class are missed for one planted reason: the known answers of the ledger."""

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.synthetic import clean, clouds, names, overlap, swap_labels

N_FEATURES = 6


def rng_of(random_state):
    return np.random.default_rng(random_state)


def finished(frame, codes, planted):
    """The table, and which of its rows were planted."""
    dataset = Dataset.from_frame(pd.DataFrame(frame).assign(outcome=names(codes)), "outcome")
    return dataset, np.asarray(planted, dtype=bool)


def wrong_threshold(sizes, random_state):
    """All rare rows lie in a zone of their own where a third of the rows are rare: seldom the likelier class, easy to find."""
    rng = rng_of(random_state)
    n, m = sizes
    beside = 2 * m
    values = rng.normal(size=(n + m, N_FEATURES))
    codes = np.repeat([0, 1], [n, m])
    values[n - beside :, 0] += 8
    return finished(values, codes, codes == 1)


def contradicted(sizes, random_state):
    """A fifth of the rare rows equals a common row in every column."""
    rng = rng_of(random_state)
    frame, codes = clean(sizes, N_FEATURES, rng)
    rare, common = np.flatnonzero(codes == 1), np.flatnonzero(codes == 0)
    chosen = rng.choice(rare, len(rare) // 5, replace=False)
    frame.iloc[chosen] = frame.iloc[rng.choice(common, len(chosen), replace=False)].to_numpy()
    return finished(frame, codes, np.isin(np.arange(len(codes)), chosen))


def mislabelled(sizes, random_state):
    """A fifth of the rare rows are common rows with the wrong label, and as many the other way round."""
    rng = rng_of(random_state)
    frame, codes = clean(sizes, N_FEATURES, rng)
    noisy = swap_labels(codes, 0.2, rng)
    return finished(frame, noisy, (noisy == 1) & (codes == 0))


def overlapping(sizes, random_state):
    """Clouds one standard deviation apart; planted are the rare rows that lie nearer to the other centre."""
    frame, codes = overlap(sizes, N_FEATURES, rng_of(random_state))
    values = frame.to_numpy()
    return finished(frame, codes, (codes == 1) & (values[:, 0] > values[:, 1]))


def split(sizes, random_state):
    """A quarter of the rare rows lies in four small groups of six inside the common cloud, apart from each other and from the rest."""
    rng = rng_of(random_state)
    frame, codes = clean(sizes, N_FEATURES, rng)
    rare = np.flatnonzero(codes == 1)
    values, group = frame.to_numpy().copy(), 6
    values[rare] = values[rare].mean(axis=0) + 0.4 * (values[rare] - values[rare].mean(axis=0))
    for i in range(4):
        a, b = 1 - 2 * (i % 2), 1 - 2 * (i // 2)
        side = np.array([0, 0, 1, a, b, a * b]) / 2
        place = values[codes == 0].mean(axis=0) + 2 * side
        values[rare[i * group : (i + 1) * group]] = place + rng.normal(0, 0.3, (group, N_FEATURES))
    return finished(values, codes, np.isin(np.arange(len(codes)), rare[: 4 * group]))


def behind_gaps(sizes, random_state):
    """The two columns that tell the classes apart are empty in two fifths of the rows of either class."""
    rng = rng_of(random_state)
    frame, codes = clouds(sizes, n_features=N_FEATURES, distance=5.0, rng=rng)
    empty = rng.random(len(codes)) < 0.4
    frame.loc[empty, ["measure 1", "measure 2"]] = np.nan
    return finished(frame, codes, empty & (codes == 1))


def scarce(sizes, random_state):
    """The rare rows lie along a wave with a gap around it: each can be told apart, but not from so few rows of its class."""
    rng = rng_of(random_state)
    n, m = 2 * sizes[0], 2 * sizes[1]
    codes, values = np.repeat([0, 1], [n, m]), rng.normal(size=(n + m, N_FEATURES))
    x, y = rng.uniform(-3, 3, n + m), rng.uniform(-2.5, 2.5, n + m)
    wave = 1.5 * np.sin(2 * x)
    beside = wave + np.where(y < wave, -1, 1) * rng.uniform(0.6, 1.2, n + m)
    y = np.where(np.abs(y - wave) < 0.6, beside, y)
    values[:, 0], values[:, 1] = x, np.where(codes == 1, wave + rng.normal(0, 0.1, n + m), y)
    return finished(values, codes, codes == 1)


def untouched(sizes, random_state):
    """Nothing is planted: clouds four standard deviations apart."""
    frame, codes = clean(sizes, N_FEATURES, rng_of(random_state))
    return finished(frame, codes, np.zeros(len(codes)))


CAUSES = {
    "threshold": wrong_threshold,
    "contradicted": contradicted,
    "mislabelled": mislabelled,
    "overlap": overlapping,
    "sub_cluster": split,
    "gaps": behind_gaps,
    "scarce": scarce,
}
SIZES = {"1:20": (2000, 100), "1:100": (10000, 100)}
COSTS = {"scarce": 1.0}
"""What a miss costs, where it is stated: as much as a false alarm, so that no lower threshold is the answer to half-learned rows."""
