"""What a card's file says: the model that it is held against."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from core.exports.references import Reference, references
from core.lessons.model import Expression, Part, RunSpec, Words
from core.lessons.pictures import PICTURES
from core.presets.claims import Bounds

VERDICTS = {"agrees": "agrees", "partly": "agrees in part", "not": "does not agree"}
"""How what was measured stands to what the paper says."""


class CardRun(RunSpec):
    """A run of the card, with a name for its row."""

    title: Words


class Claim(Bounds):
    """``at_least`` ≤ ``number`` ≤ ``at_most``, where ``number`` is worked out from the card's runs."""

    number: Expression


class Card(Part):
    """One result.

    reference  of the paper, in core/exports/references.toml; ``also`` further ones
    claim      what is said
    reports    what the paper measured
    measured   what we did, every number worked out
    verdict    whether that agrees, and ``because``: in what it does not, and what was done differently
    page       where its runs, or what it computes, are seen; ``picture`` of it is the one to look at
    """

    title: Words
    place: int = Field(ge=1)
    reference: str
    also: list[str] = Field(default_factory=list)
    claim: Words
    reports: Words
    measured: Words
    verdict: Literal["agrees", "partly", "not"]
    because: Words
    page: str = "gradient_flow"
    picture: str = ""
    runs: dict[str, CardRun] = Field(default_factory=dict)
    claims: list[Claim] = Field(min_length=1)

    @model_validator(mode="after")
    def _refers_to_what_there_is(self) -> Card:
        known = {one.key for one in references()}
        for name in (self.reference, *self.also):
            if name not in known:
                raise ValueError(f"`reference` (={name}) is no paper of references.toml. Add it there.")
        if self.page not in PICTURES or (self.picture and self.picture not in PICTURES[self.page]):
            raise ValueError(f"`page` (={self.page}) with `picture` (={self.picture}) is not on a board. Mend it.")
        return self

    @property
    def papers(self) -> list[Reference]:
        """What it cites, the first the one whose result it is."""
        by_key = {one.key: one for one in references()}
        return [by_key[name] for name in (self.reference, *self.also)]
