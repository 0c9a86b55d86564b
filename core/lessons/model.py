"""What a lesson's file says: the model that it is held against, and the words for what does not fit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from core.config import RunConfig
from core.errors import ConfigError
from core.lessons.pictures import PICTURES
from core.presets import Settings

Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Expression = Annotated[str, BeforeValidator(str)]


class Part(BaseModel):
    """What a file may say somewhere: nothing but its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RunSpec(Part):
    """A run that the lesson shows: a preset, and what of it is set differently."""

    preset: str | None = None
    settings: Settings = Field(default_factory=dict)

    @model_validator(mode="after")
    def _makes_a_config(self) -> RunSpec:
        try:
            _ = self.config
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def config(self) -> RunConfig:
        """Its settings."""
        base = RunConfig.preset(self.preset) if self.preset else RunConfig()
        return base.replace(**self.settings)


class Show(Part):
    """What stands on the right: a run at a moment, which pictures of it, and where to look.

    moment  a training step; the end where none is named
    knobs   where the pictures' knobs stand
    look    one sentence
    """

    run: str
    page: str = "gradient_flow"
    pictures: list[str] = Field(default_factory=lambda: ["strip", "curve"], max_length=4)
    moment: Annotated[int, Field(ge=0)] | None = None
    beside: list[str] = Field(default_factory=list)
    knobs: dict[str, str] = Field(default_factory=dict)
    look: Words | None = None

    @model_validator(mode="after")
    def _pictures_are_of_the_page(self) -> Show:
        if self.page not in PICTURES:
            raise ValueError(f"`page` (={self.page}) has no board. Choose one of: {', '.join(PICTURES)}.")
        for picture in self.pictures:
            if picture not in PICTURES[self.page]:
                known = ", ".join(PICTURES[self.page])
                raise ValueError(f"`pictures` (={picture}) is not on the page {self.page}. Choose some of: {known}.")
        return self


class Option(Part):
    """One answer to choose; right where ``when`` is true of the run.

    belief   what one had to believe to choose it, by name; only of an answer that can be wrong
    """

    text: Words
    when: Expression
    because: Words
    belief: Words | None = None


class Choice(Part):
    """A question with answers to choose from."""

    kind: Literal["choice"]
    ask: Words
    options: list[Option] = Field(min_length=2, max_length=5)


class _Measure(Part):
    ask: Words
    truth: Expression
    within: float = Field(gt=0)
    right: Words
    too_low: Words
    too_high: Words


class Number(_Measure):
    """A number on a slider, right within ``within`` of ``truth``; with ``log`` within that factor of it."""

    kind: Literal["number"]
    least: float
    most: float
    step: float = Field(gt=0)
    log: bool = False
    unit: str = ""
    written: Literal["number", "whole", "percent", "factor", "fixed"] = "number"

    @model_validator(mode="after")
    def _has_room(self) -> Number:
        if self.least >= self.most or (self.log and self.least <= 0):
            raise ValueError(
                f"`least` (={self.least:g}) must be below `most` (={self.most:g}), and above 0 with `log`."
            )
        return self


class Curve(_Measure):
    """A curve sketched over the steps back from the answer: right where it is within ``within`` decades of ``truth``
    (an array by lag, each a share of the first), on average."""

    kind: Literal["curve"]
    decades: int = Field(ge=1, le=40)


Question = Annotated[Choice | Number | Curve, Field(discriminator="kind")]


class Reveal(Part):
    """What is shown and said once the answer is given; ``play``: the run from its start."""

    pictures: list[str] | None = None
    moment: Annotated[int, Field(ge=0)] | None = None
    play: bool = False
    look: Words | None = None
    text: Words | None = None


class Step(Part):
    """A step: the scene, and perhaps a question and what follows on its answer."""

    title: Words
    text: Words
    show: Show
    question: Question | None = None
    reveal: Reveal | None = None

    @model_validator(mode="after")
    def _reveals_what_was_asked(self) -> Step:
        if (self.question is None) != (self.reveal is None):
            raise ValueError("a step has a `question` and a `reveal`, or neither. Add the other, or leave both out.")
        if self.reveal and self.reveal.pictures:
            Show(run=self.show.run, page=self.show.page, pictures=self.reveal.pictures)
        return self


class Exercise(Part):
    """Something to do, and what comes out."""

    ask: Words
    answer: Words


class Seen(Part):
    """Where something stood: in which step, with which words."""

    step: int = Field(ge=1)
    words: Words


class Recalled(Exercise):
    """A question that can be answered from what was ``seen`` on the screen, whatever one had answered there."""

    seen: Seen


class Sheet(Part):
    """What a teacher wants to have in hand."""

    ask: list[Words] = Field(min_length=1)
    numbers: list[Words] = Field(min_length=1)
    exercises: list[Exercise] = Field(min_length=1)


class Lesson(Part):
    """One lesson.

    runs    by the names that its expressions use
    after   questions that can be answered from what was on screen
    """

    title: Words
    place: int = Field(ge=1)
    minutes: int = Field(ge=1, le=60)
    aim: Words
    runs: dict[str, RunSpec] = Field(min_length=1)
    steps: list[Step] = Field(min_length=5, max_length=8)
    sheet: Sheet
    after: list[Recalled] = Field(default_factory=list)

    @model_validator(mode="after")
    def _asks_of_its_own_steps(self) -> Lesson:
        for recalled in self.after:
            if recalled.seen.step > len(self.steps):
                raise ValueError(f"`seen.step` (={recalled.seen.step}) is beyond the lesson's {len(self.steps)} steps.")
        return self

    @model_validator(mode="after")
    def _shows_its_own_runs(self) -> Lesson:
        for count, step in enumerate(self.steps, 1):
            for name in (step.show.run, *step.show.beside):
                if name not in self.runs:
                    known = ", ".join(self.runs)
                    raise ValueError(f"step {count} shows `{name}`, which is no run of the lesson. Choose: {known}.")
        return self
