"""The cards, and what was measured of their runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from core import yaml_files
from core.config import RunConfig
from core.errors import UnrolledError
from core.gallery.measured import OverSeeds
from core.gallery.model import Card, Claim
from core.gallery.stored import Run, known
from core.lessons.expressions import check, check_places, filled, value
from core.promises.stored import SEEDS
from core.yaml_files import Place

FOLDER = Path(__file__).with_name("cards")


@cache
def cards() -> dict[str, Card]:
    """Every card by its file's name, in the order of their places."""
    read = {path.stem: read_card(path) for path in FOLDER.glob("*.yaml")}
    return dict(sorted(read.items(), key=lambda item: (item[1].place, item[0])))


def read_card(path: Path) -> Card:
    """The card in the YAML file at ``path``. Raises DataFileError with a sentence per problem: file, line, reason."""
    return yaml_files.read(path, Card, "card", _unusable)


def _unusable(card: Card) -> Iterator[tuple[Place, str]]:
    runs = {name: OverSeeds(run.config, ()) for name, run in card.runs.items()}
    texts: list[tuple[Place, str]] = [((name,), getattr(card, name)) for name in ("measured", "because")]
    numbers: list[tuple[Place, str]] = [(("claims", at, "number"), each.number) for at, each in enumerate(card.claims)]
    for test, found in ((check_places, texts), (check, numbers)):
        for place, text in found:
            try:
                test(text, runs)
            except UnrolledError as error:
                yield place, str(error)


def configs(card: Card) -> dict[str, list[RunConfig]]:
    """The configs of each of its runs, one a seed."""
    return {name: [run.config.replace(seed=seed) for seed in SEEDS] for name, run in card.runs.items()}


def kept(card: Card, runs: dict[str, Run] | None = None) -> dict[str, list[Run]]:
    """Of ``runs``, by default all that are known, those of each run of the card, as far as they are there."""
    there = known() if runs is None else runs
    return {
        name: [there[digest] for config in each if (digest := config.digest()) in there]
        for name, each in configs(card).items()
    }


def measured(card: Card, runs: dict[str, Run] | None = None) -> dict[str, OverSeeds]:
    """What its expressions can ask for."""
    found = kept(card, runs)
    return {name: OverSeeds(run.config, [each.measures for each in found[name]]) for name, run in card.runs.items()}


def broken(card: Card, runs: dict[str, Run] | None = None) -> list[str]:
    """A sentence for each claim that does not hold. Raises UnrolledError where a number of its words is missing."""
    over = measured(card, runs)
    for text in (card.measured, card.because):
        filled(text, over)
    worth = [(claim, _worth(claim, over)) for claim in card.claims]
    return [f"{claim.around(claim.number)} does not hold: it is {number:g}." for claim, number in worth
            if not claim.hold(number)]  # fmt: skip


def _worth(claim: Claim, over: dict[str, OverSeeds]) -> float:
    return float(value(claim.number, over))
