"""Members of a comparison in a few words: what tells them from each other, or from the settings they differ from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from core.comparison.members import applied, differences, may_differ
from core.config import RunConfig
from core.numbers import exact
from core.settings import settings_of

SHORT = {"cell.hidden_size": "H", "cell.forget_bias": "forget bias", "lr": "rate", "clip_threshold": "θ",
         "truncation_length": "K", "truncation_stride": "k₁", "cell.rho": "ρ", "cell.sigma_max": "σ_max"}  # fmt: skip
"""Names of numbers as a legend has them."""
ALWAYS = ("cell.hidden_size", "cell.init")
"""Said of everybody as soon as one is different."""
UNNAMED = ("cell.activation", "cell.variant", "optimizer", "lr_schedule")
"""Choices that say what they are without the setting's name."""


def labels(configs: Sequence[RunConfig]) -> list[str]:
    """A name for each: its cell, and the settings in which those compared differ; what most have goes unsaid."""
    flat = [_acting(config) for config in configs]
    return [_name(config, [key for key in each if _tells(key, each[key], flat)]) for config, each in zip(configs, flat)]


def _tells(key: str, value: Any, flat: Sequence[Mapping[str, Any]]) -> bool:
    counts = Counter(str(each[key]) for each in flat if key in each)
    return len(counts) > 1 and (key in ALWAYS or str(value) != counts.most_common(1)[0][0])


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
    named = sorted((key for key in keys if key != "cell.variant"), key="cell.hidden_size".__eq__)  # size last
    words = ", ".join(_all_words(config, named))
    between = "," if config.cell.variant_words and words else ""
    return f"{config.cell.title}{between} {words}".strip()


def _all_words(config: RunConfig, keys: Sequence[str]) -> list[str]:
    """What the settings ``keys`` are, each once: a kind of truncation says its K, a forget bias its default start."""
    said = {"truncation_length"} if "truncation" in keys else set()
    said |= {"cell.rho", "cell.sigma_max"} if "cell.init" in keys else set()
    said |= config.cell.implied
    return [words for key in keys if key not in said and (words := _words(config, key))]


def _says_something(config: RunConfig, key: str) -> bool:
    """Whether the setting is another than it is by default."""
    return config.to_flat()[key] != settings_of(config)[key].default


def _words(config: RunConfig, key: str) -> str:
    value, setting = config.to_flat()[key], settings_of(config)[key]
    if value is None:
        return ""
    if not setting.choices:
        return f"{SHORT.get(key, setting.title)} {exact(value)}"
    choice = str(setting.choices[value])
    if key == "cell.init":
        return config.cell.init_words or "default init"
    if key == "clip":
        return "no clipping" if value == "none" else f"clipped {choice}"
    if key == "truncation":
        return "full BPTT" if value == "full" else choice.replace("K", str(config.truncation_length))
    if key == "trained":
        return "everything trained" if value == "all" else "readout alone"
    return choice if key in UNNAMED else f"{setting.title.lower()} {choice}"
