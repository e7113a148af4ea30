"""The frame around every page: name, navigation, the choices from the link, and the side bar."""

from pathlib import Path

import streamlit as st

from pages.kit import choices, kept_session, session, show, tables

STEPS = {
    "data": ("Data", ":material/table:"),
    "profile": ("Profile", ":material/bar_chart:"),
    "diagnose": ("Diagnose", ":material/stethoscope:"),
    "remedy": ("Remedy", ":material/healing:"),
    "decide": ("Decide", ":material/balance:"),
    "explain": ("Explain", ":material/lightbulb:"),
    "report": ("Report", ":material/description:"),
    "learn": ("Learn", ":material/school:"),
}
ICON = Path(__file__).parent / "kit" / "icon.svg"
LEGIBLE = """<style>
    .stButtonGroup [data-selected="true"], .stButtonGroup [data-selected="true"] *,
    [data-testid="stSliderThumbValue"], [data-testid="stSliderThumbValue"] * { color: inherit !important; }
</style>"""  # in dark mode no colour of a theme is both legible as text and a ground for white text


def frame() -> None:
    """Draw the frame, and the page in it."""
    st.set_page_config(page_icon=str(ICON), layout="wide")  # first, or a browser may fetch a page's icon from afar
    st.html(LEGIBLE)
    st.logo(str(ICON.with_name("logo.svg")), icon_image=str(ICON), size="large")
    page = st.navigation(
        [
            st.Page(f"steps/{name}.py", title=title, icon=icon, url_path=name, default=name == "data")
            for name, (title, icon) in STEPS.items()
        ]
    )
    name = "Counterpoise" if page.title == "Data" else f"{page.title} · Counterpoise"
    st.set_page_config(name)
    choices.restore()
    kept_session.restore()
    kept_session.keep()
    session.forget_unfit()
    choices.publish(tables.source())
    session.drop_stale()
    show.sidebar()
    show.guarded(page.run)()
    session.warm()


if __name__ == "__main__":  # a worker process may import this file; it must not draw
    frame()
