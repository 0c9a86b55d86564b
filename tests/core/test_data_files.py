"""A data file that is damaged says in which file, at which place, and what to do; presets are such files."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import RunConfig
from core.data_files import DataFileError
from core.errors import ConfigError
from core.presets import PRESETS, load

GOOD = """
title = "Adding"
place = 1
[shared]
task.name = "adding"
lr = 0.1
[presets.first]
title = "one"
promise = "It learns."
claims = [{ measure = "score", at_least = 0.5 }]
settings = { cell.name = "gru", steps = 3 }
[presets.second]
title = "two"
promise = "It learns as well."
claims = [{ measure = "solved_at", at_most = 4, seeds = "most" }]
like = "first"
settings = { steps = 4 }
"""


def written(folder: Path, text: str, name: str = "some.toml") -> Path:
    folder = folder / "presets"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_settings_are_shared_and_taken_over(tmp_path: Path) -> None:
    presets = load([written(tmp_path, GOOD)])
    shared = {"task.name": "adding", "lr": 0.1, "cell.name": "gru"}
    assert [(name, preset.settings) for name, preset in presets.items()] == [
        ("first", shared | {"steps": 3}),
        ("second", shared | {"steps": 4}),
    ]
    assert {preset.group for preset in presets.values()} == {"Adding"}
    assert [str(claim) for preset in presets.values() for claim in preset.claims] == ["0.5 ≤ score", "solved_at ≤ 4"]


def test_groups_stand_in_their_places(tmp_path: Path) -> None:
    later = GOOD.replace("place = 1", "place = 2").replace(".first]", ".third]").replace('"first"', '"third"')
    paths = [written(tmp_path, later.replace(".second]", ".fourth]"), "a.toml"), written(tmp_path, GOOD, "b.toml")]
    assert list(load(paths)) == ["first", "second", "third", "fourth"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('promise = "It learns."\n', "", "`presets.first.promise` in `presets/some.toml` is missing. Add it."),
        ('"It learns."', "3", "`presets.first.promise` in `presets/some.toml` (=3): input should be a valid string. "),
        ("place = 1", 'place = "x"', "`place` in `presets/some.toml` (=x): input should be a valid integer. Correct"),
        ('title = "one"', 'titel = "one"', "`presets.first.titel` in `presets/some.toml` (=one) is not known there. "),
        ('"It learns."', '"no sentence"', "`presets.first.promise` in `presets/some.toml` (=no sentence): string sh"),
        (
            '"most"',
            '"few"',
            "`presets.second.claims.0.seeds` in `presets/some.toml` (=few): input should be 'all' or '",
        ),
        ('"solved_at"', '"luck"', "`presets.second.claims.0` in `presets/some.toml`: `measure` (=luck) is not known. "),
        (
            '[{ measure = "score", at_least = 0.5 }]',
            "[]",
            "`presets.first.claims` in `presets/some.toml` (=[]): list sh",
        ),
        ('like = "first"', 'like = "third"', "`presets/some.toml`: `presets.second.like` (=third) must be the name of"),
        ("lr = 0.1", "lr =", "`presets/some.toml` is not TOML: Invalid value (at line 6, column 5). Correct it there."),
        ("lr = 0.1", "lr = [1]", "`shared.lr"),
        (".second]", ".first]", "`presets/some.toml` is not TOML: Cannot declare "),
    ],
)
def test_a_damaged_file_says_what_and_where(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(DataFileError) as caught:
        load([written(tmp_path, GOOD.replace(old, new, 1))])
    assert any(problem.startswith(words) for problem in caught.value.problems), caught.value.problems


def test_a_name_belongs_to_one_file_and_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"`presets.first` in `presets/b.toml` is also in `presets/a.toml`. Rename"):
        load([written(tmp_path, GOOD, "a.toml"), written(tmp_path, GOOD, "b.toml")])
    with pytest.raises(DataFileError, match=r"`presets/c.toml` cannot be read: No such file"):
        load([tmp_path / "presets" / "c.toml"])


def test_a_setting_that_cannot_be_is_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    presets = load([written(tmp_path, GOOD.replace("lr = 0.1", "lr = -1"))])
    monkeypatch.setitem(PRESETS, "first", presets["first"])
    with pytest.raises(ConfigError, match=r"^`presets.first` in `presets/some.toml` cannot be used: `lr` \(=-1\) must"):
        RunConfig.preset("first")
