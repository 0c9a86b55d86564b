"""What one visitor looks at: a config, perhaps a run of it, a moment, pinned curves. The URL says all of it.

The address bar says all that is shown, so copying it is sharing. What the app writes spells out every setting (a
default that changes later does not change an old link), with ``v`` as the format's version; a shorter link stays as it
came until something changes. ``run`` wins over the settings beside it;
they serve when the run is gone. ``step`` is the scrubbed moment, absent at the live end; ``pin`` may repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from app.board.sources import PREVIEW
from app.services import lab
from core.config import RunConfig
from core.errors import ConfigError, quoted
from core.presets import PRESETS

VERSION = "1"
START = "temporal-order-lstm"
MAX_PINS = 4
_RESERVED = {"v", "run", "step", "pin", "preset", "embed", "embed_options"}
_VIEW, _WRITTEN, _TOUCHED, _REPLAYS, _LEFT = "_view", "_written", "_touched", "_replays", "_left"


@dataclass(frozen=True)
class View:
    """Everything a link reproduces, and the sentences that reading it gave rise to."""

    config: RunConfig
    run: str | None = None
    cursor: int | None = None
    pins: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def view() -> View:
    """What this visitor looks at now."""
    return st.session_state[_VIEW]


def source() -> str:
    """What the board shows: the run, or the untrained gradient of the config, asked for here. Raises BudgetError."""
    return view().run or PREVIEW + lab().request_preview(view().config)


def change(**fields: Any) -> None:
    """Replace parts of the view: by a widget, a button, the board. Earlier complaints have been read by then."""
    st.session_state[_VIEW] = replace(view(), **({"problems": ()} | fields))
    st.session_state[_TOUCHED] = True


def choose(config: RunConfig) -> None:
    """Look at another config; lets go of the run that was shown, which ``left`` remembers."""
    if config != view().config:
        st.session_state[_LEFT] = view().run or left()
        change(config=config, run=None, cursor=None)


def left() -> str | None:
    """The run that was on screen before a setting was changed."""
    return st.session_state.get(_LEFT)


def go_back() -> None:
    """Show that run again, with its settings."""
    info = lab().info(left() or "")
    if info is not None:
        change(config=info.config, run=info.id, cursor=None)


def replay() -> None:
    """Have the board play the shown run from its start."""
    st.session_state[_REPLAYS] = replays() + 1


def replays() -> int:
    """How often that was asked for; the board plays when the number changes."""
    return st.session_state.get(_REPLAYS, 0)


def restore() -> None:
    """At the start of a script run: take the view from the URL where a link or the history changed it.

    A rerun caused by a widget may still carry the URL from before the last change; it is not a navigation.
    Streamlit's own navigation drops the query, and the view is kept.
    """
    query = {key: st.query_params.get_all(key) for key in st.query_params}
    touched = st.session_state.pop(_TOUCHED, False)
    known = _VIEW in st.session_state
    if known and (touched or not query or query == st.session_state.get(_WRITTEN)):
        return
    st.session_state[_VIEW] = read(query)


def publish() -> None:
    """At the end of a script run: have the address bar say what is shown."""
    shown = {key: st.query_params.get_all(key) for key in st.query_params}
    query = address()
    if query == shown:
        return
    if shown and not view().problems and read(shown) == view():
        # A short link stays as it came: replacing it would trap the browser's Back.
        st.session_state[_WRITTEN] = shown
    else:
        st.query_params.from_dict(query)


def address() -> dict[str, list[str]]:
    """The query of the view, from now on known as our own: coming back with it is no navigation."""
    st.session_state[_WRITTEN] = write(view())
    return st.session_state[_WRITTEN]


def write(shown: View) -> dict[str, list[str]]:
    """The query of a view."""
    settings = {key: [str(value)] for key, value in shown.config.to_flat().items() if value is not None}
    run = {"run": [shown.run]} if shown.run else {}
    step = {"step": [str(shown.cursor)]} if shown.cursor is not None else {}
    return {"v": [VERSION], **run, **step, **settings, **({"pin": list(shown.pins)} if shown.pins else {})}


def read(query: Mapping[str, list[str]]) -> View:
    """The view of a query. What cannot be used is left out, each with a sentence."""
    last = {key: values[-1] for key, values in query.items() if values}
    problems: list[str] = []
    config = _settings(last, problems)
    run, cursor = last.get("run"), None
    if run is not None:
        info = lab().info(run)
        if info is None:
            problems.append(
                f"`run` (={quoted(run)}) is not on this server: it was deleted, or the link is of another server."
            )
            run = None
        else:
            config = info.config
    if run is not None and "step" in last:
        if last["step"].isdecimal() and int(last["step"]) <= config.steps:
            cursor = int(last["step"])
        else:
            problems.append(
                f"`step` (={quoted(last['step'])}) must be a whole number from 0 to {config.steps}. "
                "The run is shown at its end."
            )
    pins = tuple(dict.fromkeys(query.get("pin", [])))[:MAX_PINS]
    return View(config, run, cursor, pins, tuple(problems))


def _settings(last: Mapping[str, str], problems: list[str]) -> RunConfig:
    wanted = {key: value for key, value in last.items() if key not in _RESERVED and not key.startswith("utm_")}
    base = RunConfig() if wanted else PRESETS[START].config
    if "preset" in last:
        try:
            base = RunConfig.preset(last["preset"])
        except ConfigError as error:
            problems += error.problems
    try:
        return base.replace(**wanted)
    except ConfigError as error:
        problems += error.problems
    return _usable(base, wanted)


def _usable(config: RunConfig, wanted: Mapping[str, str]) -> RunConfig:
    """As many of the ``wanted`` settings as are valid, names first since other settings depend on them."""
    for key in sorted(wanted, key=lambda key: not key.endswith(".name")):
        try:
            config = config.replace(**{key: wanted[key]})
        except ConfigError:
            continue
    return config
