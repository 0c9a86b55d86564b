"""The caption of a sweep: how far it is, what solves the task, and what its tests say."""

from __future__ import annotations

from app.text.shared.situation import Caption, Figure
from core.budget import runs_at_once
from core.numbers import duration, plural
from core.sweep import GOING, QUANTITIES, Results, decision, size_words


def caption(results: Results) -> Caption:
    """The words for what is known of its runs now."""
    return Caption(_headline(results), " ".join(filter(None, _subline(results))), _figures(results))


def _headline(results: Results) -> str:
    best = results.best
    if best is None:
        return f"{size_words(results.sweep)}: none of them is through yet."
    label, row, solved = results.sweep.labels[best], results.rows[best], _solved(results)
    own, of = results.solved(row)
    if not solved:
        score, middle = QUANTITIES["score"], "median score" if of > 1 else "score"
        return f"{_nobody(results)} the task. The highest {middle} is {score.said(score.middle(row))}, at {label}."
    step = QUANTITIES["solved"]
    soon = step.said(step.middle(row))
    at = "" if soon == "never" else f", at {'a median of ' if of > 1 else ''}step {soon}"
    which = "its one run so far" if of == 1 < len(row) else "its one run" if of == 1 else f"{own} of {of} seeds"
    return f"{_tried(results)} {'solves' if solved == 1 else 'solve'} the task. First comes {label}: {which}{at}."


def _nobody(results: Results) -> str:
    through = results.count("through")
    if through == len(results.runs):
        return "No run solves"
    if through == 1:
        return "The one run that is through does not solve"
    return f"None of the {through} runs that are through solves"


def _tried(results: Results) -> str:
    through, solved = results.count("through"), _solved(results)
    if through == len(results.runs):
        return f"{solved} of {plural(through, 'run')}"
    return f"{solved} of the {through} runs that are through" if through > 1 else "The one run that is through"


def _solved(results: Results) -> int:
    return sum(results.solved(row)[0] for row in results.rows)


def _subline(results: Results) -> list[str]:
    going, held, ended = results.count(*GOING), results.count("paused"), results.count("ended")
    missing, broke = results.count("missing"), sum(
        run.measured.outcome.broke is not None for run in results.runs if run.measured)  # fmt: skip
    said = []
    if going:
        left = f"about {duration(results.seconds_left(runs_at_once()))} if nothing else trains here"
        said.append(f"{plural(going, 'run')} to go, {left}.")
    if held:
        said.append(f"{plural(held, 'run')} held: Train has {'it' if held == 1 else 'them'} go on.")
    if ended:
        said.append(f"{plural(ended, 'run')} ended early: Train starts {'it' if ended == 1 else 'them'} anew.")
    if missing and missing < len(results.runs):
        said.append(f"{plural(missing, 'run')} not trained yet: press Train.")
    if broke:
        said.append(f"{plural(broke, 'run')} stopped being numbers, which counts as a score of 0.")
    return [*said, decision(results)]


def _figures(results: Results) -> tuple[Figure, ...]:
    all_, best = len(results.runs), results.best
    figures = [Figure(f"{results.count('through')}\u00a0of\u00a0{all_}", "runs through")]
    if best is None:
        return tuple(figures)
    figures.append(Figure(f"{_solved(results)}\u00a0of\u00a0{results.count('through')}", "solve the task"))
    row = results.rows[best]
    first = "of the first" if len(row) == 1 else "of the first, median"
    for name in ("score", "horizon"):
        quantity = QUANTITIES[name]
        figures.append(Figure(quantity.said(quantity.middle(row)), f"{quantity.title} {first}"))
    whole = results.verdict.overall if results.verdict else None
    if whole is not None:
        told = sum(pair.differ for pair in results.verdict.pairs) if results.verdict else 0
        figures.append(
            Figure(f"{told}\u00a0of\u00a0{len(results.verdict.pairs) if results.verdict else 0}", "pairs told apart")
        )
    return tuple(figures)
