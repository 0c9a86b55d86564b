"""The command ``python -m core lesson``: check lessons, record the runs that they show, list what is measured."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.errors import UnrolledError
from core.lessons.expressions import WRITERS, filled, measurements, value
from core.lessons.file import expressions_of, read_lesson
from core.lessons.grading import read_by_all, right_option
from core.lessons.measured import THEORY
from core.lessons.model import Choice, Lesson
from core.lessons.shelf import FOLDER, configs, lessons, measured
from core.numbers import plural


def add_topics(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and their options."""
    topics = parser.add_subparsers(metavar="TOPIC", required=True)
    sub = topics.add_parser("check", help=check.__doc__, description=check.__doc__)
    sub.set_defaults(topic=check)
    sub.add_argument("files", type=Path, nargs="*", metavar="FILE", help="YAML (default: the lessons that are here)")
    sub = topics.add_parser("record", help=record.__doc__, description=record.__doc__)
    sub.set_defaults(topic=record)
    sub = topics.add_parser("words", help=words.__doc__, description=words.__doc__)
    sub.set_defaults(topic=words)


def check(arguments: argparse.Namespace) -> int:
    """Say what is wrong with lessons, each with file, line and reason; what is recorded is worked out too."""
    problems = 0
    for path in arguments.files or sorted(FOLDER.glob("*.yaml")):
        try:
            told = shortcomings(read_lesson(path))
        except UnrolledError as error:
            told = getattr(error, "problems", [str(error)])
        print("\n".join(told) if told else f"{path}: good")
        problems += len(told)
    return 1 if problems else 0


def shortcomings(lesson: Lesson) -> list[str]:
    """A sentence for each number of the lesson that its recorded runs do not give, and for each question that has not
    exactly one right answer, or whose answer did not stand on the screen."""
    runs, told = measured(lesson), []
    for place, text, plain in expressions_of(lesson):
        try:
            value(text, runs) if plain else filled(text, runs)
        except UnrolledError as error:
            told.append(f"`{'.'.join(str(part) for part in place)}`: {error}")
    for number, step in enumerate(lesson.steps, 1):
        if isinstance(step.question, Choice) and not told:
            try:
                right_option(step.question, runs)
            except UnrolledError as error:
                told.append(f"Step {number}, “{step.question.ask}”: {error}")
    for at, recalled in enumerate([] if told else lesson.after, 1):
        seen = recalled.seen
        if seen.words not in read_by_all(lesson.steps[seen.step - 1], runs):
            told.append(f"`after.{at}.seen`: “{seen.words}” is not read by everybody in step {seen.step}.")
    return list(dict.fromkeys(told))


def record(arguments: argparse.Namespace) -> int:
    """Train what the lessons and the first page show, as far as this engine has not, and drop what no longer is."""
    from core.lessons.recording import forget, is_recorded, record

    lacking = [config for config in configs() if not is_recorded(config)]
    for config in lacking:
        print(f"{record(config).name}  {config.label}", flush=True)
    gone = forget(configs())
    what = f"{plural(len(lacking), 'run')} recorded, {len(gone)} dropped"
    print(f"{what}, {len(configs())} in all, for {plural(len(lessons()), 'lesson')}.")
    return 0


def words(arguments: argparse.Namespace) -> int:
    """List what a lesson's expressions can ask for, and how a number can be written."""
    for name, sentence in measurements().items():
        print(f"RUN.{name:14s} {sentence}")
    print(f"\nWithout a run: {', '.join(THEORY)}, min, max, abs, round, log10, sqrt.")
    print(f"Written: [[ expression | {' '.join(WRITERS)} ]]")
    return 0
