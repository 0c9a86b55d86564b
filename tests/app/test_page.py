"""The page as Streamlit's own test harness sees it: widgets, buttons, problems; the board is Chromium's to test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import services, session
from core import PRESETS
from core.config import RunConfig

ROUTER = Path(__file__).parents[2] / "app" / "router.py"
FLOW = "../pages/gradient_flow.py"


@pytest.fixture(autouse=True)
def own_lab() -> Iterator[None]:
    services.lab.cache_clear()
    yield
    services.lab.cache_clear()


def opened(**query: str) -> AppTest:
    """The gradient-flow page after a link with this query."""
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    for key, value in query.items():
        at.query_params[key.replace("__", ".")] = value
    at.run()
    assert not at.exception
    return at


def shown(at: AppTest) -> session.View:
    return at.session_state["_view"]


def test_the_front_door_leads_to_the_first_preset() -> None:
    at = opened()
    assert shown(at).config == PRESETS[session.START].config
    assert [button.label for button in at.button] == ["Train", "Pause", "Step", "Reset"]
    assert at.query_params["task.name"] == "temporal-order" and at.query_params["v"] == "1"


def test_a_changed_setting_is_in_the_config_and_in_the_address() -> None:
    at = opened()
    at.selectbox(key="set.cell.name").select("gru").run()
    at.number_input(key="set.lr").set_value(0.005).run()
    assert shown(at).config == PRESETS[session.START].config.replace(**{"cell.name": "gru", "lr": 0.005})
    assert at.query_params["lr"] == "0.005" and at.query_params["cell.name"] == "gru"


def test_settings_without_effect_are_not_shown() -> None:
    at = opened()
    keys = {widget.key for widget in at.number_input}
    assert "set.truncation_length" not in keys and "set.clip_threshold" in keys
    at.selectbox(key="set.truncation").select("windows").run()
    assert "set.truncation_length" in {widget.key for widget in at.number_input}


@pytest.mark.parametrize("task", ["adding", "copy", "review"])
def test_every_task_can_be_chosen(task: str) -> None:
    at = opened()
    at.selectbox(key="set.task.name").select(task).run()
    assert not at.exception and shown(at).config.task.name == task


def test_presets_by_what_they_show() -> None:
    at = opened()
    at.selectbox(key="set.group").select("Copying").run()
    assert shown(at).config == PRESETS["copy-lstm"].config
    at.selectbox(key="set.preset").select("copy-gru").run()
    assert shown(at).config == PRESETS["copy-gru"].config
    at.number_input(key="set.seed").set_value(9).run()
    assert at.selectbox(key="set.preset").value is None


def test_bad_links_are_explained_and_the_rest_of_them_is_used() -> None:
    at = opened(lr="-1", cell__name="gru", nonsense="1")
    assert shown(at).config == RunConfig.from_flat({"cell.name": "gru"})
    assert [error.value for error in at.error] == [
        "`lr` (=-1) must be more than 0. Raise `lr`.",
        "`nonsense` (=1) is not a setting of a run. Leave it out.",
    ]


def test_settings_that_contradict_are_explained_and_the_old_ones_stay() -> None:
    at = opened()
    before = shown(at).config
    at.number_input(key="set.cell.forget_bias").set_value(1.0).run()
    assert shown(at).config == before
    assert "cannot be combined with `cell.init` (=chrono)" in at.error[0].value


def test_train_pause_and_reset_steer_a_run() -> None:
    at = opened()
    at.button(key="transport-Train").click().run()
    run = shown(at).run
    assert run is not None and at.query_params["run"] == run
    info = services.lab().info(run)
    assert info is not None and info.status == "queued" and info.config == shown(at).config
    at.button(key="transport-Pause").click().run()
    info = services.lab().info(run)
    assert info is not None and info.status == "paused"
    at.button(key="transport-Reset").click().run()
    info = services.lab().info(run)
    assert info is not None and info.status == "stopped"
    assert shown(at).run is None and "run" not in at.query_params


def test_a_changed_setting_lets_go_of_the_run() -> None:
    at = opened()
    at.button(key="transport-Train").click().run()
    run = shown(at).run
    at.number_input(key="set.seed").set_value(5).run()
    assert shown(at).run is None and run is not None
    info = services.lab().info(run)
    assert info is not None and info.status == "queued"  # it goes on: nothing is lost by looking elsewhere


def test_somebody_else_s_run_is_followed_but_not_steered() -> None:
    run = services.lab().submit(PRESETS["copy-rnn"].config, "somebody").id
    at = opened(run=run)
    assert shown(at).run == run and shown(at).config == PRESETS["copy-rnn"].config
    at.button(key="transport-Step").click().run()
    mine = shown(at).run
    theirs = services.lab().info(run)
    assert mine not in (None, run) and theirs is not None and theirs.status == "queued"


def test_too_much_work_is_refused_with_a_way_out() -> None:
    at = opened(task__length="10000", cell__hidden_size="512", batch_size="512", steps="100000")
    at.button(key="transport-Train").click().run()
    assert not at.exception and shown(at).run is None
    assert any("`batch_size`" in error.value or "`steps`" in error.value for error in at.error)


def test_a_short_link_stays_until_something_changes() -> None:
    """Rewriting it at once would add to the browser's history, and Back would lead here again."""
    at = AppTest.from_file(str(ROUTER), default_timeout=30).run()
    at.switch_page(FLOW)
    at.query_params.clear()
    at.query_params["preset"] = "copy-gru"
    at.run()
    assert shown(at).config == PRESETS["copy-gru"].config
    assert dict(at.query_params) == {"preset": "copy-gru"}
    at.number_input(key="set.seed").set_value(3).run()
    assert at.query_params["seed"] == "3" and "preset" not in at.query_params
