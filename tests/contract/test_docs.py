"""Everything public in core says what it is; every method says how, why and what to do."""

import ast
from pathlib import Path

import pytest

from core.registry import COSTS, KINDS, catalogue, group_title

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "core").rglob("*.py"))
METHODS = pytest.mark.parametrize("method", catalogue().values(), ids=lambda method: method.slug)
SECTIONS = ("How it is detected", "Why it matters", "What to do", "Returns", "References")


def public(tree, inside=""):
    """Every public definition of a module: functions, classes, and what classes hold."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{inside}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node, f"{inside}{node.name}.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_says_what_it_is(path):
    """The estimators' own ``fit``, ``predict``, ``predict_proba`` and ``transform`` mean what scikit-learn means by them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inherited = {"fit", "predict", "predict_proba", "transform", "fit_transform", "decision_function"}
    silent = [
        name for name, node in public(tree) if not ast.get_docstring(node) and name.split(".")[-1] not in inherited
    ]
    assert ast.get_docstring(tree), "the module says nothing"
    assert not silent, f"without a docstring: {', '.join(silent)}"


@METHODS
def test_a_method_says_what_it_is_for(method):
    assert method.text.summary.endswith(".") and method.text.definition
    assert method.title[0].isupper() and method.question.endswith("?")
    assert method.maturity in ("established", "emerging") and method.cost in COSTS
    for section in SECTIONS if method.kind == "diagnostic" else ("Why it matters", "What to do", "References"):
        assert method.text.sections.get(section), f"{method.slug} has no section {section!r}"


@METHODS
def test_a_parameter_has_help_and_limits(method):
    """A text that names something in the table, such as a class, cannot be limited beforehand; its default is empty."""
    for parameter in method.params:
        assert parameter.help.endswith("."), f"{parameter.name} has no help"
        assert parameter.constraint or parameter.kind is bool or (parameter.kind is str and parameter.default == "")
        assert parameter.check(parameter.default) == parameter.default


@METHODS
def test_a_family_asks_a_question_and_a_stage_says_what_it_does(method):
    title, text = group_title(method.kind, method.group)
    assert title and text.endswith("?" if method.kind == "diagnostic" else ".") and method.kind in KINDS
