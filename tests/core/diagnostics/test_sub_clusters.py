"""Sub-clusters: their sizes, their recall, and what is called."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.diagnostics.geometry.sub_clusters import _summary, sub_clusters
from core.study import Study
from core.synthetic import planted


def test_the_planted_groups_are_counted():
    """60 rows of the rare class in its cloud, 40 in five groups of eight."""
    result = sub_clusters(Study(planted("sub_clusters", random_state=3)))
    rare = result.tables["classes"].set_index("class").loc["rare"]
    assert rare["n_clusters"] == 6 and rare["main_share"] == pytest.approx(0.6)
    assert rare["entropy"] == pytest.approx(-(0.6 * np.log(0.6) + 5 * 0.08 * np.log(0.08)))
    assert rare["effective_clusters"] == pytest.approx(np.exp(rare["entropy"]))
    assert rare["structural_imbalance"] == pytest.approx(1 - rare["entropy"] / np.log(6))
    assert rare["main_recall"] > 0.9 > 0.85 > rare["small_recall"] and rare["p"] < 0.01
    clusters = result.tables["clusters"]
    assert clusters["n_rows"].tolist() == [900, 60, 8, 8, 8, 8, 8]
    assert len(result.tables["small"]) == 40 and (result.tables["small"]["class"] == "rare").all()
    assert result.severity == "issue" and result.findings[0].suggests == ("class_weights", "random_oversampling")


def test_the_summary_of_a_class():
    from scipy.stats import fisher_exact

    n, entropy, effective, uneven, share, main, small, p = _summary(np.array([50, 50]), np.array([50, 25]))
    assert (n, share, main, small) == (2, 0.5, 1.0, 0.5)
    assert (entropy, effective, uneven) == pytest.approx((np.log(2), 2, 0))
    assert p == pytest.approx(fisher_exact([[50, 0], [25, 25]], alternative="greater").pvalue)
    assert _summary(np.array([30]), np.array([15]))[:6] == (1, 0.0, 1.0, 0.0, 1.0, 0.5)


def test_groups_that_are_all_found_are_fine():
    rng = np.random.default_rng(0)
    rare = np.arange(600) >= 500
    X = rng.normal(size=(600, 4))
    X[500:550] += 10
    X[550:] -= 10
    frame = pd.DataFrame(X, columns=list("abcd")).assign(outcome=np.where(rare, "rare", "common"))
    result = sub_clusters(Study(Dataset.from_frame(frame, "outcome")))
    classes = result.tables["classes"].set_index("class")
    assert classes.loc["rare", "n_clusters"] == 2 and classes.loc["common", "n_clusters"] == 1
    assert classes.loc["rare", "structural_imbalance"] == 0 and result.severity == "fine"
    assert "2 groups" in result.findings[0].text
