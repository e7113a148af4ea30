"""What every diagnostic keeps: it names its sick table and leaves its healthy one alone, for the same reasons in every order.

One rule for all families, visible in the catalogue: ``about.gravest`` is the severity that the sick table reaches, "issue", or
"caution" for a method that describes and never calls anything an issue. The healthy table reaches neither. Both have
the same class sizes, because a method must not take rarity for illness; only a method that judges the sizes themselves
(``about.judges_sizes``) may differ there.
"""

import hashlib
import json
import pickle
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from core import engine
from core.dataset import Dataset
from core.registry import methods
from core.result import SEVERITIES
from core.study import Study
from core.synthetic import planted

DIAGNOSTICS = methods("diagnostic")
EACH = pytest.mark.parametrize(
    "method", [pytest.param(m, id=m.slug, marks=pytest.mark.xdist_group(m.slug)) for m in DIAGNOSTICS]
)
REMEDIES = {remedy.slug for remedy in methods("remedy")}
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "$x$",
    ":material/bug:",
    "**b**",
    "=cmd()",
    "x" * 5000,
    "two\nlines",
    "%{x} {value} {{7*7}}",
)
SPOKEN = ("failed", "issue", "caution", "fine", "not applicable")


STUDIES = {}


def shared(dataset):
    """One study for all methods that are shown equal tables, as on a page."""
    parts = ("X", "y", "name", "roles", "groups", "times", "costs", "represents", "fingerprint")
    held = [[getattr(table, part) for part in parts] for table in (dataset, dataset.test) if table is not None]
    return STUDIES.setdefault(hashlib.sha256(pickle.dumps(held)).digest(), Study(dataset))


@cache
def changed(study, change):
    """The study of a table after a change; one for all methods, too."""
    return change(study)


def example(method, name, random_state=0):
    """A method's own table, its study and the result; computed once, changed by nobody."""
    return computed(method, name, random_state)


@cache
def computed(method, name, random_state):
    """The example, with the seed always written out: one left out would be another key of the cache."""
    study = shared(getattr(method, name)(random_state))
    return study.dataset, study, engine.run(method.slug, study)


@cache
def tiny(sizes):
    """A study of a table with very few rows."""
    return Study(planted("clean", class_sizes=sizes, n_features=4))


def rebuilt(dataset, frame, labels, test=None):
    """The same table after a change, with labels in a column of their own; ``test`` holds its changed test rows."""
    changed = Dataset.from_frame(frame.assign(outcome=np.asarray(labels)), "outcome", name=dataset.name)
    if dataset.test is None:
        return changed
    rows = dataset.test.X if test is None else test
    return replace(changed, test=replace(dataset.test, X=rows[list(frame.columns)]))


def numbers(result):
    """Every numeric column of every table by its name, sorted: what must not depend on order or on names."""
    return {
        (name, str(column)): np.sort(table[column].to_numpy(dtype=float))
        for name, table in result.tables.items()
        for column in table.columns
        if pd.api.types.is_numeric_dtype(table[column].dtype)
    }


def renamed(study):
    """The same rows, the names of the classes in the opposite order of the alphabet."""
    names = {label: f"{chr(122 - i)} class" for i, label in enumerate(study.classes)}
    return Study(rebuilt(study.dataset, study.dataset.X, study.dataset.y.map(names)), positive=names[study.positive])


def turned(study):
    """The same rows, the last column first."""
    return Study(rebuilt(study.dataset, study.dataset.X.iloc[:, ::-1], study.dataset.y), study.positive)


def shuffled(study):
    """The same rows in another order."""
    dataset, order = study.dataset, np.random.default_rng(5).permutation(study.dataset.n_samples)
    return Study(rebuilt(dataset, dataset.X.iloc[order], dataset.y.iloc[order]), study.positive)


def named_hostilely(study):
    """The same rows under hostile names of columns and classes, and a column of hostile texts."""
    dataset, labels = study.dataset, {label: HOSTILE[i] for i, label in enumerate(study.classes)}
    test = None if dataset.test is None else hostile(dataset.test.X)
    return Study(rebuilt(dataset, hostile(dataset.X), dataset.y.map(labels), test), labels[study.positive])


def hostile(X):
    """The same rows under hostile names, and a column of hostile texts."""
    frame = X.set_axis([f"{HOSTILE[i % len(HOSTILE)]}{i or ''}" for i in range(X.shape[1])], axis=1)
    cell = (frame.iloc[:, 0].fillna(0).abs() * 7).astype(int) % len(HOSTILE)
    return frame.assign(text=pd.Categorical(np.array(HOSTILE, dtype=object)[cell], categories=sorted(HOSTILE)))


