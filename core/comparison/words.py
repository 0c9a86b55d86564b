"""Members of a comparison in a few words: what tells them from each other, or from the settings they differ from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from core.comparison.members import applied, differences, may_differ
from core.config import RunConfig
from core.numbers import exact
from core.settings import Setting, settings_of


def labels(configs: Sequence[RunConfig]) -> list[str]:
    """A name for each: its cell, and the settings in which those compared differ; what most have goes unsaid."""
    flat = [_acting(config) for config in configs]
    return [_name(config, [key for key in each if _tells(config, key, flat)]) for config, each in zip(configs, flat)]


def _tells(config: RunConfig, key: str, flat: Sequence[Mapping[str, Any]]) -> bool:
    counts = Counter(str(each[key]) for each in flat if key in each)
    usual = counts.most_common(1)[0][0]
    return len(counts) > 1 and (settings_of(config)[key].legend.always or str(config.to_flat()[key]) != usual)


def difference(reference: RunConfig, text: str) -> str:
    """What a member's text changes in ``reference``, in words: 'GRU', 'forget bias 1', 'no clipping'.

    Raises ConfigError where it does not apply.
    """
    config, own = applied(reference, text), _acting(reference)
    named = [key for key, value in _acting(config).items() if key in differences(text) and own.get(key, "") != value]
    if config.cell.name != reference.cell.name:
        return _name(config, [key for key in named if _says_something(config, key)])
    return ", ".join(_all_words(config, named)) or "the same settings"


def _acting(config: RunConfig) -> dict[str, Any]:
    """The settings in which members may differ and that have an effect; the cell's name apart."""
    flat = config.to_flat()
    return {key: flat[key] for key in flat if may_differ(key) and key not in config.idle and key != "cell.name"}


def _name(config: RunConfig, keys: Sequence[str]) -> str:
    legends = {key: setting.legend for key, setting in settings_of(config).items()}
    named = sorted((key for key in keys if not legends[key].titled), key=lambda key: legends[key].last)
    words = ", ".join(_all_words(config, named))
    between = "," if config.cell.beside and words else ""
    return f"{config.cell.title}{between} {words}".strip()


def _all_words(config: RunConfig, keys: Sequence[str]) -> list[str]:
    """What the settings ``keys`` are, each once: a kind of truncation says its K, a forget bias its default start."""
    settings = settings_of(config)
    said = {covered for key in keys for covered in settings[key].legend.covers} | config.cell.implied
    return [words for key in keys if key not in said and (words := _words(config, settings[key]))]


def value_words(config: RunConfig, key: str) -> str:
    """What one setting is: 'rate 0.02', 'GRU', 'hidden size 8'; what it means to leave an optional one empty."""
    setting, value = settings_of(config)[key], config.to_flat()[key]
    if key.endswith(".name"):
        return setting.choices[value]
    return _words(config, setting) or f"{setting.title.lower()}: {setting.empty}"


def _says_something(config: RunConfig, key: str) -> bool:
    """Whether the setting is another than it is by default."""
    return config.to_flat()[key] != settings_of(config)[key].default


def _words(config: RunConfig, setting: Setting) -> str:
    value, legend = config.to_flat()[setting.key], setting.legend
    if value is None:
        return ""
    said = legend.said.get(str(value), legend.said.get("*"))
    if said is None and not setting.choices:
        return f"{legend.short or setting.title} {exact(value)}"
    template = said or ("{1}" if legend.unnamed else "{2} {1}")
    return template.format(config, setting.choices.get(value, ""), setting.title.lower())
