"""What the study's own neural network reports of its training: loss, recall and gradient of each class, epoch by epoch."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import wording
from core.charts_curves import curves
from core.errors import NotApplicable, UserError
from core.recipe import Recipe
from core.result import Finding, Result
from core.study import Study

AFTERWARDS = ("calibration", "decision")
"""Stages of a recipe that leave the training as it is: the network inside is fitted on the same rows with or without them."""

SHOWN = 8
"""Classes in the figure, the class of interest first."""

TITLE = "What each class asks for in this study's network"


def learner_report(study: Study) -> Result:
    """The report of the network of a study, trained with the study's recipe, and beside it the one with nothing done.

    Each is fitted once, on the training rows of the first fold that learns from the class of interest, and kept; of a working sample these are rows
    in hand. The gradient of a class is the mean of the derivatives of its rows' losses by the scores, weighted as the recipe weights rows. What a
    class asks for in an epoch is the length of that gradient times the rows of the class that the steps saw; ``gradient_share`` is its part of the
    sum over all classes, and in ``learner_classes`` of the sums over all epochs, in which those count little where nothing is left to learn. The
    measure is ours. At rest what all classes ask for adds up to zero, so that no part is above one half, and with two classes both parts near one
    half on any table. What a loss asks of the hidden layer alone is not in it. Losses of two recipes are on scales of their own.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Result
        Empty unless the learner is "neural". ``learner``: one row for each recipe, class (the class of interest first) and epoch; ``learner_classes``: one
        for each recipe and class. Only sentences where no single network can be told. No finding is graver than "fine".
    """
    if study.learner != "neural":
        return Result({}, ())
    whole = study.whole
    chosen = whole.recipe
    for stage in AFTERWARDS:
        chosen = chosen.without(stage)
    try:
        recipes = dict.fromkeys((chosen, Recipe()))
        epochs = pd.concat([_kept(whole, recipe).assign(recipe=recipe.title) for recipe in recipes], ignore_index=True)
    except (NotApplicable, UserError) as reason:
        return Result.sentence("fine", f"There is no report of the training of this study's own network. {reason}")
    tables = {"learner": epochs[["recipe", *epochs.columns.drop("recipe")]], "learner_classes": _classes(epochs)}
    return Result(tables, _findings(whole, tables["learner_classes"], epochs["epoch"].max(), len(recipes)))


def _kept(study: Study, recipe: Recipe) -> pd.DataFrame:
    """The epochs of a recipe, from memory if they were asked for before."""
    if ("learner_report", recipe) not in study._memory:
        study._memory["learner_report", recipe] = _epochs(study, recipe)
    return study._memory["learner_report", recipe]


def _epochs(study: Study, recipe: Recipe) -> pd.DataFrame:
    """Fit a recipe and read what its network reports."""
    from core.learners.contributions import innermost
    from core.learners.neural import NeuralNetwork

    ensemble = recipe.stage("ensembles")
    if ensemble is not None:
        raise NotApplicable(f"{ensemble.title} trains several networks, and no one of them speaks for all.")
    own = study.positive_code
    learner = innermost(study.fitted(recipe, next(train for train, _ in study.folds if own in study.codes[train])))
    if not isinstance(learner, NeuralNetwork):
        raise NotApplicable(f"The recipe {wording.quoted(recipe.title)} holds no single network.")
    means = learner.class_means()
    if not len(means) or own not in learner.classes_:
        raise NotApplicable(f"Its rows are all of one class, or none of them is of {wording.quoted(study.positive)}.")
    order = np.argsort(learner.classes_ != own, kind="stable")
    loss, recall, gradient, rows = np.moveaxis(means[:, order], (2, 1), (0, 1))
    asked = np.where(rows > 0, gradient, 0) * rows
    names = np.array(study.classes, dtype=object)[learner.classes_[order]]
    columns = {
        "loss": loss,
        "recall": recall,
        "gradient_norm": gradient,
        "n_rows": rows,
        "gradient_share": _part(asked),
    }
    table = {"class": np.repeat(names, len(means)), "epoch": np.tile(np.arange(1, len(means) + 1), len(names))}
    return pd.DataFrame(table | {name: values.ravel() for name, values in columns.items()})


def _part(values: np.ndarray) -> np.ndarray:
    """Parts of the sum over the classes, the first axis; NaN where all are 0."""
    total = np.broadcast_to(values.sum(axis=0), values.shape)
    return np.divide(values, total, out=np.full_like(values, np.nan), where=total > 0)


def _classes(epochs: pd.DataFrame) -> pd.DataFrame:
    """One row for each recipe and class, in the order of the epochs."""
    by = epochs.assign(asked=(epochs["gradient_norm"] * epochs["n_rows"]).fillna(0)).groupby(
        ["recipe", "class"], sort=False
    )
    sums = by[["n_rows", "asked"]].sum()
    whole = sums.groupby("recipe").transform("sum")
    found = (sums / whole.where(whole > 0)).set_axis(["rows_share", "gradient_share"], axis=1)
    found["final_recall"] = by["recall"].last()
    missed = epochs["epoch"].where(epochs["recall"] == 0, 0).groupby([epochs["recipe"], epochs["class"]]).max()
    first = missed.reindex(found.index) + 1
    found["first_epoch"] = first.where(first <= epochs["epoch"].max())
    return found.reset_index()


def _findings(study: Study, classes: pd.DataFrame, n_epochs: int, n_recipes: int) -> tuple[Finding, ...]:
    """What is said of the class of interest, and of the class that asks for least."""
    own = classes[classes["class"] == study.positive]
    name, now = wording.quoted(study.positive), own.iloc[0]
    each = classes[classes["recipe"] == now["recipe"]]
    if len(each) == 2:
        aside = "With two classes a part near one half is usual, however rare a class is."
    else:
        least = each.loc[each["gradient_share"].fillna(1).idxmin()]
        same = least["class"] == study.positive
        least_of_all = f"{wording.quoted(least['class'])} asks for least, {wording.share(least['gradient_share'])}."
        aside = f"No other of the {len(each)} classes asks for less." if same else least_of_all
    text = (
        f"In {wording.plural(n_epochs, 'epoch')} of this study's own network {name} is {wording.share(now['rows_share'])} of the rows that the "
        f"steps see and {wording.share(now['gradient_share'])} of what the classes ask for (length of the gradient times rows). {aside} {_found(now)}"
    )
    findings = [Finding("fine", text)]
    if n_recipes > 1:
        bare = own.iloc[-1]
        text = (
            f"With nothing done instead, {name} is {wording.share(bare['rows_share'])} of those rows and "
            f"{wording.share(bare['gradient_share'])} of what is asked for. {_found(bare)}"
        )
        findings.append(Finding("fine", text))
    elif study.recipe.steps:
        text = "The recipe changes none of this: what it does comes after the training."
        findings.append(Finding("fine", text))
    return tuple(findings)


def _found(row: pd.Series) -> str:
    """From when on rows of the class are found."""
    if np.isnan(row["first_epoch"]):
        return "In the last epoch none of its training rows is found."
    return f"Some of its training rows are found for good from epoch {row['first_epoch']:.0f} on, {wording.share(row['final_recall'])} of them in the last."


def draw(result: Result) -> dict[str, go.Figure]:
    """Parts of what all classes ask for over the epochs; nothing where there is no report."""
    if "learner" not in result.tables:
        return {}
    table = result.tables["learner"]
    some = table[table["class"].isin(table["class"].drop_duplicates()[:SHOWN])].dropna(subset=["gradient_share"])
    text = "Length of the mean gradient of a class by the scores times its rows, as a part of the sum over all classes."
    axes = {"x_title": "epoch", "y_title": "part of what all classes ask for", "caption": text}
    return {TITLE: curves(some, "epoch", "gradient_share", by="class", on="recipe", title=TITLE, **axes)}
