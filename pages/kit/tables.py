"""What follows from the choices about the file: table, roles, dataset."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.errors import UserError
from core.held_out import parted, split_mark, with_test
from core.reading.disguise import applied, suspected_missing
from core.reading.read import read
from core.reading.read import sheets as sheets_within
from core.reading.roles import suggest_categories, suggest_roles
from core.reading.samples import Sample, load, samples
from core.reading.suggest import suggest_leave_out, suggest_targets
from core.roles import ROLES, SYNTHETIC
from core.synthetic_marks import MOST_MARKS, marked_apart, values_of
from core.table import Table
from core.target_rule import TargetRule, preview, suggested_rule
from pages.kit import kept
from pages.kit.choices import AT_USE, DEFAULTS, READING, UPLOAD, choice


@kept.by_choices
def source() -> str:
    """Where the table comes from: a sample's slug, or ``UPLOAD``."""
    known = [UPLOAD, *(sample.slug for sample in samples())]
    return choice("data") if choice("data") in known else known[1]


def sample() -> Sample | None:
    """The sample that is looked at, if it is one."""
    return next((sample for sample in samples() if sample.slug == source()), None)


@kept.by_choices
def as_read() -> Table:
    """The table as it was read.

    Raises
    ------
    UserError
        It cannot be read, or the link was made for a file that is not here.
    """
    slug = source()
    if slug != UPLOAD:
        return kept.for_all(lambda: load(slug), "sample", slug)
    return _file(uploaded())


def whole_table() -> Table:
    """The table with what the analyst takes as missing; rows that are kept apart for testing included."""
    held, taken = as_read(), disguised()
    if not taken:
        return held

    def make() -> Table:
        known = [one for one in suspects() if (one.column, one.value) in taken]
        return replace(held, frame=applied(held.frame, known), fingerprint=f"{held.fingerprint} without {taken}")

    return kept.large(make, "without", held.fingerprint, taken)


@kept.by_choices
def table() -> Table:
    """The table to learn from: without the rows that a column marks for testing, if these are kept apart."""
    return _parted()[0] if _is_parted() else whole_table()


def test_table() -> Table | None:
    """The declared test rows: a second file, or the rows that a column marks."""
    if has_test_file():
        return _file(st.session_state.test)
    return _parted()[1] if _is_parted() else None


def has_test_file() -> bool:
    """Whether a second file is declared as the test set of the first."""
    return source() == UPLOAD and "test" in st.session_state


def rows_at_use() -> Table | None:
    """Rows without labels from where decisions will be made, if a file holds them."""
    return _file(st.session_state[AT_USE]) if AT_USE in st.session_state else None


def uploaded() -> tuple[str, Any, str]:
    """Name, content and digest of the analyst's file."""
    if "upload" not in st.session_state:
        raise UserError("This link was made with a file, and a link does not carry files.", "Upload the file again.")
    return st.session_state.upload


def sheets() -> tuple[str, ...]:
    """The sheets of the uploaded workbook, or the files in the uploaded archive."""
    _, content, digest = uploaded()
    return kept.small(lambda: sheets_within(content), "sheets", digest) if isinstance(content, bytes) else ()


def n_rows() -> int:
    """Rows of the table, also those that are not in memory."""
    return table().n_rows


def mark() -> tuple[str, str] | None:
    """The column that marks rows for testing, and its value for them; not looked for in a table that is not in memory."""
    held = whole_table()
    found = None if held.all_rows else kept.small(lambda: split_mark(held), "mark", held.fingerprint)
    return None if found and found[0] == target() else found


def suspects() -> Sequence[Any]:
    """Values that behave like missing ones."""
    held, column = as_read(), target()
    return kept.small(lambda: suspected_missing(held.frame, column), "suspects", held.fingerprint, column)


def disguised() -> tuple[tuple[str, str], ...]:
    """Column and value of what is taken as missing beside the empty cell; nothing in a table that is not in memory."""
    found = []
    for text in choice("disguised"):
        try:
            column, value = json.loads(text)
        except (ValueError, TypeError, RecursionError):
            continue
        if str(column) in as_read().frame.columns and not as_read().all_rows:
            found.append((str(column), str(value)))
    return tuple(found)


@kept.by_choices
def target() -> str:
    """The chosen target column, or the one that is suggested."""
    columns = as_read().frame.columns
    if choice("target") in columns:
        return choice("target")
    return sample().target if sample() is not None else next(iter(target_reasons()), columns[-1])


@kept.by_choices
def leave_out() -> tuple[str, ...]:
    """The columns that no method may see."""
    known = set(table().frame.columns) - {target()}
    usual = sample().leave_out if sample() is not None else ()
    chosen = usual if choice("leave_out") is None else choice("leave_out")
    return tuple(column for column in chosen if column in known)


@kept.by_choices
def roles() -> dict[str, str]:
    """The role of each column that was given one and is not left out."""
    known = set(table().frame.columns) - {target(), *leave_out()}
    given = [text.partition(":") for text in choice("role")]
    return {column: role for role, _, column in given if column in known and role in ROLES}


