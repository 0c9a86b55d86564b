"""Every step of every lesson, answered wrong and right, in a browser: what was promised stands there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from core.lessons.expressions import filled, value
from core.lessons.grading import HANDLES, Runs, at_handles, curve, graded, right_option
from core.lessons.model import Choice, Number, Question, Step
from core.lessons.shelf import lessons, measured

pytestmark = pytest.mark.browser
WORDS = "[data-testid=stMain]"


def link(server: Any, name: str, **more: object) -> str:
    return f"{server.url}/lessons?{urlencode({'lesson': name} | more)}"


def plain(markdown: str) -> str:
    """The first words of a Markdown sentence that look the same on the page."""
    return " ".join(markdown.split()).split("$")[0].split("*")[0].split(" `")[0].strip()[:60]


def wrong_and_right(question: Question, runs: Runs) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if isinstance(question, Choice):
        right = right_option(question, runs)
        return (float((right + 1) % len(question.options)),), (float(right),)
    if isinstance(question, Number):
        truth = float(value(question.truth, runs))
        far = max((question.least, question.most), key=lambda end: abs(end - truth))
        return (far,), (truth,)
    true = at_handles(curve(question, runs))
    far = 0.0 if true.mean() < -question.decades / 2 else -float(question.decades)
    return (far,) * HANDLES, tuple(round(float(each), 1) for each in true)


def pictures(step: Step, given: bool) -> list[str]:
    reveal = step.reveal if given else None
    return reveal.pictures if reveal and reveal.pictures is not None else step.show.pictures


def there(page: Page, names: list[str]) -> None:
    """Every picture of the step is drawn, or says why it cannot be, and no other is there."""
    page.wait_for_function(
        """names => [...document.querySelectorAll('.ub-view')].map(view => view.dataset.view).join() === names
            && Number(document.querySelector('.ub')?.dataset.updates) > 0""",
        arg=",".join(names),
    )
    assert not page.locator("[data-testid=stAlert], [data-testid=stException]").count()


# Those with every kind of question; `make browse` walks all.
SHORTLY = ("vanishing", "truncation", "clipping", "language")
WALKED = [pytest.param(name, marks=[] if name in SHORTLY else pytest.mark.long) for name in lessons()]


def go(page: Page, url: str) -> None:
    """Another address without another load, as Back and Forward come to one: the session goes on."""
    page.evaluate("url => { history.pushState({}, '', url); dispatchEvent(new PopStateEvent('popstate')) }", url)


@pytest.mark.parametrize("name", WALKED)
def test_every_step_answered_wrong_and_right(server: Any, open_page: Callable[..., Page], name: str) -> None:
    page, runs, lesson = open_page(link(server, name)), measured(lessons()[name]), lessons()[name]
    answers: dict[str, str] = {}
    for number, step in enumerate(lesson.steps, 1):
        said = page.locator(WORDS)
        if number > 1:
            go(page, link(server, name, step=number, **answers))
        expect(said).to_contain_text(f"step {number} of {len(lesson.steps)}")
        expect(said).to_contain_text(plain(filled(step.text, runs)))
        assert "[[" not in said.inner_text()
        if step.question is None:
            there(page, [view for view in order(step) if view in pictures(step, True)])
            continue
        expect(said.get_by_text("Right.", exact=True)).to_have_count(0)
        for answer in wrong_and_right(step.question, runs):
            key, told = f"answer.{number}", ",".join(f"{each:g}" for each in answer)
            go(page, link(server, name, step=number, **(answers | {key: told})))
            verdict = graded(step.question, answer, runs)
            expect(said).to_contain_text("Right." if verdict.right else "Not so.")
            expect(said).to_contain_text(plain(verdict.because))
            if verdict.belief:
                expect(said).to_contain_text(f"To expect this one has to believe: “{verdict.belief}”.")
            answers[key] = told
        there(page, [view for view in order(step) if view in pictures(step, True)])


def order(step: Step) -> list[str]:
    from app.board.views import PAGES

    return [*PAGES[step.show.page].views]


def test_a_lesson_by_hand_and_by_keys(server: Any, open_page: Callable[..., Page]) -> None:
    """A sketch with the mouse and one with keys, a choice, a slider; a reload and Back lead to the same step."""
    page = open_page(link(server, "vanishing", step=2))
    sketch = page.locator(".us-sketch svg")
    box = sketch.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + 50, box["y"] + box["height"] - 60, steps=12)
    page.mouse.up()
    page.get_by_role("button", name="Commit").click()
    expect(page.get_by_text("powers of ten on average")).to_be_visible()
    page.wait_for_function("() => location.search.includes('answer.2=')")
    page.reload()
    expect(page.get_by_text("powers of ten on average")).to_be_visible()
    page.get_by_role("button", name="Answer again").click()
    page.wait_for_function("() => !location.search.includes('answer.2=')")
    last = page.get_by_role("slider", name="Gradient at time step 1", exact=True)
    last.focus()
    for _ in range(4):
        page.keyboard.press("PageDown")
    expect(last).to_have_attribute("aria-valuenow", "-8.0")
    page.get_by_role("button", name="Commit").press("Enter")
    expect(page.get_by_text("Not so.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Next", exact=True).press("Enter")
    expect(page.locator(WORDS)).to_contain_text("step 3 of 6")
    page.go_back()
    expect(page.locator(WORDS)).to_contain_text("step 2 of 6")
    page.goto(link(server, "vanishing", step=4))
    page.get_by_text("It vanishes.").click()
    page.get_by_role("button", name="Commit").click()
    expect(page.get_by_text("Right.", exact=True)).to_be_visible()


def test_run_it_yourself_speaks_of_the_run_just_trained(server: Any, open_page: Callable[..., Page]) -> None:
    page = open_page(link(server, "clipping", step=3))
    page.get_by_role("button", name="Run it yourself").click()
    expect(page.get_by_role("button", name="Show the recorded run")).to_be_visible()
    page.get_by_text("The loss leaps up and is soon no number any more.").click()
    page.get_by_role("button", name="Commit").click()
    expect(page.get_by_text("Right.", exact=True)).to_be_visible()


def test_home_plays_at_once_and_leads_on(server: Any, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/")
    page.emulate_media(reduced_motion="no-preference")
    page.reload()
    page.wait_for_function("() => Number(document.querySelector('.ub')?.dataset.step) > 0", timeout=60_000)
    page.get_by_role("link", name="What does the LSTM do about it?").click()
    expect(page.locator(WORDS)).to_contain_text("The LSTM's carousel")
    page.goto(f"{server.url}/memory")
    page.wait_for_function("() => document.cookie.includes('unrolled_place=memory')", timeout=60_000)
    page.goto(f"{server.url}/")
    page.wait_for_function("() => location.pathname.endsWith('/memory')", timeout=60_000)
    page.get_by_role("link", name="Home").first.click()
    expect(page.get_by_role("heading", name="Four questions to start with")).to_be_visible()
    page.goto(f"{server.url}/?preset=review-lstm")
    page.wait_for_function("() => location.pathname.endsWith('/gradient_flow')", timeout=60_000)


def test_still_for_whoever_wants_no_motion(server: Any, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/", size="phone")
    page.wait_for_function("() => Number(document.querySelector('.ub')?.dataset.updates) > 0", timeout=60_000)
    assert page.locator(".ub-play").get_attribute("aria-pressed") == "false"
    overflow = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