def frames(dataset):
    """X, y as text, to compare before and after."""
    return pickle.dumps((dataset.X, dataset.y, dataset.counts))


@EACH
@pytest.mark.parametrize("random_state", [0, 1, 2])
def test_sick_is_named_and_healthy_is_left_alone(method, random_state):
    assert method.about.gravest in ("issue", "caution")
    assert example(method, "sick", random_state)[2].severity == method.about.gravest
    assert SEVERITIES.index(example(method, "healthy", random_state)[2].severity) > SEVERITIES.index("caution")


@EACH
def test_both_tables_have_the_same_class_sizes(method):
    sick, healthy = example(method, "sick")[0], example(method, "healthy")[0]
    assert (sick.counts.tolist() == healthy.counts.tolist()) or method.about.judges_sizes


@EACH
def test_twice_is_the_same_and_nothing_that_is_given_is_changed(method):
    first, dataset = example(method, "sick")[2], method.sick(0)
    before, study = frames(dataset), Study(dataset)
    codes, folds = study.codes.copy(), pickle.dumps(study.folds)
    again = engine.run(method.slug, study)
    assert again.findings == first.findings
    assert list(again.tables) == list(first.tables)
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert frames(dataset) == before
    assert np.array_equal(codes, study.codes) and pickle.dumps(study.folds) == folds


@EACH
@pytest.mark.parametrize("name", ["sick", "healthy"])
def test_class_names_do_not_matter(method, name):
    _, study, result = example(method, name)
    again = engine.run(method.slug, changed(study, renamed))
    assert [f.severity for f in again.findings] == [f.severity for f in result.findings]
    found = numbers(again)
    for key, values in numbers(result).items():
        np.testing.assert_allclose(found[key], values, rtol=1e-6, atol=1e-9, err_msg=str(key))


@EACH
@pytest.mark.parametrize("name", ["sick", "healthy"])
def test_column_order_does_not_matter(method, name):
    """Fitted learners may break ties otherwise: then the middle of a number may move a little, never what is said."""
    _, study, result = example(method, name)
    again = engine.run(method.slug, changed(study, turned))
    assert again.severity == result.severity
    assert close(numbers(again), numbers(result))


@EACH
@pytest.mark.parametrize("name", ["sick", "healthy"])
def test_row_order_does_not_matter(method, name):
    """Folds change with the order of the rows, and what is drawn at random with them."""
    _, study, result = example(method, name)
    again = engine.run(method.slug, changed(study, shuffled))
    assert again.severity == result.severity
    assert close(numbers(again), numbers(result))


def close(left, right):
    """Whether the middle of the numbers of most columns is about the same: within a fifth, or .05."""
    assert left.keys() == right.keys()
    pairs = [(np.median(left[key]), np.median(right[key])) for key in left if len(left[key]) and len(right[key])]
    near = [np.isclose(a, b, rtol=0.2, atol=0.05, equal_nan=True) for a, b in pairs]
    return not near or np.mean(near) >= 0.75


@EACH
@pytest.mark.parametrize("name", ["sick", "healthy"])
def test_findings_are_calm_sentences_and_suggest_what_exists(method, name):
    result = example(method, name)[2]
    assert result.findings
    for finding in result.findings:
        assert finding.severity in SPOKEN
        assert finding.text.endswith((".", "?")) and finding.text[0] == finding.text[0].upper()
        assert "!" not in finding.text and "  " not in finding.text and "nan" not in finding.text.lower().split()
        assert re.search(r"\d|\bno\b|\bnone\b|\bone\b", finding.text, re.IGNORECASE), "a finding without a number"
        assert set(finding.suggests) <= REMEDIES


@EACH
def test_result_and_study_travel(method):
    _, study, result = example(method, "sick")
    there = pickle.loads(pickle.dumps((study, result)))
    assert there[1].findings == result.findings and there[0].key == study.key
    assert list(there[1].tables) == list(result.tables)


@EACH
def test_documented_tables_are_the_tables(method):
    """Every table of a result stands in the docstring's Returns section, and so do its columns."""
    returns = method.text.sections["Returns"]
    for name, table in example(method, "sick")[2].tables.items():
        assert f"``{name}``" in returns, name
        missing = [column for column in table.columns if not re.search(rf"\b{re.escape(str(column))}\b", returns)]
        assert not missing, f"{name}: {missing}"