def mark_columns() -> tuple[str, ...]:
    """The columns with the role of marking synthetic rows."""
    return tuple(name for name, role in roles().items() if role == SYNTHETIC)


def marks() -> tuple[str, ...]:
    """The values of the column that marks synthetic rows, as text; none without such a column, or when they are too many for a mark."""
    values = next((values_of(table().frame[name]) for name in mark_columns()), ())
    return values if len(values) <= MOST_MARKS else ()


def synthetic_values() -> tuple[str, ...]:
    """The values that the analyst said mean synthetic; none when that is found out."""
    return tuple(value for value in choice("synthetic") if value in marks())


def categories() -> tuple[str, ...]:
    """Numeric columns whose numbers are codes."""
    return tuple(column for column in choice("category") if column in table().frame.columns and column != target())


def rule() -> TargetRule:
    """How the target becomes classes; what cannot be one does nothing."""
    try:
        return TargetRule.parse(choice("rule"))
    except UserError:
        return TargetRule()


def made() -> pd.DataFrame:
    """class and n_samples of the classes that the rule makes of all rows.

    Raises
    ------
    UserError
        The rule does not fit the column.
    """
    held, column, now = whole_table(), target(), rule()
    if held.all_rows is None:
        return preview(_real(held).frame[column], now)
    counts = kept.small(lambda: held.all_rows.classes(column, now)[1], "made", held.fingerprint, column, now.text)
    return counts.rename_axis("class").reset_index()


def rule_reason() -> tuple[TargetRule, str] | None:
    """The rule that is suggested for the target, and why."""
    held, column, marked = table(), target(), (mark_columns(), synthetic_values())
    return kept.small(lambda: suggested_rule(_labels(_real(held), column)), "rule", held.fingerprint, column, marked)


def role_reasons() -> Mapping[str, Any]:
    """Columns that may be more than a feature, and why; none while the target has no classes."""
    held, column = table(), target()
    try:
        return kept.small(
            lambda: suggest_roles(held, column, rule().text), "roles", held.fingerprint, column, rule().text
        )
    except UserError:  # the page says what is wrong
        return {}


def category_reasons() -> Mapping[str, str]:
    """Numeric columns whose numbers may be codes, and why."""
    held, column = table(), target()
    return kept.small(lambda: suggest_categories(held, column), "categories", held.fingerprint, column)


def target_reasons() -> Mapping[str, str]:
    """Columns that may be the target, the likeliest first, and why."""
    held = as_read()
    return kept.small(
        lambda: {found.column: found.reason for found in suggest_targets(held)}, "targets", held.fingerprint
    )


def leave_out_reasons() -> Mapping[str, str]:
    """Columns that should be left out, and why."""
    held, column = table(), target()
    return kept.small(lambda: suggest_leave_out(held, column), "leave out", held.fingerprint, column)


@kept.by_choices
def dataset() -> Dataset:
    """The table with its target, its roles and its declared test rows."""
    held, test, column, out = table(), test_table(), target(), leave_out()
    chosen = {"roles": roles(), "as_category": categories(), "rule": rule().text, "working_rows": choice("rows")}
    chosen["synthetic_values"] = synthetic_values()

    def make() -> Dataset:
        found = Dataset.from_table(held, column, out, **chosen)
        return found if test is None else with_test(found, test, training=held, rule=chosen["rule"])

    return kept.large(
        make, "dataset", held.fingerprint, test and test.fingerprint, column, out, sorted(chosen.items(), key=str)
    )


def _file(file: tuple[str, Any, str]) -> Table:
    name, content, digest = file
    given = st.session_state.choices.items()
    chosen = {key: value for key, value in given if key in READING and value != DEFAULTS[key]}
    place = getattr(content, "path", "")
    return kept.large(
        lambda: read(place or content, name, **chosen), "file", digest, str(place), sorted(chosen.items())
    )


def _real(held: Table) -> Table:
    """A table without the rows that are marked as synthetic; all rows where the marks do not tell."""
    try:
        return marked_apart(held, mark_columns(), synthetic_values())[1]
    except UserError:  # the page says what is wrong
        return held


def _labels(held: Table, column: str) -> pd.Series:
    """The column, with the text of all rows where only some are in memory."""
    values = held.frame[column]
    if held.all_rows is None or pd.api.types.is_numeric_dtype(values.dtype):
        return values
    try:
        counts = held.all_rows.classes(column)[1]
    except UserError:  # far too many for any rule
        return values
    return pd.Series(
        pd.Categorical.from_codes(np.repeat(np.arange(len(counts)), counts), list(counts.index)), name=column
    )


def _is_parted() -> bool:
    return bool(choice("mark")) and not has_test_file() and mark() is not None


def _parted() -> tuple[Table, Table]:
    held = whole_table()
    return kept.large(lambda: parted(held, *mark()), "parted", held.fingerprint, mark())
