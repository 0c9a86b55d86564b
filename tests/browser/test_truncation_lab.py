"""The Truncation lab: five kinds of truncation, what each K does to this gradient, how networks like this one fared."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
FARED = re.compile(r"Of [\d,]+ networks like this that we trained, ([\d,]+|none) ended with the task solved\.")
PRESET = {"preset": "temporal-order-lstm-truncated"}


def lab(server: Any, flow: Any, **settings: Any) -> Any:
    """A visitor of the lab."""
    return flow(server, page="truncation_lab", **(PRESET | settings))


def hint(visitor: Any, name: str) -> Any:
    """What a picture reads out, what is folded away with it; scrolled to, so that the board asks for it."""
    visitor.page.locator(f"[data-view={name}]").scroll_into_view_if_needed()
    return visitor.page.locator(f"[data-view={name}] .ub-words")


def described(visitor: Any, name: str) -> Any:
    """The words for whoever does not see the picture."""
    visitor.page.locator(f"[data-view={name}]").scroll_into_view_if_needed()
    return visitor.page.locator(f"[data-view={name}] [role=img]")


def finished(visitor: Any) -> None:
    expect(visitor.where).to_contain_text("finished", timeout=90_000)


def follows_the_settings(visitor: Any) -> None:
    """The diagram: its words for whoever does not see it."""
    diagram = described(visitor, "diagram")
    expect(diagram).to_have_attribute("aria-label", re.compile("in use: windows"))
    visitor.choose("Truncation", "windows, state reset")
    expect(diagram).to_have_attribute("aria-label", re.compile("in use: reset.*state set to zero every 20 steps"))
    visitor.enter("Window K (steps)", "45")
    expect(diagram).to_have_attribute(
        "aria-label", re.compile("state set to zero every 45 steps, reaches all 44 steps back")
    )
    expect(visitor.page.locator(".ub-subline")).to_contain_text(FARED)


def test_moving_k_reads_out_another_bias_and_the_diagram_follows_the_settings(server: Any, flow: Any) -> None:
    visitor = lab(server, flow, seed=702)
    words = hint(visitor, "bias")
    expect(words).to_contain_text("K = 20: the gradient of the cell's weights is off by")
    knob = visitor.knob("bias", "K")
    knob.focus()
    knob.press("ArrowRight")
    expect(words).to_contain_text("K = 21: the gradient of the cell's weights is off by")
    visitor.in_address("knob.k=21")
    expect(visitor.page.locator(".ub-figures")).to_contain_text(
        "bias of the gradient of the cell's weights at K\u00a0=\u00a021"
    )
    knob.press("End")
    expect(words).to_contain_text(
        "K = 50: the gradient of the cell's weights is off by 0\u00a0% (everything trained: 0\u00a0%), cosine 1.00"
    )
    assert "run" not in visitor.address and visitor.step == 0
    follows_the_settings(visitor)


@pytest.mark.long
def test_a_forecast_is_followed_by_what_became_of_it_and_a_moved_cursor_has_an_answer_that_a_link_repeats(
    server: Any, flow: Any
) -> None:
    visitor = lab(server, flow, seed=703, steps=150)
    pair = "The task needs the gradient 44 steps back; it reaches 19."
    expect(visitor.headline).to_have_text(pair)
    expect(visitor.page.locator(".ub-subline")).to_contain_text(FARED)
    run = visitor.train()
    finished(visitor)
    visitor.at(150)
    expect(visitor.page.locator(".ub-subline")).to_contain_text("ended with the task solved. This one did not.")
    expect(visitor.page.locator(".ub-subline")).to_contain_text("at training step 150")
    words = hint(visitor, "bias")
    for key, step in (("Home", 0), ("ArrowRight", 1), ("End", 150)):
        visitor.page.keyboard.press(key)
        visitor.at(step)
        expect(words).to_contain_text(f"Measured at training step {step}")
    expect(hint(visitor, "cost")).to_contain_text("of the memory")
    again = flow(server, link=f"{server.url}/truncation_lab?run={run}&step=7&knob.k=33&knob.delta=0.2&knob.cut=sliding")
    again.at(7)
    words = hint(again, "bias")
    expect(words).to_contain_text("K = 33: the gradient of the cell's weights is off by")
    expect(words).to_contain_text("Measured at training step 7")
    expect(again.knob("bias", "truncation")).to_have_value("sliding")
    expect(again.page.locator("[data-view=bias] .ub-keys")).to_contain_text("δ = 20\u00a0%")
