"""Train, Pause, Step, Reset. The buttons act on what is true when they are pressed, not when they were drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from app import session
from app.services import lab
from app.visitor import token
from core.errors import UnrolledError
from core.schedule import Schedule
from core.store.catalog import UNFINISHED


def transport() -> bool:
    """The row of buttons for the run on screen; returns whether it moves. The board's script has their keys."""
    run = session.view().run
    info = lab().info(run) if run else None
    moving = info is not None and info.status in ("queued", "running")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _button("Train", _train, "Start training, or go on. Key: T", kind="primary", disabled=moving)
        _button("Pause", _pause, "Hold the training where it is. Key: P", disabled=not moving)
        _button("Step", _step, "Train up to the next recorded step. Key: S")
        _button("Reset", _reset, "Back to step 0 with the same seed. Key: 0", disabled=info is None)
    _way_back(run)
    return moving


def _way_back(run: str | None) -> None:
    """After a changed setting: the run that was on screen, which goes on or rests as it did."""
    info = lab().info(session.left() or "") if run is None else None
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
    try:
        act()
    except UnrolledError as error:
        session.change(problems=(str(error),))


def _mine() -> str | None:
    """The id of the shown run if it is unfinished and this visitor's to steer."""
    run = session.view().run
    info = lab().info(run) if run else None
    unfinished = info is not None and info.status in UNFINISHED
    return run if run and unfinished and lab().may_steer(run, token()) else None


def _train() -> None:
    run = _mine()
    if run:
        lab().resume(run, token())
        session.change(cursor=None)
        return
    info = lab().submit(session.view().config, token())
    session.change(run=info.id, cursor=None)
    if info.status == "finished":  # trained before, by whomever: it is played from its start
        session.replay()


def _pause() -> None:
    run = _mine()
    if run:
        lab().pause(run, token())
    else:
        _take_over(ahead=False)


def _step() -> None:
    run = _mine()
    if run:
        lab().step(run, token())
        session.change(cursor=None)
    else:
        _take_over(ahead=True)


def _take_over(*, ahead: bool) -> None:
    """Somebody else's run, or none: one's own of the same config, as far as what is shown or a recorded step ahead."""
    run, schedule = session.view().run, Schedule.of(session.view().config)
    info = lab().info(run) if run else None
    at = max(0, info.step) if info else 0  # the untrained network was shown already
    until = schedule.next_recorded(at) if ahead or at == 0 else at
    session.change(run=lab().submit(session.view().config, token(), until=until).id, cursor=None)


def _reset() -> None:
    run = _mine()
    if run:
        lab().stop(run, token())
    session.change(run=None, cursor=None)
