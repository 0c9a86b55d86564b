"""The address bar: a link shows another visitor the same, a bad one explains itself, the history goes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
LONG = 8000


def sentence(page: Any, text: str) -> None:
    """A complaint on the page that says this."""
    expect(page.get_by_test_id("stAlert").filter(has_text=text)).to_be_visible()


def test_a_link_shows_the_same_run_at_the_same_step(server: Any, flow: Any) -> None:
    first = flow(server, seed=301, steps=LONG)
    first.train()
    held = first.pause()
    first.page.keyboard.press("ArrowLeft")
    first.in_address("step=")
    second = flow(server, link=first.page.url)
    second.at(held - second.stride)
    assert second.address == first.address
    assert second.headline.inner_text() == first.headline.inner_text()
    assert second.drawn("curve") == first.drawn("curve")


@pytest.mark.long
def test_other_visitors_pause_and_step_runs_of_their_own(server: Any, flow: Any) -> None:
    first = flow(server, seed=303, steps=LONG)
    first.press("Step")
    first.at(first.stride)
    second = flow(server, link=first.page.url)
    run = first.train(beyond=first.stride)
    expect(second.button("Pause")).to_be_enabled()
    second.press("Pause")
    second.press("Watch")
    expect(second.button("Run my own copy")).to_be_hidden()
    assert second.address["run"] == run
    second.press("Pause")
    second.press("Run my own copy")
    second.until(f"!location.search.includes('run={run}')")
    expect(second.where).to_contain_text("paused", timeout=60_000)
    first.beyond(first.step)
    assert first.address["run"] == run
    expect(first.where).not_to_contain_text("paused")
    held = first.pause()
    third = flow(server, link=first.page.url)
    third.at(held)
    third.press("Step")
    third.press("Run my own copy")
    third.until(f"!location.search.includes('run={run}')")
    third.at(held + third.stride)
    expect(third.where).to_contain_text("paused")
    first.no_news()
    assert first.step == held and first.address["run"] == run


@pytest.mark.long
def test_unknown_and_impossible_values_are_explained(server: Any, flow: Any) -> None:
    visitor = flow(server, cell__name="transformer", lr="-1", task__length="many", colour="red", preset="nothing")
    for key in ("cell.name", "lr", "task.length", "colour", "preset"):
        sentence(visitor.page, key)
    assert visitor.address["lr"] == "0.02" and "colour" not in visitor.address
    visitor.enter("Seed", "304")
    expect(visitor.page.get_by_test_id("stAlert")).to_have_count(0)
    visitor.in_address("seed=304")


@pytest.mark.long
def test_unknown_runs_steps_and_pins_are_explained_and_the_settings_serve(server: Any, flow: Any) -> None:
    first = flow(server, run="unknown-run", step=7, seed=305, steps=LONG)
    sentence(first.page, "is not on this server")
    assert "run" not in first.address and first.address["seed"] == "305"
    run = first.train()
    held = first.pause()
    second = flow(server, run=run, step="99999", pin="gone@3")
    sentence(second.page, "must be a whole number from 0 to 8000")
    second.at(held)
    expect(second.page.locator(".ub-pins")).to_contain_text("no longer on this server")


def test_an_absurd_size_is_refused_with_a_way_out(server: Any, open_page: Any) -> None:
    query = "task.length=10000&cell.hidden_size=512&batch_size=512&steps=100000"
    page = open_page(f"{server.url}/gradient_flow?{query}")
    sentence(page, "Lower")
    page.get_by_role("button", name="Train", exact=True).click()
    sentence(page, "this server allows 20 for a run")
    assert "run=" not in page.url


def test_a_corrupt_run_is_explained(server: Any, flow: Any, script_errors: Any) -> None:
    visitor = flow(server, seed=307, steps=30)
    run = visitor.train()
    expect(visitor.where).to_contain_text("finished")
    link, page = visitor.page.url, visitor.page
    page.goto("about:blank")  # so that nobody reads the file while it is harmed
    for path in Path(server.data, "runs").glob(f"{run}.sqlite*"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    page.goto(link)
    expect(page.locator(".ub-notice")).to_contain_text("file")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    page.context.close()
    assert any("/board?" in error for error in script_errors), "the browser reports the refused reply"
    script_errors[:] = [error for error in script_errors if "/board?" not in error]


@pytest.mark.long
def test_back_and_forward_go_through_the_settings(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=308, steps=LONG)
    visitor.choose("Cell", "RNN")
    expect(visitor.headline).to_contain_text("RNN")
    visitor.in_address("cell.name=rnn")
    run = visitor.train()
    visitor.pause()
    visitor.page.go_back()
    visitor.not_in_address("run=")
    expect(visitor.headline).to_contain_text("The untrained RNN")
    visitor.page.go_back()
    expect(visitor.headline).to_contain_text("The untrained LSTM")
    expect(visitor.page.get_by_role("combobox", name="Cell", exact=True)).to_have_value("LSTM")
    visitor.page.go_forward()
    expect(visitor.headline).to_contain_text("The untrained RNN")
    visitor.page.go_forward()
    visitor.in_address(f"run={run}")
    expect(visitor.where).to_contain_text("paused")
