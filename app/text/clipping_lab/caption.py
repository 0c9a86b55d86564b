"""The caption of the Clipping lab: what clipping did up to the shown moment, in measured numbers. Pure functions."""

from __future__ import annotations

import numpy as np

from app.figures.base.course import Course, words_of_clip
from app.text.shared.situation import Caption, Figure, Situation
from core.numbers import percent, portion, sig, times
from core.reading.spikes import TURNED, Scalars, Spike, broke_at, largest, turned, upto, was_clipped

STANDS_OUT = 3.0
"""A largest norm below so many medians is no spike."""
SAME = 0.02
"""Scores that differ by less are called the same."""


def caption(moment: Situation, twin: Course | None) -> Caption:
    """The words for ``moment``; ``twin`` is the same start with and without clipping exchanged, where it is trained."""
    if moment.phase == "preview":
        return _before(moment)
    seen = upto(moment.scalars, moment.frame.step)
    subline = " ".join(part for part in (_here(moment), _direction(moment, seen), _beside(moment, twin)) if part)
    return Caption(_headline(moment, seen), subline, _figures(moment, seen, twin))


def _before(moment: Situation) -> Caption:
    """The untrained gradient, and what its first update would be made of."""
    config, norm = moment.config, moment.frame.grad_norm
    own, other = ("without", "with") if config.clip == "none" else ("with", "without")
    subline = f"Nothing is trained yet. Train runs this start {own} clipping and, on the same batches, {other} it."
    if not np.isfinite(norm):
        return Caption("The untrained gradient is no number already.", subline, (_norm_figure(moment),))
    if config.clip == "none":
        headline = f"The untrained gradient has norm {sig(norm)}, and nothing limits it."
    elif moment.frame.clipped or _angle(moment) > TURNED:
        headline = (
            f"The untrained gradient has norm {sig(norm)}; clipping {words_of_clip(config)} leaves {_left(moment)}."
        )
    else:
        headline = f"The untrained gradient has norm {sig(norm)}; clipping {words_of_clip(config)} leaves it as it is."
    return Caption(headline, subline, (_norm_figure(moment), *_angle_now(moment)))


def _headline(moment: Situation, seen: Scalars) -> str:
    config, broke, spike = moment.config, broke_at(seen), largest(seen)
    if broke is not None:
        how = "Without clipping" if config.clip == "none" else f"Clipped {words_of_clip(config)}"
        return f"{how} this run broke: from training step {broke:,} on it is not a number."
    summit, breaks = _summit(spike), broke_at(moment.scalars)
    if breaks is not None:
        how = "without clipping" if config.clip == "none" else f"clipped {words_of_clip(config)}"
        return f"Still a number here, {how}; the run breaks at training step {breaks:,}. {summit}"
    if config.clip == "none":
        through = moment.phase == "over" and moment.scalars["step"][-1] >= config.steps
        came = "came through without clipping" if through else "holds without clipping so far"
        return f"This run {came}. {summit}"
    return _acting(moment, float(was_clipped(seen).mean()), spike)


def _acting(moment: Situation, share: float, spike: Spike | None) -> str:
    """How often clipping stepped in so far."""
    if share == 0:
        most = "" if spike is None else f": the largest gradient norm so far is {sig(spike.norm)}"
        return f"Clipping {words_of_clip(moment.config)} changes nothing{most}."
    often = "every training step is" if share == 1 else f"{percent(share)} of the training steps are"
    often = f"Up to step {moment.frame.step:,}, {often}" if _scrubbed(moment) else often[0].upper() + often[1:]
    return f"{often} clipped. {_summit(spike)}"


def _scrubbed(moment: Situation) -> bool:
    """Whether later steps are known."""
    return bool(moment.scalars["step"][-1] > moment.frame.step)


def _summit(spike: Spike | None) -> str:
    if spike is None:
        return "The gradient is zero."
    if spike.ratio < STANDS_OUT:
        return f"No spike stands out: the largest norm is {times(spike.ratio)} times the median."
    return f"The largest spike, {times(spike.ratio)} times the median norm, came at step {spike.step:,}."


def _here(moment: Situation) -> str:
    """What clipping did to the step on screen."""
    frame, config = moment.frame, moment.config
    if config.clip == "none" or not np.isfinite(frame.grad_norm):
        return ""
    start = f"At step {frame.step:,} the raw norm is {sig(frame.grad_norm)}"
    if frame.clipped or _angle(moment) > TURNED:
        return f"{start}; clipping {words_of_clip(config)} leaves {_left(moment)}."
    return f"{start} and passes unchanged."


def _left(moment: Situation) -> str:
    frame = moment.frame
    return f"{sig(frame.grad_norm_clipped)} ({portion(frame.grad_norm_clipped / frame.grad_norm)})"


def _direction(moment: Situation, seen: Scalars) -> str:
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
        return f"{how} the same start broke{also}, at step {twin.broke:,}."
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
        return f"{how} the same start ends with the same score, {percent(twin.score)}: here clipping decides nothing."
    return f"{how} the same start ends at {percent(twin.score)}, this run at {percent(own.score)}."


def _figures(moment: Situation, seen: Scalars, twin: Course | None) -> tuple[Figure, ...]:
    spike, clip = largest(seen), moment.config.clip
    figures = [_norm_figure(moment)]
    if clip != "none" and len(seen["step"]):
        figures.append(
            Figure(
                percent(float(was_clipped(seen).mean())),
                f"of the training steps{' so far' if _scrubbed(moment) else ''} clipped",
            )
        )
    if spike is not None:
        ratio = f"× {times(spike.ratio)}" if np.isfinite(spike.ratio) else sig(spike.norm)
        figures.append(Figure(ratio, f"the median norm: the largest, at step {spike.step:,}"))
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
    return Figure(sig(norm) if np.isfinite(norm) else "no number", f"gradient norm at step {moment.frame.step:,}, raw")


def _angle(moment: Situation) -> float:
    """Degrees at the step on screen; 0 where none were recorded."""
    angle = turned(moment.scalars)[moment.scalars["step"] == moment.frame.step]
    return float(angle[0]) if angle.size and np.isfinite(angle[0]) else 0.0


def _angle_now(moment: Situation) -> list[Figure]:
    if moment.config.clip == "none" or not np.isfinite(moment.frame.grad_norm):
        return []
    return [Figure(f"{sig(_angle(moment))}°", "between this step's raw and clipped gradient")]
