"""Train, Pause, Step, Reset. The buttons act on what is true when they are pressed, not when they were drawn."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import session
from app.services import lab
from app.visitor import token
from core.errors import UnrolledError

UNFINISHED = ("queued", "running", "paused")


def transport() -> None:
    """The row of buttons for the run on screen."""
    info = lab().info(session.view().run) if session.view().run else None
    moving = info is not None and info.status in ("queued", "running")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="transport"):
        _button("Train", _train, "T", "Start training, or go on.", kind="primary", disabled=moving)
        _button("Pause", _pause, "P", "Hold the training where it is.", disabled=not moving)
        _button("Step", _step, "S", "Train up to the next recorded step.")
        _button("Reset", _reset, "0", "Back to step 0 with the same seed.", disabled=info is None)


def _button(
    label: str, act: Callable[[], None], shortcut: str, text: str, *, kind: str = "secondary", disabled: bool = False
) -> None:
    st.button(label, key=f"transport.{label}", on_click=_guarded, args=(act,), help=text, shortcut=shortcut,
              type=kind, disabled=disabled)  # pyright: ignore[reportArgumentType]  # fmt: skip


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
    else:
        session.change(run=lab().submit(session.view().config, token()).id, cursor=None)


def _pause() -> None:
    run = _mine()
    if run:
        lab().pause(run, token())
    else:
        _take_over()


def _step() -> None:
    run = _mine()
    if run:
        lab().step(run, token())
        session.change(cursor=None)
    else:
        _take_over()


def _take_over() -> None:
    """Somebody else's run, or none: a run of one's own from the same config, resting at its first recorded step."""
    session.change(run=lab().submit(session.view().config, token(), until=0).id, cursor=None)


def _reset() -> None:
    run = _mine()
    if run:
        lab().stop(run, token())
    session.change(run=None, cursor=None)
