"""The labs and the way between the pages: navigation, knobs, answers about a moment, runs trained alongside."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
LONG = 8000
TRUNCATED, EXPLODING = {"preset": "temporal-order-lstm-truncated"}, {"preset": "exploding-rnn-clipped"}


def test_what_is_shown_goes_along_to_every_page(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=601, steps=LONG)
    run = visitor.train(beyond=50)
    visitor.pause()
    visitor.page.keyboard.press("Home")
    visitor.in_address("step=0")
    visitor.press("Pin this curve")
    visitor.in_address("pin=")
    shown = visitor.address
    for title in ("Truncation lab", "Clipping lab", "Gradient flow"):
        visitor.go(title)
        visitor.in_address(f"run={run}")
        visitor.at(0)
        assert visitor.address == shown
        assert visitor.page.title() == f"{title} · Unrolled"
    visitor.page.go_back()
    visitor.until("location.pathname === '/clipping_lab'")
    visitor.in_address(f"run={run}")
    visitor.at(0)
    assert visitor.page.locator(".ub").count() == 1


def test_a_phone_has_the_pages_in_a_menu(server: Any, flow: Any) -> None:
    visitor = flow(server, seed=602, size="phone", theme="dark")
    for title, path in (("Truncation lab", "truncation_lab"), ("Clipping lab", "clipping_lab")):
        visitor.go(title)
        visitor.until(f"location.pathname === '/{path}'")
        assert visitor.address["seed"] == "602"


def test_a_knob_is_answered_while_it_is_dragged_and_in_the_address_when_it_rests(server: Any, flow: Any) -> None:
    visitor = flow(server, page="truncation_lab", seed=604, **TRUNCATED)
    slider = visitor.knob("bias", "K")
    expect(slider).to_have_attribute("aria-valuetext", "20 steps")
    before = visitor.drawn("bias")
    visitor.drag(slider, 0.4, 0.6)
    visitor.until(f"JSON.stringify({visitor.plot('bias')}.data) !== {before!r}")
    assert "knob.k" not in visitor.address  # the mouse is still down
    visitor.page.mouse.up()
    visitor.in_address("knob.k=")
    K = visitor.address["knob.k"]
    assert 25 <= int(K) <= 35
    visitor.page.reload()
    expect(visitor.knob("bias", "K")).to_have_attribute("aria-valuetext", f"{K} steps")


@pytest.mark.long
def test_knobs_explain_what_cannot_be_and_by_keyboard_survive_navigation(server: Any, flow: Any) -> None:
    visitor = flow(server, page="truncation_lab", seed=605, knob__k="many", knob__nothing="1", **TRUNCATED)
    expect(visitor.page.get_by_test_id("stAlert").filter(has_text="is not a knob of any page")).to_be_visible()
    visitor.knob("bias", "K").focus()
    problem = visitor.page.locator("[data-view=bias] .ub-problem")
    expect(problem).to_contain_text("knob.k (=many) must be a number from 1 to 50")
    for _ in range(3):
        visitor.page.keyboard.press("ArrowRight")
    visitor.in_address("knob.k=23")
    visitor.knob("bias", "truncation").select_option("sliding")
    visitor.in_address("knob.cut=sliding")
    visitor.go("Gradient flow")
    visitor.knob("gates", "sequence").select_option("2")
    visitor.in_address("knob.probe=2")
    visitor.go("Truncation lab")
    expect(visitor.knob("bias", "K")).to_have_attribute("aria-valuetext", "23 steps")
    expect(visitor.knob("bias", "truncation")).to_have_value("sliding")
    assert visitor.address["knob.probe"] == "2"


@pytest.mark.long
def test_a_scrubbed_moment_is_answered_while_training_goes_on(server: Any, flow: Any) -> None:
    visitor = flow(server, page="truncation_lab", seed=607, **TRUNCATED | {"steps": LONG})
    visitor.train(beyond=50)
    visitor.knob("bias", "K")
    hint = visitor.page.locator("[data-view=bias] .ub-hint")
    expect(hint).to_contain_text("K = 20:")
    live = visitor.drawn("bias")
    visitor.page.keyboard.press("Home")
    visitor.at(0)
    expect(hint).to_contain_text("K = 20:")
    visitor.until(f"JSON.stringify({visitor.plot('bias')}.data) !== {live!r}")
    expect(visitor.page.locator(".ub-where")).to_contain_text("recorded: step 0")
    text = visitor.where.inner_text()
    expect(visitor.where).not_to_have_text(text)


@pytest.mark.long
def test_the_camera_stays_where_it_is_when_a_knob_moves(server: Any, flow: Any, eventually: Any) -> None:
    visitor = flow(server, page="clipping_lab", seed=610, **EXPLODING)
    knob, plot = visitor.knob("cliff", "update"), visitor.plot("cliff")
    visitor.until(f"{plot}?._fullLayout?.scene?._scene")
    scene, saved = f"{plot}._fullLayout.scene._scene", f"{plot}.layout.scene.camera.eye.x"
    camera = f"{scene}.getCamera().eye.x"
    picture, mouse = visitor.page.locator("[data-view=cliff] .js-plotly-plot"), visitor.page.mouse
    start = visitor.page.evaluate(camera)

    def turn() -> bool:  # pictures above may still make room, and then the drag goes beside or is cut short
        picture.hover(position={"x": 150, "y": 200})
        box = picture.bounding_box()
        mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
        mouse.down()
        mouse.move(box["x"] + box["width"] / 2 + 60, box["y"] + 200, steps=5)
        mouse.up()
        return visitor.page.evaluate(f"Math.abs({camera} - {start}) > 0.01 && Math.abs({camera} - {saved}) < 1e-6")

    eventually(turn)
    turned, before = visitor.page.evaluate(camera), visitor.drawn("cliff")
    knob.press("ArrowLeft")
    visitor.until(f"JSON.stringify({plot}.data) !== {before!r}")
    assert visitor.page.evaluate(camera) == pytest.approx(turned, abs=1e-6)
