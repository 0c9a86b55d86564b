"""A question with the moment it is about, as it waits in the catalog. No torch."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.config import ENGINE_VERSION, RunConfig
from core.errors import UnrolledError
from core.questions import Question, question_of


@dataclass(frozen=True)
class Request:
    """A question about the run ``source`` at ``step``, or about the untrained network of ``config``."""

    question: Question
    source: str
    step: int
    config: RunConfig | None = None

    @property
    def key(self) -> str:
        """Equal for all who ask the same of the same engine; begins with the source."""
        return f"{self.source}/{self.step}/{self.question.text}/{ENGINE_VERSION}"

    @property
    def body(self) -> str:
        """The request as JSON."""
        config = None if self.config is None else self.config.model_dump(mode="json")
        question = self.question.model_dump(mode="json")
        return json.dumps({"question": question, "source": self.source, "step": self.step, "config": config})

    @classmethod
    def of(cls, body: str) -> Request:
        """What ``body`` said. Raises UnrolledError where it is of another version."""
        try:
            told = json.loads(body)
            question, source, step, config = (told[name] for name in ("question", "source", "step", "config"))
        except (ValueError, LookupError, TypeError):
            raise UnrolledError(
                "A stored question cannot be read: it is of another version. Load the page again, or restart the "
                "worker."
            ) from None
        return cls(question_of(question), source, step, None if config is None else RunConfig.stored(config))
