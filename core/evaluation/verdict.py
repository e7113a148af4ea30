"""What a comparison means, in plain words: better only when the interval says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from core import wording
from core.evaluation.distinguishing import FEWEST_ROWS, MARGIN
from core.evaluation.distinguishing_words import against_nothing, beyond_the_verdict, carried, chance, drawn_folds
from core.evaluation.scoring import AT_OWN, COST, LOWER_IS_BETTER, SCARCE
from core.marked_rows import parents_sentence
from core.recipe import Recipe
from core.result import Finding
from core.study import Study

IMPORTED = "imported_rows"
Tables = Mapping[str, pd.DataFrame]


def findings(
    study: Study, tables: Tables, metric: str, order: Sequence[Recipe], margin: float = MARGIN
) -> tuple[Finding, ...]:
    """The verdict first, then what limits it; ``margin`` as for ``core.evaluation.compare.compare``."""
    judged = study.judged
    n_positive = int(judged.class_sizes[judged.positive_code])
    if n_positive < FEWEST_ROWS:
        text = (
            f"The class of interest {wording.quoted(study.positive)} has {wording.plural(n_positive, 'row')}: too few to "
            "say which recipe is better. Collect more rows before choosing one."
        )
        return (
            Finding("caution", text),
            evidence_finding(study, tables),
            *dependence(study),
            *marked_findings(study, order),
        )
    if (waiting := _waiting(study, tables, len(order))) is not None:
        return (waiting, evidence_finding(study, tables))
    margin = margin * _score(tables, "Do nothing", metric) if metric == COST else margin
    verdict = _doubted(study, _verdict(study, tables, metric, margin), order)
    parts = [verdict, *beyond_the_verdict(study, tables, metric, margin), evidence_finding(study, tables)]
    parts += scarce(tables, n_positive)
    parts += [*dependence(study), *marked_findings(study, order)]
    return tuple(filter(None, [*parts, harm(tables, metric), broken_probabilities(tables), _parity(study, order)]))


def _waiting(study: Study, tables: Tables, n_recipes: int) -> Finding | None:
    """No verdict while folds are missing: looking again and again until one side leads would find a winner in noise."""
    done, total = int(tables["thresholds"]["n_folds"].sum()), n_recipes * len(study.folds)
    if done >= total:
        return None
    return Finding("caution", f"{wording.of(done, total, 'fold')} scored so far. The verdict follows when all are.")


def _verdict(study: Study, tables: Tables, metric: str, margin: float) -> Finding:
    gains = against_nothing(tables, metric)
    base = _score(tables, "Do nothing", metric)
    sign = -1 if metric in LOWER_IS_BETTER else 1
    gains = gains.assign(gain=sign * gains["difference"], least=gains["low"] if sign > 0 else -gains["high"])
    helpful = gains[gains["least"] > margin].sort_values("least", ascending=False)
    small = gains[(gains["least"] > 0) & (gains["least"] <= margin)].sort_values("gain", ascending=False)
    threshold = _threshold(study, tables, metric)
    if len(helpful):
        best = helpful.iloc[0]
        text = f"'{best['recipe']}' helps: {_shift(study, tables, best, metric)}. {chance(best, margin)} {threshold}"
        return Finding("fine", text)
    if len(small):
        best = small.iloc[0]
        text = (
            f"'{best['recipe']}' helps a little: {_shift(study, tables, best, metric)}. The gain may be too small to matter. "
            f"{chance(best, margin)} {threshold}"
        )
        return Finding("fine", text)
    if not len(gains):
        return Finding(
            "fine", f"Doing nothing has {metric} {wording.number(base)}. {threshold} Add a recipe to compare it."
        )
    return Finding(
        "fine", f"No remedy does better than doing nothing: no gain in {metric} that the folds agree on. {threshold}"
    )


def _shift(study: Study, tables: Tables, row: pd.Series, metric: str) -> str:
    base, value = (_score(tables, name, metric) for name in ("Do nothing", row["recipe"]))
    return (
        f"{metric} goes from {wording.number(base)} to {wording.number(value)} "
        f"({wording.change(row['difference'])}, interval {wording.change(row['low'])} to {wording.change(row['high'])}; "
        f"{carried(study, int(row['n_folds']))})"
    )


def _threshold(study: Study, tables: Tables, metric: str) -> str:
    """What moving the threshold alone does to the cost, or to F1 when no cost is stated."""
    name = COST if study.miss_cost else "F1"
    changes, thresholds = tables["differences"], tables["thresholds"]
    own = changes[(changes["metric"] == name) & (changes["recipe"] == "Do nothing")]
    cut = thresholds.loc[thresholds["recipe"] == "Do nothing", "median"].iloc[0]
    row = own.iloc[0]
    gain = (-row["high"], -row["low"]) if name == COST else (row["low"], row["high"])
    where = f"to {wording.number(cut)}"
    if gain[0] > 0 or gain[1] < 0:
        before = _score(tables, "Do nothing", name, "at 0.5")
        after = _score(tables, "Do nothing", name, AT_OWN)
        return (
            f"Moving the threshold from 0.5 {where} changes {name} from {wording.number(before)} to {wording.number(after)} "
            f"(interval of the change {wording.change(row['low'])} to {wording.change(row['high'])})."
        )
    return f"Moving the threshold {where} does not change {name} beyond the noise either."


def evidence_finding(study: Study, tables: Tables) -> Finding:
    """How many rows of the class of interest there are, and in a test fold."""
    study, value = study.judged, tables["evidence"].set_index("measure")["value"]
    n_positive, n_rows = int(study.class_sizes[study.positive_code]), int(study.class_sizes.sum())
    fewest = value["fewest rows of the class of interest in a test fold"]
    text = (
        f"{wording.of(n_positive, n_rows)} are {wording.quoted(study.positive)}; each of "
        f"{drawn_folds(study, int(value['folds'] * value['repeats']))} tests at least {wording.plural(fewest, 'row')} of it. "
        f"A random ranking has average precision {wording.score(study.class_shares[study.positive_code])}."
    )
    if study.represents is not None:
        whole = wording.of(study.table_sizes[study.positive_code], study.table_sizes.sum())
        text = f"In the working sample {text} Scores are those of the whole table, in which {whole} are {wording.quoted(study.positive)}."
    return Finding("caution" if fewest < FEWEST_ROWS else "fine", text)


def scarce(tables: Tables, n_positive: int) -> list[Finding]:
    """How far a threshold moves over the folds where the class of interest has few rows, and why it is not tuned where costs are stated."""
    if n_positive >= SCARCE:
        return []
    row, rows = tables["thresholds"].iloc[0], wording.plural(n_positive, "row")
    ends = f"from {wording.number(row['smallest'])} to {wording.number(row['largest'])}"
    if (tables["scores"]["metric"] == COST).any():
        text = (
            f"With {rows} of the class of interest a threshold tuned to the costs would mostly follow chance. Where a recipe names no decision, it is the one "
            f"that the costs imply on calibrated scores; on the scores of '{row['recipe']}' it went {ends} over the folds."
        )
        return [Finding("fine", text)]
    text = (
        f"With {rows} of the class of interest a tuned threshold is uncertain: over the folds it went {ends}. "
        "State what a miss costs, and the threshold follows from that on calibrated scores."
    )
    return [Finding("caution", text, ("calibrated_probabilities", "cost_threshold"))]


def dependence(study: Study) -> list[Finding]:
    """How folds are drawn, and which columns may make rows depend on each other unsaid."""
    data, findings = study.dataset, []
    group, time = (data.suspected.get(role, ()) for role in ("group", "time"))
    if data.group_codes is not None or data.order is not None:
        findings.append(Finding("fine", study.plan))
    if group:
        text = (
            f"{wording.listing(group)} may say which rows belong together. Folds do not keep them together, so rows of one "
            "group stand on both sides of a fold and the scores may be too good. Give the column the role 'group', and compare again."
        )
        findings.append(Finding("caution", text))
    if time:
        text = (
            f"{wording.listing(time)} holds dates. Folds do not follow them, so a model is trained on rows that are later than those it "
            "is tested on. If it is to predict what comes, the scores may be too good; give the column the role 'time', and compare again."
        )
        findings.append(Finding("caution", text))
    return findings


def marked_findings(study: Study, recipes: Sequence[Recipe]) -> list[Finding]:
    """What rows marked as synthetic do in these recipes, and whether they can give tested rows away."""
    data, used = study.dataset, any(IMPORTED in recipe.slugs for recipe in recipes)
    if data.synthetic is None:
        text = (
            "'Imported rows' adds nothing and equals doing nothing: no row of this table is marked as synthetic. Give the column that "
            "marks such rows the role 'synthetic mark'."
        )
        return [Finding("caution", text)] if used else []
    if used:
        text, unsure = parents_sentence(data)
        return [Finding("caution" if unsure else "fine", text)]
    told = data.group_codes is not None or data.order is not None
    return [] if told else [Finding("fine", study.plan)]


def _doubted(study: Study, verdict: Finding, recipes: Sequence[Recipe]) -> Finding:
    """The verdict, with a doubt where a gain may come from synthetic rows that were made from tested ones."""
    gained = [r for r in recipes if IMPORTED in r.slugs and verdict.text.startswith(f"'{r.title}' helps")]
    if not gained or study.dataset.synthetic is None or not parents_sentence(study.dataset)[1]:
        return verdict
    return Finding("caution", f"{verdict.text} The gain may come from synthetic rows that were made from tested ones.")


def harm(tables: Tables, metric: str) -> Finding | None:
    """Which recipes are worse than doing nothing, if any."""
    changes = against_nothing(tables, metric)
    worse = changes[changes["low"] > 0] if metric in LOWER_IS_BETTER else changes[changes["high"] < 0]
    if not len(worse):
        return None
    verb = "is" if len(worse) == 1 else "are"
    text = f"{wording.listing(worse['recipe'])} {verb} worse than doing nothing in {metric}: the interval leaves zero out{_furthest(worse)}."
    return Finding("caution", text)


def broken_probabilities(tables: Tables) -> Finding | None:
    """Whose probabilities are worse than those of doing nothing, if any."""
    changes = against_nothing(tables, "Brier score")
    worse = changes[changes["low"] > 0]
    if not len(worse):
        return None
    names = wording.listing(worse["recipe"])
    text = (
        f"The probabilities of {names} are worse than those of doing nothing (Brier score, intervals above zero{_furthest(worse)}). "
        "Do not read them as risks; add calibrated probabilities and look again."
    )
    return Finding("caution", text, ("calibrated_probabilities",))


def _furthest(rows: pd.DataFrame) -> str:
    """The largest difference with its interval."""
    row = rows.loc[rows["difference"].abs().idxmax()]
    which = "" if len(rows) == 1 else f" at most for {wording.quoted(row['recipe'], 40)}:"
    return (
        f",{which} {wording.change(row['difference'])}, {wording.change(row['low'])} to {wording.change(row['high'])}"
    )


def _parity(study: Study, order: Sequence[Recipe]) -> Finding | None:
    evened = [recipe for recipe in order if recipe.stage("sampling") and IMPORTED not in recipe.slugs]
    if not evened and not any(recipe.stage("weighting") for recipe in order):
        return None
    ratio = study.table_sizes.max() / study.table_sizes[study.positive_code]
    stated = f"You stated {wording.number(study.miss_cost)}." if study.miss_cost else "You stated no costs."
    text = (
        "Sampling or weighting all the way to equal class sizes says that one miss of the class of interest costs "
        f"{wording.number(ratio)} false alarms; a part of the way says less. {stated}"
    )
    return Finding("fine", text)


def _score(tables: Tables, recipe: str, metric: str, cut: str = "") -> float:
    scores = tables["scores"]
    rows = scores[(scores["recipe"] == recipe) & (scores["metric"] == metric)]
    wanted = rows[rows["cut"] == cut] if cut else rows[rows["cut"].isin(["", AT_OWN])]
    return float(wanted["value"].iloc[0])
