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
        steps = [_step(at, step.title, step.question, runs) for at, step in enumerate(lesson.steps, 1)]
        _part("Steps and their answers", steps)
        _part("What to ask", lesson.sheet.ask, runs)
        _part("Expected numbers", lesson.sheet.numbers, runs)
        _exercises("Exercises", lesson.sheet.exercises, runs)
        _exercises("Afterwards, from the screen alone", lesson.after, runs)


def _part(title: str, lines: Iterable[str], runs: Runs | None = None) -> None:
    st.subheader(title, anchor=False)
    st.markdown("\n".join(f"- {filled(line, runs) if runs else line}" for line in lines))


def _step(at: int, title: str, question: Question | None, runs: Runs) -> str:
    if question is None:
        return f"**{at}. {title}.**"
    return f"**{at}. {title}.** {filled(question.ask, runs)} *{_answer(question, runs)}*"


def _answer(question: Question, runs: Runs) -> str:
    if isinstance(question, Choice):
        return filled(question.options[right_option(question, runs)].text, runs)
    if isinstance(question, Curve):
        return filled(question.right, runs)
    return f"{WRITERS[question.written](float(value(question.truth, runs)))}{question.unit and f' {question.unit}'}"


def _exercises(title: str, exercises: Iterable[Exercise], runs: Runs) -> None:
    pairs = [(filled(each.ask, runs), filled(each.answer, runs)) for each in exercises]
    told = [f"{at}. {ask}  \n   *{answer}*" for at, (ask, answer) in enumerate(pairs, 1)]
    if told:
        st.subheader(title, anchor=False)
        st.markdown("\n".join(told))
