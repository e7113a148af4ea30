"""A large upload: in a private folder and not in memory, counted whole, looked at as a working sample."""

import re

import numpy as np
import pytest
from hostile_tables import markdown_texts

from core.reading import large
from pages.kit import choices


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr(large, "LARGE_BYTES", 50_000)
    monkeypatch.setattr(large, "PREVIEW_ROWS", 5000)
    monkeypatch.setattr(choices, "LARGE_BYTES", 50_000)


def test_a_large_upload_lies_in_a_folder_and_every_page_says_what_it_looks_at(opened, small_limit):
    rng = np.random.default_rng(0)
    lines = [f"{x:.3f},{k},{'yes' if k % 50 == 0 else 'no'}" for k, x in enumerate(rng.normal(size=6000))]
    content = "\n".join(["size,number,outcome", *lines]).encode()
    app = opened(upload=("big.csv", content, "text/csv"), rows="2000")
    assert not app.exception and not app.error
    held = app.session_state["upload"][1]
    assert held.path.read_bytes() == content
    shown = re.sub(r"\\", "", "\n".join(markdown_texts(app)))
    assert "big.csv: 6,000 rows, 3 columns" in shown
    assert "look at 5,000 rows drawn at random" in shown, "suggestions look at the rows in memory"
    sentence = "All 120 rows of 'yes' and 1,880 of the 5,880 rows of 'no' make the working sample"
    for page in ("profile", "remedy"):
        app.switch_page(f"steps/{page}.py").run()
        assert not app.exception and not app.error
        assert sentence in re.sub(r"\\", "", "\n".join(markdown_texts(app))), page
    assert "120 of 6,000 rows (2 %)" in re.sub(
        r"\\", "", "\n".join(markdown_texts(app.switch_page("steps/data.py").run()))
    )
