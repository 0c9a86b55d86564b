"""How sure a sentence may be of what a task needs: of a series or a text nobody knows how far back it matters."""

from __future__ import annotations

from core.tasks.base import Task

MAY = {"needs": "may need", "need": "may need", "is needed": "may be needed", "needed": "may be needed",
       "matters": "may matter", "far enough": "as far as may be needed"}  # fmt: skip


def surely(task: Task, word: str) -> str:
    """``word``, one of MAY, where the task's answers hang on what lies ``task.lag`` steps back; else that they may."""
    return word if task.needs_lag else MAY[word]
