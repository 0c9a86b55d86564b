"""The Clipping lab: a run and its twin, its spikes, its thresholds, and the cliff."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SPIKY = {"task__name": "temporal-order", "task__length": 20, "cell__name": "rnn", "cell__init": "identity",
         "cell__activation": "relu", "cell__hidden_size": 8, "optimizer": "sgd", "lr": 0.2, "steps": 60,
         "clip": "norm", "clip_threshold": 1}  # fmt: skip
"""A small ReLU network whose gradient leaps in its first steps."""


def lab(server: Any, flow: Any, **settings: Any) -> Any:
    """A visitor of the lab."""
    query = urlencode({name.replace("__", "."): value for name, value in settings.items()})
    return flow(server, link=f"{server.url}/clipping_lab?{query}")


def view(visitor: Any, name: str) -> Any:
    """A picture with its words, scrolled to, so that the board asks for it."""
    section = visitor.page.locator(f"[data-view={name}]")
    section.scroll_into_view_if_needed()
    return section


def finished(visitor: Any) -> None:
    expect(visitor.where).to_contain_text("finished", timeout=60_000)


@pytest.mark.long
def test_train_runs_both_and_says_how_each_fared(server: Any, flow: Any) -> None:
    visitor = lab(server, flow, preset="exploding-rnn", seed=301, steps=40)
    expect(visitor.headline).to_contain_text("The untrained gradient has norm")
    visitor.train(beyond=-1)
    visitor.in_address("beside=")
    finished(visitor)
    expect(view(visitor, "twins").locator(".ub-hint")).to_contain_text("Without: ")
    expect(view(visitor, "twins").locator(".ub-hint")).to_contain_text("with: score")
    labels = visitor.page.locator("[data-view=twins] .ub-key")
    expect(labels).to_have_text(["with clipping, θ = 0.002", "without clipping"])
    other = visitor.address["beside"]
    assert flow(server, link=visitor.page.url).address["beside"] == other
    visitor.press("Reset")
    visitor.not_in_address("beside=")
    visitor.at(0)


def test_a_spike_that_is_clicked_shows_where_it_came_from(server: Any, flow: Any) -> None:
    visitor = lab(server, flow, seed=302, **SPIKY)
    visitor.train()
    finished(visitor)
    view(visitor, "norms")
    norms = visitor.plot("norms")
    visitor.until(f"{norms}?._fullData.some(trace => trace.name === 'clipped from' && trace.x.length)")
    at = visitor.page.evaluate(
        f"""() => {{
            const plot = {norms}, points = plot._fullData.find(trace => trace.name === "clipped from");
            const k = points.y.indexOf(Math.max(...points.y)), {{ xaxis, yaxis, _size: size }} = plot._fullLayout;
            const box = plot.getBoundingClientRect();
            return {{ step: points.x[k], x: box.left + size.l + xaxis.d2p(points.x[k]),
                     y: box.top + size.t + yaxis.d2p(points.y[k]) }};
        }}"""
    )
    visitor.page.mouse.move(at["x"], at["y"])
    visitor.page.mouse.click(at["x"], at["y"])
    visitor.at(at["step"])
    visitor.in_address(f"step={at['step']}")
    expect(visitor.page.locator(".ub-subline")).to_contain_text(f"At step {at['step']:,} the raw norm is")
    where = view(visitor, "spike")
    expect(where.locator(".ub-hint")).to_contain_text("half of the cell's")
    rows = f"{visitor.plot('spike')}?.data.find(trace => trace.type === 'heatmap')?.z.length"  # unpacked by the board
    visitor.until(f"{rows} === 32")


@pytest.mark.long
def test_a_moved_threshold_and_the_cliff_are_read_and_nothing_is_trained(server: Any, flow: Any) -> None:
    visitor = lab(server, flow, seed=303, **SPIKY)
    kinds = view(visitor, "kinds")
    reading = kinds.locator(".ub-key").first
    expect(reading).to_contain_text("by norm:")
    before = reading.inner_text()
    kinds.get_by_label("threshold θ").press("Home")
    expect(reading).not_to_have_text(before)
    expect(reading).to_contain_text("same direction")
    visitor.in_address("knob.theta=0.001")
    visitor.not_in_address("run=")
    expect(visitor.where).to_contain_text("untrained")
    visitor.page.reload()
    expect(view(visitor, "kinds").locator(".ub-hint")).to_contain_text("At θ = 0.001 ")
    steps_down_the_cliff(visitor)


@pytest.mark.long
def test_the_sweep_fills_its_panels_and_its_link_shows_them(server: Any, flow: Any) -> None:
    visitor = lab(server, flow, seed=304, **SPIKY | {"steps": 20})
    expect(view(visitor, "sweep").locator(".ub-hint")).to_contain_text("Choose “a sweep of thresholds”")
    visitor.page.get_by_text("a sweep of thresholds", exact=True).click()
    visitor.in_address("knob.alongside=sweep")
    visitor.train()
    assert visitor.page.url.count("beside=") == 7
    hint = view(visitor, "sweep").locator(".ub-hint")
    expect(hint).to_contain_text("reached the last step", timeout=60_000)
    words = f"{visitor.plot('sweep')}.layout.annotations.map(note => note.text)"
    visitor.until(f"{words}.filter(text => text.startsWith('accuracy')).length === 8")
    shown = visitor.page.evaluate(words)
    other = flow(server, link=visitor.page.url)
    view(other, "sweep")
    other.until(f"{visitor.plot('sweep')} && {words}.filter(text => text.startsWith('accuracy')).length === 8")
    assert other.page.evaluate(words) == shown


def steps_down_the_cliff(visitor: Any) -> None:
    cliff = view(visitor, "cliff")
    hint, update = cliff.locator(".ub-hint"), cliff.get_by_label("update", exact=True)
    expect(hint).to_contain_text("Without clipping, the gradient of")
    update.press("Home")
    expect(hint).to_contain_text("After update 0 the loss is")
    visitor.in_address("knob.cliff_step=0")
    update.press("ArrowRight")
    expect(hint).to_contain_text("After update 1 the loss is")
    visitor.in_address("knob.cliff_step=1")
