"""The right-hand side of a step: the real board on the lesson's run, and the ways from there."""

from __future__ import annotations

import streamlit as st

from app.board import board
from app.entries import BY_FILE
from app.frame import problems
from app.lessons import live
from app.lessons.progress import Progress
from app.visit import visitor
from core.config import RunConfig
from core.errors import UnrolledError
from core.lessons.expressions import filled
from core.lessons.grading import Runs
from core.lessons.model import Step
from core.store.catalog import UNFINISHED

_PROBLEM = "_lesson_problem"


def scene(progress: Progress, step: Step, runs: Runs) -> None:
    """The pictures of a step at its moment; once the answer is given, those of its reveal."""
    show, given = step.show, step.reveal if progress.answer is not None else None
    config = progress.lesson.runs[show.run].config
    pictures = given.pictures if given and given.pictures is not None else show.pictures
    look = given.look if given and given.look else show.look
    moment = show.moment if given is None else given.moment
    if look:
        st.markdown(f":material/visibility: {filled(look, runs)}")
    asks = step.question is not None and given is None
    if not pictures:
        st.markdown(":material/visibility_off: The pictures of this run appear when you have answered.")
    problems.show(filter(None, [st.session_state.pop(_PROBLEM, "")]))
    here = live.trained_here(config)
    try:
        shown = live.source(config)
        beside = [live.source(progress.lesson.runs[name].config) for name in show.beside]
    except UnrolledError as error:
        problems.show([str(error)])
    else:
        board(
            shown,
            page=show.page,
            views=pictures,
            words="none",
            cursor=None if here else moment,
            knobs=[*show.knobs.items()],
            beside=[shown, *beside] if show.page == "compare" else beside,
            controls=not asks,
            plays=bool(given and given.play and here is None),
            moving=here is not None and here.status in UNFINISHED,
            visitor=visitor.to_keep(),
            on_visitor=visitor.adopt,
            name=f"lesson-{progress.name}-{progress.step}-{'given' if given else 'open'}",
        )
    _ways(show.page, config, shown_id=None if here is None else here.id, moment=moment, recorded=here is None)


def _ways(page: str, config: RunConfig, *, shown_id: str | None, moment: int | None, recorded: bool) -> None:
    """Run it yourself, or look at it in the laboratory."""
    with st.container(key="lesson-scene", horizontal=True, vertical_alignment="center", gap="small"):
        if recorded:
            text = "Train the same network here and now. The lesson then speaks of your run."
            st.button("Run it yourself", key="lesson-run", help=text, on_click=_train, args=(config,))
        else:
            st.button("Show the recorded run", key="lesson-recorded", on_click=live.let_go, args=(config,))
        query = {"run": shown_id or live.source(config)} | ({} if moment is None else {"step": str(moment)})
        entry = BY_FILE[page]
        st.page_link(entry.path, label=f"Open in {entry.title}", icon=":material/open_in_new:", query_params=query)


def _train(config: RunConfig) -> None:
    try:
        live.train_here(config)
    except UnrolledError as error:
        st.session_state[_PROBLEM] = str(error)
