"""What every task offers: sequences to learn from, and the facts that let a picture be read.

A task samples with NumPy alone, so the web process (which never imports torch) can name it, draw its marks and
compute its baseline. Its fields are its settings; RunConfig's ``task`` is the union of all tasks.

Time runs as everywhere in this project: input ``x[t]`` (t = 0 … T−1) makes state ``h[t+1]`` out of ``h[t]``. A *step*
on the page is the index of the state, 1 … T, so ``x[t]`` enters at step t + 1 and the last answer is asked at step T.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from core import own_data
from core.tasks.typed import Read, Typing, look_up, words

Part = Literal["training", "held-out"]
"""Which sequences are drawn: those to learn from, or those to be judged on."""

Kind = Literal["classes", "numbers", "chances"]
"""What an answer is: one of some classes, a number, or the chances of something that nobody can predict for sure."""


SCORE_NAMES: dict[Kind, str] = {
    "classes": "accuracy",
    "numbers": "1 − MSE ÷ variance",
    "chances": "share of the learnable nats gained",
}


@dataclass(frozen=True)
class Batch:
    """N sequences of T steps.

    x       (T, N, C) float32, the inputs
    target  (T, N) int64 for classes and chances, (T, N) float32 for numbers; meaningless where not ``asked``
    asked   (T, N) bool, where the loss is taken (after input t, from state h[t+1])
    scored  (T, N) bool, where the score is taken
    start   the state that the sequences go on from, (N, H) each part in the network's order; None: from zero
    """

    x: np.ndarray
    target: np.ndarray
    asked: np.ndarray
    scored: np.ndarray
    start: tuple[np.ndarray, ...] | None = None

    def take(self, sequences: slice | NDArray[np.integer] | list[int]) -> Batch:
        """Only these sequences, in this order."""
        start = None if self.start is None else tuple(part[sequences] for part in self.start)
        return Batch(*(part[:, sequences] for part in (self.x, self.target, self.asked, self.scored)), start=start)


@dataclass(frozen=True)
class Mark:
    """Steps that matter, ``first`` to ``last`` inclusive (1 … T): information ``enters`` there or is ``asked`` for."""

    kind: Literal["enters", "asked"]
    label: str
    first: int
    last: int

    @property
    def quoted(self) -> str:
        """The label in quotation marks, where it does not begin with one of its own."""
        return self.label if self.label.startswith("“") else f"“{self.label}”"


@dataclass(frozen=True)
class Block:
    """What one input stands for: the average of the steps at the lags ``newest`` to ``oldest``, and the share of what
    is asked of the far past that it tells."""

    oldest: int
    newest: int
    told: float


@dataclass(frozen=True)
class Best:
    """The best answers there are to somebody who does not know every input.

    score   what they are expected to score
    spread  standard deviation of the score of one sequence, at most: what luck there is in it
    """

    score: float
    spread: float

    @classmethod
    def accuracy(cls, share: float) -> Best:
        """Of answers that are right with a chance of ``share`` on average."""
        return cls(share, float(np.sqrt(share * (1 - share))))


class Task(BaseModel, ABC):
    """A toy problem with a long dependency. Subclasses are final; their pydantic fields are their settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: ClassVar[str]
    question: ClassVar[str]
    """One sentence in the visitor's words: what the network is asked."""
    first_seen: ClassVar[str]
    """Where the field knows the task from."""
    kind: ClassVar[Kind]
    endless: ClassVar[bool] = False
    """Whether training goes along one endless sequence: a batch is its next window, and the state is carried on."""
    solved: ClassVar[float]
    """The score from which on we call the task solved."""
    answers: ClassVar[tuple[str, ...]] = ()
    """What each class says, where there is a word for it."""
    typed: ClassVar[Typing | None] = None
    """How a page asks for a typed sequence; None where typing one makes no sense. Typed ones need a vocabulary."""
    takes: ClassVar[own_data.Kind | None] = None
    """What a visitor may bring to learn from; None for most. Such a task has the digest in its field ``data``."""

    name: str
    length: int

    @property
    def data_digest(self) -> str:
        """Of the visitor's data that it learns from; empty where it takes none."""
        return ""

    def check(self) -> None:
        """Raise ConfigError where it cannot sample: its data is not here, or does not suit its settings."""

    def suited(self) -> Self:
        """The same task with settings that its data allows, changed as little as possible."""
        return self

    def choices(self, field: str) -> dict[Any, str]:
        """Values of one of its settings, each with a label, where those hang on its data; empty for all others."""
        return {}

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """What an input can be, in the order of its one-hot channels, each said differently; empty where inputs are
        numbers."""
        return ()

    @property
    def channels(self) -> tuple[str, ...]:
        """A name for each feature of an input. Tasks without a vocabulary name their own."""
        return tuple(f"“{symbol}”" for symbol in self.vocabulary)

    @property
    def input_size(self) -> int:
        """C, the features of one input."""
        return len(self.channels)

    @property
    @abstractmethod
    def output_size(self) -> int:
        """Number of classes, or of target numbers."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        """``n`` sequences of ``part`` drawn with ``rng``; the same generator state gives the same batch.

        A task that generates its data draws both parts from the same distribution. One with finite data keeps the
        parts disjoint: no training sequence reaches into what is held out. What has an order is cut in time, the
        training part first, so that a drifting series is judged on its end.
        """

    def following(self, seed: int, step: int, n: int) -> Batch:
        """Of an endless task: window number ``step`` of ``n`` places in its training part, spread evenly over it from a
        place on that ``seed`` draws. Where one window ends the next one begins."""
        raise NotImplementedError(f"{self.name} is no endless task")

    def judged(self, rng: np.random.Generator, n: int) -> Batch:
        """What a run is scored on: ``n`` held-out sequences; of an endless task all that is held out."""
        return self.sample(rng, n, "held-out")

    @property
    def judged_steps(self) -> int | None:
        """Steps of all that an endless task holds out, together; None where sequences are drawn."""
        return None

    @property
    @abstractmethod
    def baseline_loss(self) -> float:
        """The loss of the best answer that ignores the sequence (nats, or squared error)."""

    @property
    @abstractmethod
    def chance(self) -> float:
        """The score of that answer."""

    @property
    def least_loss(self) -> float:
        """The loss of the best answer there is: zero, except where the answer is left to chance."""
        return 0.0

    @property
    def variance(self) -> float:
        """Numbers: the variance of what is scored."""
        return self.baseline_loss

    @property
    def score_name(self) -> str:
        """What the score is, for an axis or a sentence."""
        return SCORE_NAMES[self.kind]

    def floors(self) -> list[tuple[float, str]]:
        """Losses worth a line in a picture, from the highest down, each with what gets it."""
        return [(self.baseline_loss, "guessing")]

    def score_of(self, loss: float, accuracy: float | None, mse: float | None) -> tuple[float, float]:
        """(score in [0, 1], normalised error) of a held-out set, from what was measured on it.

        Classes: the accuracy, and loss ÷ that of guessing. Numbers: max(0, 1 − MSE ÷ variance), and MSE ÷ variance.
        Chances: the share of the learnable nats that was gained, and loss ÷ that of guessing. What is not a number
        scores 0.
        """
        if self.kind == "classes" and accuracy is not None:
            return accuracy, loss / self.baseline_loss
        if self.kind == "numbers" and mse is not None:
            error = mse / self.variance
            return max(0.0, 1 - error) if isfinite(error) else 0.0, error
        gained = (self.baseline_loss - loss) / (self.baseline_loss - self.least_loss)
        return min(max(gained, 0.0), 1.0) if isfinite(gained) else 0.0, loss / self.baseline_loss

    def best(self, first: np.ndarray) -> Best:
        """The best answers of somebody who knows at step s the inputs of ``first[s]`` … s alone.

        ``first`` (T+1,) holds steps, by step; entry 0 is not used. A score of 1 where the task does not say.
        """
        return Best(1.0, 0.0)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What each input stands for, the oldest first; empty where inputs are single steps in a row."""
        return ()

    @property
    @abstractmethod
    def lag(self) -> int:
        """Steps between the state that first holds the information and the state that is asked, at worst.

        ∂L/∂h has to survive this many steps back from the asked state, and truncation must look back lag + 1 inputs.
        """

    @property
    def needs_lag(self) -> bool:
        """Whether answers hang on what lies ``lag`` steps back; where nobody knows, that is how far back they may."""
        return True

    @abstractmethod
    def marks(self) -> list[Mark]:
        """The steps that matter for any sequence of the task, in time order."""

    @property
    def entry(self) -> Mark:
        """Where the first information that the last question needs enters."""
        return next(mark for mark in self.marks() if mark.kind == "enters")

    @abstractmethod
    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        """What happens in one sequence ``x`` (T, C): (step, short label) pairs, in time order."""

    def symbols(self, x: np.ndarray) -> list[str]:
        """One sequence ``x`` (T, C) as one short readable token per step. Tasks without a vocabulary say it their own
        way."""
        vocabulary = self.vocabulary
        return [vocabulary[k] for k in x.argmax(axis=1)]

    def encode(self, places: ArrayLike) -> NDArray[np.float32]:
        """(…, C) one-hot inputs of ``places`` (…) in the vocabulary."""
        return np.eye(len(self.vocabulary), dtype=np.float32)[np.asarray(places)]

    def read(self, text: str) -> Read:
        """Anyone's text as symbols, a word each; a task of characters looks up ``list(text)`` instead."""
        return look_up(words(text), self.vocabulary)

    def speaks_for(self, symbol: str) -> int | None:
        """The class that this symbol decides for, wherever it stands; None for symbols that do not."""
        return None


def at_last_step(T: int, n: int) -> np.ndarray:
    """(T, n) bool, true at the last step only."""
    mask = np.zeros((T, n), bool)
    mask[-1] = True
    return mask
