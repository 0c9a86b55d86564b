"""Train, Pause, Step, Reset. The buttons act on what is true when they are pressed, not when they were drawn.

A page may have companions: runs that are trained alongside and shown beside the run. The buttons then act on all of
them that are this visitor's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from app.services import lab
from app.visit import session
from app.visit.visitor import token
from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.client import RunInfo
from core.schedule import Schedule
from core.store.catalog import UNFINISHED

MOVING = ("queued", "running")
Companions = Callable[[RunConfig], list[RunConfig]]


def transport(companions: Companions | None = None) -> bool:
    """The row of buttons for the runs on screen; returns whether any moves. The board's script has their keys."""
    infos, wanted = _shown(), companions or _none
    moving = any(info.status in MOVING for info in infos)
    lacking = bool(infos) and not {config.digest() for config in wanted(session.view().config)} <= _going(infos)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        go = partial(_train, wanted)
        _button("Train", go, "Start training, or go on. Key: T", kind="primary", disabled=moving and not lacking)
        _button("Pause", partial(_pause, wanted), "Hold the training where it is. Key: P", disabled=not moving)
        _button("Step", partial(_step, wanted), "Train up to the next recorded step. Key: S")
        _button("Reset", _reset, "Back to step 0 with the same seed. Key: 0", disabled=not infos)
    _way_back()
    return moving


def _none(config: RunConfig) -> list[RunConfig]:
    return []


def _going(infos: list[RunInfo]) -> set[str]:
    """Digests of those that need no Train: they are over, or move."""
    return {info.digest for info in infos if info.status != "paused"}


def _way_back() -> None:
    """After a changed setting: the run that was on screen, which goes on or rests as it did."""
    info = lab().info(session.left() or "") if session.view().run is None else None
    if info is not None:
        text = f"Back to the run of {info.config.label} ({info.status}, step {max(info.step, 0):,})"
        st.button(text, key="transport-back", on_click=session.go_back, type="tertiary", icon=":material/undo:")


def _button(
    label: str,
    act: Callable[[], None],
    text: str,
    *,
    kind: Literal["primary", "secondary"] = "secondary",
    disabled: bool = False,
) -> None:
    key = f"transport-{label}"
    st.button(label, key=key, on_click=_guarded, args=(act,), help=text, type=kind, disabled=disabled)


def _guarded(act: Callable[[], None]) -> None:
    """What the server refuses becomes a sentence on the page."""
    session.stay()
    try:
        act()
    except UnrolledError as error:
        session.change(problems=(str(error),))


def _shown() -> list[RunInfo]:
    """The runs on screen, the one in front first."""
    shown = session.view()
    ids = [shown.run, *shown.beside] if shown.run else []
    return [info for info in map(lab().info, ids) if info is not None]


def _mine() -> list[RunInfo]:
    """The unfinished ones among the shown runs that are this visitor's to steer; none if the one in front is unfinished
    and somebody else's."""
    going = [info for info in _shown() if info.status in UNFINISHED]
    infos = [info for info in going if lab().may_steer(info.id, token())]
    return infos if going[:1] == infos[:1] or going[0].id != session.view().run else []


def _train(companions: Companions) -> None:
    """Starts all, or has what is this visitor's go on; what was trained before, by whomever, is played at once."""
    config, shown, mine = session.view().config, session.view().run, _mine()
    others = companions(config)
    if len(others) > 1:
        _let_rest({run.digest() for run in (config, *others)})
    for info in mine:
        lab().resume(info.id, token())
    if mine and mine[0].id == shown:
        _show(mine[0].id, lab().submit_all(others, token()) if others else [])
        return
    first, *rest = lab().submit_all([config, *others], token())
    _show(first.id, rest)
    joined = first.id == shown and any(info.status in UNFINISHED for info in rest)
    if first.status == "finished" and not joined:
        session.replay()


def _let_rest(wanted: set[str]) -> None:
    """Before many are started: those that were on screen before a setting was changed would share the machine."""
    for info in filter(None, map(lab().info, session.left_all())):
        if info.status in MOVING and info.digest not in wanted and lab().may_steer(info.id, token()):
            lab().pause(info.id, token())


def _show(run: str, rest: list[RunInfo]) -> None:
    beside = tuple(dict.fromkeys(info.id for info in rest if info.id != run)) or _kept(run)
    session.change(run=run, cursor=None, beside=beside)


def _kept(run: str) -> tuple[str, ...]:
    """What stands beside a run that stays in front: on a page without companions they go on standing there."""
    return session.view().beside if run == session.view().run else ()


def _pause(companions: Companions) -> None:
    mine = _mine()
    for info in mine:
        if info.status in MOVING:
            lab().pause(info.id, token())
    if not mine:
        _take_over(companions, ahead=False)


def _step(companions: Companions) -> None:
    mine = _mine()
    for info in mine:
        lab().step(info.id, token())
    if mine:
        session.change(cursor=None)
    else:
        _take_over(companions, ahead=True)


def _take_over(companions: Companions, *, ahead: bool) -> None:
    """Others' runs, or none: one's own of the same configs, as far as what is shown or a recorded step ahead."""
    config, infos = session.view().config, _shown()
    at = max(0, infos[0].step) if infos else 0  # the untrained network was shown already
    until = Schedule.of(config).next_recorded(at) if ahead or at == 0 else at
    first, *rest = lab().submit_all([config, *companions(config)], token(), until=until)
    _show(first.id, rest)


def _reset() -> None:
    for info in _mine():
        lab().stop(info.id, token())
    session.change(run=None, cursor=None, beside=())
