"""What every question about a moment is: a record of what is asked, and how it is answered."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from core.errors import UnrolledError, sentences

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier

Facts = tuple[dict[str, NDArray[Any]], dict[str, Any]]
"""Arrays by name, and what else there is to say: texts, numbers (∞ and NaN too), lists and dicts of them."""

Statistics = Literal["held", "running", "own", "none"]
"""With which statistics a question looks at a network whose batches are normalised."""

SequenceNumber = Annotated[
    int, Field(ge=1, title="Sequence", description="One of those that the training step learns from, from 1 on.")
]
"""The type of an argument that names one sequence of the moment's batch."""


LayerNumber = Annotated[
    int | None,
    Field(ge=1, le=4, title="Layer", description="One layer, from 1 at the bottom; empty takes the top one."),
]
"""The type of an argument that names one layer."""


class Question(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False, title="this question"):
    """One question about a moment of a training; its fields are its arguments. Equal questions have equal hashes.

    A subclass is one kind of question: it sets ``kind`` and, where its answer is the same at every training step,
    ``changes``. Building one needs no torch; ``answer`` imports what it needs. A question that cannot be asked raises
    UnrolledError when it is built.
    """

    changes: ClassVar[bool] = True
    """Whether the answer changes with the training step."""

    statistics: ClassVar[Statistics] = "held"
    """What it takes where a batch is normalised. Those of the moment's batch, held: each sequence goes the way it went,
    and its gradient is that of its own loss along its own way. The running ones, of a network as it is tested. Each
    batch's own, as training has it, where sequences depend on each other; or none, where no sequence is run."""

    kind: str

    @property
    def text(self) -> str:
        """The question as JSON, the same text for equal questions."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @abstractmethod
    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays and facts about ``moment``; ``earlier`` are the moments before it that its run has kept.

        Raises UnrolledError where this moment has no answer.
        """

    def must_fit(self, **most: int) -> None:
        """Raise UnrolledError unless each of these arguments is ``most`` at most, which depends on the moment."""
        for name, last in most.items():
            value = dict(self)[name]
            if value is not None and value > last:
                raise UnrolledError(f"`{name}` (={value}) must be at most {last} here. Lower `{name}`.")

    @model_validator(mode="wrap")
    @classmethod
    def _in_words(cls, values: Any, build: ModelWrapValidatorHandler[Question]) -> Question:
        try:
            return build(values)
        except ValidationError as error:
            what = cls.model_fields["kind"].default
            raise UnrolledError(f"The question `{what}`: {' '.join(sentences(error, cls))}") from None


def place_of(question: Question, moment: Moment) -> int:
    """The place of the layer that a question is about, from 0 at the bottom. Raises UnrolledError where there is none.

    The question has a ``layer``.
    """
    layers = moment.layer.layers
    question.must_fit(layer=layers)
    return (dict(question)["layer"] or layers) - 1


def stacked(parts: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    """One array a name of the same names' values in all ``parts``, which become the first axis."""
    return {name: np.stack([np.asarray(part[name]) for part in parts]) for name in parts[0]}
