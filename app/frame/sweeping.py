"""The page Sweep: what is varied around the settings on the left, what that costs, Train and Pause, and what came."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st
from pandas import DataFrame

from app.board import board
from app.board.query import SWEEP
from app.frame import dialogs, problems
from app.frame.controls import controls
from app.frame.share import button as share_button
from app.services import sweeps
from app.text.glossary import explained
from app.visit import session, visitor
from app.visit.link import DRAWS, SEEDS
from app.visit.visitor import token
from core.budget import runs_at_once
from core.comparison import MOST_SEEDS
from core.config import RunConfig
from core.errors import UnrolledError, quoted
from core.settings import Setting, said, settings_of
from core.store import StorageFull
from core.sweep import FORMS, GOING, MOST_AXES, MOST_DRAWS, Results, Sweep, cost_words, run_rows, size_words, sweep

INTRO = "What do a few settings do? One to three are varied, everything else stays as it is set."
USUAL_SEEDS, SHORT = 3, 6
NOTHING = "–"
_HELP = f"Values: {FORMS}."


def sweep_page() -> None:
    """The page."""
    controls()
    st.markdown(INTRO, help=explained(INTRO))
    problems.show(session.visit().problems)
    _choice()
    try:
        wanted = wanted_sweep()
        with suppress(StorageFull):  # a disk that cannot be written can still be looked at
            sweeps().note(wanted)
        results, source = sweeps().look(wanted), session.source()
    except UnrolledError as error:
        problems.show(getattr(error, "problems", [str(error)]))
        dialogs.show()
        return
    problems.show(wanted.problems)
    moving = results.count(*GOING) > 0
    _buttons(wanted, results, moving)
    shown = session.visit()
    board(
        source,
        page="sweep",
        knobs=shown.knobs,
        beside=(f"{SWEEP}{wanted.digest}",),
        moving=moving,
        address=session.completion(),
        place="sweep",
        visitor=visitor.to_keep(),
        settings=said(shown.config),
        controls=False,
        on_knobs=lambda knobs: session.change(knobs=knobs),
        on_moving=session.stay,
    )
    dialogs.show()


def wanted_sweep() -> Sweep:
    """What the view asks for. Raises ConfigError."""
    shown = session.visit()
    seeds, draws = (_number(name, usual) for name, usual in ((SEEDS, USUAL_SEEDS), (DRAWS, 0)))
    return sweep(shown.config, axes_of_view(), seeds=seeds, draws=draws)


def axes_of_view() -> tuple[str, ...]:
    """What is varied; where nobody has chosen, the learning rate."""
    shown = session.visit()
    return shown.axes if shown.axes is not None else (f"lr={suggested(shown.config, 'lr')}",)


def suggested(config: RunConfig, key: str) -> str:
    """Values to begin with: every choice, a decade about the present value each way, or half and twice of it."""
    setting, value = settings_of(config)[key], config.to_flat()[key]
    if setting.choices:
        return ",".join(str(choice) for choice in setting.choices)
    low, high = setting.minimum or 0.0, setting.maximum or float("inf")
    if setting.log_scale and value:
        ends = (max(value / 10, low), min(value * 10, high))
        return f"log:{ends[0]:.4g}:{ends[1]:.4g}:5"
    middle = value if value else (setting.default or low or 1)
    numbers = [min(max(middle * factor, low), high) for factor in (0.5, 1, 2)]
    whole = setting.kind == "integer"
    return ",".join(dict.fromkeys(str(round(number)) if whole else f"{number:.4g}" for number in numbers))


def _number(name: str, usual: int) -> int:
    text = dict(session.visit().knobs).get(name, str(usual))
    if not text.isdecimal() or len(text) > SHORT:
        raise UnrolledError(f"`knob.{name}` (={quoted(text)}) must be a whole number. Leave it out for {usual}.")
    return int(text)


# -- choosing ----------------------------------------------------------------------------------------------------------


def _choice() -> None:
    """A row a setting, and one more to add another; seeds, and grid or draws; the sweeps that there are."""
    config = session.visit().config
    settings = {key: setting for key, setting in settings_of(config).items()
                if setting.kind != "data" and key not in ("seed", *config.idle)}  # fmt: skip
    axes = [text.partition("=")[::2] for text in axes_of_view()][:MOST_AXES]
    for place, (key, values) in enumerate([*axes, ("", "")][:MOST_AXES]):
        _row(place, key, values, settings)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        seeds, draws = (dict(session.visit().knobs).get(name, usual) for name, usual in
                        ((SEEDS, str(USUAL_SEEDS)), (DRAWS, "0")))  # fmt: skip
        st.session_state["sweep.seeds"] = seeds if seeds in map(str, range(1, MOST_SEEDS + 1)) else str(USUAL_SEEDS)
        st.segmented_control(
            "Seeds each", [str(count) for count in range(1, MOST_SEEDS + 1)], key="sweep.seeds", required=True,
            on_change=lambda: _set_knob(SEEDS, st.session_state["sweep.seeds"]),
        )  # fmt: skip
        st.session_state["sweep.draws"] = int(draws) if draws.isdecimal() and int(draws) <= MOST_DRAWS else 0
        st.number_input(
            "Random draws", 0, MOST_DRAWS, key="sweep.draws", step=5, width=150,
            help="So many points drawn at random, the same ones every time; 0 for a grid of all combinations.",
            on_change=lambda: _set_knob(DRAWS, str(st.session_state["sweep.draws"])),
        )  # fmt: skip
        _earlier()


def _row(place: int, key: str, values: str, settings: Mapping[str, Setting]) -> None:
    options = [NOTHING, *dict.fromkeys([key, *settings] if key else settings)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.session_state[f"sweep.key.{place}"] = key or NOTHING
        st.selectbox(
            "Varied" if place == 0 else "And", options, key=f"sweep.key.{place}", on_change=_choose_key, args=(place,),
            format_func=lambda option: _titled(option, settings), width=300,
        )  # fmt: skip
        if key:
            st.session_state[f"sweep.values.{place}"] = values
            st.text_input(
                "Values",
                key=f"sweep.values.{place}",
                on_change=_choose_values,
                args=(place,),
                max_chars=250,
                help=_HELP,
            )


def _titled(key: str, settings: Mapping[str, Setting]) -> str:
    if key not in settings:
        return "nothing more" if key == NOTHING else key
    return f"{settings[key].title} · {key}"


def _choose_key(place: int) -> None:
    key, axes = st.session_state[f"sweep.key.{place}"], list(axes_of_view())
    text = [] if key == NOTHING else [f"{key}={suggested(session.visit().config, key)}"]
    _vary([*axes[:place], *text, *axes[place + 1 :]])


def _choose_values(place: int) -> None:
    axes = list(axes_of_view())
    key = axes[place].partition("=")[0]
    axes[place] = f"{key}={st.session_state[f'sweep.values.{place}'].strip()}"
    _vary(axes)


def _vary(axes: list[str]) -> None:
    session.change(axes=tuple(axes) or None)


def _set_knob(name: str, value: str) -> None:
    session.change(knobs=tuple((dict(session.visit().knobs) | {name: value}).items()))


def _earlier() -> None:
    """This visitor's sweeps, to be opened again."""
    known = {each.digest: each for each in sweeps().started(token())}
    if not known:
        return
    st.session_state["sweep.earlier"] = None
    st.selectbox(
        "Your sweeps", list(known), index=None, key="sweep.earlier", placeholder="open one", width=320,
        format_func=lambda digest: _summary(known[digest]), on_change=lambda: _open(known),
    )  # fmt: skip


