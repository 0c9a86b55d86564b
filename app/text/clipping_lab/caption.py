"""The caption of the Clipping lab: what clipping did up to the shown moment, in measured numbers. Pure functions."""

from __future__ import annotations

import numpy as np

from app.figures.base.course import Course, words_of_clip
from app.text.shared.broken import broken_words
from app.text.shared.key_figures import clipped_share
from app.text.shared.situation import Caption, Figure, Situation
from core.numbers import percent, portion, sig, times
from core.reading.breakage import breakage
from core.reading.spikes import TURNED, largest, turned, was_clipped

STANDS_OUT = 3.0
"""A largest norm below so many medians is no spike."""
SAME = 0.02
"""Scores that differ by less are called the same."""


def caption(moment: Situation, twin: Course | None) -> Caption:
    """The words for ``moment``; ``twin`` is the same start with and without clipping exchanged, where it is trained."""
    if moment.phase == "preview":
        return _before(moment)
    subline = " ".join(part for part in (_here(moment), _direction(moment), _beside(moment, twin)) if part)
    return Caption(_headline(moment), subline, _figures(moment, twin))


def _before(moment: Situation) -> Caption:
    """The untrained gradient, and what its first update would be made of."""
    config, norm = moment.config, moment.frame.grad_norm
    own, other = ("without", "with") if config.clip == "none" else ("with", "without")
    subline = f"Nothing is trained yet. Train runs this start {own} clipping and, on the same batches, {other} it."
    if not np.isfinite(norm):
        how = "has overflowed already" if np.isinf(norm) else "is not a number"
        return Caption(f"The untrained gradient {how}.", subline, (_norm_figure(moment),))
    if config.clip == "none":
        headline = f"The untrained gradient has norm {sig(norm)}, and nothing limits it."
    elif moment.frame.clipped:
        headline = (
            f"The untrained gradient has norm {sig(norm)}; clipping {words_of_clip(config)} leaves {_left(moment)}."
        )
    else:
        headline = f"The untrained gradient has norm {sig(norm)}; clipping {words_of_clip(config)} leaves it as it is."
    return Caption(headline, subline, (_norm_figure(moment), *_angle_now(moment)))


def _headline(moment: Situation) -> str:
    config, broke = moment.config, moment.broke
    how = "without clipping" if config.clip == "none" else f"clipped {words_of_clip(config)}"
    if broke is not None:
        return f"{how[0].upper()}{how[1:]} this run broke. {broken_words(broke)}"
    breaks = breakage(moment.scalars)
    if breaks is not None:
        return f"Still a number here, {how}; the run breaks at training step {breaks.step:,}. {_summit(moment)}"
    if config.clip == "none":
        through = moment.phase == "over" and moment.frame.step >= config.steps
        came = (
            "came through without clipping" if through else f"holds without clipping up to step {moment.frame.step:,}"
        )
        return f"This run {came}. {_summit(moment)}"
    return _acting(moment)


def _acting(moment: Situation) -> str:
    """How often clipping stepped in so far."""
    share, upto = clipped_share(moment) or 0.0, f"up to step {moment.frame.step:,}"
    if share == 0:
        spike = largest(moment.seen)
        most = "" if spike is None else f": the largest gradient norm is {sig(spike.norm)}"
        return f"Clipping {words_of_clip(moment.config)} changes nothing {upto}{most}."
    often = "every training step is" if share == 1 else f"{percent(share)} of the training steps are"
    return f"Up to step {moment.frame.step:,}, {often} clipped. {_summit(moment)}"


def _summit(moment: Situation) -> str:
    """The largest norm up to the moment, against the median."""
    over = moment.seen["step"][np.isinf(moment.seen["grad_norm"])]
    if over.size:
        return f"The gradient overflowed at step {int(over[0]):,}, and training went on."
    spike = largest(moment.seen)
    if spike is None:
        return "The gradient is zero."
    if spike.ratio < STANDS_OUT:
        return f"No spike stands out: the largest norm is {times(spike.ratio)} times the median."
    if not np.isfinite(spike.ratio):
        return f"The median norm is zero, the largest, {sig(spike.norm)}, came at step {spike.step:,}."
    return f"The largest spike, {times(spike.ratio)} times the median norm, came at step {spike.step:,}."


