"""The pages as Streamlit's own test harness sees it: widgets, buttons, problems; the board is Chromium's to test."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import services
from app.board.views import PAGES
from app.visit import link
from core.companions import sweep
from core.config import RunConfig
from core.schedule import Schedule
from core.store import Ended, RunWriter, run_path

ROUTER = Path(__file__).parents[2] / "app" / "router.py"
FLOW, TRUNCATION, CLIPPING = (f"../pages/{name}.py" for name in ("gradient_flow", "truncation_lab", "clipping_lab"))


pytestmark = pytest.mark.usefixtures("own_lab")


def opened(**query: str) -> AppTest:
    """The gradient-flow page after a link with this query to the bare address, where a laboratory once stood."""
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    query = query or {"preset": link.START}
    for key, value in query.items():
        at.query_params[key.replace("__", ".")] = value
    at.run()
    assert not at.exception
    return at


def opened_at(page: str, **query: str) -> AppTest:
    """A page's own address, as the first thing a visitor opens."""
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    at.switch_page(page)
    for key, value in query.items():
        at.query_params[key.replace("__", ".")] = value
    at.run()
    assert not at.exception
    return at


def shown(at: AppTest) -> link.Visit:
    return at.session_state["_view"]


def test_the_front_door_leads_to_the_first_preset() -> None:
    at = opened()
    assert shown(at).config == RunConfig.preset(link.START)
    compare = "Compare with the other cells"
    assert [button.label for button in at.button] == ["Train", "Pause", "Step", "Reset", "Share", compare]
    assert at.query_params["task.name"] == "temporal-order" and at.query_params["v"] == "1"


def test_a_changed_setting_is_in_the_config_and_in_the_address() -> None:
    at = opened()
    at.selectbox(key="set.cell.name").select("gru").run()
    at.number_input(key="set.lr").set_value(0.005).run()
    assert shown(at).config == RunConfig.preset(link.START).replace(**{"cell.name": "gru", "lr": 0.005})
    assert at.query_params["lr"] == "0.005" and at.query_params["cell.name"] == "gru"


def test_settings_without_effect_are_not_shown() -> None:
    at = opened()
    keys = {widget.key for widget in at.number_input}
    assert "set.truncation_length" not in keys and "set.clip_threshold" in keys
    at.selectbox(key="set.truncation").select("windows").run()
    keys = {widget.key for widget in at.number_input}
    assert "set.truncation_length" in keys and "set.truncation_stride" not in keys
    at.selectbox(key="set.truncation").select("stream").run()
    assert at.number_input(key="set.truncation_stride").value is None
    at.number_input(key="set.truncation_stride").set_value(5).run()
    assert shown(at).config.truncation_stride == 5 and at.query_params["truncation_stride"] == "5"
    at.selectbox(key="set.clip").select("none").run()
    assert "set.clip_threshold" not in {widget.key for widget in at.number_input}


@pytest.mark.parametrize("task", ["adding", "copy", "review"])
def test_every_task_can_be_chosen(task: str) -> None:
    at = opened()
    at.selectbox(key="set.task.name").select(task).run()
    chosen = shown(at).config.task
    assert not at.exception and chosen.name == task
    assert f"{chosen.question} — {chosen.first_seen}" in [caption.value for caption in at.caption]


def test_presets_by_what_they_show() -> None:
    at = opened()
    at.selectbox(key="set.group").select("Copying").run()
    assert shown(at).config == RunConfig.preset("copy-lstm")
    at.selectbox(key="set.preset").select("copy-gru").run()
    assert shown(at).config == RunConfig.preset("copy-gru")
    at.number_input(key="set.seed").set_value(9).run()
    assert at.selectbox(key="set.preset").value is None


def test_bad_links_are_explained_and_the_rest_of_them_is_used() -> None:
    at = opened(lr="-1", cell__name="gru", nonsense="1")
    assert shown(at).config == RunConfig.from_flat({"cell.name": "gru"})
    assert [error.value for error in at.error] == [
        "`lr` (=-1) must be more than 0. Raise `lr`.",
        "`nonsense` (=1) is not a setting of a run. Leave it out.",
    ]


