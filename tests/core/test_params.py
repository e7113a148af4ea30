"""Free text as a parameter: its limit, its normal form, and the way through the text of a recipe."""

import pytest

from core.errors import UserError
from core.params import Parameter, Text, checked, unwritten, written
from core.recipe import Recipe


def shouted(text):
    if "?" in text:
        raise UserError("There is a question.", "Give an answer.")
    return text.strip().upper()


def test_free_text_has_a_limit_and_a_normal_form():
    parameter = Parameter("words", str, "", "Some words.", Text(12, "yes", shouted))
    assert checked((parameter,), {"words": " hello "}) == {"words": "HELLO"}
    with pytest.raises(UserError, match="'words' has 13 characters"):
        parameter.check("x" * 13)
    with pytest.raises(UserError, match="There is a question"):
        parameter.check("why?")


@pytest.mark.parametrize("text", ["a + b: c, d = e; 100 %", "%2B", "two\nlines", "älter ≥ 18", ""])
def test_what_is_written_is_read_again(text):
    assert unwritten(written(text)) == text
    assert not set("+:,\n") & set(written(text))


def test_what_no_recipe_can_mean_gets_a_sentence():
    for text in ("cls", "self", "smote:k=inf", "smote:k=", ":k=1", "rose:shrinkage=nan"):
        with pytest.raises(UserError):
            Recipe.parse(text)
    for value in (float("inf"), float("nan"), 3.7, None):
        with pytest.raises(UserError, match="is not a value of 'k'"):
            Recipe.of("smote", smote={"k": value})
    assert Recipe.of("smote", smote={"k": 3.0}) == Recipe.parse("smote:k=3")


def test_the_title_of_a_recipe_stays_on_one_line():
    recipe = Recipe.of("copula_synthesis", copula_synthesis={"rules": "a = 'two\nlines\u202e'"})
    assert recipe.title == r"Copula synthesis (rules a = 'two\nlines\u202e')"
    assert Recipe.parse(recipe.text) == recipe and "\n" not in recipe.text
