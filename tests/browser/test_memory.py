"""Memory: a review typed while a network trains and its words in the link."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SMALL = {"task.length": 12, "cell.hidden_size": 4}
WORDS = "[...document.querySelectorAll('[data-view=evidence] .xtick text')].map(word => word.textContent)"


def memory(server: Any, flow: Any, size: str = "wide", **settings: Any) -> Any:
    query = urlencode(SMALL | {name.replace("__", "."): value for name, value in settings.items()})
    return flow(server, link=f"{server.url}/memory?{query}", size=size)


def words(*expected: str) -> str:
    return f"JSON.stringify({WORDS}) === JSON.stringify({list(expected)})"


def test_a_typed_review_is_answered_while_training_goes_on_and_survives_reload(server: Any, flow: Any) -> None:
    link = {"knob__review_text": "x" * 600, "knob__memory_leak": "0.5"}
    visitor = memory(server, flow, task__name="review", seed=801, steps=8000, **link)
    costs_only_itself(visitor)
    visitor.train(beyond=5)
    line = visitor.knob("evidence", "type a review")
    line.fill("I LOVED this film; 100 % & we saw it")
    visitor.until(words("I", "loved", "this", "we", "saw", "it"))
    problem = visitor.page.locator("[data-view=evidence] .ub-problem")
    expect(problem).to_contain_text("“film”, “100”")
    step = visitor.step
    visitor.beyond(step + 20)
    expect(line).to_have_value("I LOVED this film; 100 % & we saw it")
    visitor.in_address("knob.review_text=I+LOVED+this+film%3B+100+%25+%26+we+saw+it")
    visitor.press("Pause")
    visitor.page.reload()
    visitor.knob("evidence", "type a review")
    visitor.until(words("I", "loved", "this", "we", "saw", "it"))
    expect(line).to_have_value("I LOVED this film; 100 % & we saw it")
    line.fill("?!")
    expect(problem).to_contain_text("so a drawn review stands here")
    line.fill("")
    expect(problem).to_be_empty()
    visitor.not_in_address("knob.review_text")
    visitor.until(f"{WORDS}.length === 12")


def costs_only_itself(visitor: Any) -> None:
    """A line in the link that cannot be: the other knob and the drawn review stand."""
    expect(visitor.page.get_by_text("must be one line of 1 to 500 characters")).to_be_visible()
    visitor.knob("evidence", "type a review")
    visitor.until(f"{WORDS}.length === 12")
    leak = visitor.knob("leak", "leak a")
    hint = visitor.page.locator("[data-view=leak] .ub-hint")
    expect(hint).to_contain_text("a = 0.5: 75")
    leak.press("Home")
    expect(hint).to_contain_text("a = 0: it holds the newest input whole")
    visitor.in_address("knob.memory_leak=0")
