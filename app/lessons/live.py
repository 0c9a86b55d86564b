"""The runs of a lesson: those that come with the program, or the same trained here by whoever wants to see it done."""

from __future__ import annotations

from functools import cache

import streamlit as st

from app.services import lab
from app.visit.visitor import token
from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.client import RunInfo
from core.lessons import shelf
from core.lessons.measured import Measured
from core.lessons.model import Lesson
from core.lessons.shelf import lessons, recorded

_LIVE = "_lesson_runs"


def trained_here(config: RunConfig) -> RunInfo | None:
    """This visitor's own run of ``config``, once they have started one."""
    run_id = st.session_state.get(_LIVE, {}).get(config.digest())
    return lab().info(run_id) if run_id else None


def train_here(config: RunConfig) -> None:
    """Train it; raises UnrolledError where the server cannot."""
    st.session_state.setdefault(_LIVE, {})[config.digest()] = lab().submit(config, token()).id


def let_go(config: RunConfig) -> None:
    """Show the recorded run again."""
    st.session_state.get(_LIVE, {}).pop(config.digest(), None)


def source(config: RunConfig) -> str:
    """What the board shows of ``config``. Raises UnrolledError where nothing is recorded."""
    here, run = trained_here(config), recorded(config)
    if here is None and run is None:
        raise UnrolledError(
            f"The run of `{config.label}` is not recorded with this engine. `make lessons` records it, and “Run it "
            "yourself” trains it."
        )
    return here.id if here else run.id if run else ""


def measured(lesson: Lesson) -> dict[str, Measured]:
    """The measurements of its runs: the visitor's own where they are finished, else the recorded ones."""
    name = next(name for name, each in lessons().items() if each is lesson)
    return _recorded(name) | {
        run: Measured(spec.config, lab().run(here.id))
        for run, spec in lesson.runs.items()
        if (here := trained_here(spec.config)) and here.status == "finished"
    }


@cache
def _recorded(name: str) -> dict[str, Measured]:
    """What is recorded does not change."""
    return shelf.measured(lessons()[name])
