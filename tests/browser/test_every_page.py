"""Every page on a phone: its pictures are drawn and fit, its words explain themselves, and nobody is shut out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app.board.views import PAGES
from app.entries import BY_FILE, ENTRIES
from app.text.glossary import GLOSSARY
from core.config import RunConfig

pytestmark = pytest.mark.browser
OF_THEIR_TASKS = ("series", "language")
"""The pages that have pictures of tasks of a kind alone."""
WITHOUT_BOARD = (
    *(entry.file for entry in ENTRIES if entry.file not in PAGES),
    "lessons?lesson=vanishing&step=2",
    "lessons?lesson=vanishing&step=4",
    "lessons?lesson=carousel&step=2&answer.2=0.5",
    "lessons?lesson=vanishing&sheet=1",
)
MAIN = "document.querySelector('[data-testid=stMain]')"
EXPONENT = re.compile(r"\d[eE][+−-]?\d")
TEXTS = ".ub-headline, .ub-subline, .ub-figures dt, .ub-view h3, .ub-hint, .ub-more p, .ub-key > span, .ub-knob > span"
UNMARKED = """([selector, forms]) => [...document.querySelectorAll(selector)].flatMap(element => {
    const letter = '[\\\\p{L}\\\\p{N}]', plain = form => form.replace(/[.*+?^${}()|[\\]\\\\]/g, '\\\\$&');
    const has = (text, written) => written.some(form =>
        new RegExp(`(?<!${letter})${plain(form)}(?!${letter})`, 'iu').test(text));
    const marked = [...element.querySelectorAll('.ub-term')].map(term => term.textContent);
    return forms.filter(written => has(element.textContent, written) && !marked.some(word => has(word, written)))
        .map(written => `${written[0]} in “${element.textContent}”`);
})"""
SETTLED = "{0}.dataset.step || {0}.classList.contains('ub-past') && !{0}.querySelector('.ub-plot').offsetParent"
"""A picture is drawn, or says why there is none and needs no room."""
DRAWN_IN = """(theme) => {
    const [red] = getComputedStyle(document.querySelector('.stApp')).backgroundColor.match(/\\d+/g).map(Number);
    const board = document.querySelector('.ub');
    const ink = board ? getComputedStyle(board).color.match(/\\d+/g).map(Number)[0] : 255 - red;
    return (red < 128) === (theme === 'dark') && (ink > 128) === (theme === 'dark');
}"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_with_a_board(server: Any, flow: Any, name: str) -> None:
    preset = BY_FILE[name].start if name in OF_THEIR_TASKS else "temporal-order-lstm"
    visitor = flow(server, page=name, preset=preset, seed=712, steps=30, size="phone", theme="dark")
    visitor.press("Train")
    left_out = PAGES[name].left_out(RunConfig.preset(preset))
    for view in PAGES[name].views:
        if view in left_out:
            continue
        section = visitor.page.locator(f"[data-view={view}]")
        there = f"document.querySelector('[data-view={view}]')"
        visitor.until(f"!{there}.hidden")
        section.scroll_into_view_if_needed()
        visitor.until(SETTLED.format(there))
        assert visitor.page.evaluate(f"{MAIN}.scrollWidth <= {MAIN}.clientWidth"), view
    # a longer form holds a shorter one: "full BPTT" marks "BPTT"
    found = visitor.page.evaluate(UNMARKED, [TEXTS, [list(term.forms) for term in GLOSSARY]])
    inner = {form for term in GLOSSARY for form in term.forms for other in GLOSSARY if other is not term
             and any(form in longer for longer in other.forms)}  # fmt: skip
    assert [text for text in found if text.split(" in “")[0] not in inner] == []
    assert not EXPONENT.search(re.sub(r"[?&]\S+", "", visitor.board.inner_text()))
    assert serious(visitor.page) == []


@pytest.mark.parametrize("path", WITHOUT_BOARD)
def test_a_page_without_a_board_of_its_own(server: Any, open_page: Callable[..., Page], path: str) -> None:
    page = open_page(f"{server.url}/{path.removeprefix('home')}", size="phone", theme="dark")
    expect(page.locator("[data-testid=stMain] :is(h1, h2, h3, .ub)").first).to_be_visible()
    page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
    assert page.evaluate(f"{MAIN}.scrollWidth <= {MAIN}.clientWidth")
    assert serious(page) == []


# Streamlit's own list of pages, which holds the names of its menus beside its items; and the inside of pictures, which
# are one image with a text in its place.
LEFT_OUT = {"exclude": [["[data-testid=stSidebarNav]"], [".js-plotly-plot"]]}


def serious(page: Page) -> list[str]:
    """What axe-core finds at fault and calls serious, in both themes; in the second, where colours alone have changed,
    the contrasts."""
    found = []
    for theme, rules in (("dark", {}), ("light", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(DRAWN_IN, arg=theme)
        found += [
            f"{theme}: {fault['id']} ({fault['impact']}): {fault['nodes'][0]['html'][:160]}"
            for fault in Axe().run(page, LEFT_OUT, rules).response["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
    return found
