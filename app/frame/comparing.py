"""Who is compared with the present settings: read off the view, found among the runs, chosen by widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.services import lab
from app.text.compare.seeds import able_words, enough
from app.visit import session
from app.visit.link import MATCH, SEEDS, Visit
from app.visit.visitor import token
from core.anatomy import ANATOMIES
from core.budget import runs_at_once
from core.comparison import (
    ALL_CELLS,
    MATCHES,
    MOST_MEMBERS,
    MOST_SEEDS,
    Comparison,
    Left,
    Match,
    comparison,
    difference,
    kept,
    remedies,
    seconds_left,
    suggestions,
)
from core.config import RunConfig
from core.errors import ConfigError, UnrolledError, quoted
from core.lab.asking import PREVIEW
from core.lab.client import RunInfo
from core.numbers import duration, plural
from core.store.catalog import UNFINISHED

TITLES: dict[str, str] = {"size": "same hidden size", "parameters": "as many parameters"}
USUAL_SEEDS = 3
_MEMBERS, _SEEDS, _MATCH = "set.members", "set.seeds", "set.match"


@dataclass(frozen=True)
class Compared:
    """The comparison of a view, with how it was asked for, and sentences on what could not be had."""

    comparison: Comparison
    texts: tuple[str, ...]
    seeds: int
    match: Match
    problems: tuple[str, ...]


def compared(view: Visit | None = None) -> Compared:
    """What the view (by default the visitor's) compares."""
    view = view or session.visit()
    knobs, problems = dict(view.knobs), []
    seeds, match = knobs.get(SEEDS, str(USUAL_SEEDS)), knobs.get(MATCH, MATCHES[0])
    if seeds not in map(str, range(1, MOST_SEEDS + 1)):
        problems.append(f"`knob.seeds` (={quoted(seeds)}) must be a whole number from 1 to {MOST_SEEDS}. It is 3 now.")
        seeds = str(USUAL_SEEDS)
    if match not in MATCHES:
        problems.append(f"`knob.match` (={quoted(match)}) must be one of {', '.join(MATCHES)}. It is {MATCHES[0]} now.")
    chosen: Match = "parameters" if match == "parameters" else "size"
    texts = ALL_CELLS if view.members is None else view.members
    most = lab().limits.runs_per_visitor
    whole = comparison(view.config, texts, match=chosen, seeds=int(seeds), most_runs=most)
    return Compared(whole, texts, len(whole.seeds), chosen, (*problems, *whole.problems))


def others(config: RunConfig) -> list[RunConfig]:
    """The configs of all its runs but that of the settings themselves, in the order they are best trained."""
    return [run for run in compared().comparison.in_turn if run.digest() != config.digest()]


def on_board(shown: Compared) -> list[str]:
    """Its runs that are shown, member by member; for a member without any, its untrained network."""
    known, board = _known(), []
    for runs in shown.comparison.runs:
        there = [known[digest] for digest in (run.digest() for run in runs) if digest in known]
        board += there or _preview(runs[0])
    return board


def lacking(shown: Compared) -> None:
    """How many of its runs Train would train, and about how long that takes; nothing where all are there."""
    known = {info.digest: info for info in _on_screen()}
    open_ = [Left(run) for run in shown.comparison.in_turn if run.digest() not in known]
    if not open_:
        return
    at_once = runs_at_once()
    about = duration(seconds_left(open_, at_once, [_measured(info) for info in known.values()]))
    count = plural(len(open_), "run")
    if known:
        st.caption(f"{count} of this comparison not trained yet, about {about}: press Train.")
    else:
        turns = f", {at_once} at a time" if len(open_) > at_once else ""
        st.caption(f"Train starts {count}{turns}: about {about} if nothing else trains here.")


def _measured(info: RunInfo) -> Left:
    """A run with the processor time of its steps, where that is known."""
    run = lab().run(info.id)
    seconds = run.step_seconds() if run else np.zeros(0)
    known = seconds[np.isfinite(seconds)]
    return Left(info.config, info.step, float(np.median(known)) if known.size else np.nan)


def _known() -> dict[str, str]:
    """Ids of the runs on screen by their settings."""
    return {info.digest: info.id for info in _on_screen()}


def _on_screen() -> list[RunInfo]:
    view = session.visit()
    ids = [view.run, *view.beside] if view.run else []
    return [info for info in map(lab().info, ids) if info is not None]


def _preview(config: RunConfig) -> list[str]:
    try:
        return [PREVIEW + lab().request_preview(config)]
    except UnrolledError:  # more than this server computes: Train says so
        return []


# -- choosing ----------------------------------------------------------------------------------------------------------


def choice(shown: Compared) -> None:
    """The widgets: whom to compare, matched by what, with how many seeds."""
    config = session.visit().config
    chosen = [member.text for member in shown.comparison.members if not member.reference]
    options = list(dict.fromkeys([*chosen, *suggestions(config), *_usable(config, shown.texts)]))
    st.session_state[_MEMBERS] = chosen
    st.multiselect(
        f"{config.label}, as it is set, compared with", options, key=_MEMBERS,
        format_func=lambda text: difference(config, text), on_change=_choose_members,
        max_selections=MOST_MEMBERS - 1, placeholder="nobody yet: choose whom",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        seeds = [str(count) for count in range(1, MOST_SEEDS + 1)]
        _segments("Seeds each", _SEEDS, seeds, str(shown.seeds), str, SEEDS)
        _segments("Matched by", _MATCH, list(MATCHES), shown.match, lambda match: TITLES[match], MATCH)
        *others, last = (anatomy.word for anatomy in ANATOMIES.values())
        text = f"Compare {', '.join(others)} and {last}, each with your settings."
        _small_button("All cells", ALL_CELLS, "apps", text)
        text = "What the textbooks answer a vanishing gradient with, each alone, against your settings."
        _small_button("Remedies", tuple(remedies(config)), "healing", text)
        _keep(config, shown.texts)
    if len(shown.comparison.members) > 1:
        _able(len(shown.comparison.members), shown.seeds)


def _able(members: int, seeds: int) -> None:
    """What so few seeds can show, and a button that takes as many as could show more."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(able_words(members, seeds), width="content")
        needed = enough(members, seeds, lab().limits.runs_per_visitor)
        if needed:
            st.button(
                f"Take {needed} seeds",
                key="compare-seeds",
                on_click=_set_knob,
                args=(SEEDS, str(needed)),
                type="tertiary",
                icon=":material/exposure_plus_1:",
            )


def _keep(config: RunConfig, texts: tuple[str, ...]) -> None:
    """Keeps the present settings as a member, whatever is set after that."""
    own = kept(config)
    if own in texts:
        st.caption("These settings are kept. Change a setting, and both are compared.")
        return
    text = "They stay in the comparison when you change a setting."
    _small_button("Keep these", (own, *texts), "keep", text)


def _small_button(label: str, texts: tuple[str, ...], icon: str, text: str) -> None:
    key = f"compare-{icon}"
    st.button(label, key=key, on_click=_set, args=(texts,), type="tertiary", icon=f":material/{icon}:", help=text)


def _segments(label: str, key: str, options: list[str], value: str, words: Callable[[str], str], knob: str) -> None:
    st.session_state[key] = value
    st.segmented_control(label, options, key=key, required=True, format_func=words, on_change=_turn, args=(knob, key))


def _usable(config: RunConfig, texts: Iterable[str]) -> list[str]:
    """Those members that apply to the present settings and are not these settings themselves."""
    usable = []
    for text in texts:
        try:
            usable += [text] if difference(config, text) != "the same settings" else []
        except ConfigError:
            continue
    return usable


def _turn(knob: str, key: str) -> None:
    _set_knob(knob, st.session_state[key])


def _set_knob(knob: str, value: str) -> None:
    session.change(knobs=tuple((dict(session.visit().knobs) | {knob: value}).items()))
    _settle()


def _choose_members() -> None:
    """Those that are these settings themselves, and so have no place among the options, stay."""
    shown, wanted = compared(), list(st.session_state[_MEMBERS])
    hidden = {member.text for member in shown.comparison.members if member.reference and member.text}
    _set([text for text in shown.texts if text in wanted or text in hidden] + [
        text for text in wanted if text not in shown.texts])  # fmt: skip


def _set(texts: Iterable[str]) -> None:
    session.change(members=tuple(texts))
    _settle()


def _settle() -> None:
    """After a change of the comparison: runs that no longer belong to it rest, and those there are of it are shown."""
    view, owner = session.visit(), token()
    if view.run is None:
        return
    wanted = {run.digest(): run for run in compared().comparison.in_turn}
    shown = {info.digest: info for info in map(lab().info, view.beside) if info is not None}
    for digest, info in shown.items():
        if digest not in wanted and info.status in UNFINISHED and lab().may_steer(info.id, owner):
            lab().let_rest(info.id, owner)
    infos = [shown.get(digest) or lab().find(config, owner) for digest, config in wanted.items()]
    session.change(beside=tuple(info.id for info in infos if info is not None and info.id != view.run))


# -- from any page -----------------------------------------------------------------------------------------------------


def with_other_cells() -> None:
    """Compare the settings on screen with those of the other cells, and train what nobody has trained yet."""
    config = session.visit().config
    session.change(members=ALL_CELLS, cursor=None)
    try:
        first, *rest = lab().submit_all([config, *others(config)], token())
    except UnrolledError as error:
        session.change(problems=(str(error),))
        return
    session.change(run=first.id, beside=tuple(info.id for info in rest))