def shown(figure):
    """The numbers that a figure shows along x, y and z, and the ends of its whiskers."""
    for trace in figure.data:
        for axis in ("x", "y", "z"):
            values = np.asarray(trace[axis] if axis in trace and trace[axis] is not None else [])
            if np.issubdtype(values.dtype, np.number):
                yield from values[np.isfinite(values)].ravel()
        error = trace.error_x if "error_x" in trace else None
        if error is not None and error.array is not None:
            ends = np.asarray(trace.x, dtype=float) + np.asarray(error.array, dtype=float)
            yield from ends[np.isfinite(ends)]


@EACH
@pytest.mark.parametrize("name", ["sick", "healthy"])
def test_figures_show_numbers_of_the_tables(method, name):
    result = example(method, name)[2]
    tables = [values[np.isfinite(values)] for values in numbers(result).values()]
    known = np.concatenate([*tables, [0.0, 0.5, 1.0]])
    for title, figure in method.draw(result).items():
        assert figure.layout.title.text == title and figure.layout.meta["caption"].endswith(".")
        assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text
        values = np.unique(np.fromiter(shown(figure), dtype=float))
        nearest = np.abs(values[:, None] - known[None, :]).min(axis=1) if len(values) else values
        assert (nearest <= 1e-9 + 1e-6 * np.abs(values)).all(), f"{title} shows numbers that stand in no table"


@EACH
def test_draw_reads_only_the_tables(method):
    result = example(method, "sick")[2]
    before = pickle.dumps(dict(result.tables))
    first, again = method.draw(result), method.draw(pickle.loads(pickle.dumps(result)))
    assert {t: f.to_json() for t, f in first.items()} == {t: f.to_json() for t, f in again.items()}
    assert pickle.dumps(dict(result.tables)) == before


@EACH
@pytest.mark.parametrize("sizes", [(9, 3), (10, 2), (6, 3, 3), (11, 1)])
def test_a_tiny_table_gets_a_sentence(method, sizes):
    result = engine.run(method.slug, tiny(sizes))
    assert result.findings and result.severity != "failed"
    assert all(finding.text.endswith(".") for finding in result.findings)
    if result.severity != "not applicable":
        method.draw(result)


def odd_tables():
    """Tables that break careless code, by name."""
    rng = np.random.default_rng(0)
    n = 80
    label = np.where(np.arange(n) % 5 == 0, "rare", "common")
    noise = rng.normal(size=n)
    many = pd.DataFrame(rng.normal(size=(n, 300)))
    gaps = pd.DataFrame(rng.normal(size=(n, 6))).mask(rng.random((n, 6)) < 0.4)
    return {
        "all text": (pd.DataFrame({"a": rng.choice(list("xyz"), n), "b": rng.choice(["u", "v"], n)}), label),
        "one column": (pd.DataFrame({"a": noise}), label),
        "constant and empty": (pd.DataFrame({"a": np.nan, "b": 1.0, "c": "k", "d": noise}), label),
        "only empty": (pd.DataFrame({"a": np.full(n, np.nan)}), label),
        "extremes": (pd.DataFrame({"a": np.where(noise > 0, 1e200, -1e30), "b": np.inf, "c": noise}), label),
        "every row twice": (pd.DataFrame({"a": np.repeat(noise[:40], 2)}), label),
        "gaps everywhere": (gaps, label),
        "28 classes": (pd.DataFrame({"a": noise, "b": noise**2}), np.minimum(np.arange(n) // 2, 27)),
        "300 columns": (many, label),
    }


@cache
def odd_study(name):
    """One study for all checks, as on a page: what several need is computed once."""
    frame, label = odd_tables()[name]
    frame.columns = [str(column) for column in frame.columns]
    return Study(Dataset.from_frame(frame.assign(outcome=label), "outcome"))


@EACH
@pytest.mark.parametrize("name", odd_tables())
def test_odd_tables_get_sentences(method, name):
    result = engine.run(method.slug, odd_study(name))
    assert result.findings and all(finding.text.endswith((".", "?")) for finding in result.findings)
    if result.tables:
        method.draw(result)


@EACH
@pytest.mark.parametrize("name", ["sick", "healthy"])
def test_names_from_a_file_stay_text(method, name):
    """Hostile column, class and cell names run, stay on one line, and are escaped in figures."""
    _, study, result = example(method, name)
    again = engine.run(method.slug, changed(study, named_hostilely))
    assert all("\n" not in finding.text and len(finding.text) < 2000 for finding in again.findings)
    assert again.severity == result.severity
    for title, figure in method.draw(again).items() if again.tables else ():
        drawn = json.dumps(json.loads(figure.to_json()), ensure_ascii=False)
        assert "<img" not in drawn and "$x$" not in drawn and "x" * 200 not in drawn, title
