"""Presets: named settings, grouped by what they show, each with a promise and the claims that it follows from.

They are data, a TOML file a group. ``title`` names the group and ``place`` orders the groups; ``[shared]`` holds
settings of all its presets; each ``[presets.<name>]`` has its title, its promise, the settings of its own and its
``claims``, which ``python -m core presets check`` measures. ``like`` names an earlier preset of the file whose settings
it takes over as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from core.data_files import DataFileError, flat, named, read
from core.presets.claims import Claim

Words = Annotated[str, StringConstraints(min_length=1)]
Settings = Annotated[
    dict[str, bool | int | float | str],
    BeforeValidator(lambda content: flat(content) if isinstance(content, dict) else content),
]


@dataclass(frozen=True)
class Preset:
    """Settings by dotted key (those left out have their defaults), and the sentences that say what they show.

    RunConfig.preset makes a config of them. The ``promise`` says in words what the ``claims`` say in numbers, of any
    seed. ``file`` is where they stand.
    """

    settings: dict[str, Any]
    title: str
    group: str
    promise: str
    claims: tuple[Claim, ...]
    file: str


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: Words
    promise: Annotated[str, StringConstraints(pattern=r"\.$")]
    claims: Annotated[list[Claim], Field(min_length=1)]
    like: str | None = None
    settings: Settings = Field(default_factory=dict)


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: Words
    place: int
    shared: Settings
    presets: dict[str, _Entry]

    @model_validator(mode="after")
    def _like_an_earlier_one(self) -> _Group:
        earlier: set[str] = set()
        for name, entry in self.presets.items():
            if entry.like is not None and entry.like not in earlier:
                raise ValueError(
                    f"`presets.{name}.like` (={entry.like}) must be the name of a preset that stands before it in the "
                    "file. Name one, or move it down."
                )
            earlier.add(name)
        return self

    def read_out(self, file: str) -> dict[str, Preset]:
        """Its presets by name, in the file's order."""
        presets: dict[str, Preset] = {}
        for name, entry in self.presets.items():
            base = self.shared if entry.like is None else presets[entry.like].settings
            settings, claims = base | entry.settings, tuple(entry.claims)
            presets[name] = Preset(settings, entry.title, self.title, entry.promise, claims, file)
        return presets


def load(paths: Iterable[Path]) -> dict[str, Preset]:
    """The presets of these files by name, groups in their places. Raises DataFileError with a sentence per problem."""
    presets: dict[str, Preset] = {}
    files = {path: read(path, _Group) for path in paths}
    for path, group in sorted(files.items(), key=lambda item: item[1].place):
        for name, preset in group.read_out(named(path)).items():
            if name in presets:
                raise DataFileError(
                    [f"`presets.{name}` in `{preset.file}` is also in `{presets[name].file}`. Rename one of them."]
                )
            presets[name] = preset
    return presets


PRESETS: dict[str, Preset] = load(sorted(Path(__file__).parent.glob("*.toml")))
