"""The command ``python -m core gallery``: measure what the cards claim, and say what does not hold."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from core.config import RunConfig
from core.errors import UnrolledError, quoted
from core.gallery.model import VERDICTS
from core.gallery.shelf import broken, cards, configs
from core.gallery.stored import Run, known, store, stored
from core.numbers import plural
from core.progress import Progress


def add_topics(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and their options."""
    topics = parser.add_subparsers(metavar="TOPIC", required=True)
    for topic in (build, check):
        sub = topics.add_parser(topic.__name__, help=topic.__doc__, description=topic.__doc__)
        sub.set_defaults(topic=topic)
        sub.add_argument("cards", nargs="*", metavar="CARD", help="which cards (default: all)")
        if topic is build:
            sub.add_argument("--missing", action="store_true", help="train only what this engine has not measured")
            sub.add_argument("--processes", type=int, default=2, metavar="N", help="how many at once (default: 2)")


def build(arguments: argparse.Namespace) -> int:
    """Train the runs of the cards with every seed, store what was measured, and say what does not hold."""
    from core.gallery.building import build as train_all

    if arguments.processes < 1:
        raise UnrolledError(f"`--processes` (={arguments.processes}) must be at least 1. Leave it out for 2.")
    there, wanted = stored(), _wanted(_chosen(arguments.cards))
    have = known() if arguments.missing else {}
    todo = [config for digest, config in wanted.items() if digest not in have]
    progress = Progress()
    for done, run in enumerate(train_all(todo, arguments.processes), 1):
        progress.show(done / len(todo), f"{done} of {plural(len(todo), 'run')}: {run.label}")
        there[run.digest] = run
        store(_in_order(there))
    progress.clear()
    return check(arguments)


def check(arguments: argparse.Namespace) -> int:
    """Say of each card whether what was measured is as claimed."""
    failed = 0
    for name in _chosen(arguments.cards):
        card = cards()[name]
        try:
            told = broken(card)
        except UnrolledError as error:
            told = [str(error)]
        failed += bool(told)
        print(f"{name:24s} {VERDICTS[card.verdict]:16s} {'DOES NOT HOLD' if told else 'holds'}")
        print("".join(f"    {each}\n" for each in told), end="")
    count = len(_chosen(arguments.cards))
    print(f"{count - failed} of {count} hold.")
    return 1 if failed else 0


def _chosen(names: Iterable[str]) -> list[str]:
    for name in names:
        if name not in cards():
            raise UnrolledError(
                f"`CARD` (={quoted(name)}) is not in the gallery. Choose some of: {', '.join(cards())}."
            )
    return [*dict.fromkeys(names)] or [*cards()]


def _wanted(names: Iterable[str]) -> dict[str, RunConfig]:
    """The configs of these cards by digest, each once."""
    found = [config for name in names for each in configs(cards()[name]).values() for config in each]
    return {config.digest(): config for config in found}


def _in_order(runs: dict[str, Run]) -> list[Run]:
    """Of ``runs`` those that a card has, card by card."""
    return [runs[digest] for digest in _wanted(cards()) if digest in runs]
