"""No page has a serious fault in the eyes of axe-core: names, roles, contrasts, structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from app.entries import LABS

pytestmark = pytest.mark.browser
PAGES = [
    "",
    "lessons",
    "lessons?lesson=vanishing&step=2",
    "lessons?lesson=vanishing&step=4",
    "lessons?lesson=carousel&step=2&answer.2=0.5",
    "lessons?lesson=vanishing&sheet=1",
    "gallery",
    "gallery?card=gers_timing",
    "words",
    *(lab.file for lab in LABS),
]


DRAWN_IN = """(theme) => {
    const [red] = getComputedStyle(document.querySelector('.stApp')).backgroundColor.match(/\\d+/g).map(Number);
    return (red < 128) === (theme === 'dark');
}"""


def test_no_serious_fault_on_any_page(server: Any, open_page: Callable[..., Page]) -> None:
    page, found = open_page(), []
    for path in PAGES:
        page.goto(f"{server.url}/{path}")
        page.locator("[data-testid=stMain] :is(h1, h2, h3, .ub)").first.wait_for()
        page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(DRAWN_IN, arg=theme)
            faults = Axe().run(page).response["violations"]
            found += [
                f"/{path}, {theme}: {fault['id']} ({fault['impact']}): {fault['nodes'][0]['html'][:160]}"
                for fault in faults
                if fault["impact"] in ("serious", "critical")
            ]
    assert not found, "\n".join(found)
