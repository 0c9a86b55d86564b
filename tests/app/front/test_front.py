"""The first page and the words, as Streamlit's own test harness sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.board.views import PAGES
from app.entries import BY_FILE, ENTRIES
from app.front.home import TITLE
from app.text.glossary import WORDS
from app.visit import link

ROUTER = Path(__file__).parents[3] / "app" / "router.py"


pytestmark = pytest.mark.usefixtures("own_lab")


def opened(page: str = "", **query: str) -> AppTest:
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    if page:
        at.switch_page(f"../pages/{page}.py")
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    return " ".join(element.value for element in at.markdown)


@pytest.mark.parametrize("query", [{}, {"embed": "true"}, {"utm_source": "a"}, {"fbclid": "x"}])
def test_the_bare_address_is_the_first_page(query: dict[str, str]) -> None:
    at = opened(**query)
    assert [title.value for title in at.title] == [TITLE]
    assert "50 time steps" in said(at) and not at.error


@pytest.mark.parametrize("query", [{"preset": "review-rnn"}, {"lr": "0.5"}, {"run": "long-gone-run"}, {"what": "ever"}])
def test_a_link_to_the_bare_address_leads_to_the_laboratory(query: dict[str, str]) -> None:
    at = opened(**query)
    assert "Train" in [button.label for button in at.button] and not at.title
    shown = at.session_state["_view"]
    assert shown.config == link.read({key: [value] for key, value in query.items()}).config


def test_every_page_of_the_navigation_has_its_file_and_every_file_its_place() -> None:
    files = {path.stem for path in (ROUTER.parents[1] / "pages").glob("*.py")}
    assert files == set(BY_FILE) and len(BY_FILE) == len(ENTRIES)
    assert {entry.file for entry in ENTRIES if entry.start} >= set(PAGES)


def test_every_word_is_found_and_seen_where_it_says() -> None:
    at = opened("words")
    text = said(at)
    for term in WORDS:
        assert f"**{term.forms[0]}**" in text and term.sentence in text
        assert not term.seen or term.seen[1] in PAGES[term.seen[0]].views
    assert sum(bool(term.symbol or term.equation) for term in WORDS) > 25
    at.text_input(key="words-find").set_value("carousel").run()
    assert said(at).count("**") < text.count("**") and "**carousel**" in said(at)
    at.text_input(key="words-find").set_value("<b>no such</b>").run()
    assert "No word here has “bno suchb” in it." in said(at)
