"""The page "Gradient flow" from a visitor's chair: the untrained gradient, training, four buttons and their keys."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
VIEWS = ("strip", "curve", "training", "loss", "score", "clipping", "gates")
LONG = 8000
"""Training steps of a run that no test sees the end of; every eighth is recorded."""


def scrolled_through(flow: Any) -> None:
    """Brings every picture into sight and waits until it is drawn."""
    for name in VIEWS:
        flow.page.locator(f"[data-view={name}]").scroll_into_view_if_needed()
        flow.until(f"document.querySelector('[data-view={name}] .main-svg')")


def test_the_untrained_gradient_is_there_before_any_run_and_follows_the_settings(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=101)
    assert visitor.step == 0 and "run" not in visitor.address
    expect(visitor.headline).to_contain_text("The untrained LSTM's gradient")
    lstm = visitor.drawn("strip")
    visitor.choose("Cell", "RNN")
    expect(visitor.headline).to_contain_text("The untrained RNN's gradient")
    rnn, words = visitor.drawn("strip"), visitor.headline.inner_text()
    visitor.choose("Initialisation", "orthogonal")
    expect(visitor.headline).not_to_have_text(words)
    assert len({lstm, rnn, visitor.drawn("strip")}) == 3
    assert visitor.step == 0 and "run" not in visitor.address


def test_training_is_seen_in_every_picture_while_it_goes_on(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=102, steps=LONG)
    visitor.train()
    scrolled_through(visitor)
    step = visitor.step
    visitor.page.locator(".ub-transport").scroll_into_view_if_needed()
    visitor.beyond(step)
    expect(visitor.where).to_contain_text("left")
    assert "of 8,000" in visitor.where.inner_text()
    expect(visitor.headline).not_to_contain_text("untrained")
    expect(visitor.page.locator(".ub-subline")).to_contain_text("on unseen sequences")
    progress = visitor.page.get_by_role("progressbar", name="Training progress")
    assert int(progress.get_attribute("aria-valuenow") or 0) > step


def test_the_plots_are_the_same_nodes_before_during_and_after_training(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=103, steps=40)
    nodes = [visitor.plot(name) for name in ("strip", "curve")]
    for node in nodes:
        visitor.until(node)
        visitor.page.evaluate(f"{node}.marked = true")
    visitor.train()
    expect(visitor.where).to_contain_text("finished")
    visitor.at(40)
    expect(visitor.button("Pause")).to_be_disabled()  # so Streamlit has run the script again
    assert visitor.page.evaluate(" && ".join(f"{node}.marked" for node in nodes))
    visitor.press("Reset")
    visitor.at(0)
    visitor.choose("Cell", "GRU")
    expect(visitor.headline).to_contain_text("GRU")
    assert visitor.page.evaluate(" && ".join(f"{node}.marked" for node in nodes))


@pytest.mark.long
def test_zoom_and_hover_survive_updates(server: Any, flow: Any) -> None:
    """And what is pointed at is marked in the other pictures."""
    visitor = flow(server, seed=104, steps=LONG)
    visitor.train()
    # A caption that grows by a line moves the pictures under the mouse, which is another matter.
    visitor.page.add_style_tag(content=".ub-caption { height: 20rem; overflow: hidden }")
    visitor.page.locator("[data-view=curve]").scroll_into_view_if_needed()
    visitor.updated()
    area = visitor.page.locator("[data-view=curve] .nsewdrag").bounding_box()
    mouse, middle = visitor.page.mouse, area["y"] + area["height"] / 2
    mouse.move(area["x"] + area["width"] * 0.3, middle)
    mouse.down()
    mouse.move(area["x"] + area["width"] * 0.6, middle, steps=5)
    mouse.up()
    shown = f"{visitor.plot('curve')}._fullLayout.xaxis.range"
    visitor.until(f"{shown}[0] > 10 && {shown}[1] < 40")
    zoomed = visitor.page.evaluate(shown)
    visitor.page.locator("[data-view=strip] .nsewdrag").hover(force=True)
    label = visitor.page.locator("[data-view=strip] .hovertext")
    mark = visitor.page.locator("[data-view=curve] .ub-mark")
    for _ in range(2):
        expect(label).to_be_visible()
        expect(mark).to_be_visible()
        assert visitor.page.evaluate(shown) == zoomed
        visitor.updated(5)
    visitor.pause()
    visitor.no_news()
    assert visitor.page.evaluate(shown) == zoomed


def test_pause_step_train_and_reset(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=106, steps=LONG)
    untrained, words = visitor.drawn("strip"), visitor.headline.inner_text()
    run = visitor.train()
    held = visitor.pause()
    visitor.no_news()
    assert visitor.step == held
    for k in (1, 2):
        visitor.press("Step")
        visitor.at(held + visitor.stride * k)
        expect(visitor.where).to_contain_text("paused")
    assert visitor.address["run"] == run
    visitor.press("Train")
    visitor.beyond(held + 4 * visitor.stride)
    visitor.press("Reset")
    visitor.press("Keep it")
    expect(visitor.button("End it")).to_be_hidden()
    assert visitor.address["run"] == run
    visitor.press("Reset")
    visitor.press("End it")
    visitor.not_in_address("run=")
    visitor.at(0)
    expect(visitor.headline).to_have_text(words)
    assert visitor.drawn("strip") == untrained and visitor.address["seed"] == "106"
    expect(visitor.button("Reset")).to_be_disabled()
    visitor.press("Step")  # which alone begins a run, here of the settings that have one already
    visitor.in_address("run=")
    visitor.at(visitor.stride)
    expect(visitor.where).to_have_text(f"step {visitor.stride} of 8,000, paused")


@pytest.mark.long
def test_keys_press_the_buttons_and_are_letters_while_one_types(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=108, steps=LONG)
    keyboard = visitor.page.keyboard
    keyboard.press("t")
    visitor.in_address("run=")
    visitor.beyond(0)
    expect(visitor.button("Pause")).to_be_enabled()
    keyboard.press("p")
    expect(visitor.where).to_contain_text("paused")
    visitor.no_news()
    run, held = visitor.address["run"], visitor.step
    expect(visitor.button("Train")).to_be_enabled()
    rate = visitor.page.get_by_label("Learning rate", exact=True)
    rate.focus()  # where they are letters
    for key in ("t", "s", "0"):
        keyboard.press(key)
    visitor.no_news()
    expect(visitor.where).to_contain_text("paused")
    assert visitor.step == held and visitor.address["run"] == run
    rate.evaluate("field => field.blur()")
    keyboard.press("s")
    visitor.at(held + visitor.stride)
    keyboard.press("0")
    expect(visitor.button("Keep it")).to_be_visible()
    keyboard.press("t")  # no key of the page's while something stands over it
    visitor.press("End it")
    visitor.not_in_address("run=")


@pytest.mark.long
def test_a_run_that_explodes_is_explained(server: Any, flow: Any) -> None:
    visitor = flow(server, preset="exploding-rnn", seed=110)
    visitor.press("Train")
    expect(visitor.headline).to_contain_text(re.compile("stopped being a number|overflowed"), timeout=60_000)
    expect(visitor.where).to_contain_text("finished")
    scrolled_through(visitor)
    expect(visitor.page.locator(".ub-subline")).to_contain_text("clipping")
