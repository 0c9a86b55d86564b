"""Widgets, URL and CLI read the settings off RunConfig: nothing may be missing or out of step with it."""

import pytest

from core import TASKS, RunConfig
from core.anatomy import ANATOMIES
from core.errors import ConfigError
from core.settings import settings_of


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("cell", ANATOMIES)
def test_one_setting_for_every_key_and_its_bounds_hold(task: str, cell: str) -> None:
    config = RunConfig().replace(**{"task.name": task, "cell.name": cell})
    settings = settings_of(config)
    assert set(settings) == set(config.to_flat())
    for key, setting in settings.items():
        assert setting.title and setting.help
        if setting.kind == "choice":
            assert config.to_flat()[key] in setting.choices
            continue
        if setting.kind == "data":
            with pytest.raises(ConfigError, match=key):
                config.replace(**{key: "a name"})
            continue
        assert setting.minimum is not None and setting.maximum is not None
        with pytest.raises(ConfigError, match=key):
            config.replace(**{key: setting.maximum * 2 + 1})
        with pytest.raises(ConfigError, match=key):
            config.replace(**{key: setting.minimum - 1})


def test_choices_are_all_accepted() -> None:
    for cell in ANATOMIES:
        config = RunConfig().replace(**{"cell.name": cell})
        for key, setting in settings_of(config).items():
            for value in setting.choices:
                assert config.replace(**{key: value}).to_flat()[key] == value
