"""A class: one teacher and three students, each in a browser of their own."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from app.classroom.polls import arriving
from core import load_run
from core.store import run_path

pytestmark = [pytest.mark.slow, pytest.mark.browser]
STEP = "Number(document.querySelector('.ub')?.dataset.step ?? -1)"
SEED, STEPS = 91, 120


def until(page: Page, condition: str) -> None:
    page.wait_for_function(f"() => {condition}", timeout=60_000)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def joined(page: Page) -> Page:
    expect(page.locator(".uc-who")).to_have_text("You see what the class sees.")
    until(page, f"{STEP} >= 0")
    return page


def scrub(page: Page, step: int) -> None:
    page.locator(".ub-scrub input").evaluate(
        "(range, step) => { range.value = step; for (const kind of ['input', 'change']) "
        "range.dispatchEvent(new Event(kind, { bubbles: true })); }",
        step,
    )


def test_a_class_follows_answers_and_survives_its_teachers_browser(server, open_page, flow) -> None:
    teacher = open_page(f"{server.url}/classroom")
    press(teacher, "Begin a class")
    expect(teacher.get_by_role("dialog")).to_be_visible()
    control = teacher.get_by_role("dialog").locator("code").inner_text()
    code = parse_qs(urlsplit(control).query)["class"][0]
    expect(teacher.locator(".uc-code")).to_have_text(f"Class {code}")
    assert "control" not in teacher.url
    teacher.goto(f"{server.url}/gradient_flow?class={code}&preset=temporal-order-lstm&seed={SEED}&steps={STEPS}")
    until(teacher, f"{STEP} >= 0")

    # One comes by the link, one types the code.
    leaves = joined(open_page(f"{server.url}/?class={code}"))
    reloads = open_page(f"{server.url}/classroom", size="phone", theme="dark")
    reloads.get_by_role("textbox", name="Code").fill(code.lower())
    press(reloads, "Join")
    joined(reloads)
    expect(teacher.locator(".uc-who")).to_have_text("2 follow what you see")
    expect(leaves.get_by_role("button", name="Train", exact=True)).to_be_hidden()

    # They see the teacher's run as it trains, and where it is scrubbed to.
    press(teacher, "Train")
    for page in (teacher, leaves, reloads):
        until(page, f"{STEP} === {STEPS}")
    scrub(teacher, 60)
    for page in (leaves, reloads):
        until(page, f"{STEP} === 60")

    # One explores and comes back; one reloads; one comes late.
    scrub(leaves, 90)
    expect(leaves.locator(".uc-who")).to_have_text("You are exploring on your own.")
    until(leaves, f"{STEP} === 90")
    scrub(teacher, 30)
    until(reloads, f"{STEP} === 30")
    assert leaves.evaluate(STEP) == 90
    press(leaves, "Back to the class")
    joined(leaves)
    until(leaves, f"{STEP} === 30")
    reloads.reload()
    joined(reloads)
    late = joined(open_page(f"{server.url}/?class={code}"))
    for page in (reloads, late):
        until(page, f"{STEP} === 30")

    # A pointer stands in the same place of the same picture, on a screen of another size too.
    curve = ".ub-view[data-view=curve]"
    for page in (teacher, late, reloads):
        page.locator(curve).scroll_into_view_if_needed()
        until(page, f"document.querySelector('{curve} .nsewdrag')")
    teacher.keyboard.press("l")
    box = teacher.locator(f"{curve} .nsewdrag").first.bounding_box()
    assert box
    teacher.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    for page in (late, reloads):
        expect(page.locator(".uc-dot")).to_be_visible()
        share = page.evaluate(
            """(curve) => {
            const [dot, plot] = ['.uc-dot', `${curve} .nsewdrag`].map((name) =>
              document.querySelector(name).getBoundingClientRect());
            return [(dot.left + dot.width / 2 - plot.left) / plot.width,
                    (dot.top + dot.height / 2 - plot.top) / plot.height];
            }""",
            curve,
        )
        assert share == pytest.approx([0.25, 0.5], abs=0.02)

    # They are asked, answer without a name, and see the answers over what was measured.
    press(teacher, "Ask the class")
    teacher.get_by_text("A curve: how much").click()
    teacher.get_by_label("Question").fill("What arrives at the first step?")
    press(teacher, "Ask")
    expect(teacher.get_by_role("dialog")).to_be_hidden()
    for page in (leaves, late):
        canvas = page.locator(".uc-canvas")
        canvas.scroll_into_view_if_needed()
        paper = canvas.bounding_box()
        assert paper
        across = [paper["x"] + paper["width"] * share for share in (0.13, 0.97)]
        page.mouse.move(across[0], paper["y"] + paper["height"] * 0.7)
        page.mouse.down()
        page.mouse.move(across[1], paper["y"] + paper["height"] * 0.3, steps=10)
        page.mouse.up()
        press(page, "Answer")
        expect(page.locator(".uc-said")).to_contain_text("Your answer: the curve you drew")
    keys = reloads.locator(".uc-canvas")
    keys.focus()
    for key in ["ArrowDown"] * 8 + ["ArrowLeft"] * 32:
        keys.press(key)
    press(reloads, "Answer")
    expect(teacher.locator(".uc-said")).to_have_text("3 answers so far.")
    press(teacher, "Show the answers")
    for page in (teacher, leaves, reloads, late):
        expect(page.locator(".uc-theirs")).to_have_count(3)
        expect(page.locator(".uc-truth")).to_have_count(1)
    measured = teacher.evaluate("() => document.querySelector('.uc-truth').getAttribute('d')")
    run = parse_qs(urlsplit(teacher.url).query)["run"][0]
    exponents = arriving(load_run(run_path(server.data, run)).frame(30).flow)
    first = float(measured.split("L")[0].removeprefix("M").split()[1])  # the paper: −8 to 4 from 176 up to 8
    assert first == pytest.approx(176 - (exponents[0] + 8) / 12 * 168, abs=0.2)

    # The teacher's browser is gone; the control link brings the class back in another one.
    teacher.context.close()
    again = open_page(control)
    expect(again.locator(".uc-who")).to_have_text("3 follow what you see")
    assert "control" not in again.url
    again.goto(f"{server.url}/memory?class={code}&preset=review-lstm&steps=20")
    for page in (leaves, reloads, late):
        page.wait_for_url("**/memory*")
        joined(page)
    press(again, "End")
    press(again, "End it")
    for page in (leaves, reloads, late):
        expect(page.locator(".uc-who")).to_have_text("This class has ended. What is on screen stays.")
