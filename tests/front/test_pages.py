"""Every page without a browser: the opening example, uploads, choices, the link, and the traps of caches and Markdown."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from hostile_tables import HOSTILE, PAGES, markdown_texts, table

from core.reading.samples import samples
from core.registry import catalogue, served
from core.wording import clip
from pages.kit import show
from pages.kit.text import file_name, labels, md

TITLES = dict(
    zip(PAGES, ("Counterpoise", "Profile", "Diagnose", "Remedy", "Decide", "Explain", "Report", "Learn"), strict=True)
)
GOOD = table(["size", "weight", "age"], ["no", "yes"])
ROOT = Path(__file__).parents[2]
INPUTS = {
    "selectbox", "multiselect", "number_input", "text_input", "text_area", "slider", "select_slider", "checkbox", "toggle", "radio", "pills",
    "segmented_control", "file_uploader",
}  # fmt: skip


def csv_file(content, name="mine.csv"):
    return (name, content, "text/csv")


def asked(widgets, name):
    """The widget that asks for a choice."""
    return next(widget for widget in widgets if str(widget.key).startswith(f"ask {name} "))


def texts(app):
    return "\n".join(markdown_texts(app)).replace("\\", "")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_the_opening_example(opened, page):
    app = opened(page)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == TITLES[page]
    assert samples()[0].target in texts(app), "the side bar names the target"


def test_the_first_screen_shows_what_to_do_a_diagnosis_and_an_upload(opened):
    app = opened()
    assert app.markdown[1].value.count("\n") == 2, "three lines say what to do"
    assert app.file_uploader[0].label == "Upload your own table"
    assert asked(app.selectbox, "target").value == samples()[0].target
    assert re.search(r"-badge\[:material/\w+: (Issue|Caution)\]", "\n".join(markdown_texts(app)))


def test_every_check_has_exactly_one_card(opened):
    kinds = {"profile": ("profile", "missingness"), "explain": ("explanation",)}
    for page in ("profile", "diagnose", "explain"):
        groups = kinds.get(page)
        wanted = [
            item.title
            for item in catalogue().values()
            if item.kind == "diagnostic"
            and (item.group in groups if groups else item.group not in sum(kinds.values(), ()))
        ]
        heads = [text for text in markdown_texts(opened(page)) if text.startswith("#### ")]
        assert sorted(re.sub(r"\\", "", head)[5:].split(" :")[0] for head in heads) == sorted(wanted)


def test_cards_stand_in_the_order_of_severity(opened):
    found = [text for text in markdown_texts(opened("diagnose")) if text.startswith("#### ")]
    words = [re.search(r"-badge\[:material/\w+: ([\w ]+)\]", text)[1] for text in found]
    order = [word for word, *_ in show.LOOKS.values()]
    assert words[1:] == sorted(words[1:], key=order.index), "the ledger first, then the checks"


def test_a_deep_link_opens_with_its_choices_and_keeps_them(opened):
    """T2, T3: the frame runs first, on the first run of a session."""
    sample = samples()[-1]
    app = opened("diagnose", data=sample.slug, target=sample.target, learner="linear")
    assert not app.exception
    assert "Linear model" in texts(app)
    app.switch_page("steps/profile.py").run()
    assert app.query_params["learner"] == "linear"
    assert app.query_params["data"] == sample.slug
    assert app.title[0].value == "Profile"


def test_a_link_is_never_trusted(opened):
    link = {
        "data": "../../etc/passwd", "target": "no such column", "class": "<b>", "learner": "__import__('os')",
        "cost": "nan", "folds": "999", "repeats": "two", "seed": "-5", "recipe": "rm:-rf=/", "explained": "nonsense:",
        "set": "class_distribution:fewest=1e99", "leave_out": "no such column", "missing_tokens": "?", "unknown": "x",
    }  # fmt: skip
    for page in ("data", "profile", "remedy", "explain"):
        app = opened(page, **link)
        assert not app.exception
        assert not app.error
        assert samples()[0].target in texts(app)


def test_a_setting_in_the_link_reaches_its_method(opened):
    assert "fewer than 200 rows" not in texts(opened("profile"))
    assert "fewer than 200 rows" in texts(opened("profile", set="class_distribution:fewest=200"))


def test_a_link_made_with_a_file_waits_for_the_file(opened):
    """T9: a refresh loses the file; the other choices are kept and apply again."""
    app = opened("profile", data="upload", target="age", cost="7")
    assert not app.exception
    assert "a link does not carry files" in texts(app)
    app.switch_page("steps/data.py").run()
    content = table(["size", "weight"], ["a", "b"]).replace(b"weight", b"grade")
    app.file_uploader[0].set_value(csv_file(content)).run()
    assert app.query_params["cost"] == "7.0"
    assert "a link does not carry files" not in texts(app)


def test_choices_survive_a_page_change_and_stand_in_the_link(opened):
    app = opened(upload=csv_file(GOOD))
    asked(app.selectbox, "class").set_value("no").run()
    asked(app.multiselect, "leave_out").set_value(["age"]).run()
    app.switch_page("steps/diagnose.py").run()
    app.switch_page("steps/data.py").run()
    assert asked(app.selectbox, "class").value == "no"
    assert asked(app.multiselect, "leave_out").value == ["age"]
    link = {name: value for name, value in app.query_params.items() if name != "kept"}
    assert link == {"data": "upload", "class": "no", "leave_out": "age"}


def test_a_new_table_starts_from_a_clean_sheet(opened):
    app = opened(upload=csv_file(GOOD), cost="3")
    asked(app.multiselect, "leave_out").set_value(["age"]).run()
    asked(app.selectbox, "data").set_value(samples()[1].slug).run()
    assert "leave_out" not in app.query_params
    assert app.query_params["cost"] == "3.0"
    assert asked(app.selectbox, "target").value == samples()[1].target


def test_a_widget_survives_a_choice_of_the_table_before(opened):
    """The browser may still send columns of the old table while the new one is drawn."""
    app = opened()
    assert asked(app.multiselect, "leave_out").value, "the opening example leaves a column out"
    app.file_uploader[0].set_value(csv_file(GOOD))
    asked(app.multiselect, "leave_out").set_value(list(samples()[0].leave_out))
    app.run()
    assert not app.exception
    assert asked(app.multiselect, "leave_out").value == []


def test_an_upload_is_held_once(opened):
    """T12: the bytes are in the session's state, and the uploader that brought them is gone."""
    app = opened(upload=csv_file(GOOD))
    assert app.session_state["upload"][:2] == ("mine.csv", GOOD)
    assert app.file_uploader[0].key == "uploader 1"
    assert app.file_uploader[0].value is None
    assert "uploader 0" not in app.session_state


