"""RunConfig's settings as widgets. The view is the truth: widgets show it, and a change goes through RunConfig."""

from __future__ import annotations

from functools import cache
from math import floor, log10
from typing import Any

import streamlit as st

from app.visit import session
from core.config import RunConfig
from core.errors import ConfigError
from core.presets import PRESETS
from core.settings import GROUPS, Setting, settings_of

_GROUP, _PRESET = "set.group", "set.preset"


def controls() -> None:
    """Presets and every setting, in the sidebar."""
    config = session.visit().config
    with st.sidebar:
        _presets()
        flat, settings = config.to_flat(), settings_of(config)
        for group in GROUPS:
            st.markdown(f"**{group}**")
            for key, setting in settings.items():
                if setting.group == group and key not in config.idle:
                    _widget(setting, flat[key])
                    if key == "task.name":
                        st.caption(f"{config.task.question} — {config.task.first_seen}")


@cache
def _configs() -> dict[str, RunConfig]:
    """The presets' configs by name: every script run looks the shown one up among them."""
    return {name: RunConfig.preset(name) for name in PRESETS}


def _presets() -> None:
    config = session.visit().config
    current = next((name for name, preset in _configs().items() if preset == config), None)
    groups = list(dict.fromkeys(preset.group for preset in PRESETS.values()))
    if current:
        st.session_state[_GROUP] = PRESETS[current].group
    st.selectbox("Show me", groups, key=_GROUP, on_change=_choose_group)
    st.session_state[_PRESET] = current
    names = [name for name, preset in PRESETS.items() if preset.group == st.session_state[_GROUP]]
    st.selectbox(
        "Preset", names, key=_PRESET, format_func=lambda name: PRESETS[name].title, on_change=_choose_preset,
        index=None, placeholder="your own settings",
    )  # fmt: skip
    if current:
        st.caption(PRESETS[current].promise)


def _choose_group() -> None:
    group = st.session_state[_GROUP]
    session.choose(next(config for name, config in _configs().items() if PRESETS[name].group == group))


def _choose_preset() -> None:
    name = st.session_state[_PRESET]
    if name:
        session.choose(_configs()[name])


def _widget(setting: Setting, value: Any) -> None:
    key = f"set.{setting.key}"
    st.session_state[key] = value
    common: dict[str, Any] = {
        "label": f"{setting.title} ({setting.unit})" if setting.unit else setting.title,
        "key": key,
        "help": setting.help,
        "on_change": _changed,
        "args": (setting.key,),
    }
    if setting.kind == "choice":
        st.selectbox(options=list(setting.choices), format_func=setting.choices.__getitem__, **common)
        return
    if setting.optional:
        common |= {"value": None, "placeholder": setting.empty}
    if setting.kind == "integer":
        st.number_input(min_value=int(setting.minimum or 0), max_value=int(setting.maximum or 0), step=1, **common)
    else:
        st.number_input(
            min_value=_number(None if setting.log_scale else setting.minimum),  # an open bound is RunConfig's to refuse
            max_value=_number(setting.maximum),
            step=_step(value),
            format="%g",
            **common,
        )


def _number(bound: float | None) -> float | None:
    return None if bound is None else float(bound)


def _step(value: float | None) -> float:
    """A step that suits the size of ``value``: a tenth of its leading decade, at least 1e-6."""
    return max(1e-6, 10.0 ** (floor(log10(abs(value))) - 1)) if value else 0.1


def _changed(key: str) -> None:
    value = st.session_state[f"set.{key}"]
    try:
        session.choose(session.visit().config.replace(**{key: value}))
    except ConfigError as error:
        session.change(problems=tuple(error.problems))
