"""A refresh keeps the table, the choices and the finished folds; a session is saved and opened; nobody else sees it."""

import io
import json
import os
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
import streamlit as st
from test_meaning import PATIENTS, click, csv_file, texts

from core.errors import UserError
from core.evaluation import kept_scores
from core.private_folder import PREFIX, Folder
from core.reading import large
from core.result import Result
from core.safekeeping import Safe
from core.session_file import ABOUT, is_session, pack, unpack
from pages.kit import choices, session

EASY = {"learner": "linear", "folds": "2", "repeats": "1"}
HELD = "patients.csv: 480 rows"


@pytest.fixture(autouse=True)
def no_checks(opened, monkeypatch):
    """What the checks say is tested elsewhere."""
    monkeypatch.setattr(session, "run", lambda *_, **__: Result.sentence("not applicable", "Not looked at."))


def refreshed(opened, app, page="data"):
    """The same link in a new session, as a browser opens it."""
    return opened(page, **dict(app.query_params))


def test_a_refresh_keeps_table_choices_and_finished_folds(opened, monkeypatch):
    app = opened(upload=csv_file(PATIENTS), **EASY)
    assert "for 2 hours after its last use" in texts(app)
    app.multiselect[0].set_value(["patient_id"]).run()
    app.switch_page("steps/remedy.py").run()
    assert not app.exception
    before = texts(app)
    monkeypatch.setattr(kept_scores, "score_fold", None)  # no fold is scored again
    again = refreshed(opened, app, "remedy")
    assert not again.exception and not again.error
    assert texts(again) == before
    again.switch_page("steps/data.py").run()
    assert HELD in texts(again) and again.multiselect[0].value == ["patient_id"]


def test_another_token_opens_nothing_and_what_is_deleted_is_gone(opened):
    app = opened(upload=csv_file(PATIENTS))
    first = app.query_params["kept"]
    other = opened(upload=csv_file(PATIENTS.replace(b"sick", b"ill"), "other.csv"))
    assert other.query_params["kept"] != first
    stranger = opened(data="upload", kept=first.swapcase())
    assert "a link does not carry files" in texts(stranger) and "kept" not in stranger.query_params
    assert "kept" not in opened("learn", kept=first, data="wine_cultivars").query_params, (
        "a link to an example opens no file"
    )
    link = dict(app.query_params)
    click(app, "Delete what is kept")
    assert "kept" not in app.query_params and HELD not in texts(app)
    assert "a link does not carry files" in texts(opened(**link))
    assert "other.csv: 480 rows" in texts(refreshed(opened, other))
    link = dict(other.query_params)
    other.file_uploader[0].set_value(csv_file(PATIENTS[:-30], "next.csv")).run()
    assert other.query_params["kept"] != link["kept"], "another table has another token"
    assert "a link does not carry files" in texts(opened(**link))


def test_a_large_file_is_kept_without_being_read(opened, monkeypatch):
    monkeypatch.setattr(large, "LARGE_BYTES", 5000)
    monkeypatch.setattr(choices, "LARGE_BYTES", 5000)
    app = opened("learn", upload=csv_file(PATIENTS))
    again = opened("learn", **dict(app.query_params))
    assert again.session_state["upload"][1].path.read_bytes() == PATIENTS
    assert again.session_state["upload"][1].path.stat().st_nlink >= 2, "one copy on the disk"
    assert not again.exception


def test_a_saved_session_opens_with_its_choices(opened, monkeypatch):
    made = {}
    monkeypatch.setattr(st, "download_button", lambda label, make, *_, **__: made.update(file=make))
    app = opened(upload=csv_file(PATIENTS), cost="7")
    app.multiselect[0].set_value(["patient_id"]).run()
    link = {name: [value] for name, value in app.query_params.items() if name != "kept"}
    saved = made["file"]()
    assert saved == pack(link, {"table": ("patients.csv", PATIENTS)})
    other = opened(upload=("session.zip", saved, "application/zip"))
    assert HELD in texts(other) and not other.error
    assert other.multiselect[0].value == ["patient_id"]
    assert {name: value for name, value in other.query_params.items() if name != "kept"} == {
        name: value for name, value in app.query_params.items() if name != "kept"
    }
    odd = pack({"cost": ["-1"], "learner": ["os"], "recipe": ["rm:-rf=/"], "none": ["x"], "data": ["upload"]}, {})
    other.file_uploader[0].set_value(("odd.zip", odd, "application/zip")).run()
    assert dict(other.query_params) == {"data": "upload"} and "a link does not carry files" in texts(other)
    other.file_uploader[0].set_value(("cut.zip", zipped({ABOUT: "{}"}), "application/zip")).run()
    assert other.error[0].value.startswith("This session file is damaged.")


