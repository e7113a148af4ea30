"""The audit of made rows in sentences: a verdict for each class, then what it rests on."""

from __future__ import annotations

import pandas as pd

from core.evaluation.audited_cells import BEYOND, COPIES, MASK, MASKS, ODD, RULES
from core.evaluation.row_audit import COLUMNS, COVERAGE, DENSITY, FEWEST, FRECHET, JOINT, PAIRS, WORST_PAIR
from core.result import Finding
from core.study import Study
from core.wording import count, listing, number, of, plural, quoted, share

AGREEMENT = "label agreement"
SHARES = (*JOINT, COVERAGE, MASK, MASKS, COPIES, ODD, BEYOND, RULES, AGREEMENT)
"""Measures between 0 and 1, which one figure can hold."""

FAR = 0.1
"""How far from one half the chance to have more gaps may lie before made gaps are an issue."""

MOST_TOLD = 3
"""Classes, and notes, that get a sentence of their own where there are many."""


def made_findings(
    study: Study,
    tables: dict[str, pd.DataFrame],
    names: list[str],
    n_classes: int,
    notes: tuple[str, ...],
    *,
    imported: bool = False,
) -> tuple[Finding, ...]:
    """What the audit says of each class, the class of interest first.

    Parameters
    ----------
    study : Study
    tables : dict of DataFrame
        See ``core.evaluation.synthetic_rows.fidelity``.
    names : list of str
        The classes that were audited.
    n_classes : int
        Classes of which rows were made.
    notes : tuple of str
        What the sampler could not do as asked.
    imported : bool
        Whether the rows came with the table.
    """
    findings = []
    for name in names:
        measures = tables["measures"][tables["measures"]["class"] == name].set_index("measure")
        counts = tables["rows"].set_index("class").loc[name]
        details = _details(measures, tables, name)
        findings.append(_verdict(name, measures, counts, details, imported))
        if name == names[0]:
            findings += [*details, *_basis(measures)]
    lost = tables["rows"].query("n_kept < n_seen")
    if len(lost):
        n, whole = (int(lost[name].sum()) for name in ("n_kept", "n_seen"))
        text = f"Of {listing(lost['class'])}, {of(whole - n, whole)} were taken away; the audit looks at the made rows only."
        findings.append(Finding("caution", text))
    if n_classes > len(names):
        findings.append(
            Finding(
                "caution",
                f"Rows of {plural(n_classes, 'class', 'classes')} were made; {count(len(names))} of them were audited.",
            )
        )
    return (*findings, *_noted(notes))


def kept_findings(study: Study, tables: dict[str, pd.DataFrame], notes: tuple[str, ...]) -> tuple[Finding, ...]:
    """What remains of each class that lost rows, and whether it still looks like the class."""
    counts, told = tables["rows"].set_index("class"), []
    level = 0.05 / tables["columns"]["class"].nunique()  # p-values are adjusted for the columns of a class
    for name, columns in tables["columns"].groupby("class", sort=False):
        row = counts.loc[name]
        differ = columns[columns["p_adjusted"] < level].sort_values("distance", ascending=False)
        text = f"No row was made. Of {quoted(name)}, {count(row['n_kept'])} of {plural(row['n_seen'], 'row')} remain"
        if len(differ):
            names = f"{plural(len(differ), 'column')}: {listing(differ['column'])}"
            told.append((name, Finding("caution", f"{text}; they differ from those taken away in {names}.")))
        else:
            text += ", and no column tells them from those taken away more than chance does."
            told.append((name, Finding("fine", text)))
    told.sort(key=lambda pair: pair[1].severity != "caution")
    findings = [finding for _, finding in told[:MOST_TOLD]]
    for severity, text in (
        ("caution", "too, some column tells the rows that remain from those taken away"),
        ("fine", "no column tells the rows that remain from those taken away more than chance does"),
    ):
        rest = [name for name, finding in told[MOST_TOLD:] if finding.severity == severity]
        if rest:
            where = f"In {plural(len(rest), 'other class', 'other classes')}"
            findings.append(
                Finding(severity, f"{where}{',' if severity == 'caution' else ''} {text}: {listing(rest)}.")
            )
    return (*findings, *_noted(notes))


