"""What became of an answer: held against what the run measures, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from core.errors import UnrolledError
from core.frames import Floats
from core.lessons.expressions import WRITERS, filled, value
from core.lessons.measured import Measured
from core.lessons.model import Choice, Curve, Number, Step
from core.numbers import fixed

Runs = Mapping[str, Measured]
HANDLES = 9
"""Points by which a sketched curve is given, even from lag 0 to the last."""


@dataclass(frozen=True)
class Verdict:
    """Whether an answer was right, a sentence on what was measured, the reason, and what a wrong one had to believe."""

    right: bool
    measured: str
    because: str
    belief: str = ""


def right_option(question: Choice, runs: Runs) -> int:
    """The one option whose ``when`` is true of the runs. Raises UnrolledError where there is not exactly one."""
    true = [at for at, option in enumerate(question.options) if value(option.when, runs)]
    if len(true) != 1:
        found = "none" if not true else "those of options " + ", ".join(str(at + 1) for at in true)
        raise UnrolledError(f"Of the options' `when` exactly one must be true of the recorded runs, and {found} is.")
    return true[0]


def read_by_all(step: Step, runs: Runs) -> str:
    """The words of a step that stand on the screen once it is answered, whatever the answer was."""
    shown, reveal, question = step.show, step.reveal, step.question
    texts = [step.text, shown.look, reveal and reveal.look, reveal and reveal.text]
    if isinstance(question, Choice):
        texts.append(question.options[right_option(question, runs)].because)
    return " ".join(filled(" ".join(filter(None, texts)), runs).split())


def graded(question: Choice | Number | Curve, answer: Sequence[float], runs: Runs) -> Verdict:
    """Hold an answer against the runs: the place of an option, a number, or HANDLES powers of ten."""
    if isinstance(question, Choice):
        return _chosen(question, int(answer[0]), runs)
    return _placed(question, answer[0], runs) if isinstance(question, Number) else _sketched(question, answer, runs)


def _chosen(question: Choice, at: int, runs: Runs) -> Verdict:
    right, option = right_option(question, runs), question.options[at]
    because = filled(option.because, runs)
    if at == right:
        return Verdict(True, "", because)
    true = question.options[right]
    return Verdict(False, "", f"{because} {filled(true.because, runs)}", option.belief or "")


def _placed(question: Number, answer: float, runs: Runs) -> Verdict:
    truth = float(value(question.truth, runs))
    measured = f"Measured: {WRITERS[question.written](truth)}{question.unit and f' {question.unit}'}."
    off = np.log(answer / truth) if question.log else answer - truth
    return _told(
        question, float(off), float(np.log(question.within) if question.log else question.within), measured, runs
    )


def _sketched(question: Curve, answer: Sequence[float], runs: Runs) -> Verdict:
    truth = at_handles(curve(question, runs))
    off = np.asarray(answer) - truth
    far = fixed(float(np.abs(off).mean()), 1)
    measured = f"Your sketch is off by {far} powers of ten on average."
    side = float(off.mean())
    within = question.within if np.abs(off).mean() <= question.within else 0.0
    return _told(question, side, within, measured, runs)


def _told(question: Number | Curve, off: float, within: float, measured: str, runs: Runs) -> Verdict:
    right = abs(off) <= within
    text = question.right if right else question.too_low if off < 0 else question.too_high
    return Verdict(right, measured, filled(text, runs))


def curve(question: Curve, runs: Runs) -> Floats:
    """(lags,) log10 of the true curve, its lower end at the chart's."""
    with np.errstate(divide="ignore"):
        log = np.log10(np.asarray(value(question.truth, runs), np.float64))
    return np.clip(np.nan_to_num(log, nan=-inf, neginf=-inf), -question.decades, None)


def at_handles(values: Floats) -> Floats:
    """(HANDLES,) of a curve by lag."""
    return np.interp(np.linspace(0, len(values) - 1, HANDLES), np.arange(len(values)), values)