def test_one_flipped_label_in_60000_rows_gives_a_new_answer(opened):
    """T1: Streamlit hashes large tables by sample."""
    labels = np.where(np.arange(60_000) % 10 == 0, "yes", "no")
    lines = [f"{i % 97}.5,{label}" for i, label in enumerate(labels)]
    app = opened(upload=csv_file("\n".join(["size,outcome", *lines]).encode()))
    assert "6,000 of 60,000 rows (10 %)" in texts(app)
    lines[31_411] = lines[31_411].replace("no", "yes")
    app.file_uploader[0].set_value(csv_file("\n".join(["size,outcome", *lines]).encode())).run()
    assert "6,001 of 60,000 rows (10 %)" in texts(app)


BAD = {
    "empty": b"",
    "header only": b"a,b,outcome\n",
    "one column": b"outcome\n" + b"yes\nno\n" * 30,
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
    "pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94",
    "one class": b"a,outcome\n" + b"1,yes\n2,yes\n" * 30,
    "missing target": b"a,outcome\n" + b"1,\n2,\n" * 30,
    "too many classes": b"a,outcome\n" + "".join(f"{i},name {i // 2}\n" for i in range(1000)).encode(),
    "three rows": b"a,outcome\n1,yes\n2,no\n3,no\n",
    "broken gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00broken",
    "truncated parquet": b"PAR1" + bytes(40),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_upload_gives_one_sentence_and_a_way_out_on_every_page(opened, kind):
    link = {"target": "outcome"}
    app = opened(upload=csv_file(BAD[kind]), data="upload", **link)
    for page in PAGES:
        app.switch_page(f"steps/{page}.py").run()
        assert not app.exception
        if page not in ("learn",):
            assert app.error, page
            assert app.error[0].value.rstrip().endswith("\\.")
            assert "steps/data.py" in str(app.get("page_link")) or app.get("page_link"), "a way out"
        assert "Traceback" not in texts(app)
    app.switch_page("steps/data.py").run()
    app.file_uploader[0].set_value(csv_file(GOOD)).run()
    assert not app.error


ODD = {
    "class of one row": GOOD + b"1,2,3,rarest\n",
    "constant and missing columns": b"a,b,c,outcome\n" + b"1,,x,yes\n1,,y,no\n1,,y,no\n" * 30,
    "infinities": b"a,b,outcome\n" + b"inf,1,yes\n2,-inf,no\n1,2,no\n" * 30,
    "duplicate names": b"a,a,,outcome\n" + b"1,2,3,yes\n3,2,1,no\n1,1,2,no\n" * 30,
    "odd labels": b"a,b,outcome\n" + "1,2,nan\n2,1,Straße/正例 🦠\n3,4,None\n4,3,0\n".encode() * 20,
    "mixed types": b"a,b,outcome\n" + b"1,x,1\n2.5,2020-01-01,0\nthree,y,0\n" * 30,
    "method's argument as a name": b"k,random_state,outcome\n" + b"1,2,yes\n2,3,no\n4,1,no\n" * 30,
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_table_walks_through_every_page(opened, kind):
    app = opened(upload=csv_file(ODD[kind]), data="upload", target="outcome", folds=3, repeats=1)
    for page in PAGES:
        app.switch_page(f"steps/{page}.py").run()
        assert not app.exception, page
        assert not app.error, page


def test_hostile_names_reach_no_page_as_markup(opened):
    """T4: what came from the file is never Markdown; lists of options and tables show it as it is."""
    names = [name for name in HOSTILE if len(name) < 60]
    app = opened(upload=csv_file(table(names, ["<b>common</b>", "![x](http://canary.invalid/m.png)"]), HOSTILE[0]))
    dangerous = [text for text in (*names, "<b>common</b>", "![x](http://canary.invalid/m.png)") if md(text) != text]
    for page in PAGES:
        app.switch_page(f"steps/{page}.py").run()
        assert not app.exception, page
        for text in markdown_texts(app):
            assert not [name for name in dangerous if name in text], page
            assert not re.search(r"(?<!\\)<\w", text), page
    app.switch_page("steps/data.py").run()
    assert set(asked(app.selectbox, "target").options) == {clip(name, 80) for name in (*names, "outcome")}


def test_a_recipe_is_built_scored_and_taken_away(opened):
    app = opened("remedy")
    box = next(box for box in app.selectbox if str(box.key).startswith("stage "))
    box.set_value(
        next(item.slug for item in catalogue().values() if item.kind == "remedy" and f"stage {item.group}" == box.key)
    ).run()
    next(button for button in app.button if button.label == "Add the recipe").click().run()
    assert not app.exception
    assert app.query_params["recipe"] == box.value
    assert "The verdict" in texts(app)
    chips = [button for button in app.button if str(button.key).startswith("remove ")]
    chips[0].click().run()
    assert "recipe" not in app.query_params


def test_the_first_lines_of_a_comparison_are_the_evidence_and_never_accuracy(opened):
    shown = texts(opened("remedy"))
    assert shown.index("rows of the class of interest") < shown.index("The verdict")
    assert "prevalence" in shown
    assert not re.search(r"(?<!balanced )(?<!weighted )accuracy|weighted average", shown, flags=re.IGNORECASE)


def test_only_one_file_caches_and_never_by_a_table():
    """T1: what is large is never hashed; its argument starts with an underscore."""
    for path in (ROOT / "pages").rglob("*.py"):
        assert ("st.cache_" in path.read_text(encoding="utf-8")) == (path.name == "kept.py"), path
    tree = ast.parse((ROOT / "pages" / "kit" / "kept.py").read_text(encoding="utf-8"))
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        if any("cache_" in ast.dump(decorator) for decorator in function.decorator_list):
            hashed = [arg for arg in function.args.args if not arg.arg.startswith("_")]
            assert all(ast.unparse(arg.annotation) in ("str", "tuple", "tuple[str, ...]") for arg in hashed), (
                function.name
            )


def test_every_input_says_what_it_is_when_it_is_pointed_at():
    """Tables to write in say it above them and at their columns; one label is hidden, and its help would be too."""
    asked, bare = 0, []
    for path in sorted((ROOT / "pages").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes, helped = list(ast.walk(tree)), set()  # names of keywords that hold a help
        for node in [*nodes, *nodes]:
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
                used = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
                if "'help':" in ast.unparse(node.value) or used & helped:
                    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                    helped.add(ast.unparse(target))
        for call in (node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            if call.func.attr in INPUTS:
                asked += 1
                told = any(word.arg in ("help", "label_visibility") for word in call.keywords)
                told |= any(not word.arg and ast.unparse(word.value) in helped for word in call.keywords)
                bare += [] if told else [f"{path.name}:{call.lineno}"]
    assert asked > 45 and not bare


def test_pages_are_short():
    for path in (ROOT / "pages" / "steps").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 80, path
    for path in (ROOT / "pages" / "kit").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path


def test_long_names_are_told_apart():
    long = "x" * 5000
    shown = labels([long + "1", long + "2", ""])
    assert len(set(shown.values())) == 3
    assert max(map(len, shown.values())) < 90


def test_file_names_are_safe():
    made = [file_name(name) for name in ("../../etc/passwd", "CON", "a/b\\c.csv", "x" * 300 + ".csv", "<b>.html")]
    assert made == ["etc_passwd", "file_CON", "a_b_c.csv", "x" * 76 + ".csv", "b_.html"]


def test_a_late_click_on_the_table_before_is_not_heard(opened):
    """The browser may still send what the widgets of the last table held, when the next table is there already."""
    app = opened(upload=csv_file(GOOD))
    late = asked(app.selectbox, "class").set_value("no")._widget_state
    app.file_uploader[0].set_value(csv_file(table(["size"], ["no", "yes", "maybe"]), "next.csv")).run()
    states = app._tree.get_widget_states()
    states.widgets.append(late)
    app._run(states)
    assert "class" not in app.query_params
    assert "maybe" in asked(app.selectbox, "class").options


def test_choices_that_the_table_does_not_know_leave_the_link(opened):
    sample = samples()[0]
    link = {"target": "no such column", "class": "no such class", "leave_out": "no such column", "recipe": "rm:-rf=/"}
    app = opened("profile", **link)
    assert dict(app.query_params) == {"data": sample.slug}
    app.switch_page("steps/data.py").run()
    assert tuple(asked(app.multiselect, "leave_out").value) == sample.leave_out


def test_a_choice_for_a_file_that_is_still_to_come_stays_in_the_link(opened):
    app = opened("profile", **{"data": "upload", "target": "outcome", "class": "no"})
    assert app.query_params["class"] == "no"
    app.switch_page("steps/data.py").run()
    app.file_uploader[0].set_value(csv_file(GOOD)).run()
    assert asked(app.selectbox, "class").value == "no"


def test_a_mistake_is_told_once(opened):
    app = opened(upload=csv_file(b"a,y\n" + b"1,u\n" * 40))
    assert len(app.error) == 1
    assert "1 class" in app.error[0].value


def test_rows_without_a_label_are_told(opened):
    app = opened(upload=csv_file(GOOD + b"1,2,3,\n"))
    assert "1 row without a label" in texts(app)


@pytest.mark.parametrize("n_rare", [1, 3])
def test_remedies_and_explanations_on_a_class_of_hardly_any_rows(opened, n_rare):
    """With one row every remedy is tried, with three one of each stage."""
    rows = [f"{i},{i * i % 17},{'rare' if i < n_rare else 'common'}" for i in range(60)]
    chosen = list({item.group: item.slug for item in served("boosted")}.values()) if n_rare > 1 else []
    app = opened(upload=csv_file("\n".join(["size,weight,outcome", *rows]).encode()), recipe=chosen, folds=2, repeats=1)
    app.switch_page("steps/remedy.py").run()
    if not chosen:
        app.button[[button.label for button in app.button].index("Try every remedy alone")].click().run()
    assert len(app.query_params["recipe"]) > 4
    for page in ("remedy", "explain", "report"):
        app.switch_page(f"steps/{page}.py").run()
        assert not app.exception
        assert not app.error
        assert "Failed" not in texts(app)


def test_losses_are_tried_live_on_the_neural_learner_alone(opened):
    """What is being built trains beside what was built; a recipe of batches waits where the learner has none."""
    rows = [f"{i % 13},{i * i % 17},{'rare' if i % 6 == 0 else 'common'}" for i in range(120)]
    upload = csv_file("\n".join(["size,weight,outcome", *rows]).encode())
    app = opened("remedy", upload=upload, recipe=("class_aware_batches",), learner="neural", folds=2, repeats=1)
    app.selectbox(key="stage losses").set_value("focal").run()
    assert not app.exception and not app.error
    assert "Training, live" in [header.value for header in app.subheader]
    assert "than cross-entropy with the right threshold" in texts(app)
    shown = [frame.value for frame in app.dataframe if "recipe" in frame.value]
    assert {"Cross-entropy", "Focal loss", "Class-aware batches"} <= set(shown[0]["recipe"])
    app.slider(key="parameter builder focal gamma").set_value(3.5).run()
    app.switch_page("steps/data.py").run()
    app.switch_page("steps/remedy.py").run()
    assert app.selectbox(key="stage losses").value == "focal", "what is half built waits"
    assert app.slider(key="parameter builder focal gamma").value == 3.5
    app.selectbox(key="stage losses").set_value("").run()
    app.selectbox(key="stage losses").set_value("focal").run()
    assert app.slider(key="parameter builder focal gamma").value == 2.0, "and is forgotten when it is taken away"
    asked(app.selectbox, "learner").set_value("boosted").run()
    assert "Left out, because they are for another learner: 'Class-aware batches'" in texts(app)
    assert not app.exception and "Training, live" not in [header.value for header in app.subheader]


def test_no_session_sees_the_file_of_another(opened):
    first = opened(upload=csv_file(GOOD, "private.csv"))
    second = opened("data", data="upload")
    assert "private.csv" in texts(first)
    assert "private.csv" not in texts(second)
    assert "a link does not carry files" in texts(second)


def recorded(function, calls):
    """The function, with a note of each call: its name, and whether it names an icon."""

    def spy(*arguments, **named):
        calls.append((function.__name__, "page_icon" in named))
        return function(*arguments, **named)

    return spy


def test_the_icon_of_the_app_is_known_before_its_pages(opened, monkeypatch):
    """T10: until it is, the browser asks another host for the icon of the page."""
    calls = []
    for name in ("set_page_config", "navigation"):
        monkeypatch.setattr(st, name, recorded(getattr(st, name), calls))
    opened()
    assert calls[:2] == [("set_page_config", True), ("navigation", False)]
