"""The caption of the page Language: how well it predicts unseen text, beside models that count. Pure functions."""

from __future__ import annotations

import numpy as np

from app.text.shared.broken import broken_caption
from app.text.shared.situation import Caption, Figure, Situation
from core.numbers import percent, sig
from core.tasks.endless import Endless

NAMES = ("the frequencies of the symbols", "the bigrams", "the trigrams")


def caption(moment: Situation, task: Endless, remark: str) -> Caption:
    """The words for ``moment``; ``remark`` is what there is to say of the text it writes."""
    if moment.broke is not None:
        return broken_caption(moment, moment.broke)
    return Caption(_headline(moment, task), " ".join(filter(None, (_window(moment), remark))), _figures(moment, task))


def no_text(moment: Situation) -> Caption:
    """For a run whose task has no text."""
    return Caption(
        f"This page goes along an endless text, and the task {moment.config.task.title} has none.",
        "Choose Language model, Your text or Continual Reber as the task.",
        (),
    )


def _nats(moment: Situation, task: Endless) -> float | None:
    """What a symbol of unseen text cost at the last scoring; None before the first."""
    return None if moment.scored_at is None else float(moment.frame.error) * task.baseline_loss


def _headline(moment: Situation, task: Endless) -> str:
    nats = _nats(moment, task)
    if nats is None:
        return "How well does it know a text that it has never seen? It is being measured."
    when = "Untrained" if moment.scored_at == 0 else f"At training step {moment.scored_at:,}"
    sides = sig(float(np.exp(min(nats, 50.0))), 3)
    return f"{when}, it is as unsure of the next symbol as of a fair die with {sides} sides: {_against(nats, task)}."


def _against(nats: float, task: Endless) -> str:
    """The best model that counts which it beats, or that no model is beaten."""
    grams = task.text_read.grams
    beaten = [name for name, each in zip(NAMES, grams, strict=True) if nats < each]
    if task.least_loss and nats <= 1.02 * task.least_loss:
        return f"within {percent(max(nats / task.least_loss - 1, 0.0), 1)} of the least that is possible"
    if not beaten:
        return "worse than knowing how frequent each symbol is"
    following = NAMES[len(beaten) :]
    return f"better than {beaten[-1]}" + (f", worse than {following[0]}" if following else ", which know the last two")


def _window(moment: Situation) -> str:
    config = moment.config
    T = config.task.length
    if config.carries:
        return f"Its state is carried on from one window of {T:,} symbols to the next; the gradient ends there."
    return f"In every window of {min(config.truncation_length, T):,} symbols its state starts from zero."


def _figures(moment: Situation, task: Endless) -> tuple[Figure, ...]:
    nats = _nats(moment, task)
    grams = task.text_read.grams
    own = ("–", "–") if nats is None else (sig(float(np.exp(min(nats, 50.0))), 3), sig(nats / np.log(2), 3))
    least = (Figure(sig(task.least_loss / np.log(2), 3), "bits: the exact entropy"),) if task.least_loss else ()
    return (
        Figure(own[0], f"perplexity a {task.noun} of unseen text"),
        Figure(own[1], f"bits a {task.noun}"),
        Figure(sig(grams[2] / np.log(2), 3), "bits: trigrams, counted and smoothed"),
        Figure(sig(grams[0] / np.log(2), 3), "bits: frequencies alone"),
        *least,
    )