@pytest.mark.parametrize("button", ["Pause", "Step"])
def test_a_button_pressed_before_the_address_has_followed_is_no_way_back(button: str) -> None:
    at = opened_at(FLOW, preset="temporal-order-lstm")
    at.button(key="transport-Train").click().run()
    run = shown(at).run
    at.query_params.clear()
    at.query_params["preset"] = "temporal-order-lstm"
    at.button(key=f"transport-{button}").click().run()
    assert run is not None and shown(at).run == run and at.query_params["run"] == run


def test_settings_that_contradict_are_explained_and_the_old_ones_stay() -> None:
    at = opened()
    before = shown(at).config
    at.number_input(key="set.cell.forget_bias").set_value(1.0).run()
    assert shown(at).config == before
    assert "cannot be combined with `cell.init` (=chrono)" in at.error[0].value


def test_a_number_out_of_bounds_is_answered_where_it_was_written() -> None:
    at = opened()
    before = shown(at).config
    at.number_input(key="set.cell.hidden_size").set_value(5000).run()
    assert shown(at).config == before and at.number_input(key="set.cell.hidden_size").value == before.cell.hidden_size
    sentence = "`cell.hidden_size` (=5000) must be at most 512. Lower `cell.hidden_size`."
    assert [error.value for error in at.sidebar.error] == [sentence] == [error.value for error in at.error]
    at.number_input(key="set.lr").set_value(0.0000125).run()
    assert not at.error and at.number_input(key="set.lr").format == "%.7f"


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
    run = services.lab().submit(RunConfig.preset("copy-rnn"), "somebody").id
    at = opened(run=run)
    assert shown(at).run == run and shown(at).config == RunConfig.preset("copy-rnn")
    assert [caption.value for caption in at.caption].count("You are watching somebody else's run.") == 1
    for answer, button in (("no", "Step"), ("no", "Pause"), ("yes", "Step")):
        assert asked(at) == []
        at.button(key=f"transport-{button}").click().run()
        assert shown(at).run == run and asked(at) == ["Run my own copy", "Watch"]
        at.button(key=f"asked-{answer}").click().run()
        assert not at.exception and asked(at) == []
        assert (shown(at).run == run) == (answer == "no")
    mine, theirs = services.lab().catalog.get(shown(at).run or ""), services.lab().info(run)
    assert mine is not None and (mine.status, mine.until) == ("queued", Schedule.of(mine.config).profile)
    assert theirs is not None and theirs.status == "queued"


def asked(at: AppTest) -> list[str]:
    """The answers that a question over the page offers."""
    return [button.label for button in at.button if (button.key or "").startswith("asked-")]


def test_train_joins_the_run_of_somebody_else_and_asks_where_it_rests() -> None:
    run = services.lab().submit(RunConfig.preset("copy-rnn"), "somebody").id
    at = opened(preset="copy-rnn")
    at.button(key="transport-Train").click().run()
    assert shown(at).run == run and asked(at) == [] and at.button(key="transport-Train").disabled
    services.lab().pause(run, "somebody")
    at.run()
    at.button(key="transport-Train").click().run()
    assert shown(at).run == run and asked(at) == ["Run my own copy", "Watch"]
    at.button(key="asked-yes").click().run()
    mine = services.lab().catalog.get(shown(at).run or "")
    assert mine is not None and mine.id != run and (mine.status, mine.until) == ("queued", None)


def test_reset_asks_before_it_ends_what_cannot_go_on() -> None:
    at = opened(preset="copy-rnn")
    at.button(key="transport-Train").click().run()
    run = shown(at).run or ""
    row = services.lab().catalog.claim()
    assert row is not None
    services.lab().catalog.settle(run, row.attempt, Ended("queued", 120))
    at.button(key="transport-Reset").click().run()
    assert asked(at) == ["End it", "Keep it"] and any("at step 120 of" in text.value for text in at.markdown)
    at.button(key="asked-no").click().run()
    assert shown(at).run == run and statuses(at) == ["queued"]
    at.button(key="transport-Reset").click().run()
    at.button(key="asked-yes").click().run()
    info = services.lab().info(run)
    assert info is not None and info.status == "stopped" and shown(at).run is None and asked(at) == []


