"""The caption over the board: what is true at the shown moment, in measured numbers. Pure functions.

Of the future it says what was counted on networks like this one, before training; afterwards what became of this one.
"""

from __future__ import annotations

import numpy as np

from app.text.shared.forecast import forecast_words
from app.text.shared.key_figures import key_figures
from app.text.shared.situation import KEPT, Caption, Figure, Situation
from core.learning_rate import rate_at
from core.numbers import exact, factor, percent, plural, portion, sig


def caption(moment: Situation) -> Caption:
    """The words and key figures for ``moment``."""
    if moment.frame.nonfinite:
        return _broken(moment)
    subline = " ".join(part for part in (_outlook(moment), _reason(moment), _every_step(moment)) if part)
    return Caption(_headline(moment), subline, key_figures(moment))


def _headline(moment: Situation) -> str:
    if moment.solved_now and not moment.untrained and moment.solved_at is not None:
        solved = f"Solved at training step {moment.solved_at:,}."
        return f"{solved} {_arrival(moment, 'the gradient') if moment.reaches else _pace(moment)}"
    if moment.cut_short:
        needed = moment.lag + 1  # K counts inputs, the lag counts the steps between them
        return f"Truncation cuts the gradient after {_window(moment)}. The task needs {needed}."
    return f"{_pace(moment)} {_need(moment)}".rstrip()


def _pace(moment: Situation) -> str:
    """How the gradient goes back, in one sentence."""
    name = f"The {'untrained ' if moment.untrained else ''}{moment.config.cell.word}'s gradient"
    found, beta, half = moment.found, moment.found.factor, moment.found.half_life
    if found.reach is None:
        return f"{name} is zero at the last step already."
    if beta is None:
        return f"{name} does not change evenly."
    if abs(np.log(beta)) * moment.lag < np.log(KEPT):
        return f"{name} is kept: × {factor(beta)} per step."
    if beta > 1:
        return f"{name} grows by {percent(beta - 1)} with every step back."
    if half is not None and half >= 1.5:
        return f"{name} halves every {sig(half)} steps."
    return f"{name} loses {percent(1 - beta)} with every step back."


def _window(moment: Situation) -> str:
    return plural(moment.config.truncation_length, "step")


def _need(moment: Situation) -> str:
    """What the task needs against what there is, in one sentence."""
    lag, reach = moment.lag, moment.found.reach
    if reach is None:
        return ""
    if not moment.reaches:
        return f"The task needs {plural(lag, 'step')}; it reaches {reach}."
    return _arrival(moment, "it")


def _arrival(moment: Situation, what: str) -> str:
    if moment.arriving >= 2:
        return f"{plural(moment.lag, 'step')} back it is {portion(moment.arriving)} as large."
    return f"{portion(moment.arriving)} of {what} arrives where the task needs it, {plural(moment.lag, 'step')} back."


def _outlook(moment: Situation) -> str:
    """Where it stands; before and after training how many networks like it got to the end, and whether this one did."""
    if moment.phase == "over":
        return f"{_score(moment)}. {_below(moment)}{forecast_words(moment)}"
    if moment.untrained:
        return f"Nothing is trained yet. {_left(moment)}{forecast_words(moment)}"
    if moment.solved_now or moment.solved_at is None:
        return f"{_score(moment)}."
    if moment.solved_at > moment.frame.step:
        return f"{_score(moment)}. It goes on to solve the task at training step {moment.solved_at:,}."
    return f"{_score(moment)}. {_below(moment)}".rstrip()


def _below(moment: Situation) -> str:
    """Where it has fallen back."""
    solved_at = moment.solved_at
    if solved_at is None or moment.solved_now or moment.frame.step < solved_at or np.isnan(moment.frame.score):
        return ""
    return f"It had reached the solved line at training step {solved_at:,}; here it is below. "


def _left(moment: Situation) -> str:
    """What is left of a gradient that vanishes by itself."""
    if moment.cut_short or moment.found.reach is None or moment.reaches:
        return ""
    return f"At the “{moment.config.task.entry.label}” mark, {portion(moment.arriving)} of the gradient is left. "


def _score(moment: Situation) -> str:
    task = moment.config.task
    if not np.isfinite(moment.frame.score):
        return "No score is measured yet"
    name = "score" if task.kind == "numbers" else task.score_name
    return (
        f"{name.capitalize()} on unseen sequences: {percent(moment.frame.score)} (guessing gets {percent(task.chance)})"
    )


def _reason(moment: Situation) -> str:
    """Why, where the settings say it."""
    cell, config = moment.config.cell, moment.config
    if moment.solved_now:
        return ""
    if moment.cut_short:
        gap = f"Beyond {_window(moment)} the gradient is exactly zero, so it cannot teach across the gap"
        if config.truncation == "reset":
            return f"{gap}; the state is set to zero there too, so the net knows nothing of earlier inputs."
        return f"{gap}; what the net still knows of earlier inputs are echoes in its state."
    keeps = cell.with_role("keeps")
    forgets = keeps is not None and keeps.title == "forget gate" and not keeps.constant
    if forgets and not cell.start_words and not moment.reaches:
        return (
            "At torch's default initialisation the forget gate starts at one half, so the gradient vanishes as in a "
            "plain RNN. Chrono initialisation or a larger forget bias opens it."
        )
    return ""


def _every_step(moment: Situation) -> str:
    if np.array_equal(moment.frame.flow, moment.frame.flow_last, equal_nan=True):
        return ""
    return "The loss is taken at many steps; pace and horizon are those of the last step's loss alone."


def _broken(moment: Situation) -> Caption:
    scalars, frame = moment.scalars, moment.frame
    finite = np.isfinite(scalars["loss"]) & np.isfinite(scalars["grad_norm"])
    bad = np.flatnonzero(~finite & (scalars["step"] <= frame.step))
    step = int(scalars["step"][bad[0]]) if bad.size else frame.step
    what = "loss" if "loss" in frame.nonfinite else "gradient"
    before = scalars["grad_norm"][scalars["step"] < step]
    grown = f"The gradient had grown to {sig(float(before[-1]))} in the step before. " if before.size else ""
    way = (
        "Try clipping by norm, or a smaller learning rate."
        if moment.config.clip == "none"
        else "Try a smaller learning rate, or a lower clip threshold."
    )
    figures = (
        Figure(f"{step:,}", f"training step at which the {what} broke"),
        Figure(sig(float(before[-1])) if before.size else "–", "gradient norm in the step before"),
        Figure(exact(rate_at(moment.config, step)), "learning rate"),
    )
    return Caption(f"The {what} stopped being a number at training step {step:,}.", grown + way, figures)
