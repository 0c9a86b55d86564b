"""The Microscope: a training step played in the browser, a frame in the link, a gradient checked."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SMALL = {"task__length": 12, "cell__hidden_size": 4, "steps": 60}

LISTEN = """() => {
    window.said = [];
    const sentence = document.querySelector('.um-sentence');
    new MutationObserver(() => window.said.push(sentence.textContent))
        .observe(sentence, { childList: true, characterData: true, subtree: true });
}"""
"""Keeps every sentence: at thirty frames a second a busy machine would miss those that are waited for."""


def player(visitor: Any) -> Any:
    """Slow motion, brought into sight."""
    visitor.page.locator("[data-view=slow]").scroll_into_view_if_needed()
    expect(visitor.page.locator(".um-sentence")).to_contain_text("Step 1 of 12")
    return visitor.page.locator(".um")


def test_a_step_is_played_from_one_answer_and_its_frame_is_in_the_link(server: Any, flow: Any) -> None:
    visitor = flow(server, page="microscope", seed=701, **SMALL)
    um = player(visitor)
    before = um.locator("text[data-f=c]").text_content()
    asked: list[str] = []
    um.get_by_label("Frames a second").select_option("30")
    visitor.page.on("request", lambda request: asked.append(request.url) if "/board?" in request.url else None)
    visitor.page.evaluate(LISTEN)
    um.get_by_role("button", name="Play").click()
    frames = 12 + 1 + 12 + 12 + 1 + 1
    expect(um.get_by_role("slider")).to_have_value(str(frames - 1))
    expect(um.locator(".um-sentence")).to_contain_text("moves the weights by")
    assert visitor.page.evaluate("window.said.some(text => text.includes('has a gradient of'))")
    assert len(asked) < frames / 3
    um.get_by_role("button", name="Backward").click()
    visitor.page.keyboard.press(".")
    visitor.page.keyboard.press(".")
    visitor.page.keyboard.press(",")
    sentence = um.locator(".um-sentence")
    expect(sentence).to_contain_text("Step 11 has a gradient of")
    visitor.in_address("knob.micro_phase=backward")
    visitor.in_address("knob.micro_t=11")
    assert um.locator("text[data-f=c]").text_content() != before
    said = sentence.inner_text()
    visitor.page.reload()
    expect(visitor.page.locator(".um-sentence")).to_have_text(said)


@pytest.mark.long
def test_what_is_looked_at_stays_while_training_goes_on(server: Any, flow: Any) -> None:
    visitor = flow(server, page="microscope", seed=702, **SMALL | {"steps": 8000})
    visitor.train(beyond=5)
    um = player(visitor)
    um.get_by_label("One frame on").click()
    news = um.locator(".um-news")
    expect(news).to_contain_text("Training has gone on")
    title = visitor.page.locator("[data-view=slow] h3")
    held = title.inner_text()
    visitor.beyond(visitor.step + 50)
    assert title.inner_text() == held
    news.click()
    expect(title).not_to_have_text(held)
    expect(um.locator(".um-sentence")).to_contain_text("Step 2 of 12")


@pytest.mark.long
def test_a_gradient_is_checked(server: Any, flow: Any) -> None:
    visitor = flow(server, page="microscope", seed=703, size="phone", **SMALL | {"cell__name": "rnn"})
    hint = visitor.page.locator("[data-view=check] .ub-hint")
    visitor.knob("check", "state t").press("End")
    expect(hint).to_contain_text("∂ℓ/∂h of unit 1 at state 12: the complex step")
    visitor.in_address("knob.check_t=12")
    expect(visitor.page.locator("[data-view=check] .ub-key").first).to_contain_text("ours")
