"""The teacher's sheet of a lesson, for paper: aim, minutes, what to ask, expected numbers, exercises with answers."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from app.lessons.live import measured
from app.lessons.progress import Progress, go
from core.lessons.expressions import WRITERS, filled, value
from core.lessons.grading import Runs, right_option
from core.lessons.model import Choice, Curve, Exercise, Question


def sheet(progress: Progress) -> None:
    """All of it, on one page."""
    lesson = progress.lesson
    runs = measured(lesson)
    with st.container(key="lesson-ways"):
        st.button("Back to the lesson", key="lesson-back", on_click=go, args=(progress.at(progress.step),))
    with st.container(key="lesson-sheet-page"):
        st.title(lesson.title, anchor=False)
        st.markdown(f"**Aim.** {lesson.aim}  \n**Time.** {lesson.minutes} minutes, {len(lesson.steps)} steps.")
        steps = [_step(step.title, step.question, runs) for step in lesson.steps]
        _part("Steps and their answers", steps, sign="1.")
        _part("What to ask", lesson.sheet.ask, runs)
        _part("Expected numbers", lesson.sheet.numbers, runs)
        _exercises("Exercises", [(each, "") for each in lesson.sheet.exercises], runs)
        recalled = [(each, f" (step {each.seen.step})") for each in lesson.after]
        _exercises("Afterwards, from the screen alone", recalled, runs)


def _part(title: str, lines: Iterable[str], runs: Runs | None = None, sign: str = "-") -> None:
    st.subheader(title, anchor=False)
    st.markdown("\n".join(f"{sign} {filled(line, runs) if runs else line}" for line in lines))


def _step(title: str, question: Question | None, runs: Runs) -> str:
    head = f"**{title if title.endswith('?') else f'{title}.'}**"
    return head if question is None else f"{head} {filled(question.ask, runs)} *{_answer(question, runs)}*"


def _answer(question: Question, runs: Runs) -> str:
    if isinstance(question, Choice):
        return filled(question.options[right_option(question, runs)].text, runs)
    if isinstance(question, Curve):
        return filled(question.right, runs)
    return f"{WRITERS[question.written](float(value(question.truth, runs)))}{question.unit and f' {question.unit}'}"


def _exercises(title: str, exercises: Iterable[tuple[Exercise, str]], runs: Runs) -> None:
    """Each with its answer, and what is to be said behind that."""
    told = [f"1. {filled(each.ask, runs)}  \n   *{filled(each.answer, runs)}*{more}" for each, more in exercises]
    if told:
        st.subheader(title, anchor=False)
        st.markdown("\n".join(told))