def test_reset_of_a_run_that_goes_on_for_others_asks_nothing() -> None:
    at = opened(preset="copy-rnn")
    at.button(key="transport-Train").click().run()
    run = shown(at).run or ""
    row = services.lab().catalog.claim()
    assert row is not None
    services.lab().catalog.settle(run, row.attempt, Ended("queued", 120))
    services.lab().submit(RunConfig.preset("copy-rnn"), "somebody")
    at.button(key="transport-Reset").click().run()
    assert asked(at) == [] and shown(at).run is None and services.lab().may_steer(run, "somebody")


def test_step_says_how_far_it_goes() -> None:
    at = opened(preset="copy-rnn", steps="8000")
    stride = Schedule.of(shown(at).config).profile
    assert stride > 1 and f"{stride} training steps on" in at.button(key="transport-Step").help


def test_share_opens_a_box_that_stays_while_the_script_runs_again() -> None:
    at = opened(preset="copy-rnn")
    at.button(key="share").click().run()
    assert not at.exception and len(at.get("dialog")) == 1
    at.run()
    assert len(at.get("dialog")) == 1
    at.button(key="transport-Train").click().run()
    assert len(at.get("dialog")) == 0  # it was opened over something else


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
    assert shown(at).config == RunConfig.preset("copy-gru")
    assert dict(at.query_params) == {"preset": "copy-gru"}
    at.number_input(key="set.seed").set_value(3).run()
    assert at.query_params["seed"] == "3" and "preset" not in at.query_params


@pytest.mark.parametrize(
    "page, preset", [(FLOW, link.START), (TRUNCATION, "temporal-order-lstm-truncated"), (CLIPPING, "exploding-rnn")]
)
def test_a_page_opens_with_a_preset_of_its_own(page: str, preset: str) -> None:
    at = opened_at(page)
    assert shown(at).config == RunConfig.preset(preset) and not at.error


def test_everything_survives_the_way_to_other_pages() -> None:
    run, other = (services.lab().submit(RunConfig.preset(name), "somebody").id for name in ("copy-rnn", "copy-gru"))
    query = {"run": run, "step": "7", "pin": f"{run}@3", "beside": other, "knob__probe": "2"}
    at = opened_at(FLOW, **query)
    before = shown(at)
    assert before.beside == (other,) and before.knobs == (("probe", "2"),) and before.cursor == 7
    for page in (TRUNCATION, CLIPPING, FLOW):
        at.switch_page(page)
        at.query_params.clear()  # as the navigation in the browser does
        at.run()
        assert not at.exception and shown(at) == before
        written = at.session_state["_written"]  # the board's script completes the bare address with it
        assert {key: written[key.replace("__", ".")][-1] for key in query} == query


def test_bad_knobs_and_runs_beside_it_are_explained() -> None:
    at = opened_at(CLIPPING, knob__nothing="1", beside="gone", preset="copy-rnn")
    assert shown(at).config == RunConfig.preset("copy-rnn")
    assert [error.value.partition(")")[2] for error in at.error] == [
        " stands beside a `run`, and none is shown. Leave it out.",
        " is not a knob of any page. Leave it out.",
    ]
    assert "beside" not in at.query_params and "knob.nothing" not in at.query_params


def statuses(at: AppTest) -> list[str]:
    """Of the run in front and those beside it, as the catalog has them."""
    infos = [services.lab().info(run) for run in (shown(at).run, *shown(at).beside) if run]
    return [info.status for info in infos if info is not None]


