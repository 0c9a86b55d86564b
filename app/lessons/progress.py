"""How far somebody is in a lesson. It stands in the link: reloading, sharing and going back lead to the same step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import streamlit as st

from core.errors import quoted
from core.lessons.grading import HANDLES
from core.lessons.model import Choice, Lesson, Number, Question
from core.lessons.shelf import lessons

LESSON, STEP, SHEET, ANSWER = "lesson", "step", "sheet", "answer"
Answer = tuple[float, ...]


@dataclass(frozen=True)
class Progress:
    """Which lesson, at which step (from 1), with which answers by step; ``sheet``: the teacher's."""

    name: str
    step: int = 1
    answers: Mapping[int, Answer] = field(default_factory=dict)
    sheet: bool = False

    @property
    def lesson(self) -> Lesson:
        """The lesson itself."""
        return lessons()[self.name]

    @property
    def answer(self) -> Answer | None:
        """The answer to this step's question, once it is given."""
        return self.answers.get(self.step)

    def query(self) -> dict[str, str]:
        """What the address says."""
        answers = {f"{ANSWER}.{step}": ",".join(f"{value:g}" for value in told) for step, told in self.answers.items()}
        return {LESSON: self.name, STEP: str(self.step), **({SHEET: "1"} if self.sheet else {}), **answers}

    def at(self, step: int) -> Progress:
        """The same at another step."""
        return replace(self, step=step, sheet=False)

    def answered(self, answer: Answer | None) -> Progress:
        """The same with this answer to this step's question; None takes it back."""
        others = {step: told for step, told in self.answers.items() if step != self.step}
        return replace(self, answers=others if answer is None else others | {self.step: answer})


def read(query: Mapping[str, str]) -> tuple[Progress | None, list[str]]:
    """The progress that an address speaks of, None where it names no lesson, and a sentence per part that is none."""
    if LESSON not in query:
        return None, []
    name = query[LESSON]
    if name not in lessons():
        return None, [f"`{LESSON}` (={quoted(name)}) is no lesson here. Choose one of the list."]
    problems: list[str] = []
    lesson = lessons()[name]
    step = query.get(STEP, "1")
    if not (step.isdecimal() and len(step) < 3 and 1 <= int(step) <= len(lesson.steps)):
        problems.append(
            f"`{STEP}` (={quoted(step)}) must be a whole number from 1 to {len(lesson.steps)}. This is step 1."
        )
        step = "1"
    answers: dict[int, Answer] = {}
    for number, each in enumerate(lesson.steps, 1):
        told = query.get(f"{ANSWER}.{number}")
        if told is None or each.question is None:
            continue
        answer = answer_of(told, each.question)
        if answer is None:
            problems.append(f"`{ANSWER}.{number}` (={quoted(told)}) is no answer to that question. Answer it again.")
        else:
            answers[number] = answer
    return Progress(name, int(step), answers, query.get(SHEET) == "1"), problems


def answer_of(told: str, question: Question) -> Answer | None:
    """The answer that an address gives to ``question``; None where it is none."""
    try:
        values = tuple(float(part) for part in told.split(","))
    except ValueError:
        return None
    return values if fits(values, question) else None


def fits(answer: Answer, question: Question) -> bool:
    """Whether this can be an answer: the place of an option, a number in range, HANDLES powers of ten."""
    if isinstance(question, Choice):
        return len(answer) == 1 and answer[0] in range(len(question.options))
    if isinstance(question, Number):
        return len(answer) == 1 and question.least <= answer[0] <= question.most
    return len(answer) == HANDLES and all(-question.decades <= value <= 0 for value in answer)


def go(progress: Progress) -> None:
    """Have the address say it; the page is drawn from there."""
    st.query_params.from_dict(progress.query())
