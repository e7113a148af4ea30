"""Free text of an analyst on its way through pages and links: rules with any sign in them."""

from types import SimpleNamespace

import pytest

from core.params import Parameter, Text
from core.wording import clip
from pages.kit import choices
from pages.kit.text import md

RULE = "if a_b = '<b>*x*</b>, 50 %' then c in (1, 2); d+e > 1"


def test_a_setting_of_free_text_comes_back_from_the_link(monkeypatch):
    parameters = (Parameter("words", str, "", "", Text(99)), Parameter("k", int, 5, "", None))
    method, link = SimpleNamespace(slug="any", params=parameters), {"set": ("other:k=3",)}
    monkeypatch.setattr(choices, "choice", link.get)
    monkeypatch.setattr(choices, "choose", link.update)
    monkeypatch.setattr(choices.st, "session_state", {"widget": "k=7, other:k=9 + 100 %"})
    choices.change_setting(method, "words", "widget")
    assert choices.settings(method) == {"words": "k=7, other:k=9 + 100 %", "k": 5}
    assert choices.settings(SimpleNamespace(slug="other", params=parameters)) == {"words": "", "k": 3}


@pytest.mark.parametrize("rule", [RULE, "zzz >"])
def test_rules_are_shown_as_text_and_a_wrong_one_leaves_the_page_usable(opened, rule):
    app = opened("remedy", data="wine_cultivars")
    app.selectbox(key="stage sampling").set_value("copula_synthesis").run()
    app.text_area[0].set_value(rule).run()
    assert not app.exception and app.error, "the table has no such column"
    assert app.selectbox(key="stage sampling").value == "copula_synthesis"
    app.text_area[0].set_value("").run()
    assert not app.error


def test_a_recipe_is_named_by_its_rules_as_they_were_written(opened):
    app = opened(
        "remedy",
        data="wine_cultivars",
        recipe=["cls", f"copula_synthesis:rules={RULE.replace('+', '%2B').replace(',', '%2C')}"],
    )
    shown = [button.label for button in app.button if str(button.key).startswith("remove ")]
    assert not app.exception
    assert shown == [md(clip(f"Copula synthesis (rules {RULE})", 120))]
