"""The controls: every setting that has an effect has a widget, under the heading it names."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import services
from core.anatomy import ANATOMIES
from core.settings import GROUPS, settings_of
from core.tasks import TASKS

ROUTER = Path(__file__).parents[3] / "app" / "router.py"
PAIRS = list(zip(TASKS, cycle(ANATOMIES))) + list(zip(cycle(TASKS), ANATOMIES))


@pytest.mark.parametrize(("task", "cell"), sorted(set(PAIRS)))
def test_every_setting_that_has_an_effect_has_a_widget(task: str, cell: str) -> None:
    services.lab.cache_clear()
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    query = {"task.name": task, "cell.name": cell, "truncation": "stream", "clip": "norm"}
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception and not at.error
    config = at.session_state["_view"].config
    assert (config.task.name, config.cell.name) == (task, cell)
    settings = settings_of(config)
    wanted = {key for key, setting in settings.items() if key not in config.idle and setting.kind != "data"}
    uploads = sum(setting.kind == "data" for setting in settings.values())
    assert len([button for button in at.button if button.label == "Use what is pasted"]) == uploads
    shown = [element for element in at.sidebar if (element.key or "").removeprefix("set.") in wanted]
    assert {element.key for element in shown} == {f"set.{key}" for key in wanted}
    groups = [settings[str(element.key).removeprefix("set.")].group for element in shown]
    assert groups == sorted(groups, key=GROUPS.index)
    empty = {element.key: element.placeholder for element in at.number_input if element.value is None}
    assert empty == {f"set.{key}": settings[key].empty for key in wanted if settings[key].optional}
    services.lab.cache_clear()


def test_a_link_hides_and_locks_controls() -> None:
    services.lab.cache_clear()
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    at.query_params["hide"] = "seed,presets"
    at.query_params["lock"] = "lr,cell.name"
    at.run()
    assert not at.exception and not at.error
    keys = {element.key: element.disabled for element in at.sidebar if (element.key or "").startswith("set.")}
    assert "set.seed" not in keys and "set.preset" not in keys and "set.batch_size" in keys
    assert {key for key, held in keys.items() if held} == {"set.lr", "set.cell.name"}
    at.number_input(key="set.batch_size").set_value(16).run()
    assert at.query_params["hide"] == ["seed", "presets"] and at.query_params["batch_size"] == "16"
    services.lab.cache_clear()
