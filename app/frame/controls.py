"""RunConfig's settings as widgets. The view is the truth: widgets show it, and a change goes through RunConfig."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from math import floor, log10
from typing import Any

import streamlit as st

from app.figures.input_layout import layout
from app.frame import own_data, problems
from app.text.glossary import explained
from app.visit import session
from app.visit.link import PRESET_CHOICE
from core.config import RunConfig
from core.errors import ConfigError
from core.numbers import exact
from core.presets import PRESETS
from core.settings import GROUPS, Setting, settings_of

_GROUP, _PRESET = "set.group", "set.preset"
_REFUSED = "_refused"
"""(config, key, sentences) of the last value that could not be."""


def controls() -> None:
    """Presets and every setting, in the sidebar."""
    shown = session.visit()
    config = shown.config
    with st.sidebar:
        if shown.shows(PRESET_CHOICE):
            _presets()
        flat, settings = config.to_flat(), settings_of(config)
        for group in GROUPS:
            here = [key for key, setting in settings.items()
                    if setting.group == group and key not in config.idle and shown.shows(key)]  # fmt: skip
            if here:
                st.markdown(f"**{group}**")
            for key in here:
                _widget(settings[key], flat[key])
                if key == "task.name":
                    asked = f"{config.task.question} — {config.task.first_seen}"
                    st.caption(asked, help=explained(asked))
            if group == "Task" and here and config.task.blocks:
                st.html(layout(config.task))


@cache
def _configs() -> dict[str, RunConfig]:
    """The presets' configs by name: every script run looks the shown one up among them."""
    return {name: RunConfig.preset(name) for name in PRESETS}


def _presets() -> None:
    config = session.visit().config
    held = session.visit().holds(PRESET_CHOICE)
    current = next((name for name, preset in _configs().items() if preset == config), None)
    groups = list(dict.fromkeys(preset.group for preset in PRESETS.values()))
    if current:
        st.session_state[_GROUP] = PRESETS[current].group
    st.selectbox("Show me", groups, key=_GROUP, on_change=_choose_group, disabled=held)
    st.session_state[_PRESET] = current
    names = [name for name, preset in PRESETS.items() if preset.group == st.session_state[_GROUP]]
    st.selectbox(
        "Preset", names, key=_PRESET, format_func=lambda name: PRESETS[name].title, on_change=_choose_preset,
        index=None, placeholder="your own settings", disabled=held,
    )  # fmt: skip
    if current:
        st.caption(PRESETS[current].promise, help=explained(PRESETS[current].promise, PRESETS[current].title))


def _choose_group() -> None:
    group = st.session_state[_GROUP]
    session.choose(next(config for name, config in _configs().items() if PRESETS[name].group == group))


def _choose_preset() -> None:
    name = st.session_state[_PRESET]
    if name:
        session.choose(_configs()[name])


def _widget(setting: Setting, value: Any) -> None:
    """One setting; under it, why what was wanted last cannot be had."""
    _input(setting, value)
    refused = st.session_state.get(_REFUSED)
    if refused and refused[:2] == (session.visit().config, setting.key):
        for sentence in refused[2]:
            st.error(problems.as_markdown(sentence))


def _input(setting: Setting, value: Any) -> None:
    """Without bounds of its own: a browser would turn a number red and say nothing, RunConfig says which it may be."""
    if setting.kind == "data":
        own_data.controls(held=session.visit().holds(setting.key))
        return
    key = f"set.{setting.key}"
    st.session_state[key] = value
    common: dict[str, Any] = {
        "label": f"{setting.title} ({setting.unit})" if setting.unit else setting.title,
        "key": key,
        "help": explained(setting.title, *map(str, setting.choices.values()), after=_help(setting)),
        "on_change": _changed,
        "args": (setting.key,),
        "disabled": session.visit().holds(setting.key),
    }
    if setting.kind == "choice":
        st.selectbox(options=list(setting.choices), format_func=setting.choices.__getitem__, **common)
        return
    if setting.optional:
        common |= {"value": None, "placeholder": setting.empty}
    if setting.kind == "integer":
        st.number_input(step=1, format="%d", **common)
    else:
        st.number_input(step=_step(value), format=_plainly(value), **common)


def _help(setting: Setting) -> str:
    """What it is, and from where to where it goes."""
    if setting.minimum is None or setting.maximum is None:
        return setting.help
    low = f"More than {exact(setting.minimum)}" if setting.log_scale else f"{exact(setting.minimum)}"
    return f"{setting.help} {low} to {exact(setting.maximum)}."


def _plainly(value: float | None) -> str:
    """A format that writes ``value`` with all its digits and without an exponent."""
    behind = -int(Decimal(repr(float(value or 0))).normalize().as_tuple().exponent)
    return f"%.{max(0, behind)}f"


def _step(value: float | None) -> float:
    """A step that suits the size of ``value``: a tenth of its leading decade, at least 1e-6."""
    return max(1e-6, 10.0 ** (floor(log10(abs(value))) - 1)) if value else 0.1


def _changed(key: str) -> None:
    value, config = st.session_state[f"set.{key}"], session.visit().config
    try:
        wanted = config.replace(**{key: value})
        wanted.task.check()
        session.choose(wanted)
    except ConfigError as error:
        session.stay()
        st.session_state[_REFUSED] = (config, key, error.problems)
