"""A CSV is dropped in, learnt, forecast and shown to whoever has the link; deleted with its run, it is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
FILE = Path(__file__).parents[1] / "data" / "spreadsheet_german.csv"
SETTINGS = "task.name=own-series&task.length=12&cell.hidden_size=4&steps=60&seed=77"


def test_a_csv_becomes_a_run_that_its_link_shows(own_server: Any, flow: Any) -> None:
    visitor = flow(own_server, link=f"{own_server.url}/series?{SETTINGS}")
    page = visitor.page
    page.get_by_test_id("stExpander").get_by_text("A CSV of yours").click()
    page.locator("input[type=file]").set_input_files(str(FILE))
    expect(page.get_by_text("Left out below the dates, from line 213 on")).to_be_visible()
    expect(page.get_by_text("Umsatz (€): 208 steps")).to_be_visible()
    drawn = page.locator(".inked").first
    expect(drawn).to_be_visible()
    assert drawn.evaluate("drawing => getComputedStyle(drawing).maskImage").startswith('url("data:image/svg+xml')
    run = visitor.train(beyond=5)
    expect(page.locator("[data-view=one_step] .ub-words")).to_contain_text(
        "Over the whole held-out part", timeout=60_000
    )
    guest = flow(own_server, link=page.url)
    expect(guest.page.get_by_text("Umsatz (€): 208 steps")).to_be_visible()
    assert guest.address["run"] == run and len(guest.address["task.data"]) == 32
