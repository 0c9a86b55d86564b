"""The page Compare as Streamlit's own test harness sees it: who is compared, what is trained, found and let go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import services
from app.visit import link
from core.comparison import ALL_CELLS, comparison, kept
from core.config import RunConfig
from core.lab.client import Lab, RunInfo
from core.store import Ended

ROUTER = Path(__file__).parents[3] / "app" / "router.py"
COMPARE, FLOW = "../pages/compare.py", "../pages/gradient_flow.py"
ORDER = RunConfig.preset("temporal-order-lstm")


pytestmark = pytest.mark.usefixtures("own_lab")


def opened(page: str = COMPARE, *members: str, **query: str) -> AppTest:
    """The page's own address, as the first thing a visitor opens."""
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    at.switch_page(page)
    for key, value in query.items():
        at.query_params[key.replace("__", ".")] = value
    if members:
        at.query_params["member"] = list(members)
    at.run()
    assert not at.exception
    return at


def shown(at: AppTest) -> link.Visit:
    return at.session_state["_view"]


def runs(at: AppTest) -> list[RunInfo]:
    """The one in front and those beside it."""
    ids = [shown(at).run, *shown(at).beside]
    return [info for info in (services.lab().info(run) for run in ids if run) if info is not None]


def lab() -> Lab:
    return services.lab()


def digests(configs) -> set[str]:
    return {config.digest() for config in configs}


def test_it_opens_with_the_four_cells_and_train_starts_three_seeds_of_each() -> None:
    at = opened()
    assert shown(at).config == ORDER and shown(at).members is None and not at.error
    assert at.multiselect(key="set.members").value == [text for text in ALL_CELLS if not text.endswith(":lstm")]
    at.button(key="transport-Train").click().run()
    assert len(runs(at)) == 12 and digests(info.config for info in runs(at)) == digests(comparison(ORDER).in_turn)
    assert runs(at)[0].config == ORDER and at.button(key="transport-Train").disabled
    assert [info.config.seed for info in sorted(runs(at), key=lambda info: info.created)] == [0] * 4 + [1] * 4 + [2] * 4


def test_the_buttons_act_on_all_of_them() -> None:
    at = opened(knob__seeds="1")
    at.button(key="transport-Train").click().run()
    at.button(key="transport-Pause").click().run()
    assert [info.status for info in runs(at)] == ["paused"] * 4
    at.button(key="transport-Step").click().run()
    assert [info.status for info in runs(at)] == ["queued"] * 4
    every = runs(at)
    at.button(key="transport-Reset").click().run()
    assert [info.status for info in map(lab().info, (info.id for info in every)) if info] == ["stopped"] * 4
    assert shown(at).run is None and shown(at).beside == ()


def test_pause_reaches_the_others_when_the_one_in_front_is_over() -> None:
    at = opened(knob__seeds="1")
    at.button(key="transport-Train").click().run()
    row = lab().catalog.claim()
    assert row is not None and row.id == shown(at).run
    lab().catalog.settle(row.id, row.attempt, Ended("finished", row.config.steps))
    at.run()
    at.button(key="transport-Pause").click().run()
    assert [info.status for info in runs(at)] == ["finished", "paused", "paused", "paused"]
    at.button(key="transport-Train").click().run()
    assert [info.status for info in runs(at)][1:] == ["queued"] * 3


def test_a_link_brings_all_of_it_back() -> None:
    at = opened(COMPARE, "cell.name:gru", "clip:none", knob__seeds="2", knob__match="parameters")
    at.button(key="transport-Train").click().run()
    written = dict(at.query_params)
    again = AppTest.from_file(str(ROUTER), default_timeout=30)
    again.switch_page(COMPARE)
    for key, value in written.items():
        again.query_params[key] = value
    again.run()
    assert not again.error and shown(again) == shown(at)
    assert [info.id for info in runs(again)] == [info.id for info in runs(at)] and len(runs(at)) == 6
    assert {info.config.cell.hidden_size for info in runs(at)} == {8, 10}


def test_members_are_taken_out_rest_and_put_in_are_found_again() -> None:
    at = opened(knob__seeds="1")
    at.button(key="transport-Train").click().run()
    gone = next(info for info in runs(at) if info.config.cell.name == "gru")
    at.multiselect(key="set.members").unselect("cell.name:gru").run()
    assert len(runs(at)) == 3 and gone.id not in shown(at).beside
    info = lab().info(gone.id)
    assert info is not None and info.status == "paused"
    at.multiselect(key="set.members").select("cell.name:gru").run()
    assert gone.id in shown(at).beside
    at.button(key="transport-Train").click().run()
    info = lab().info(gone.id)
    assert info is not None and info.status == "queued" and len(runs(at)) == 4


def test_more_seeds_join_those_that_are_there() -> None:
    at = opened(knob__seeds="1")
    at.button(key="transport-Train").click().run()
    before = {info.id for info in runs(at)}
    at.segmented_control(key="set.seeds").select("2").run()
    said = next(caption.value for caption in at.caption if "not trained yet" in caption.value)
    assert re.fullmatch(r"4 runs of this comparison not trained yet, about \d+ s: press Train\.", said)
    at.button(key="transport-Train").click().run()
    assert len(runs(at)) == 8 and before < {info.id for info in runs(at)}


