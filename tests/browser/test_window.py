"""The window around the board: phone width and dark theme."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CONTRAST = """button => {
    const light = color => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(value => value / 255)
            .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const text = light(getComputedStyle(button.querySelector('p') ?? button).color);
    const ground = light(getComputedStyle(button).backgroundColor);
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
}"""
"""WCAG's contrast ratio of a button's text."""


def test_a_phone_needs_no_sideways_scrolling_and_reaches_the_settings(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=502, steps=30, size="phone")
    expect(visitor.button("Train")).to_be_in_viewport()
    fits(visitor, "curve", "gates")
    visitor.press("Train")
    expect(visitor.where).to_contain_text("finished")
    fits(visitor, "curve", "training", "clipping", "gates")
    expect(visitor.button("Train")).to_be_in_viewport()
    visitor.page.locator("[data-testid=stMain]").evaluate("main => main.scrollTo(0, 0)")
    expect(visitor.page.locator("[data-view=strip] .main-svg").first).to_be_in_viewport(ratio=1)
    visitor.press("Reset")
    visitor.page.get_by_test_id("stExpandSidebarButton").click()
    visitor.choose("Cell", "GRU")
    expect(visitor.headline).to_contain_text("GRU")


def fits(visitor: Any, *names: str) -> None:
    """Brings these pictures into sight; none makes the page wider than the window."""
    for name in names:
        visitor.page.locator(f"[data-view={name}]").scroll_into_view_if_needed()
        visitor.until(f"document.querySelector('[data-view={name}] .main-svg')")
        assert visitor.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        main = "document.querySelector('[data-testid=stMain]')"
        assert visitor.page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")


@pytest.mark.long
def test_a_change_of_theme_reaches_the_board_and_train_can_be_read_in_both(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=504, theme="light")
    text = f"{visitor.plot('curve')}._fullLayout.font.color"
    ground = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    visitor.until(text)
    for theme, other in (("light", "dark"), ("dark", "light")):
        assert visitor.button("Train").evaluate(CONTRAST) >= 4.5
        assert (visitor.page.evaluate(ground) == "rgb(255, 255, 255)") is (theme == "light")
        before = visitor.page.evaluate(text)
        visitor.page.emulate_media(color_scheme=other)
        visitor.until(f"{text} !== {before!r}")
        visitor.until(f"({ground} === 'rgb(255, 255, 255)') === {str(other == 'light').lower()}")
