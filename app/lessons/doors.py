"""Links to lessons."""

from __future__ import annotations

from app.entries import BY_FILE
from app.front.cards import Card
from core.lessons.shelf import lessons

_QUESTIONS = (
    ("vanishing", "Why do gradients vanish?", "What one factor per step does over fifty of them."),
    ("carousel", "What does the LSTM do about it?", "A path on which the factor is nearly one."),
    ("truncation", "When is truncation a lie?", "What a cut gradient cannot teach, and when it points the wrong way."),
    ("clipping", "Why clip?", "One step over a cliff, and what a bound on the step changes."),
)


def lesson_card(name: str, title: str, line: str) -> Card:
    """A link to the beginning of a lesson."""
    return Card(BY_FILE["lessons"].path, title, line, {"lesson": name})


DOORS = tuple(lesson_card(*question) for question in _QUESTIONS)


def lesson_cards() -> list[Card]:
    """A link to each lesson."""
    return [
        lesson_card(name, f"{number}. {lesson.title}", lesson.aim)
        for number, (name, lesson) in enumerate(lessons().items(), 1)
    ]