def _noted(notes: tuple[str, ...]) -> list[Finding]:
    """What the sampler notes; of many sentences, one for each class, the first ones. All of them stand in a table."""
    shown = notes if len(notes) <= MOST_TOLD + 1 else notes[:MOST_TOLD]
    more = [f"There are {count(len(notes) - len(shown))} more notes like these."] if len(shown) < len(notes) else []
    return [Finding("caution", note) for note in (*shown, *more)]


def _verdict(name: str, measures: pd.DataFrame, counts: pd.Series, details: list[Finding], imported: bool) -> Finding:
    """One sentence: whether made rows pass for real ones."""
    start = f"{plural(counts['n_made'], 'row')} of {quoted(name)} made from {count(counts['n_seen'])}"
    if imported:
        start = f"{plural(counts['n_made'], 'imported row')} of {quoted(name)}"
    side = (
        f"{plural(counts['n_unseen'], 'real row')} kept apart"
        if counts["n_unseen"]
        else "the real rows in hand"
        if imported
        else "the rows they were made from"
    )
    issues = [finding for finding in details if finding.severity == "issue"]
    known = [one for one in JOINT if one in measures.index]
    if not known:
        text = f"{start} are too few to be judged as whole rows."
        if counts["n_made"] >= FEWEST:
            n_real = counts["n_unseen"] or counts["n_seen"]
            text = f"{start} cannot be judged as whole rows: {plural(n_real, 'real row')} to compare them with {'is' if n_real == 1 else 'are'} too few."
        return Finding("issue" if issues else "caution", text)
    told = measures.loc[known]
    told = told[told["differs"].eq(True)] if told["differs"].eq(True).any() else told
    best = told.sort_values("value").iloc[-1]
    luck = f"guessing is right in 50 %, by luck in up to {share(best['null_high'])}"
    chance = f"{share(best['value'])} of pairs ({share(best['low'])} to {share(best['high'])}; {luck})"
    if bool(best["differs"]):
        text = f"{start} can be told from {side}: of a made and a real row, a model names the made one in {chance}."
        return Finding("issue" if issues else "caution", text)
    text = f"{start} are not told from {side}: of a made and a real row, a model names the made one in {chance}."
    if not counts["n_unseen"]:
        return Finding(
            "issue" if issues else "caution",
            text + " The class is too small to keep rows apart, which flatters made rows.",
        )
    if issues:
        return Finding("issue", text[:-1] + ", but some of them cannot be real.")
    return Finding("caution" if details else "fine", text)


def _details(measures: pd.DataFrame, tables: dict[str, pd.DataFrame], name: str) -> list[Finding]:
    """What differs, the gravest first; nothing where made rows are as real ones are."""
    own = measures[measures["differs"].eq(True)]
    parts = [
        _impossible(own, tables, name),
        _rules(own),
        _mask(own),
        _columns(own, tables, name),
        _pairs(own, tables, name),
    ]
    parts += [_coverage(own), _density(own), _distance(own), _copies(own), _agreement(own)]
    return sorted((part for part in parts if part), key=lambda part: part.severity != "issue")


def _impossible(own: pd.DataFrame, tables: dict[str, pd.DataFrame], name: str) -> Finding | None:
    if ODD not in own.index:
        return None
    cells = tables["cells"]
    cells = cells[(cells["class"] == name) & cells["problem"].isin(["never seen", "not whole"])]
    text = f"{share(own.loc[ODD, 'value'])} of the made rows have a cell that no row could have, in {listing(cells['column'].unique())}."
    return Finding("issue", text)


def _rules(own: pd.DataFrame) -> Finding | None:
    if RULES not in own.index:
        return None
    text = f"{share(own.loc[RULES, 'value'])} of the made rows break a rule, against {share(own.loc[RULES, 'null'])} of the real ones."
    return Finding("issue", text)


