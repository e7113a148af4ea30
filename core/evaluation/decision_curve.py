"""The thresholds of a decision curve, on probabilities where decisions will be made, and taking all rows or none at each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.numerics import curves as shapes
from core.numerics.cutoffs import threshold_at_use
from core.study import Study

ALL, NONE = "take all", "take none"


def thresholds_around(prevalence: float) -> np.ndarray:
    """Thresholds (61,) for a decision curve, even on log-odds from a tenth of the prevalence up to .9."""
    low, high = (np.log(p / (1 - p)) for p in (max(prevalence / 10, 1e-4), 0.9))
    return 1 / (1 + np.exp(-np.linspace(low, high, 61)))


def in_table(thresholds: np.ndarray, usual: float, at_use: float) -> np.ndarray:
    """Thresholds at use, on the probabilities as they were learned, where the class has the share ``usual``."""
    same = abs(usual - at_use) < shapes.ROUNDING
    return thresholds if same else threshold_at_use(thresholds, usual, at_use, back=True)


def with_plain_lines(table: pd.DataFrame, study: Study, prevalence: float | None) -> pd.DataFrame:
    """A decision curve with taking every row, and taking none, at each of its thresholds; ``prevalence`` is that at use."""
    usual = float(study.judged.class_shares[study.judged.positive_code])
    share = prevalence or usual
    rates = np.unique(table["threshold"])
    known = {"threshold": rates, "miss_cost": 1 / rates - 1, "threshold_in_table": in_table(rates, usual, share)}
    parts = [
        pd.DataFrame({"recipe": name, **known, "net_benefit_per_1000": values})
        for name, values in ((ALL, 1000 * shapes.net_benefit_of_all(share, rates)), (NONE, np.zeros(len(rates))))
    ]
    return pd.concat([table, *parts], ignore_index=True)
