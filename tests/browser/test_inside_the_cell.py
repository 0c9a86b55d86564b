"""Inside the cell in the browser: gates forced by knobs, light thrown by pointer and keys, and a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SMALL = {"task__name": "adding", "task__asked": "every", "task__length": 16, "cell__hidden_size": 4, "steps": 60}


def light(visitor: Any) -> Any:
    """The sentence about the loss whose light is thrown, brought into sight."""
    credit = visitor.page.locator("[data-view=credit]")
    credit.scroll_into_view_if_needed()
    expect(credit.locator(".ub-light-words")).to_contain_text("Loss at step 16")
    return credit.locator(".ub-light-words")


def test_a_forced_gate_is_answered_and_kept_in_the_link(server: Any, flow: Any) -> None:
    visitor = flow(server, page="inside_the_cell", seed=801, cell__name="lstm", **SMALL)
    visitor.knob("probe", "i").select_option("0")
    title, hint = (visitor.page.locator(f"[data-view=probe] {part}") for part in ("h3", ".ub-words"))
    expect(title).to_have_text("What if i = 0?")  # the example, f = 1, makes room for it
    visitor.knob("probe", "f").select_option("1")
    expect(title).to_have_text("What if i = 0 and f = 1?")
    expect(hint).to_contain_text("instead of")
    visitor.in_address("knob.gate_i=0")
    visitor.in_address("knob.gate_f=1")
    said = hint.text_content()
    visitor.page.reload()
    visitor.knob("probe", "i")
    expect(hint).to_have_text(said)


@pytest.mark.long
def test_light_follows_pointer_and_keys_without_asking(server: Any, flow: Any) -> None:
    visitor = flow(server, page="inside_the_cell", seed=802, cell__name="gru", **SMALL)
    words = light(visitor)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url) if "/board?" in request.url else None)
    box = visitor.page.locator("[data-view=credit] .js-plotly-plot").bounding_box()
    assert box
    visitor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 14 + 128 * 4.5 / 16)
    expect(words).to_contain_text("Loss at step 5:")
    curve = f"{visitor.plot('credit')}.data.at(-1).y.filter((y) => y !== null).length"
    visitor.until(f"{curve} === 6")  # states 0 to 5
    assert not [url for url in asked if "credit_s" in url]
    visitor.in_address("knob.credit_s=5")
    visitor.page.locator("[data-view=credit] input[type=range]").focus()
    visitor.page.keyboard.press("ArrowRight")
    expect(words).to_contain_text("Loss at step 6:")
    visitor.in_address("knob.credit_s=6")
    visitor.page.reload()
    visitor.page.locator("[data-view=credit]").scroll_into_view_if_needed()
    expect(words).to_contain_text("Loss at step 6:")


@pytest.mark.long
def test_a_plain_rnn_on_a_phone_while_it_trains(server: Any, flow: Any) -> None:
    visitor = flow(server, page="inside_the_cell", seed=803, size="phone", cell__name="rnn", **SMALL | {"steps": 8000})
    visitor.train(beyond=5)
    expect(visitor.headline).to_contain_text("Inside the RNN there is one way back")
    visitor.page.locator("[data-view=credit]").scroll_into_view_if_needed()
    visitor.until(visitor.plot("credit"))
    visitor.page.locator("[data-view=credit] .js-plotly-plot").tap(position={"x": 200, "y": 20})
    expect(visitor.page.locator("[data-view=credit] .ub-light-words")).to_contain_text("Loss at step 1:")
