"""What focal loss would do to the class shares of this table."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.numerics.focal import focal_optimum, peak, undo_focal
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Focal lens",
    "What would focal loss make of the class shares?",
    maturity="emerging",
    gravest="caution",
    judges_sizes=True,
)

GAMMAS = np.arange(0, 5.01, 0.5)
"""Values of gamma of the curve."""

SAME = 1e-6
"""Ratios closer to 1 are called unchanged."""

NOTABLE = 0.05
"""A rare class that loses at least this share of its probability is worth a caution."""

SHOWN = 8
"""Classes in the figure."""


def focal_lens(study: Study, *, gamma: Annotated[float, Range(0, 5, 0.25)] = 2.0) -> Result:
    """What probabilities a model trained with focal loss reports for rows that nothing tells apart.

    For shares p, focal loss ``−Σ p_i (1 − q_i)^γ ln q_i`` is smallest at the one q with ``q_i / p_i = g(q_i) / λ``, where
    ``g(q) = (1 − q)^{γ − 1} [(1 − q) − γ q ln q]`` and ``1 / λ = Σ q_i / g(q_i)``. The way back is ``p_i ∝ q_i / g(q_i)``.

    How it is detected
    ------------------
    From the class shares alone, without any training. g is 1 for tiny probabilities, rises to a peak (at 0.104 for γ = 2) and
    falls to 0. A class is amplified where ``g(q) > λ``; it is suppressed beyond the peak, as large classes are; and it is
    over-suppressed where it lies before the peak and still loses. That happens only when λ exceeds 1, which needs
    several middle-sized classes (about four equal ones at γ = 2). With two classes it never happens: there the rarer
    one is always inflated. A caution is given when an over-suppressed class loses 5 % or more. The paper's
    own theorems were not at hand; these identities are our derivation from the loss, hence emerging.

    Why it matters
    --------------
    Focal loss is chosen to help rare classes. Its probabilities are not probabilities: with two classes a row of risk 1 % is
    reported at 15 % for γ = 2. And with many classes a larger γ is not simply "more weight for the rare": the rarest class can lose.

    What to do
    ----------
    Take focal probabilities back by ``p_i ∝ q_i / g(q_i)`` before a threshold is chosen by costs. Where a class that matters is
    over-suppressed, weight the classes instead, or choose another γ from the curve.

    Parameters
    ----------
    gamma : float
        Focusing exponent of the loss; 0 is cross-entropy, 2 is the usual choice.

    Returns
    -------
    Result
        ``classes``: class, n_rows, share, focal_share (q), ratio (q / p), effect ("amplified", "suppressed",
        "over-suppressed" or "unchanged"), recovered (the share after the way back).
        ``curve``: gamma, class, ratio; the largest classes, the smallest and the class of interest.
        ``constants``: gamma, multiplier (λ), peak_at, peak_gain, back_at (the probability where g is 1 again).
        Shares are those of the table; nothing here is estimated, so that there are no intervals.

    References
    ----------
    Lin et al. (2017), ICCV (focal loss). Functional Properties of the Focal-Entropy (2026), arXiv 2603.02533.
    """
    shares = study.class_shares
    q, lam = focal_optimum(shares, gamma)
    found = peak(gamma) if gamma > 0 else None
    at, gain_there, back = (found.at, found.height, found.back) if found else (np.nan, np.nan, np.nan)
    table = {"class": study.classes, "n_rows": study.class_sizes, "share": shares, "focal_share": q}
    classes = pd.DataFrame(table).assign(
        ratio=q / shares, effect=_effects(q, q / shares, at), recovered=undo_focal(q, gamma)
    )
    constants = {"gamma": [gamma], "multiplier": [lam], "peak_at": [at], "peak_gain": [gain_there], "back_at": [back]}
    tables = {"classes": classes, "curve": _curve(study, shares), "constants": pd.DataFrame(constants)}
    return Result(tables, _findings(study, classes, gamma, lam))


def _effects(q: np.ndarray, ratio: np.ndarray, peak_at: float) -> np.ndarray:
    lost = np.where(q < peak_at, "over-suppressed", "suppressed")
    return np.where(np.abs(ratio - 1) < SAME, "unchanged", np.where(ratio > 1, "amplified", lost)).astype(object)


def _curve(study: Study, shares: np.ndarray) -> pd.DataFrame:
    n = len(shares)
    shown = sorted({*range(n if n <= SHOWN else SHOWN - 2), study.positive_code, n - 1})
    ratios = [focal_optimum(shares, gamma)[0][shown] / shares[shown] for gamma in GAMMAS]
    names = [study.classes[c] for c in shown]
    return pd.DataFrame(
        {
            "gamma": np.tile(GAMMAS, len(shown)),
            "class": np.repeat(np.array(names, dtype=object), len(GAMMAS)),
            "ratio": np.stack(ratios, axis=1).ravel(),
        }
    )


def _findings(study: Study, classes: pd.DataFrame, gamma: float, lam: float) -> tuple[Finding, ...]:
    own, power = classes.iloc[study.positive_code], f"γ = {wording.number(gamma)}"
    changed = wording.times(own["ratio"]) if own["ratio"] >= 1 else f"{wording.share(own['ratio'])} of"
    text = (
        f"Trained with focal loss at {power}, a model without any information reports {wording.quoted(study.positive)} at "
        f"{wording.share(own['focal_share'])}, where {wording.share(own['share'])} of the rows belong to it "
        f"({changed} its share; {own['effect']})."
    )
    findings = [Finding("fine", text + " Focal probabilities are not risks until they are taken back.")]
    lost = classes[classes["effect"] == "over-suppressed"].sort_values("ratio", kind="stable")
    if len(lost):
        least = lost["ratio"].iloc[0]
        many = f"λ is {wording.number(lam)}, above 1, because the rows are spread over several middle-sized classes"
        text = (
            f"Over-suppressed at {power}: {wording.listing(lost['class'])}; the most affected keeps {wording.share(least)} of its "
            f"share, although it is rare ({many})."
        )
        findings.append(Finding("caution" if least <= 1 - NOTABLE else "fine", text, ("class_weights",)))
    elif gamma > 0:
        findings.append(
            Finding("fine", f"No class is over-suppressed: λ is {wording.number(lam)}, and that needs a λ above 1.")
        )
    return tuple(findings)


def draw(result: Result) -> dict[str, go.Figure]:
    """What is left of each share against gamma, and at the chosen one."""
    first, second = "Reported share over true share, by gamma", "Reported share over true share"
    text = "How many times its share each class is reported at by the optimum of focal loss; 1 is unchanged."
    lines = {"x_title": "γ", "y_title": "times its share", "caption": text, "by": "class", "lines": True}
    bars = {"x_title": "times its share", "y_title": "class", "caption": text, "by": "effect"}
    return {
        first: charts.points(result.tables["curve"], "gamma", "ratio", title=first, **lines),
        second: charts.bars(result.tables["classes"], "ratio", "class", title=second, **bars),
    }


def sick(random_state: int = 0) -> Dataset:
    """Seven classes of about 300 rows and one of 12: the rarest is over-suppressed."""
    return synthetic.planted("clean", class_sizes=(*range(306, 299, -1), 12), n_features=8, random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Two classes, 9 to 1: the rarer one is amplified."""
    return synthetic.planted("clean", random_state=random_state)
