"""Layers × time in the browser: there where there are several layers, and pictures of one follow the knob."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SMALL = {"task__length": 12, "cell__name": "gru", "cell__hidden_size": 3, "steps": 30}


def test_the_picture_comes_with_a_second_layer_and_pictures_of_one_layer_follow_the_knob(
    server: Any, flow: Any
) -> None:
    visitor = flow(server, seed=811, cell__layers=1, **SMALL)
    visitor.drawn("strip")
    layers = visitor.page.locator("[data-view=layers]")
    expect(layers).to_be_hidden()
    visitor.enter("Layers", "2")
    expect(layers).to_be_visible()
    layers.scroll_into_view_if_needed()
    visitor.until(f"{visitor.plot('layers')}?.data?.[0].z.length === 2")
    expect(layers.locator(".ub-words")).to_contain_text("down through the layers")
    expect(layers.locator(".ub-words")).to_contain_text("back, where the first information enters")
    gates = visitor.page.locator("[data-view=gates]")
    gates.scroll_into_view_if_needed()
    expect(gates.locator(".ub-words")).to_contain_text("layer 2 of 2, the top one")
    visitor.knob("gates", "layer").select_option("1")
    expect(gates.locator(".ub-words")).to_contain_text("layer 1 of 2, the lowest")
    visitor.in_address("knob.layer=1")
    visitor.in_address("cell.layers=2")
