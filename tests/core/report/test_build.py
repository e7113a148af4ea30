"""A report holds everything, shows names literally, and needs nothing from outside."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from core import engine
from core.dataset import Dataset
from core.evaluation.compare import evaluate
from core.recipe import Recipe
from core.registry import method, methods
from core.report.build import build, to_html, to_json, to_markdown
from core.report.text import markdown
from core.result import Finding, Result
from core.study import Study
from core.synthetic import planted

HOSTILE = (
    "<script>window.__xss=1</script>",
    "<img src=x onerror=window.__xss=1>",
    "![x](http://canary.invalid/m.png)",
    "$x$ and $y$",
    ":material/bug: :red[bad]",
    "**b** __i__ a_b_c",
    "a|b `c`",
    "{{7*7}} ${7*7}",
)
TAGS = (
    " html head meta title style body a header p h1 h2 h3 dl dt dd nav ul li main section article noscript span strong "
    "figure div figcaption details summary table caption thead tbody tr th td script "
)


class Page(HTMLParser):
    """The tags, attributes, visible text and scripts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words, self.scripts, self.headings = [], [], [], [], []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self._open = tag
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        (self.scripts if self._open == "script" else self.words).append(data)


@pytest.fixture(scope="module")
def hostile():
    rng = np.random.default_rng(0)
    labels = np.repeat([HOSTILE[0], HOSTILE[1]], [100, 30])
    frame = pd.DataFrame({name: rng.normal(size=130) for name in HOSTILE[2:]})
    frame["text"] = rng.choice(HOSTILE, 130)
    frame["n" * 5000] = rng.normal(size=130)
    frame["target " + HOSTILE[1]] = labels
    data = Dataset.from_frame(frame, "target " + HOSTILE[1], name="=cmd() " + HOSTILE[0] + ".csv")
    study = Study(data, recipe=Recipe.of("class_weights"), n_folds=3, n_repeats=1)
    diagnoses = list(engine.run_all(study, methods("diagnostic")))
    return build(study, diagnoses, evaluate(study, [study.recipe]))


@pytest.fixture(scope="module")
def page(hostile):
    return Page(to_html(hostile))


def test_html_shows_hostile_names_literally(page):
    words = "".join(page.words)
    for name in HOSTILE:
        assert name in words
    assert all(f" {tag} " in TAGS for tag in page.tags)
    assert not [pair for pair in page.attributes if pair[1].startswith("on")]
    assert page.tags.count("script") == 3


def test_html_loads_nothing_and_runs_only_its_own_scripts(page):
    assert not [pair for pair in page.attributes if pair[1] in ("src", "srcset", "action", "data")]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")
    policy = next(value for _, name, value in page.attributes if name == "content" and "default-src" in value)
    assert "default-src 'none'" in policy
    data, *scripts = page.scripts
    for script in scripts:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2]
    assert len(json.loads(data)) == page.tags.count("figure") > 0


def test_html_can_be_read_by_everyone(page):
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert page.tags.count("caption") == page.tags.count("table") > 0
    assert ("html", "lang", "en") in page.attributes
    assert ("a", "href", "#main") in page.attributes
    assert all(value == "col" for _, name, value in page.attributes if name == "scope")
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_markdown_escapes_what_came_from_the_file(hostile):
    text = to_markdown(hostile)
    assert "<" not in re.sub(r"\\<", "", text)
    assert "![x](" not in text
    assert re.search(r"(?<!\\)\$", text) is None
    for line in text.splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) >= 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Heading", "\\# Heading"),
        ("1. item", "1\\. item"),
        ("---", "\\---"),
        ("0.100 of -0.2", "0.100 of -0.2"),
        ("- point", "\\- point"),
        ("http://canary.invalid", "http\\://canary.invalid"),
        ("back\\slash", "back\\\\slash"),
    ],
)
def test_markdown_marks(text, expected):
    assert markdown(text) == expected


def test_json_round_trips_with_every_row_unrounded(hostile):
    read = json.loads(to_json(hostile), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert [section["slug"] for section in read["diagnoses"]] == [section.slug for section in hostile.diagnoses]
    for section, back in zip(hostile.diagnoses, read["diagnoses"], strict=True):
        for name, frame in section.tables.items():
            held = back["tables"][name]
            assert len(held["rows"]) == len(frame)
            assert held["columns"] == [str(column) for column in frame.columns]
            for j, dtype in enumerate(frame.dtypes):
                if dtype == "float64":
                    values = np.array([row[j] for row in held["rows"]], dtype=float)
                    np.testing.assert_array_equal(values, frame.iloc[:, j].replace([np.inf, -np.inf], np.nan))


def test_missing_and_infinite_numbers_are_null_and_control_characters_are_shown():
    study = Study(planted("clean"))
    frame = pd.DataFrame({"x": [np.nan, np.inf, 1.5], "word": ["a\u202eb\x00", None, "b"]})
    result = Result({"odd": frame}, (Finding("fine", "A sentence."),))
    item = method("class_distribution")
    report = build(study, [(type(item)(item.kind, item.group, "odd", item.about, item.fn, lambda r: {}), result)])
    rows = json.loads(to_json(report))["diagnoses"][0]["tables"]["odd"]["rows"]
    assert rows == [[None, "a\u202eb\x00"], [None, None], [1.5, "b"]]
    assert "a\\u202eb\\x00" in to_html(report)
    assert "\u202e" not in to_markdown(report)


def test_the_gravest_comes_first_and_long_tables_are_cut():
    study = Study(planted("leak"))
    chosen = [method("class_distribution"), method("shapley_values")]
    report = build(study, list(engine.run_all(study, chosen)))
    assert [section.slug for section in report.diagnoses] == ["shapley_values", "class_distribution"]
    assert report.diagnoses[0].severity == "issue"
    rows = len(report.diagnoses[0].tables["values"])
    sentence = f"The first 15 of {rows:,} rows"
    assert sentence in to_html(report)
    assert sentence in to_markdown(report)
    assert "No recipes were compared." in to_markdown(report)


def test_first_lines_and_provenance_say_what_is_needed():
    study = Study(planted("clean"), miss_cost=20, random_state=7)
    report = build(study, [])
    facts, provenance = dict(report.facts), dict(report.provenance)
    assert facts["Class of interest"] == "'rare': 100 of 1,000 rows (10 %)"
    assert facts["Smallest class"] == "'rare': about 20 rows per test fold"
    assert facts["Average precision of guessing"].startswith("0.100")
    assert provenance["Fingerprint of the table"] == study.dataset.fingerprint
    assert provenance["Seed"] == "7"
    assert provenance["Costs"] == "one miss costs 20 false alarms"
    assert "scikit-learn" in provenance["Versions"]


def test_the_same_study_gives_the_same_page():
    study = Study(planted("clean"))
    result = engine.run("class_distribution", study)
    report = build(study, [(method("class_distribution"), result)])
    assert to_html(report) == to_html(report)
    assert len(to_html(build(study, []))) < 100_000
