"""A step's question: answers to choose from, a number on a slider, a curve to sketch; then what became of it."""

from __future__ import annotations

import math

import streamlit as st

from app.lessons.progress import Progress, fits, go
from app.lessons.sketch import sketch
from core.lessons.expressions import WRITERS, filled
from core.lessons.grading import Runs, Verdict, curve, graded, right_option
from core.lessons.model import Choice, Curve, Number, Question


def asked(progress: Progress, question: Question, runs: Runs) -> None:
    """The question, open until an answer is given and graded from then on."""
    key = f"{progress.name}-{progress.step}"
    with st.container(key="lesson-question", border=True):
        if isinstance(question, Choice):
            _choice(progress, question, key, runs)
        elif isinstance(question, Number):
            _number(progress, question, key, runs)
        else:
            _curve(progress, question, key, runs)
        if progress.answer is not None:
            _said(graded(question, progress.answer, runs))
            st.button("Answer again", key="lesson-again", type="tertiary", on_click=go, args=(progress.answered(None),))


def _choice(progress: Progress, question: Choice, key: str, runs: Runs) -> None:
    texts = [filled(option.text, runs) for option in question.options]
    if progress.answer is not None:
        right, given = right_option(question, runs), int(progress.answer[0])
        signs = {given: ":material/close:"} | {right: ":material/check:"}
        lines = [f"{signs.get(at, '◦')} {f'**{text}**' if at == right else text}" for at, text in enumerate(texts)]
        st.markdown("  \n".join([filled(question.ask, runs), *lines]))
        return
    chosen = st.radio(filled(question.ask, runs), range(len(texts)), None, texts.__getitem__, key=f"choice-{key}")
    _commit(progress, None if chosen is None else (float(chosen),))


def _number(progress: Progress, question: Number, key: str, runs: Runs) -> None:
    def written(worth: float) -> str:
        return f"{WRITERS[question.written](worth) if worth else '0'}{question.unit and f' {question.unit}'}"

    if progress.answer is not None:
        st.markdown(f"{filled(question.ask, runs)}  \nYou said {written(progress.answer[0])}.")
        return
    steps = _steps(question)
    chosen = st.select_slider(filled(question.ask, runs), steps, steps[len(steps) // 2], written, key=f"number-{key}")
    _commit(progress, (float(chosen),))


def _steps(question: Number) -> list[float]:
    """The places of the slider: ``step`` apart, or with ``log`` so many to a power of ten."""
    if question.log:
        low, high = math.log10(question.least), math.log10(question.most)
        count = round((high - low) * question.step)
        return [float(f"{10 ** (low + (high - low) * at / count):.2g}") for at in range(count + 1)]
    count = round((question.most - question.least) / question.step)
    return [round(question.least + at * question.step, 9) for at in range(count + 1)]


def _curve(progress: Progress, question: Curve, key: str, runs: Runs) -> None:
    true = curve(question, runs)
    st.markdown(filled(question.ask, runs))

    def commit(values: tuple[float, ...]) -> None:
        if fits(values, question):
            go(progress.answered(values))

    sketch(
        f"sketch-{key}", lags=len(true), decades=question.decades, sketched=progress.answer,
        true=None if progress.answer is None else true, on_commit=commit,
    )  # fmt: skip


def _commit(progress: Progress, answer: tuple[float, ...] | None) -> None:
    st.button(
        "Commit", key="lesson-commit", type="primary", disabled=answer is None, on_click=go,
        args=(progress.answered(answer),), help="Your answer is held against what the run measured.",
    )  # fmt: skip


def _said(verdict: Verdict) -> None:
    sign, word = (":material/check:", "Right.") if verdict.right else (":material/close:", "Not so.")
    st.markdown(" ".join(filter(None, [f"{sign} **{word}**", verdict.measured, verdict.because])))
    if verdict.belief:
        st.markdown(f"To expect this one has to believe: “{verdict.belief}”.")
