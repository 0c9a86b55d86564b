"""The page of lessons: the list, one lesson with text on the left and the real board on the right, the sheet."""

from __future__ import annotations

import streamlit as st

from app.frame import problems
from app.front.cards import cards
from app.lessons.doors import lesson_cards
from app.lessons.live import measured
from app.lessons.progress import Progress, go, read
from app.lessons.question import asked
from app.lessons.scene import scene
from app.lessons.sheet import sheet
from core.lessons.expressions import filled
from core.lessons.shelf import lessons


def lessons_page() -> None:
    """What the address asks for."""
    progress, wrong = read({key: st.query_params[key] for key in st.query_params})
    problems.show(wrong)
    if progress is None:
        _list()
    elif progress.sheet:
        sheet(progress)
    else:
        _lesson(progress)


def _list() -> None:
    st.title("Lessons", anchor=False)
    st.markdown(
        "Each step sets a scene on the real board and asks what will happen. You commit to an answer, then the run is "
        "played, and the answer is held against what it measured."
    )
    cards("cards-lessons", lesson_cards())


def _lesson(progress: Progress) -> None:
    lesson, step = progress.lesson, progress.lesson.steps[progress.step - 1]
    runs = measured(lesson)
    left, right = st.columns([2, 3], gap="large")
    with left, st.container(key="lesson-words"):
        st.caption(f"{lesson.title} · step {progress.step} of {len(lesson.steps)}")
        st.progress(progress.step / len(lesson.steps))
        st.header(step.title, anchor=False)
        st.markdown(filled(step.text, runs))
        if step.question and step.reveal:
            asked(progress, step.question, runs)
            if progress.answer is not None and step.reveal.text:
                st.markdown(filled(step.reveal.text, runs))
        _ways(progress, waits=step.question is not None and progress.answer is None)
    with right:
        scene(progress, step, runs)


def _ways(progress: Progress, *, waits: bool) -> None:
    """Back and on; where an answer is waited for, going on is the lesser way."""
    last = progress.step == len(progress.lesson.steps)
    with st.container(key="lesson-ways", horizontal=True, gap="small"):
        if progress.step > 1:
            st.button("Back", key="lesson-back", on_click=go, args=(progress.at(progress.step - 1),))
        if not last:
            label, kind = ("Skip", "tertiary") if waits else ("Next", "primary")
            st.button(label, key="lesson-next", type=kind, on_click=go, args=(progress.at(progress.step + 1),))
        elif not waits:
            _next_lesson(progress)
    with st.container(key="lesson-more", horizontal=True, gap="small"):
        st.button("All lessons", key="lesson-all", type="tertiary", on_click=st.query_params.clear)
        st.button("Teacher’s sheet", key="lesson-sheet", type="tertiary", on_click=go, args=(_sheet_of(progress),))


def _sheet_of(progress: Progress) -> Progress:
    return Progress(progress.name, progress.step, progress.answers, sheet=True)


def _next_lesson(progress: Progress) -> None:
    names = [*lessons()]
    later = names[names.index(progress.name) + 1 :]
    if later:
        title = f"Next lesson: {lessons()[later[0]].title}"
        st.button(title, key="lesson-next", type="primary", on_click=go, args=(Progress(later[0]),))
