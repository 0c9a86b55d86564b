"""What is known of a source at one moment, with all that stands beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

from app.board.source import Snapshot, Source
from core.config import RunConfig
from core.lab.answers import Answer
from core.questions import Question
from core.sweep import Results

Beside = tuple[str, RunConfig, Snapshot]
"""A run that was trained alongside: its id, settings and what is known of it."""


@dataclass(frozen=True)
class Answered:
    """What is answered: answers by question, sentences by question that failed, whether more comes."""

    answers: Mapping[Question, Answer] = field(default_factory=dict)
    failed: Mapping[Question, str] = field(default_factory=dict)
    pending: bool = False

    @property
    def seq(self) -> str:
        """Another short text as soon as anything is answered; the browser sends it back with every look."""
        known = [f"{question.text}@{answer.step}" for question, answer in self.answers.items()]
        known += [f"{question.text}!" for question in self.failed]
        digest = hashlib.blake2s("\n".join(sorted(known)).encode(), digest_size=8).hexdigest() if known else ""
        return ".".join(filter(None, [digest, "pending" if self.pending else ""]))


@dataclass(frozen=True)
class Known:
    """What is known of a source at one moment; ``seq`` is another text as soon as anything is.

    beside    the runs trained alongside, in the page's order; a comparison names the one in front too, in its place
    answered  the questions about this moment that are answered so far
    others    where more can be asked about those beside it, by id
    answered_beside  the same as ``answered`` about those beside it, by id
    sweep     what is known of the sweep that is shown; None where none is
    trouble   why nothing is trained at present, or empty
    """

    source: Source
    snapshot: Snapshot
    beside: tuple[Beside, ...] = ()
    answered: Answered = field(default_factory=Answered)
    others: Mapping[str, Source] = field(default_factory=dict)
    answered_beside: Mapping[str, Answered] = field(default_factory=dict)
    trouble: str = ""
    sweep: Results | None = None

    @property
    def seq(self) -> str:
        answered = [self.answered.seq, *(each.seq for each in self.answered_beside.values())]
        parts = [self.snapshot.seq, *(f"{id}:{snapshot.seq}" for id, _, snapshot in self.beside), *answered,
                 self.sweep.seq if self.sweep else ""]  # fmt: skip
        return "~".join(filter(None, [*parts, self.trouble and f"{crc32(self.trouble.encode()):x}"]))

    @property
    def config(self) -> RunConfig:
        """The settings of the source."""
        return self.source.config

    def answer(self, question: Question) -> Answer | None:
        """The answer (arrays, meta, step) to a question of the view's ``needs``; None while it is worked out."""
        return self.answered.answers.get(question)

    def answer_of(self, run_id: str, question: Question) -> Answer | None:
        """The same about the run in front or one beside it."""
        about = self.answered if run_id == self.source.id else self.answered_beside.get(run_id, Answered())
        return about.answers.get(question)