def _here(moment: Situation) -> str:
    """What clipping did to the step on screen."""
    frame, config = moment.frame, moment.config
    if config.clip == "none" or not np.isfinite(frame.grad_norm):
        return ""
    start = f"At step {frame.step:,} the raw norm is {sig(frame.grad_norm)}"
    if frame.clipped:
        return f"{start}; clipping {words_of_clip(config)} leaves {_left(moment)}."
    return f"{start} and passes unchanged."


def _left(moment: Situation) -> str:
    frame = moment.frame
    return f"{sig(frame.grad_norm_clipped)} ({portion(frame.grad_norm_clipped / frame.grad_norm)})"


def _direction(moment: Situation) -> str:
    seen = moment.seen
    kind, angle = moment.config.clip, turned(seen)
    known = angle[np.isfinite(angle)]
    if kind == "none" or not was_clipped(seen).any():
        return ""
    if kind == "norm":
        return "By norm the direction is kept."
    if not known.size or known.max() <= TURNED:
        return ""
    k = int(np.where(np.isfinite(angle), angle, -1).argmax())
    return (
        f"It turns the gradient by {sig(float(known.mean()))}° on average, by {sig(float(angle[k]))}° at step "
        f"{int(seen['step'][k]):,}."
    )


def _beside(moment: Situation, twin: Course | None) -> str:
    """How the same start fares the other way."""
    if twin is None or twin.state == "missing":
        return ""
    how = "Without clipping" if twin.config.clip == "none" else f"Clipped {words_of_clip(twin.config)}"
    own = Course(moment.config, "over" if moment.phase == "over" else "running", moment.scalars, main=True)
    if twin.broke is not None:
        also = " as well" if own.broke is not None else ""
        return f"{how} the same start broke{also}, at training step {twin.broke:,}."
    if twin.state != "over" or own.state != "over":
        return f"{how} the same start is at {twin.outcome()}." if twin.state == "running" else ""
    if not twin.complete:
        return f"{how} the same start was ended early, at training step {max(twin.step, 0):,}."
    if own.broke is not None:
        return f"{how} the same start came through: {twin.outcome()}."
    if not own.complete:
        return f"{how} the same start went on to the end: {twin.outcome()}."
    return _compared(own, twin, how)


def _compared(own: Course, twin: Course, how: str) -> str:
    """Both came through: what clipping was good for."""
    if not (np.isfinite(own.score) and np.isfinite(twin.score)):
        return f"{how} the same start came through too."
    if abs(own.score - twin.score) < SAME:
        return f"{how} the same start ends with about the same score, {percent(twin.score)}."
    return f"{how} the same start ends at {percent(twin.score)}, this run at {percent(own.score)}."


def _figures(moment: Situation, twin: Course | None) -> tuple[Figure, ...]:
    spike, share = largest(moment.seen), clipped_share(moment)
    figures = [_norm_figure(moment)]
    if share is not None:
        upto = f" up to {moment.frame.step:,}" if moment.scrubbed else ""
        figures.append(Figure(percent(share), f"of the training steps{upto} clipped"))
    if spike is not None:
        ratio = f"× {times(spike.ratio)}" if np.isfinite(spike.ratio) else sig(spike.norm)
        what = "the median norm: the largest" if np.isfinite(spike.ratio) else "the largest norm, the median is zero"
        figures.append(Figure(ratio, f"{what}, at step {spike.step:,}"))
    figures += _angle_now(moment)
    if twin is not None and twin.state != "missing":
        value = f"step {twin.broke:,}" if twin.broke is not None else _score(twin)
        what = "where the same start broke" if twin.broke is not None else "score of the same start"
        figures.append(Figure(value, f"{what} {'without' if twin.config.clip == 'none' else 'with'} clipping"))
    return tuple(figures)


def _score(course: Course) -> str:
    return percent(course.score) if np.isfinite(course.score) else "–"


def _norm_figure(moment: Situation) -> Figure:
    norm = moment.frame.grad_norm
    return Figure(sig(norm), f"gradient norm at step {moment.frame.step:,}, raw")


def _angle(moment: Situation) -> float:
    """Degrees at the step on screen; 0 where none were recorded."""
    angle = turned(moment.scalars)[moment.scalars["step"] == moment.frame.step]
    return float(angle[0]) if angle.size and np.isfinite(angle[0]) else 0.0


def _angle_now(moment: Situation) -> list[Figure]:
    if moment.config.clip == "none" or not np.isfinite(moment.frame.grad_norm):
        return []
    return [Figure(f"{sig(_angle(moment))}°", "between this step's raw and clipped gradient")]
