"""Language: the sample changes while a network learns and comes back when scrubbed to; a click asks about a word."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SETTINGS = (
    "task.name=language&task.tokens=words&task.length=10&cell.name=gru&cell.hidden_size=6&batch_size=2&steps=400"
    "&seed=901"
)
FOUR = "Object.values(document.querySelector('[data-view=side_by_side] .js-plotly-plot')?.data[1].text ?? {})"

PLACE = """() => {
    const plot = %s, { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect(), wanted = %d - 1;
    const [{ text }] = %s.data, { cells } = plot.layout.meta.click;
    const row = cells.findIndex((line) => line.includes(wanted)), at = (axis, k) => axis._offset + axis.d2p(k);
    const columns = [...cells[row].keys()].filter((column) => cells[row][column] === wanted);
    return [box.left + at(xaxis, columns[0]), box.top + at(yaxis, row), columns.map((k) => text[row][k]).join("")];
}"""
"""Where a symbol stands on the screen, and what it is."""


@pytest.mark.long
def test_a_text_is_written_scrubbed_back_to_and_asked_about(server: Any, flow: Any) -> None:
    visitor = flow(server, link=f"{server.url}/language?{SETTINGS}")
    page, sample = (
        visitor.page,
        lambda: visitor.page.evaluate(f"JSON.stringify({visitor.plot('writing')}.data[0].text)"),
    )
    page.get_by_test_id("stButtonGroup").get_by_text("all cells").click()
    untrained = visitor.drawn("writing") and sample()
    visitor.train(beyond=10)
    held = visitor.pause()
    visitor.until(f"JSON.stringify({visitor.plot('writing')}.data[0].text) !== {untrained!r}")
    visitor.no_news()
    then = sample()
    visitor.press("Train")
    visitor.beyond(held + 100)
    visitor.until(f"JSON.stringify({visitor.plot('writing')}.data[0].text) !== {then!r}")
    page.locator(".ub-scrub input").fill(str(held))
    visitor.at(held)
    visitor.until(f"JSON.stringify({visitor.plot('writing')}.data[0].text) === {then!r}")
    asked_about_a_word(visitor)
    page.locator("[data-view=side_by_side]").scroll_into_view_if_needed()
    visitor.until(f"{FOUR}.length === 4")
    assert [title.split(":")[0].strip() for title in page.evaluate(FOUR)] == ["GRU", "RNN", "LSTM", "Peephole LSTM"]


def asked_about_a_word(visitor: Any) -> None:
    """A click on it; and its neighbour's, then in the picture of the gradient itself."""
    page = visitor.page
    for view, place in (("writing", 31), ("origin", 12)):
        page.locator(f"[data-view={view}] .js-plotly-plot").scroll_into_view_if_needed()
        x, y, word = page.evaluate(PLACE % (visitor.plot(view), place, visitor.plot("writing")))
        page.mouse.click(x, y)
        visitor.in_address(f"knob.language_at={place}")
        expect(page.locator("[data-view=origin] .ub-words")).to_contain_text(f"comes “{word}”")
        expect(visitor.knob("origin", "in")).to_have_value("written")
