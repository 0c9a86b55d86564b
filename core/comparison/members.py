"""Which runs a comparison is made of: members that differ in their own settings alone, each with the same seeds.

A member is a text of differences, ``cell.name:gru`` or ``cell.init:default,cell.forget_bias:1``, applied to the
settings that everybody shares. It may name settings of the cell and of how it learns, and how a task's data is read;
task, batch size, steps and seed are everybody's, and with them the batches: a batch is a function of task, batch size,
seed and step (core.data.training_batch), so with the same seed all members see the same sequences in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, get_args

from core.anatomy import ANATOMIES
from core.comparison.parameters import nearest_size, parameters
from core.config import RunConfig
from core.errors import ConfigError, quoted
from core.tasks import TASKS

Match = Literal["size", "parameters"]
MATCHES: tuple[Match, ...] = get_args(Match)
MOST_MEMBERS, MOST_SEEDS = 6, 5
ALL_CELLS = tuple(f"cell.name:{name}" for name in ANATOMIES)
SHARED = ("batch_size", "steps", "seed")
LARGEST_SEED = 2**31 - 1
_PART = re.compile(r"([a-z][a-z0-9_.]{0,39}):([A-Za-z0-9_.+-]{0,40})")
MOST_TEXT = 600


@dataclass(frozen=True)
class Member:
    """One of those compared.

    text       its differences, "" for the settings that all others differ from
    config     its settings, with the first seed
    reference  whether these are the settings that all others differ from
    """

    text: str
    config: RunConfig
    reference: bool


@dataclass(frozen=True)
class Comparison:
    """Members in their order, and the seeds that each of them is trained with. ``problems``: what was left out, why."""

    members: tuple[Member, ...]
    seeds: tuple[int, ...]
    problems: tuple[str, ...] = ()

    @cached_property
    def runs(self) -> tuple[tuple[RunConfig, ...], ...]:
        """A row of configs a member, one a seed."""
        return tuple(tuple(member.config.replace(seed=seed) for seed in self.seeds) for member in self.members)

    @property
    def in_turn(self) -> list[RunConfig]:
        """All of them in the order in which they are best trained: every member's first seed, then every second one."""
        return [run for runs in zip(*self.runs, strict=True) for run in runs]


def comparison(
    reference: RunConfig,
    members: Iterable[str] = ALL_CELLS,
    *,
    match: Match = "size",
    seeds: int = 3,
    most_runs: int = 24,
) -> Comparison:
    """``reference`` against ``members``, with ``seeds`` seeds each from its own on.

    It stands where a member equals it, else in front. With ``match`` "parameters" every other member gets the hidden
    size at which it trains most nearly as many parameters. Whatever cannot be used is left out with a sentence: texts
    that say nothing, members beyond MOST_MEMBERS, seeds beyond ``most_runs`` runs in all.
    """
    problems: list[str] = []
    chosen = _members(reference, members, match, problems)
    if len(chosen) > MOST_MEMBERS:
        chosen = _fewer(chosen, problems)
    return Comparison(tuple(chosen), _seeds(reference, len(chosen), seeds, most_runs, problems), tuple(problems))


def other_cells(config: RunConfig) -> list[RunConfig]:
    """The settings of ``config`` with every other cell that can have them."""
    runs = comparison(config, ALL_CELLS, seeds=1).in_turn
    return [run for run in runs if run.digest() != config.digest()]


def _members(reference: RunConfig, texts: Iterable[str], match: Match, problems: list[str]) -> list[Member]:
    apart: dict[str, Member] = {}
    for text in dict.fromkeys(texts):
        try:
            config = applied(reference, text)
        except ConfigError as error:
            problems += [f"A member of this comparison is left out. {problem}" for problem in error.problems]
            continue
        own = config.digest() == reference.digest()
        if match == "parameters" and not own:
            config = config.replace(**{"cell.hidden_size": nearest_size(config, parameters(reference))})
            own = config.digest() == reference.digest()
        apart.setdefault(config.digest(), Member(text, reference if own else config, own))
    if reference.digest() not in apart:
        return [Member("", reference, True), *apart.values()]
    return list(apart.values())


def _fewer(members: list[Member], problems: list[str]) -> list[Member]:
    problems.append(
        f"{len(members)} members are more than the {MOST_MEMBERS} that one board can show. The last ones are left out."
    )
    kept = [member for member in members if not member.reference][: MOST_MEMBERS - 1]
    return [member for member in members if member.reference or member in kept]


def _seeds(reference: RunConfig, members: int, wanted: int, most: int, problems: list[str]) -> tuple[int, ...]:
    """From the reference's own seed on; where that is too near the largest, up to that."""
    count = min(max(wanted, 1), MOST_SEEDS)
    allowed = max(1, min(MOST_SEEDS, most // members))
    if count > allowed:
        problems.append(
            f"{members} members with {count} seeds each are {members * count} runs; one visitor may have {most} here. "
            f"It is {allowed} {'seed' if allowed == 1 else 'seeds'} each now: for more, compare fewer."
        )
        count = allowed
    first = min(reference.seed, LARGEST_SEED - count + 1)
    return tuple(range(first, first + count))


# -- members as text ---------------------------------------------------------------------------------------------------


def differences(text: str) -> dict[str, str]:
    """``{key: value}`` of a member's text. Raises ConfigError with a sentence."""
    parts = [_PART.fullmatch(part) for part in text.split(",")] if text and len(text) <= MOST_TEXT else [None]
    if not all(parts):
        raise ConfigError([f"`member` (={quoted(text)}) must be <setting>:<value>, several separated by commas."])
    settings = {part[1]: part[2] for part in parts if part}
    for key, value in settings.items():
        if not may_differ(key):
            raise ConfigError(
                [f"`{key}` (={quoted(value)}) is the same for all who are compared: task, batch size, steps and seed. "
                 "Set it for all of them."]
            )  # fmt: skip
    return settings


def may_differ(key: str) -> bool:
    """Whether members may differ in this setting: in all but those that decide the data and the axes. Some tasks have
    one that says how the same data is read."""
    return key in readings() or (key not in SHARED and not key.startswith("task."))


@cache
def readings() -> frozenset[str]:
    """The settings of tasks that leave data and answers as they are and change what the inputs tell of them."""
    fields = ((name, field.json_schema_extra) for task in TASKS.values() for name, field in task.model_fields.items())
    return frozenset(f"task.{name}" for name, extra in fields if isinstance(extra, dict) and extra.get("reads"))


def applied(reference: RunConfig, text: str) -> RunConfig:
    """``reference`` with a member's differences. Raises ConfigError with sentences."""
    return reference.replace(**differences(text))


def text_of(values: Sequence[tuple[str, object]]) -> str:
    """A member's text; None is written as nothing."""
    return ",".join(f"{key}:{'' if value is None else value}" for key, value in values)


def kept(config: RunConfig) -> str:
    """A member that has all of ``config``'s own settings, whatever those of the others become."""
    return text_of([(key, value) for key, value in config.to_flat().items() if may_differ(key) and _acts(config, key)])


def _acts(config: RunConfig, key: str) -> bool:
    return key not in config.idle
