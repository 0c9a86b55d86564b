"""The URL and the view: a link reproduces everything, and a bad one loses nothing but its bad parts."""

from __future__ import annotations

import pytest

from app import services
from app.visit import link
from core import PRESETS, RunConfig

pytestmark = pytest.mark.usefixtures("own_lab")


def query(**values: object) -> dict[str, list[str]]:
    return {key.replace("__", "."): [str(value)] for key, value in values.items()}


def submitted(name: str, owner: str = "owner") -> str:
    return services.lab().submit(RunConfig.preset(name), owner).id


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_its_own_link(name: str) -> None:
    shown = link.Visit(RunConfig.preset(name), pins=("a@3", "b@0"), knobs=(("probe", "2"), ("alongside", "sweep")))
    assert link.read(link.write(shown)) == shown


def test_runs_moment_and_knobs_survive_their_link() -> None:
    run, *beside = (submitted(name) for name in ("copy-rnn", "copy-gru", "copy-lstm"))
    shown = link.Visit(RunConfig.preset("copy-rnn"), run, 7, ("a@3",), tuple(beside), (("probe", "3"),))
    assert link.read(link.write(shown)) == shown


def test_a_bare_address_opens_the_preset_of_its_page() -> None:
    assert link.read({}).config == RunConfig.preset(link.START)
    assert link.read(query(utm_source="mail"), "exploding-rnn").config == RunConfig.preset("exploding-rnn")
    assert link.read(query(knob__probe=1), "exploding-rnn").config == RunConfig.preset("exploding-rnn")


def test_a_preset_by_name_with_changes() -> None:
    shown = link.read(query(preset="review-gru", seed=4), "exploding-rnn")
    assert shown.config == RunConfig.preset("review-gru").replace(seed=4) and not shown.problems


def test_some_settings_take_the_defaults_of_the_rest() -> None:
    shown = link.read(query(task__length=80, cell__name="rnn"))
    assert shown.config == RunConfig.from_flat({"task.length": 80, "cell.name": "rnn"}) and not shown.problems