def _mask(own: pd.DataFrame) -> Finding | None:
    if MASK not in own.index and MASKS not in own.index:
        return None
    if MASK in own.index:
        value = own.loc[MASK, "value"]
        word = "more" if value > 0.5 else "fewer"
        text = f"Made rows have {word} gaps than real ones: in {share(max(value, 1 - value))} of pairs the made row has {word} (even would be 50 %)."
    else:
        value, text = 0.5, ""
    if MASKS in own.index:
        row = own.loc[MASKS]
        text += f" {share(row['value'])} of the made rows have gaps together that no real row has; of a new real row {share(row['null'])} could be expected."
    return Finding("issue" if abs(value - 0.5) >= FAR else "caution", text.strip())


def _columns(own: pd.DataFrame, tables: dict[str, pd.DataFrame], name: str) -> Finding | None:
    if COLUMNS not in own.index:
        return None
    columns = tables["columns"]
    columns = columns[(columns["class"] == name) & (columns["p_adjusted"] < 0.05)].sort_values(
        "distance", ascending=False
    )
    narrow = int((columns["spread_ratio"] < 1).sum())
    text = f"{plural(len(columns), 'column')} of the made rows {'is' if len(columns) == 1 else 'are'} spread differently: {listing(columns['column'])}"
    if not narrow:
        return Finding("caution", f"{text}.")
    return Finding("caution", f"{text}; {f'{count(narrow)} of them are' if len(columns) > 1 else 'it is'} narrower.")


def _pairs(own: pd.DataFrame, tables: dict[str, pd.DataFrame], name: str) -> Finding | None:
    known = own.index.intersection([WORST_PAIR, PAIRS], sort=False)
    if not len(known):
        return None
    worst = tables["pairs"][tables["pairs"]["class"] == name].iloc[0]
    row, word = own.loc[known[-1]], "on average" if known[-1] == PAIRS else "at most"
    text = (
        f"Columns go together differently in made rows: {word} by {number(row['value'])}, where real rows differ by {number(row['null'])}; "
        f"most for {listing([worst['first'], worst['second']])} ({number(worst['made'])} against {number(worst['real'])})."
    )
    return Finding("caution", text)


def _coverage(own: pd.DataFrame) -> Finding | None:
    if COVERAGE not in own.index:
        return None
    row = own.loc[COVERAGE]
    text = f"Near {share(row['value'])} of the real rows lies a made one; as many real rows would reach {share(row['null'])}. Parts of the class are left out."
    return Finding("caution", text)


def _density(own: pd.DataFrame) -> Finding | None:
    if DENSITY not in own.index:
        return None
    row = own.loc[DENSITY]
    where = "crowd where real rows are dense" if row["value"] > row["null"] else "lie off the real rows"
    return Finding(
        "caution",
        f"Made rows {where}: their density among real rows is {number(row['value'])}, that of real rows {number(row['null'])}.",
    )


def _distance(own: pd.DataFrame) -> Finding | None:
    if FRECHET not in own.index:
        return None
    row = own.loc[FRECHET]
    text = f"The Fréchet distance between made and real rows is {number(row['value'])}; between real rows it is {number(row['null'])} by chance."
    return Finding("caution", text)


def _copies(own: pd.DataFrame) -> Finding | None:
    if COPIES not in own.index:
        return None
    row = own.loc[COPIES]
    text = f"{share(row['value'])} of the made rows are exact copies of a real row, which they give away; of real rows {share(row['null'])} are like another."
    return Finding("caution", text)


def _agreement(own: pd.DataFrame) -> Finding | None:
    if AGREEMENT not in own.index:
        return None
    row = own.loc[AGREEMENT]
    more = row["value"] > row["null"]
    end = "They are more typical than real rows." if more else "Some lie where other classes do."
    text = f"A model that saw neither gives {share(row['value'])} of the made rows their class, and {share(row['null'])} of the rows they were made from. {end}"
    return Finding("caution", text)


def _basis(measures: pd.DataFrame) -> list[Finding]:
    """What was looked at and found as in real rows."""
    same = measures[measures["differs"].eq(False)].index.difference(JOINT, sort=False)
    return [Finding("fine", f"As in real rows, as far as can be told: {', '.join(same)}.")] if len(same) else []
