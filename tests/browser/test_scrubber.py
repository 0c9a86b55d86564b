"""Any moment of a training: the scrubber, its keys, replay, and curves pinned for comparison."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
LONG = 8000
WATCH = """() => {
    window.shown = [];
    const board = document.querySelector('.ub');
    new MutationObserver(() => window.shown.push(Number(board.dataset.step)))
        .observe(board, { attributes: true, attributeFilter: ['data-step'] });
}"""


def played(visitor: Any, steps: int) -> None:
    """Waits until the board has come from the first tenth of the run to its end, and that only forwards."""
    visitor.until(f"window.shown.length > 3 && window.shown.at(-1) === {steps}")
    shown = visitor.page.evaluate("window.shown")
    begin = shown.index(min(shown))
    assert shown[begin] <= steps / 10
    assert shown[begin:] == sorted(shown[begin:])


def test_keys_reach_any_moment_while_training_goes_on(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=201, steps=LONG)
    visitor.train(beyond=100)
    keyboard = visitor.page.keyboard
    keyboard.press("Home")
    visitor.at(0)
    expect(visitor.where).to_contain_text("recorded: step 0")
    keyboard.press("ArrowRight")
    visitor.at(visitor.stride)
    keyboard.press("ArrowRight")
    visitor.at(2 * visitor.stride)
    keyboard.press("ArrowLeft")
    visitor.at(visitor.stride)
    visitor.in_address(f"step={visitor.stride}&")
    text = visitor.where.inner_text()
    expect(visitor.where).not_to_have_text(text)  # training goes on beside what is shown
    expect(visitor.where).to_contain_text(f"recorded: step {visitor.stride} ")
    visitor.page.reload()
    visitor.at(visitor.stride)
    expect(visitor.where).to_contain_text(f"recorded: step {visitor.stride} ")
    visitor.page.keyboard.press("End")
    visitor.beyond(100)
    visitor.not_in_address("step=")


@pytest.mark.long
def test_dragging_and_back_to_live(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=202, steps=800)
    visitor.train(beyond=200)
    held = visitor.pause()
    box = visitor.page.get_by_label("Training step shown").bounding_box()
    mouse, middle = visitor.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] * held / 800, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.1, middle, steps=4)
    visitor.until("step > 40 && step < 120")  # while the button is still down
    mouse.up()
    visitor.until("new URLSearchParams(location.search).get('step') === String(step)")
    visitor.press("Train")
    visitor.beyond(held)
    visitor.page.keyboard.press("Home")
    visitor.at(0)
    visitor.press("Live")
    visitor.beyond(held)
    visitor.not_in_address("step=")


@pytest.mark.long
def test_replay_plays_and_is_held_and_train_on_finished_settings_replays_their_run(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=203, steps=60)
    run = visitor.train()
    expect(visitor.where).to_contain_text("finished")
    visitor.at(60)
    visitor.page.evaluate(WATCH)
    visitor.page.get_by_label("Speed of replay").select_option("2")
    visitor.press("Replay")
    expect(visitor.button("Hold")).to_be_visible()
    played(visitor, 60)
    expect(visitor.button("Replay")).to_be_visible()

    other = flow(server, seed=203, steps=60)
    other.page.get_by_label("Speed of replay").select_option("2")
    other.page.evaluate(WATCH)
    other.press("Train")
    other.in_address("run=")
    played(other, 60)
    assert other.address["run"] == run
    other.page.get_by_label("Speed of replay").select_option("1")
    other.press("Replay")
    other.until("step > 0 && step < 45")
    other.press("Hold")
    other.in_address("step=")
    assert 0 < int(other.address["step"]) < 60
    other.at(int(other.address["step"]))


@pytest.mark.long
def test_a_pinned_curve_stays_till_it_is_removed(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=205)
    visitor.press("Pin this curve")
    visitor.in_address("pin=")
    pins = visitor.page.locator(".ub-pins")
    expect(pins).to_contain_text("untrained")
    label = pins.locator(".ub-key > span").inner_text()
    assert label.startswith("LSTM")
    visitor.choose("Cell", "RNN")
    expect(visitor.headline).to_contain_text("RNN")
    expect(pins).to_contain_text(label)
    lines = f"{visitor.plot('curve')}.data.map(trace => trace.name)"
    assert label in visitor.page.evaluate(lines)
    visitor.page.reload()
    expect(pins).to_contain_text(label)
    visitor.until(f"{lines}.includes({label!r})")
    visitor.press(f"Remove the pinned curve {label}")
    visitor.not_in_address("pin=")
    expect(pins).not_to_contain_text(label)
    visitor.until(f"!{lines}.includes({label!r})")
