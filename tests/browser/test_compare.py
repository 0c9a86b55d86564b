"""Compare: four cells side by side, one click from any run, a link that brings all of it back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SMALL = {"task__length": 20, "cell__hidden_size": 4, "batch_size": 4}


def test_four_cells_train_to_a_verdict_and_a_link_brings_them_back(server: Any, flow: Any) -> None:
    visitor = flow(server, page="compare", seed=901, steps=20, knob__seeds="2", **SMALL)
    visitor.press("Train")
    visitor.in_address("beside=")
    expect(visitor.page.locator(".ub-subline")).to_contain_text("Not distinguishable at 2 seeds", timeout=60_000)
    assert visitor.page.url.count("beside=") == 7
    rows = visitor.page.locator("[data-view=table] .ub-sheet tbody tr")
    visitor.page.locator("[data-view=table]").scroll_into_view_if_needed()
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("reference")
    visitor.page.locator("[data-view=progress]").scroll_into_view_if_needed()
    expect(visitor.page.locator("[data-view=progress] .ub-hint")).to_have_text("8 runs: 8 over.")
    headline = visitor.headline.inner_text()
    follower = flow(server, link=visitor.page.url, size="phone", theme="dark")
    expect(follower.headline).to_have_text(headline)
    assert follower.page.evaluate("document.documentElement.scrollWidth") <= 390
    follower.page.locator("[data-view=strips]").scroll_into_view_if_needed()
    follower.drawn("strips")


@pytest.mark.long
def test_one_click_from_a_run_trains_the_other_cells_and_the_buttons_act_on_all(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=902, steps=8000, **SMALL)
    run = visitor.train(beyond=10)
    visitor.press("Compare with the other cells")
    visitor.until("document.title.startsWith('Compare') && Number(board?.dataset.updates) > 0")
    visitor.in_address(f"run={run}")
    visitor.in_address("beside=")
    assert visitor.page.url.count("beside=") == 11
    visitor.page.locator("[data-view=progress]").scroll_into_view_if_needed()
    hint = visitor.page.locator("[data-view=progress] .ub-hint")
    expect(hint).to_contain_text(re.compile(r"^12 runs: .*training"), timeout=60_000)
    visitor.press("Pause")
    expect(visitor.where).to_contain_text("paused")
    visitor.page.locator("[data-view=progress]").scroll_into_view_if_needed()  # what is out of sight is not drawn
    expect(hint).to_have_text("12 runs: 12 paused.", timeout=60_000)
    visitor.page.reload()
    visitor.until("Number(board?.dataset.updates) > 0")
    assert visitor.page.url.count("beside=") == 11 and visitor.address["run"] == run
    visitor.press("Reset")
    visitor.press("End them")
    visitor.not_in_address("beside=")
