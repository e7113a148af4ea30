"""The budgets: short files and functions, few parameters, flat code, few comments, light imports, calm sentences."""

import ast
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "core").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py")), ROOT / "app.py"]
FOLDERS = sorted({str(path.parent.relative_to(ROOT)) for path in FILES})
HEAVY = {"sklearn", "scipy", "lightgbm", "imblearn", "shap", "numba"}
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)


def EACH(test):
    """One test for each folder, which looks at every file in it and names the one that fails."""

    @pytest.mark.parametrize(
        "folder", [pytest.param(name, id=name, marks=pytest.mark.xdist_group(name)) for name in FOLDERS]
    )
    def of_folder(folder):
        for path in FILES:
            if str(path.parent.relative_to(ROOT)) == folder:
                try:
                    test(path)
                except AssertionError as error:
                    raise AssertionError(f"{path.relative_to(ROOT)}: {error}") from error

    return of_folder


def text_of(path):
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path):
    return ast.parse(text_of(path))


def functions(path):
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef)]


def lines_of_code(function, lines):
    """Lines of a function without its docstring, blank lines and comments."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    inside = range(function.lineno, function.end_lineno + 1)
    documented = range(function.body[0].lineno, function.body[0].end_lineno + 1) if body is not function.body else ()
    return sum(
        1 for i in inside if i not in documented and lines[i - 1].strip() and not lines[i - 1].strip().startswith("#")
    )


def depth(node):
    """How deep blocks stand in each other; ``elif`` is as deep as its ``if``."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        chained = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        deepest = max(deepest, depth(child) + (isinstance(child, BLOCKS) and not chained))
    return deepest


@EACH
def test_a_file_is_short(path):
    limit = 80 if path.parent.name == "steps" or path.name == "main.py" else 300
    assert len(text_of(path).splitlines()) <= limit


@EACH
def test_functions_are_short_flat_and_take_few_parameters(path):
    """Keyword-only parameters do not count: they are named where they are used. Nor do ``self`` and ``cls``."""
    lines = text_of(path).splitlines()
    for function in functions(path):
        positional = [a.arg for a in (*function.args.posonlyargs, *function.args.args) if a.arg not in ("self", "cls")]
        assert lines_of_code(function, lines) <= 40, f"{function.name} is long"
        assert len(positional) <= 7, f"{function.name} takes {len(positional)} parameters by position"
        assert depth(function) <= 4, f"{function.name} is deep"


@EACH
def test_comments_are_few(path):
    lines = text_of(path).splitlines()
    most = 0.1 * max(len(lines), 20)
    if sum("#" in line for line in lines) > most:
        with path.open("rb") as file:
            assert sum(token.type == tokenize.COMMENT for token in tokenize.tokenize(file.readline)) <= most


@EACH
def test_the_catalogue_stays_light(path):
    """Floors 4 and 5, and the judge, import heavy packages where they use them."""
    floors = (
        "core/diagnostics",
        "core/remedies",
        "core/evaluation",
        "core/report",
        "core/judge.py",
        "core/explanation.py",
    )
    if not str(path.relative_to(ROOT)).startswith(floors):
        return
    for node in tree_of(path).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        assert not {name.split(".")[0] for name in names} & HEAVY


@EACH
def test_sentences_are_calm(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not re.search(r"\w!(\s|$)", node.value), f"line {node.lineno}"


def test_no_vague_names():
    vague = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}
    assert not [path for path in FILES if set(path.stem.split("_")) & vague]