def _summary(known: Sweep) -> str:
    axes = ", ".join(axis.setting.title for axis in known.axes)
    return f"{axes} · {known.base.task.title}, {known.base.cell.title} · {len(known.in_turn)} runs"


def _open(known: Mapping[str, Sweep]) -> None:
    chosen = known.get(st.session_state["sweep.earlier"] or "")
    if chosen is None:
        return
    knobs = dict(session.visit().knobs) | {SEEDS: str(len(chosen.seeds)), DRAWS: str(chosen.draws)}
    axes = tuple(f"{axis.key}={axis.text}" for axis in chosen.axes)
    session.change(config=chosen.base, run=None, cursor=None, beside=(), axes=axes, knobs=tuple(knobs.items()))


# -- training ----------------------------------------------------------------------------------------------------------


def _buttons(wanted: Sweep, results: Results, moving: bool) -> None:
    lacking = results.count("missing", "paused", "ended") > 0
    mine = moving and sweeps().mine(wanted, token())
    with (
        st.container(key="bar", horizontal=True, vertical_alignment="center", gap="small"),
        st.container(key="transport", horizontal=True, vertical_alignment="center", gap="small", width="content"),
    ):
        st.button(
            "Train", key="sweep-train", on_click=_guarded, args=(partial(_train, wanted),), type="primary",
            help="Train what is missing, or go on. What was trained before is found again.", disabled=not lacking,
        )  # fmt: skip
        st.button(
            "Pause", key="sweep-pause", on_click=_guarded, args=(partial(_hold, wanted),), disabled=not mine,
            help="Let its runs rest where they are; Train has them go on.",
        )  # fmt: skip
        st.download_button(
            "CSV", DataFrame(run_rows(results)).to_csv(index=False), f"unrolled-sweep-{wanted.digest[:8]}.csv",
            "text/csv", key="sweep-csv", on_click="ignore",
            help="A row a run: settings, seed, score, steps to solve, factor per step, horizon.",
        )  # fmt: skip
        share_button()
    st.caption(
        f"{size_words(wanted)}, all of them trained." if results.through else cost_words(results, runs_at_once())
    )


def _train(wanted: Sweep) -> None:
    sweeps().start(wanted, token())


def _hold(wanted: Sweep) -> None:
    sweeps().hold(wanted, token())


def _guarded(act: Any) -> None:
    """What the server refuses becomes a sentence on the page."""
    session.stay()
    try:
        act()
    except UnrolledError as error:
        session.change(problems=(str(error),))
