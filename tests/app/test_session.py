"""The URL and the view: a link reproduces everything, and a bad one loses nothing but its bad parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import services, session
from core import PRESETS, RunConfig


@pytest.fixture(autouse=True)
def own_lab() -> Iterator[None]:
    services.lab.cache_clear()
    yield
    services.lab.cache_clear()


def query(**values: object) -> dict[str, list[str]]:
    return {key.replace("__", "."): [str(value)] for key, value in values.items()}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_its_own_link(name: str) -> None:
    shown = session.View(PRESETS[name].config, pins=("a@3", "b@0"))
    assert session.read(session.write(shown)) == shown


def test_a_bare_address_opens_the_first_preset() -> None:
    assert session.read({}).config == PRESETS[session.START].config
    assert session.read(query(utm_source="mail")).config == PRESETS[session.START].config


def test_a_preset_by_name_with_changes() -> None:
    shown = session.read(query(preset="review-gru", seed=4))
    assert shown.config == PRESETS["review-gru"].config.replace(seed=4) and not shown.problems


def test_some_settings_take_the_defaults_of_the_rest() -> None:
    shown = session.read(query(task__length=80, cell__name="rnn"))
    assert shown.config == RunConfig.from_flat({"task.length": 80, "cell.name": "rnn"}) and not shown.problems


def test_bad_values_cost_only_themselves() -> None:
    shown = session.read(query(cell__name="gru", lr="-1", task__length="many", seed=5, color="red", preset="none"))
    assert (shown.config.cell.name, shown.config.seed, shown.config.lr) == ("gru", 5, RunConfig().lr)
    assert len(shown.problems) == 4
    assert "`lr` (=-1) must be more than 0. Raise `lr`." in shown.problems


def test_values_that_do_not_go_together_cost_only_the_last() -> None:
    shown = session.read(query(task__name="copy", task__length=9, task__symbols_to_copy=5))
    assert shown.config.task.name == "copy" and len(shown.problems) == 1


def test_a_run_wins_over_the_settings_beside_it() -> None:
    run = services.lab().submit(PRESETS["copy-rnn"].config, "owner").id
    shown = session.read(query(run=run, step=7, seed=9))
    assert (shown.config, shown.run, shown.cursor) == (PRESETS["copy-rnn"].config, run, 7)


def test_a_run_that_is_gone_leaves_its_settings() -> None:
    shown = session.read(query(run="gone", step=7, preset="copy-rnn"))
    assert (shown.config, shown.run, shown.cursor) == (PRESETS["copy-rnn"].config, None, None)
    assert "`run` (=gone) is not on this server" in shown.problems[0]


@pytest.mark.parametrize("step", ["-1", "x", "99999999", "1.5"])
def test_a_step_that_cannot_be(step: str) -> None:
    run = services.lab().submit(PRESETS["copy-rnn"].config, "owner").id
    shown = session.read(query(run=run, step=step))
    assert shown.run == run and shown.cursor is None and "must be a whole number" in shown.problems[0]


def test_pins_are_few_and_different() -> None:
    shown = session.read({"pin": ["a@1", "a@1", *[f"b@{k}" for k in range(9)]]})
    assert shown.pins == ("a@1", "b@0", "b@1", "b@2")
