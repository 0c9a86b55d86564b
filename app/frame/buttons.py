"""Train, Pause, Step, Reset. The buttons act on what is true when they are pressed, not when they were drawn.

A page may have companions: runs that are trained alongside and shown beside the run. The buttons then act on all of
them that are this visitor's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from app.frame import dialogs, share
from app.frame.confirmation import Confirmation
from app.services import lab
from app.visit import session
from app.visit.visitor import token
from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.client import RunInfo
from core.numbers import plural
from core.schedule import Schedule
from core.store.catalog import UNFINISHED

MOVING = ("queued", "running")
Companions = Callable[[RunConfig], list[RunConfig]]


def transport_buttons(companions: Companions | None = None, more: Callable[[], None] | None = None) -> bool:
    """The row of buttons for the runs on screen, with ``more`` at its end; returns whether any moves.

    The board's script has their keys."""
    infos, wanted = _shown(), companions or _none
    moving = any(info.status in MOVING for info in infos)
    lacking = bool(infos) and not {config.digest() for config in wanted(session.visit().config)} <= _going(infos)
    with st.container(key="transport", horizontal=True, vertical_alignment="center", gap="small", width="content"):
        go = partial(_train, wanted)
        _button("Train", go, "Start training, or go on. Key: T", kind="primary", disabled=moving and not lacking)
        _button("Pause", partial(_pause, wanted), "Hold the training where it is. Key: P", disabled=not moving)
        _button("Step", partial(_step, wanted), _step_help(infos))
        _button("Reset", _reset, "Back to step 0 with the same seed. Key: 0", disabled=not infos)
        share.button()
        if more:
            more()
        _whose()
    _way_back()
    return moving


def _step_help(infos: list[RunInfo]) -> str:
    """What Step does from here: recorded steps may be many training steps apart."""
    config, at = session.visit().config, max(0, infos[0].step) if infos else 0
    far = Schedule.of(config).next_recorded(at) - at
    where = f"{plural(far, 'training step')} on" if far else "and this run has none left"
    return f"Train to the next recorded step, {where}, and pause there. Key: S"


def _whose() -> None:
    """A word on a run in front that goes on and is not this visitor's; in the row, so that nothing below moves."""
    front = _front()
    if front is not None and not _may_steer(front):
        st.caption("You are watching somebody else's run.")


def _none(config: RunConfig) -> list[RunConfig]:
    return []


def _going(infos: list[RunInfo]) -> set[str]:
    """Digests of those that need no Train: they are over, or move."""
    return {info.digest for info in infos if info.status != "paused"}


def _way_back() -> None:
    """After a changed setting: the run that was on screen, which goes on or rests as it did."""
    info = lab().info(session.left() or "") if session.visit().run is None else None
    if info is not None:
        text = f"{info.config.label}, {info.status}, step {max(info.step, 0):,}"
        st.button(
            "Back to the run", key="transport-back", help=text, on_click=session.go_back, type="tertiary",
            icon=":material/undo:",
        )  # fmt: skip


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
    shown = session.visit()
    ids = [shown.run, *shown.beside] if shown.run else []
    return [info for info in map(lab().info, ids) if info is not None]


def _unfinished() -> list[RunInfo]:
    return [info for info in _shown() if info.status in UNFINISHED]


def _front() -> RunInfo | None:
    """The run in front, where it is unfinished."""
    return next((info for info in _unfinished() if info.id == session.visit().run), None)


def _may_steer(info: RunInfo) -> bool:
    return lab().may_steer(info.id, token())


def _mine() -> list[RunInfo]:
    """The unfinished ones among the shown runs that are this visitor's to steer."""
    return [info for info in _unfinished() if _may_steer(info)]


def _train(companions: Companions) -> None:
    """Starts all, or has what is this visitor's go on; what was trained before, by whomever, is played at once."""
    config, shown, front = session.visit().config, session.visit().run, _front()
    if front is not None and front.status == "paused" and not _may_steer(front):
        _ask_to_copy(companions, None, f"It rests at step {front.step:,}, and only they can let it go on.")
        return
    others = companions(config)
    if len(others) > 1:
        _let_rest({run.digest() for run in (config, *others)})
    for info in _mine():
        lab().resume(info.id, token())
    if front is not None:  # it goes on, or is watched
        _show(front.id, lab().submit_all(others, token()) if others else [])
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
            lab().let_rest(info.id, token())


def _show(run: str, rest: list[RunInfo]) -> None:
    beside = tuple(dict.fromkeys(info.id for info in rest if info.id != run)) or _kept(run)
    session.change(run=run, cursor=None, beside=beside)


def _kept(run: str) -> tuple[str, ...]:
    """What stands beside a run that stays in front: on a page without companions they go on standing there."""
    return session.visit().beside if run == session.visit().run else ()


def _pause(companions: Companions) -> None:
    mine = [info for info in _mine() if info.status in MOVING]
    for info in mine:
        lab().pause(info.id, token())
    if not mine and any(info.status in MOVING for info in _unfinished()):
        at = max(0, _shown()[0].step)
        _ask_to_copy(companions, at or _next_step(at), "Only they can hold it.")


def _step(companions: Companions) -> None:
    front, mine = _front(), _mine()
    at = max(0, front.step) if front else 0
    if front is not None and not _may_steer(front):
        _ask_to_copy(companions, _next_step(at), "Only they can train it step by step.")
        return
    for info in mine:
        lab().step(info.id, token())
    if mine:
        session.change(cursor=None)
    else:
        shown = _shown()
        _start(companions, _next_step(max(0, shown[0].step) if shown else 0))


def _next_step(at: int) -> int:
    return Schedule.of(session.visit().config).next_recorded(at)


def _ask_to_copy(companions: Companions, until: int | None, why: str) -> None:
    """Whether a run that is somebody else's is watched on, or trained once more, up to ``until``."""
    end = "to its end" if until is None else f"to step {until:,}, where it pauses"
    copy = f"A copy of your own is trained from step 0 {end}. Its settings are the same, and so are its numbers."
    act = partial(_guarded, partial(_start, companions, until, own=True))
    text = f"{why} {copy}"
    dialogs.open_dialog(Confirmation("Somebody else started this run", text, "Watch", "Run my own copy", act))


def _start(companions: Companions, until: int | None, *, own: bool = False) -> None:
    """Train what is set, with its companions, up to ``until``; ``own``: nobody else's run will do."""
    config = session.visit().config
    first, *rest = lab().submit_all([config, *companions(config)], token(), until=until, own=own)
    _show(first.id, rest)


def _reset() -> None:
    lost = [info for info in _mine() if info.step > 0 and not lab().shared(info.id)]
    if not lost:
        _end()
        return
    first, many = lost[0], len(lost) > 1
    what = plural(len(lost), "unfinished run") if many else f"this run at step {first.step:,} of {first.config.steps:,}"
    title, they, it = ("End these runs?", "they", "them") if many else ("End this run?", "it", "it")
    text = f"Reset ends {what} for good. What is recorded stays, but {they} cannot go on."
    dialogs.open_dialog(Confirmation(title, text, f"Keep {it}", f"End {it}", partial(_guarded, _end)))


def _end() -> None:
    for info in _mine():
        lab().stop(info.id, token())
    session.change(run=None, cursor=None, beside=())
