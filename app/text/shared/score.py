"""The score on screen in a sentence, with the training step that it was taken at."""

from __future__ import annotations

from app.text.shared.situation import Situation
from core.numbers import percent


def score_name(moment: Situation) -> str:
    """What the score is, in a word or two."""
    task = moment.config.task
    return "score" if task.kind == "numbers" else task.score_name


def score_words(moment: Situation) -> str:
    """'Accuracy on unseen sequences at training step 60: 24 % (guessing gets 25 %).'; empty before a scoring."""
    if moment.scored_at is None:
        return ""
    name, chance = score_name(moment), moment.config.task.chance
    at = "untrained" if moment.scored_at == 0 else f"at training step {moment.scored_at:,}"
    score = percent(moment.frame.score)
    return f"{name[0].upper()}{name[1:]} on unseen sequences, {at}: {score} (guessing gets {percent(chance)})."
