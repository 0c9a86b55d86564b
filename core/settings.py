"""The settings of a config as data: what a widget, a table or a help text needs to know of each, read off RunConfig."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.tasks import TASKS

GROUPS = ("Task", "Cell", "Gradient", "Training")
"""What the controls show under one heading each, in order."""


@dataclass(frozen=True)
class Legend:
    """How a legend names a setting in which those compared differ; the defaults serve one that says nothing of it.

    short    the name before a number, else the title
    said     what values are called, in full: templates of ``str.format`` over the config, "*" for all others
    unnamed  whether a choice is its label alone, without the title
    always   whether it is said of everybody as soon as one is different
    last     whether it stands behind the others
    titled   whether the cell's own title says it
    covers   dotted keys of settings that need no words of their own where this one is said
    """

    short: str = ""
    said: Mapping[str, str] = field(default_factory=dict[str, str])
    unnamed: bool = False
    always: bool = False
    last: bool = False
    titled: bool = False
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """One setting by its dotted key. ``choices`` maps values to labels; else ``kind`` is a number within bounds, or the
    digest of data that a visitor brings.

    ``group`` is one of GROUPS; ``empty`` says what an optional setting means where nothing is entered.
    """

    key: str
    title: str
    help: str
    kind: Literal["choice", "integer", "number", "data"]
    default: Any
    choices: dict[Any, str]
    minimum: float | None
    maximum: float | None
    optional: bool
    unit: str
    log_scale: bool
    group: str
    empty: str
    legend: Legend = Legend()


def settings_of(config: RunConfig) -> dict[str, Setting]:
    """Every setting of ``config`` in order; those of the task and the cell are of the ones it names."""
    settings: dict[str, Setting] = {}
    parts = {"task": type(config.task), "cell": type(config.cell)}
    for name, info in RunConfig.model_fields.items():
        if name not in parts:
            settings[name] = _setting(name, info, "")
            continue
        tasks, cells = ({key: task.title for key, task in TASKS.items()}, {key: c.word for key, c in ANATOMIES.items()})
        titles = tasks if name == "task" else cells
        settings[f"{name}.name"] = _choice(f"{name}.name", name.capitalize(), titles)
        for inner, inner_field in parts[name].model_fields.items():
            if inner != "name":
                setting = _setting(f"{name}.{inner}", inner_field, name.capitalize())
                choices = config.task.choices(inner) if name == "task" else {}
                settings[setting.key] = replace(setting, kind="choice", choices=choices) if choices else setting
    return settings


def _choice(key: str, title: str, choices: dict[Any, str]) -> Setting:
    text = "What the network has to learn." if key == "task.name" else "The recurrent cell."
    first = next(iter(choices))
    return Setting(key, title, text, "choice", first, choices, None, None, False, "", False, title, "")


def _setting(key: str, info: FieldInfo, group: str) -> Setting:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    choices: dict[Any, str] = dict(extra.get("labels", {}))  # pyright: ignore
    legend: dict[str, Any] = dict(extra.get("legend", {}))  # pyright: ignore
    types = [kind for kind in (get_args(info.annotation) or (info.annotation,)) if kind is not type(None)]
    return Setting(
        key=key,
        title=info.title or key,
        help=info.description or "",
        kind="data" if extra.get("widget") == "data" else _kind(choices, types),
        default=info.default,
        choices=choices,
        minimum=_bound(info, Ge, Gt),
        maximum=_bound(info, Le, Lt),
        optional=type(None) in get_args(info.annotation),
        unit=str(extra.get("unit", "")),
        log_scale=extra.get("scale") == "log",
        group=str(extra.get("group", group)),
        empty=str(extra.get("empty", "")),
        legend=Legend(**legend),
    )


def _kind(choices: Mapping[Any, str], types: list[Any]) -> Literal["choice", "integer", "number"]:
    return "choice" if choices else "integer" if types == [int] else "number"


def _bound(info: FieldInfo, *kinds: type) -> float | None:
    names = {Ge: "ge", Gt: "gt", Le: "le", Lt: "lt"}
    return next((getattr(rule, names[type(rule)]) for rule in info.metadata if isinstance(rule, kinds)), None)


def said(config: RunConfig) -> list[str]:
    """Every setting that has an effect, as 'Title value unit'."""
    known, flat = settings_of(config), config.to_flat()
    told = ((known[key], value) for key, value in flat.items() if key not in config.idle and value is not None)
    return [f"{setting.title} {setting.choices.get(value, value)} {setting.unit}".rstrip() for setting, value in told]
