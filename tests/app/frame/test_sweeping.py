"""The page Sweep as Streamlit's own test harness sees it: what is varied, what that costs, what is trained and held."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import services
from app.visit import link
from app.visit.link import read, write
from core.sweep import sweep

ROUTER = Path(__file__).parents[3] / "app" / "router.py"
AXIS = "lr=log:0.001:0.1:3"


pytestmark = pytest.mark.usefixtures("own_lab")


def opened(*axes: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    at.switch_page("../pages/sweep.py")
    for key, value in query.items():
        at.query_params[key.replace("__", ".")] = value
    if axes:
        at.query_params["axis"] = list(axes)
    at.run()
    assert not at.exception
    return at


def view(at: AppTest) -> link.Visit:
    return at.session_state["_view"]


def said(at: AppTest) -> list[str]:
    return [element.value for element in (*at.error, *at.caption)]


def states(at: AppTest) -> list[str]:
    return [row.status for row in services.lab().catalog.list("queued", "running", "paused")]


def test_a_sweep_is_chosen_priced_started_held_and_goes_on() -> None:
    at = opened(AXIS, preset="temporal-order-rnn", knob__seeds="2")
    assert any("3 points with 2 seeds each, 6 runs. To train: 6" in text for text in said(at))
    at.selectbox(key="sweep.key.1").set_value("cell.hidden_size").run()
    assert view(at).axes == (AXIS, "cell.hidden_size=4,8,16") and not states(at)
    at.text_input(key="sweep.values.1").set_value("3,x").run()
    assert said(at)[0] == "`cell.hidden_size` (=x) must be a whole number."
    at.text_input(key="sweep.values.1").set_value("3").run()
    assert any("3 points with 2 seeds each, 6 runs" in text for text in said(at))
    at.button(key="sweep-train").click().run()
    assert states(at) == ["queued"] * 6 and at.button(key="sweep-train").disabled
    at.button(key="sweep-pause").click().run()
    assert states(at) == ["paused"] * 6 and not at.button(key="sweep-train").disabled
    at.button(key="sweep-train").click().run()
    assert states(at) == ["queued"] * 6
    (kept,) = services.sweeps().started(at.session_state["_visitor"])
    assert kept == sweep(view(at).config, view(at).axes or (), seeds=2)

    at.selectbox(key="sweep.key.1").set_value("–").run()  # another sweep: the first is opened again from the list
    assert view(at).axes == (AXIS,)
    at.selectbox(key="sweep.earlier").set_value(kept.digest).run()
    assert view(at).axes == (AXIS, "cell.hidden_size=3") and states(at) == ["queued"] * 6


def test_a_link_says_what_is_varied_and_what_cannot_be_is_a_sentence() -> None:
    at = opened("lr=0.001..0.1:log", "optimizer=sgd,adam", preset="copy-lstm", knob__draws="4")
    assert read(write(view(at))) == view(at) and view(at).axes == ("lr=0.001..0.1:log", "optimizer=sgd,adam")
    assert any("4 points with 3 seeds each" in text for text in said(at))
    for axis, sentence in (
        ("lr=0", "`lr` (=0) must be more than 0. Raise `lr`."),
        ("colour=red", "`colour` is no setting of these runs."),
        ("lr", "must be <setting>=<values>"),
        ("steps=linear:90000:100000:40", "hours of a processor"),
    ):
        at = opened(axis, knob__seeds="5")
        if not at.error:
            at.button(key="sweep-train").click().run()
        assert sentence.replace("<", "\\<").replace(">", "\\>") in at.error[0].value or sentence in at.error[0].value
        assert not at.exception and not states(at)