def test_a_link_of_the_app_that_knows_no_newer_setting_keeps_its_meaning(
    later: type[RunConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It spells out every setting that there was; a short link written by hand takes the default of today."""
    old = link.write(link.Visit(RunConfig.preset("copy-gru")))
    short = query(preset="copy-gru")
    monkeypatch.setattr("app.visit.link.RunConfig", later)
    same = later.preset("copy-gru")
    assert link.read(old).config == same.replace(shuffled="no") and link.read(short).config == same
    assert link.read(query(lr=0.1)).config == later(lr=0.1)
    damaged = link.read(old | {"lr": ["-1"]})
    assert damaged.config == same.replace(shuffled="no", lr=later().lr) and len(damaged.problems) == 1
    assert link.read(link.write(link.Visit(same))).config == same


def test_bad_values_cost_only_themselves() -> None:
    shown = link.read(query(cell__name="gru", lr="-1", task__length="many", seed=5, color="red", preset="none"))
    assert (shown.config.cell.name, shown.config.seed, shown.config.lr) == ("gru", 5, RunConfig().lr)
    assert len(shown.problems) == 4
    assert "`lr` (=-1) must be more than 0. Raise `lr`." in shown.problems


def test_values_that_do_not_go_together_cost_only_the_last() -> None:
    shown = link.read(query(task__name="copy", task__length=9, task__symbols_to_copy=5))
    assert shown.config.task.name == "copy" and len(shown.problems) == 1


def test_a_run_wins_over_the_settings_beside_it() -> None:
    run = submitted("copy-rnn")
    shown = link.read(query(run=run, step=7, seed=9))
    assert (shown.config, shown.run, shown.cursor) == (RunConfig.preset("copy-rnn"), run, 7)


def test_a_run_that_is_gone_leaves_its_settings() -> None:
    shown = link.read(query(run="gone", step=7, preset="copy-rnn"))
    assert (shown.config, shown.run, shown.cursor) == (RunConfig.preset("copy-rnn"), None, None)
    assert "`run` (=gone) is not on this server" in shown.problems[0]


@pytest.mark.parametrize("step", ["-1", "x", "99999999", "9" * 5000, "1.5", "²"])
def test_a_step_that_cannot_be(step: str) -> None:
    run = submitted("copy-rnn")
    shown = link.read(query(run=run, step=step))
    assert shown.run == run and shown.cursor is None and "must be a whole number" in shown.problems[0]


def test_pins_are_few_and_different() -> None:
    shown = link.read({"pin": ["a@1", "a@1", *[f"b@{k}" for k in range(9)]]})
    assert shown.pins == ("a@1", "b@0", "b@1", "b@2")


def test_runs_beside_it_that_are_gone_are_named_and_the_others_stay() -> None:
    run, other = submitted("copy-rnn"), submitted("copy-gru")
    shown = link.read({"run": [run], "beside": ["gone", other, run, other]})
    assert shown.beside == (other,)
    assert shown.problems == (
        "`beside` (=gone) is not on this server: it was deleted, or the link is of another server.",
    )


def test_nothing_stands_beside_no_run() -> None:
    shown = link.read({"beside": [submitted("copy-gru")]})
    assert shown.beside == () and "stands beside a `run`, and none is shown" in shown.problems[0]


@pytest.mark.parametrize(
    "key, value, words",
    [("knob.nothing", "1", "is not a knob of any page"), ("knob.", "1", "is not a knob"),
     ("knob.probe", "<b>", "must be a number or a single word"), ("knob.probe", "", "must be a number"),
     ("knob.probe", "1" * 99, "must be a number"), ("knob.alongside", "a b", "a single word"),
     ("knob.review_text", "a\nb", "must be one line of 1 to 500"), ("knob.review_text", "x" * 501, "one line")],
)  # fmt: skip
def test_knobs_that_cannot_be_are_explained(key: str, value: str, words: str) -> None:
    shown = link.read({key: [value], "knob.probe": [value if key == "knob.probe" else "2"]})
    assert shown.knobs == (() if key == "knob.probe" else (("probe", "2"),))
    (problem,) = shown.problems
    assert problem.startswith(f"`{key}` (=") and words in problem


def test_a_typed_review_survives_its_link() -> None:
    shown = link.Visit(RunConfig.preset("review-lstm"), knobs=(("review_text", "I LOVED it; 100 % & more: 🙂"),))
    assert link.read(link.write(shown)) == shown


@pytest.mark.parametrize(
    "key", ["utm_source", "utm_x", "fbclid", "gclid", "gbraid", "gad_source", "msclkid", "mc_cid", "mc_eid", "igshid",
            "_ga", "_gl", "_hsenc", "hsCtaTracking", "mkt_tok", "ref", "ref_src", "referrer", "si", "source", "trk"]
)  # fmt: skip
def test_what_trackers_hang_on_is_ignored_without_a_word(key: str) -> None:
    shown = link.read({key: ["1"], "preset": ["review-gru"]})
    assert shown.config == RunConfig.preset("review-gru") and shown.problems == ()
    assert link.read({key: ["1"]}, "exploding-rnn").config == RunConfig.preset("exploding-rnn")


def test_no_setting_is_taken_for_a_tracker() -> None:
    keys = {key for preset in PRESETS for key in RunConfig.preset(preset).to_flat()} | link._RESERVED
    assert not [key for key in keys if link.TRACKERS.fullmatch(key)]


def test_a_catalog_that_cannot_be_read_is_a_sentence() -> None:
    run = submitted("copy-rnn")
    services.lab().catalog.path.write_bytes(b"scrambled" * 1000)
    shown = link.read(query(run=run, preset="copy-rnn"))
    assert shown.run is None and shown.config == RunConfig.preset("copy-rnn") and "is damaged" in shown.problems[0]


def test_a_link_hides_and_locks_controls_and_says_what_is_none() -> None:
    shown = link.read({"hide": ["seed,presets"], "lock": ["lr", "cell.name"], "v": ["1"]})
    assert shown.hidden == ("seed", "presets") and shown.locked == ("lr", "cell.name") and not shown.problems
    assert not shown.shows("seed") and shown.shows("lr") and shown.holds("lr") and not shown.holds("seed")
    assert link.read(link.write(shown)) == shown
    everything = link.read({"hide": ["all"], "lock": ["all"]})
    assert not everything.shows("lr") and everything.holds("presets")
    assert everything.config == link.read({}).config
    (problem,) = link.read({"hide": ["seed,<b>"]}).problems
    assert problem.startswith("`hide` (=<b>) must be a setting")