def zipped(members, packing=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packing) as packed:
        for name, text in members.items():
            packed.writestr(name, text)
    return content.getvalue()


def about(**changes):
    return json.dumps({"layout": 1, "choices": {}, "names": {"table": "a.csv"}} | changes)


def test_session_files_are_read_back_and_damaged_ones_refused():
    files = {"table": ("a<b>.csv", b"\x00\xff" * 500), "test": ("é", b"")}
    content = pack({"leave_out": ("a", "b"), "data": ["upload"]}, files)
    assert content == pack({"leave_out": ("a", "b"), "data": ["upload"]}, files)
    assert is_session(io.BytesIO(content)) and not is_session(io.BytesIO(PATIENTS)) and not is_session(io.BytesIO())
    assert unpack(io.BytesIO(content)) == ({"leave_out": ("a", "b"), "data": ("upload",)}, files)
    refused = [
        zipped({ABOUT: about(), "table": "x" * 10_000}, zipfile.ZIP_DEFLATED),
        zipped({ABOUT: about(), "table": "x", "../evil": "x"}),
        zipped({ABOUT: about(layout=2)}),
        zipped({ABOUT: about(choices={"cost": [1]})}),
        zipped({ABOUT: about(choices=["cost"])}),
        zipped({ABOUT: about(names={}), "table": "x"}),
        zipped({ABOUT: "[" * 5000}),
        zipped({ABOUT: " " * (2 * 2**20 + 1)}),
        content.replace(b"\x00\xff" * 4, b"\x00\xfe" * 4, 1),
    ]
    for damaged in refused:
        assert is_session(io.BytesIO(damaged))
        with pytest.raises(UserError, match=r"This session file|The choices in this session file"):
            unpack(io.BytesIO(damaged))


def test_the_folder_is_private_and_forgets_in_time(tmp_path):
    safe = Safe(lifetime=100, most=3000)
    assert stat.S_IMODE(safe.root.stat().st_mode) == 0o700
    first, second = safe.new(), safe.new()
    (tmp_path / "large").write_bytes(b"x" * 1000)
    safe.put(first, "table", "a.csv", b"one", "digest")
    safe.put(second, "table", "b.csv", tmp_path / "large", "digest")
    assert stat.S_IMODE(safe.place(first).stat().st_mode) == 0o700 and first not in str(safe.place(first))
    for token in ("", "x", first[:-1], first + "=", first + "\n", "../" + first[3:], "a" * 43, first.swapcase()):
        assert safe.place(token) is None and safe.get(token, "table") is None
        safe.delete(token)
    name, path, digest = safe.get(first, "table")
    assert (name, path.read_bytes(), digest) == ("a.csv", b"one", "digest")
    assert safe.get(second, "table")[1].read_bytes() == b"x" * 1000 and safe.get(first, "test") is None
    os.utime(safe.place(first), (0, 0))
    assert safe.place(first) is None and not path.exists()
    third = safe.new()
    safe.put(third, "table", "c.csv", b"x" * 2500, "digest")
    assert safe.place(second) is None, "the one that was not used for longest goes"
    assert safe.place(third) and len(list(safe.root.iterdir())) == 1
    root = safe.root
    del safe
    assert not root.exists()


@pytest.mark.skipif(os.name == "nt", reason="no locks of files")
def test_what_a_killed_process_left_is_deleted_by_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, living = Folder(), Folder()
    young, other = tmp_path / f"{PREFIX}young", tmp_path / "other"
    for path in (young, other, Path(left.name) / "deep"):
        path.mkdir()
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), left.held)  # the lock goes, as that of a killed process does
    for path in (left.name, living.name, other):
        os.utime(path, (0, 0))
    safe = Safe()
    assert {path.name for path in tmp_path.iterdir()} == {Path(living.name).name, "other", young.name, safe.root.name}