def test_the_clipping_lab_trains_the_twin_too_and_steers_both() -> None:
    at = opened_at(CLIPPING, preset="exploding-rnn")
    at.button(key="transport-Train").click().run()
    (other,) = shown(at).beside
    info = services.lab().info(other)
    assert info is not None and info.config == shown(at).config.replace(clip="norm")
    assert statuses(at) == ["queued", "queued"] and at.query_params["beside"] == other
    at.button(key="transport-Pause").click().run()
    assert statuses(at) == ["paused", "paused"]
    at.button(key="transport-Step").click().run()
    assert statuses(at) == ["queued", "queued"]
    pair = (shown(at).run, other)
    at.button(key="transport-Reset").click().run()
    infos = [services.lab().info(run) for run in pair if run]
    assert [info.status for info in infos if info] == ["stopped", "stopped"]
    assert shown(at).run is None and shown(at).beside == () and "beside" not in at.query_params


def test_a_sweep_joins_the_run_that_is_there() -> None:
    at = opened_at(CLIPPING, preset="exploding-rnn")
    at.button(key="transport-Train").click().run()
    run, (other,) = shown(at).run, shown(at).beside
    assert at.button(key="transport-Train").disabled
    at.segmented_control(key="set.alongside").select("sweep").run()
    assert at.query_params["knob.alongside"] == "sweep" and shown(at).run == run
    at.button(key="transport-Train").click().run()
    assert shown(at).run == run and other in shown(at).beside and run not in shown(at).beside
    configs = [info.config for info in map(services.lab().info, shown(at).beside) if info]
    assert {config.digest() for config in configs} | {shown(at).config.digest()} == {
        config.digest() for config in sweep(shown(at).config)
    }
    assert at.button(key="transport-Train").disabled


def test_a_choice_and_train_in_one_breath_train_what_was_chosen() -> None:
    """A busy server runs the script once for both."""
    at = opened_at(CLIPPING, preset="exploding-rnn")
    at.segmented_control(key="set.alongside").select("sweep")
    at.button(key="transport-Train").click().run()
    assert at.query_params["knob.alongside"] == "sweep"
    assert len(shown(at).beside) == len(sweep(shown(at).config)) - 1


def test_a_changed_setting_lets_go_of_all_and_one_button_brings_them_back() -> None:
    at = opened_at(CLIPPING, preset="exploding-rnn")
    at.button(key="transport-Train").click().run()
    run, beside = shown(at).run, shown(at).beside
    at.number_input(key="set.seed").set_value(5).run()
    assert shown(at).run is None and shown(at).beside == ()
    at.button(key="transport-back").click().run()
    assert (shown(at).run, shown(at).beside) == (run, beside)


def test_pause_on_somebody_else_s_pair_makes_a_pair_of_one_s_own() -> None:
    config = RunConfig.preset("exploding-rnn")
    front, twin = (services.lab().submit(each, "somebody").id for each in (config, config.replace(clip="norm")))
    at = opened_at(CLIPPING, run=front, beside=twin)
    at.button(key="transport-Pause").click().run()
    at.button(key="asked-yes").click().run()
    assert not {front, twin} & {shown(at).run, *shown(at).beside} and len(shown(at).beside) == 1
    assert [info.status for run in (front, twin) if (info := services.lab().info(run))] == ["queued", "queued"]


@pytest.mark.parametrize("page", [page for page in PAGES if page != "sweep"])  # which shows no run by itself
@pytest.mark.parametrize("recorded", [True, False])
def test_a_damaged_catalog_leaves_a_run_s_page_and_is_a_sentence_elsewhere(
    page: str, recorded: bool, make_frame
) -> None:
    config = RunConfig.preset(link.START, steps=20)
    run = services.lab().submit(config, "me").id
    if recorded:
        with RunWriter(run_path(services.lab().folder, run), run, config, 1) as writer:
            writer.append(make_frame(config))
    services.lab().catalog.path.write_bytes(b"scrambled" * 1000)
    at = opened_at(f"../pages/{page}.py", run=run)
    said = [error.value for error in at.error]
    assert shown(at).run == (run if recorded else None)
    assert any("damaged" in text for text in said) or recorded
    at.button(key="transport-Train").click().run()
    assert not at.exception and any("damaged" in error.value for error in at.error)