def test_too_few_seeds_are_said_to_be_and_a_button_takes_as_many_as_could_tell() -> None:
    at = opened()
    said = [caption.value for caption in at.caption]
    few = "3 seeds each cannot tell two apart, not even always solved from never (p 0.6 at best), only that not all"
    assert any(words.startswith(few) and words.endswith("5 could.") for words in said)
    assert any(re.fullmatch(r"Train starts 12 runs, \d+ at a time: about .*\.", words) for words in said)
    at.button(key="compare-seeds").click().run()
    assert at.segmented_control(key="set.seeds").value == "5"
    said = [caption.value for caption in at.caption]
    assert "5 seeds each can tell two apart whose runs hardly overlap." in said
    assert any(words.startswith("Train starts 20 runs") for words in said)
    assert "compare-seeds" not in {button.key for button in at.button}


def test_settings_are_kept_beside_what_is_set_after_them() -> None:
    at = opened(COMPARE, "none", knob__seeds="1")
    assert at.multiselect(key="set.members").value == []
    at.button(key="compare-keep").click().run()
    assert shown(at).members == (kept(ORDER),) and at.multiselect(key="set.members").value == []
    at.selectbox(key="set.cell.init").select("default").run()
    assert at.multiselect(key="set.members").value == [kept(ORDER)] and not at.error
    at.button(key="transport-Train").click().run()
    assert [info.config.cell.init for info in runs(at)] == ["default", "chrono"]
    at.button(key="compare-apps").click().run()
    assert shown(at).members == ALL_CELLS


def test_what_a_link_says_badly_is_explained_and_the_rest_stays() -> None:
    at = opened(COMPARE, "seed:4", "nonsense", "cell.name:gru", "cell.reset:before", knob__seeds="9", knob__match="age")
    said = " ".join(error.value for error in at.error)
    for part in ("`seed` (=4) is the same for all", "`member` (=nonsense) must be", "`knob.seeds` (=9) must be",
                 "`knob.match` (=age) must be one of size, parameters", "`cell.reset`"):  # fmt: skip
        assert part in said
    assert at.multiselect(key="set.members").value == ["cell.name:gru"]


def test_more_runs_than_a_visitor_may_have_become_fewer_seeds() -> None:
    texts = ("cell.name:rnn", "cell.name:gru", "cell.name:peephole", "clip:none", "cell.init:default")
    at = opened(COMPARE, *texts, knob__seeds="5")
    assert any("6 members with 5 seeds each are 30 runs; one visitor may have 24" in error.value for error in at.error)
    assert at.segmented_control(key="set.seeds").value == "4"
    at.button(key="transport-Train").click().run()
    assert len(runs(at)) == 24


def test_the_comparison_left_behind_rests_and_one_button_brings_it_back() -> None:
    at = opened(knob__seeds="2")
    at.button(key="transport-Train").click().run()
    before = {info.id for info in runs(at)}
    at.number_input(key="set.lr").set_value(0.5).run()
    assert shown(at).run is None
    at.button(key="transport-Train").click().run()
    assert {info.status for info in map(lab().info, before) if info} == {"paused"}
    assert {info.status for info in runs(at)} == {"queued"}


def test_one_click_from_a_run_compares_it_with_the_other_cells() -> None:
    at = opened(FLOW, preset="copy-gru")
    at.button(key="transport-Train").click().run()
    run = shown(at).run
    at.button(key="compare-run").click().run()
    assert not at.exception and shown(at).run == run and shown(at).members == ALL_CELLS
    wanted = comparison(RunConfig.preset("copy-gru")).in_turn
    assert digests(info.config for info in runs(at)) == digests(wanted) and len(runs(at)) == 12
    assert at.multiselect(key="set.members").value == [text for text in ALL_CELLS if not text.endswith(":gru")]


def test_finished_runs_are_found_by_whoever_asks_and_not_trained_again() -> None:
    for config in comparison(ORDER, seeds=1).in_turn:
        lab().submit(config, "somebody")
    at = opened(knob__seeds="1")
    while row := lab().catalog.claim():
        lab().catalog.settle(row.id, row.attempt, Ended("finished", row.config.steps))
    known = {row.id for row in lab().catalog.list("finished")}
    services.lab()._finished = lambda digest: lab().catalog.find(digest, "finished")  # type: ignore[method-assign]
    at.button(key="transport-Train").click().run()
    assert {info.id for info in runs(at)} == known and not lab().catalog.list("queued")


def test_too_much_work_is_a_sentence_on_the_page_where_it_lands() -> None:
    at = opened(FLOW, task__length="10000", cell__hidden_size="512", batch_size="512", steps="100000")
    at.button(key="compare-run").click().run()
    assert not at.exception and shown(at).run is None and any("`batch_size`" in error.value for error in at.error)
