"""The loss of a single row against the probability of its class: which rows a recipe's training listens to."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.engine import provenance
from core.evaluation.asserted import BEFORE, SAMPLED, asserted
from core.learners.loss import Loss, LossTrained, settled
from core.numerics.loss_terms import cross_entropy
from core.recipe import Recipe
from core.registry import method
from core.result import Finding, Result
from core.study import Study

AT = np.array([0.01, 0.02, *np.arange(5, 100, 5) / 100, 0.98, 0.99])
"""Probabilities at which a row is looked at."""

LOW, HIGH = 0.1, 0.9
"""A row that is missed, and one that is right already."""

N_SMALLEST = 6
BATCH = 256
"""Rows in the batch around a row, for losses that look at all of them."""

SAME = 1.05
"""How far two pulls may differ and still count as equal."""

NONE = 1e-9

UNTIL = BEFORE[:3]
"""What rows and weights pass before a loss sees them."""


def loss_curve(study: Study, recipe: Recipe) -> Result:
    """Say how strongly a row pulls at the training, class by class and probability by probability; nothing is trained.

    A row of class c has probability p for its own class, and the other classes share 1 − p in proportion to their shares. The pull is
    ``|∂ℓ / ∂z_c|``, how much of a step its own score is worth, times the weight that the recipe gives to the class. Cross-entropy without
    weights, whose pull is ``1 − p``, is the reference. A schedule stands at its end. A loss of whole batches is looked at in a batch of
    256 rows: the row itself, and rows in the class shares that training sees, all at the scores at which the loss is smallest without any
    column. That setting is our choice; other batches would give other curves.

    Parameters
    ----------
    study : Study
        Not changed.
    recipe : Recipe
        Its loss and what stands before it count; without a loss it is cross-entropy.

    Returns
    -------
    Result
        ``curve``: series (a class, or the reference), class, probability (of the own class, as the scores say it), value (of the loss), pull. At
        most the largest class, the class of interest and the six smallest.

    References
    ----------
    The pull is the gradient of the loss by the score. The batch around a row is our inference.
    """
    start = time.perf_counter()
    around = _around(study, recipe)
    rows = [_rows(around, code) for code in _looked_at(study)]
    name = "cross-entropy"
    while name in study.classes:
        name = f"plain {name}"
    rows.append(pd.DataFrame({"series": name, "class": "", "probability": AT, "value": -np.log(AT), "pull": 1 - AT}))
    found = [_between_classes(around), _between_rows(around), _pulls_back(around), *_read_with(around)]
    stamp = provenance("loss_curve", {"recipe": recipe.text}, study, time.perf_counter() - start)
    return Result({"curve": pd.concat(rows, ignore_index=True)}, tuple(filter(None, found)), stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """The loss and the pull against the probability of the own class, class by class."""
    names = {
        "Loss of a single row": ("value", "loss", "What a row costs, by how sure the model is of its class."),
        "Pull of a single row": ("pull", "pull", "How strongly a row moves the training; 0 is not at all."),
    }
    table, axes = result.tables["curve"], {"x_title": "probability of the own class", "by": "series", "lines": True}
    return {
        title: charts.points(table, "probability", column, title=title, y_title=unit, caption=caption, **axes)
        for title, (column, unit, caption) in names.items()
    }


@dataclass(frozen=True, eq=False)
class _Around:
    """A loss and what it remembers, and the class shares, class weights and constant scores (n_classes,) among which a row stands."""

    study: Study
    loss: Loss
    shares: np.ndarray
    weight: np.ndarray
    constant: np.ndarray
    state: np.ndarray | None
    in_steps: bool = True

    def terms(self, code: int, p: np.ndarray, progress: float = 1.0, *, alone: bool = False) -> np.ndarray:
        """The value, and the derivative by the own score (2, n), of a row of a class at probabilities p of it, in a batch or alone."""
        n, others = len(self.shares), np.where(np.arange(len(self.shares)) == code, 0.0, self.shares)
        proba = (1 - p)[:, None] * others / others.sum()
        proba[:, code] = p
        columns = [] if alone else list(range(n))
        rest = np.broadcast_to(self.constant[:, None], (len(p), n, len(columns)))
        scores = np.concatenate([rest, np.log(proba)[..., None]], axis=2)
        own = np.broadcast_to(np.eye(n)[:, [*columns, code]], scores.shape)
        stands = np.r_[self.shares[columns] * (BATCH - 1), 1.0]
        given = {"weight": np.broadcast_to(stands, (len(p), 1, len(stands))), "state": self.state, "progress": progress}
        known = self.loss.known(self.shares * self.study.table_sizes.sum(), **given)
        terms = self.loss(scores, own, known)
        return self.weight[code] * np.stack([terms.value[:, -1], terms.gradient[:, code, -1]])

    def pull(self, code: int, p: float, progress: float = 1.0) -> float:
        """How strongly one row pulls."""
        return float(abs(self.terms(code, np.array([p]), progress)[1, 0]))


def _around(study: Study, recipe: Recipe) -> _Around:
    before = Recipe(tuple(step for step in recipe.steps if method(step[0]).group in UNTIL))
    shares, weight = study.class_shares, np.ones(len(study.classes))
    if before.steps:
        found = asserted(study, before)
        shares, sampled = found.until(*UNTIL), found.until(*SAMPLED)
        weight = shares / sampled
    loss, classifier = Loss(cross_entropy), study.classifier(recipe)
    while hasattr(classifier, "classifier"):
        if isinstance(classifier, LossTrained):
            loss = classifier.loss.of_table(study.dataset.X, study.codes, study.rows)
        classifier = classifier.classifier
    in_steps = getattr(classifier, "in_steps", True)
    found = settled(loss, shares * study.table_sizes.sum(), remembers=in_steps)
    return _Around(study, loss, shares, weight, *found, in_steps)


def _looked_at(study: Study) -> list[int]:
    smallest = np.argsort(study.table_sizes, kind="stable")[:N_SMALLEST]
    return sorted({0, study.positive_code, *(int(code) for code in smallest)})


def _rows(around: _Around, code: int) -> pd.DataFrame:
    value, slope = around.terms(code, AT)
    name = around.study.classes[code]
    return pd.DataFrame({"series": name, "class": name, "probability": AT, "value": value, "pull": np.abs(slope)})


def _compared(around: _Around) -> tuple[int, int]:
    """The class of interest, and the one that it is held against: the largest, or the smallest where it is the largest itself."""
    own, sizes = around.study.positive_code, around.study.table_sizes
    return own, int(sizes.argmin() if own == sizes.argmax() else sizes.argmax())


def _between_classes(around: _Around) -> Finding:
    own, other = _compared(around)
    text = _stronger(around, own, other)
    return Finding("fine", f"{text[:1].upper()}{text[1:]}.")


def _stronger(around: _Around, own: int, other: int, progress: float = 1.0) -> str:
    pulls = {code: around.pull(code, LOW, progress) for code in (own, other)}
    more, less = sorted((own, other), key=lambda code: -pulls[code])
    if pulls[more] <= SAME * pulls[less]:
        more, less, how = own, other, "as strongly as"
    elif pulls[less] < NONE:
        how = "and nothing is asked by"
    else:
        how = f"{wording.times(pulls[more] / pulls[less])} as strongly as"
    name, rival = (wording.quoted(around.study.classes[code]) for code in (more, less))
    return f"a missed row of {name}, at probability {wording.share(LOW)}, pulls {how} one of {rival}"


def _between_rows(around: _Around) -> Finding:
    """How much more a missed row of the class of interest counts than one that is right, beside cross-entropy."""
    own = around.study.positive_code
    low, high = around.pull(own, LOW), around.pull(own, HIGH)
    name, usual = wording.quoted(around.study.positive), wording.times((1 - LOW) / (1 - HIGH))
    start = f"Of the rows of {name}, one at probability {wording.share(LOW)}"
    if high < NONE:
        text = f"{start} pulls and one at {wording.share(HIGH)} does not" if low >= NONE else f"{start} does not pull"
    elif low < high / SAME:
        text = f"{start} pulls less than one at {wording.share(HIGH)}, which pulls {wording.times(high / max(low, NONE))} as strongly"
    elif low < SAME * high:
        text = f"{start} pulls as strongly as one at {wording.share(HIGH)}"
    else:
        text = f"{start} pulls {wording.times(low / high)} as strongly as one at {wording.share(HIGH)}"
    return Finding("fine", f"{text}. Under cross-entropy it pulls {usual} as strongly.")


def _pulls_back(around: _Around) -> Finding | None:
    """From which probability on the loss asks for less."""
    slope = around.terms(around.study.positive_code, AT)[1]
    if slope[-1] <= NONE:
        return None
    first = AT[np.flatnonzero(slope <= NONE)[-1] + 1] if (slope <= NONE).any() else AT[0]
    text = f"From probability {wording.share(first)} on, a row of {wording.quoted(around.study.positive)} is pulled back: it should not be surer."
    return Finding("fine", text)


def _read_with(around: _Around) -> list[Finding]:
    """What has to be known to read the curves: batches, a schedule, what is not shown."""
    own, other = _compared(around)
    texts = []
    if any(not np.allclose(around.terms(code, AT), around.terms(code, AT, alone=True)) for code in (own, other)):
        texts.append(
            f"This loss looks at whole batches, so a row alone has no loss of its own. The curves show it in a batch of {BATCH} rows in the class shares "
            "that training sees, the others at the scores at which the loss is smallest without any column; in training they change."
        )
    begins = [around.terms(code, AT, 0.0) for code in (own, other)]
    if around.in_steps and not np.allclose(begins, [around.terms(code, AT) for code in (own, other)]):
        begin = _stronger(around, own, other, 0.0)
        texts.append(f"The loss changes while training goes on, and is shown as at its end. At its beginning {begin}.")
    if around.loss.hidden is not None:
        texts.append(
            "What the loss asks of the inner layer of the network compares rows with each other and is not shown."
        )
    return [Finding("fine", text) for text in texts]
