"""A sweep as rows for a program, and as a table for people."""

from __future__ import annotations

from typing import Any

from core.frames import number
from core.sweep.results import QUANTITIES, Result, Results
from core.sweep.words import decision


def run_rows(results: Results) -> list[dict[str, Any]]:
    """A row a run: its id and state, the varied settings by their keys, the seed, and what was measured; None where
    there is nothing."""
    keys = [axis.key for axis in results.sweep.axes]
    return [
        {"run": run.run, "state": run.state, **dict(zip(keys, point.values, strict=True)), "seed": run.config.seed}
        | _numbers(run)
        for point, row in zip(results.sweep.points, results.rows, strict=True) for run in row
    ]  # fmt: skip


def _numbers(run: Result) -> dict[str, Any]:
    found = run.measured
    outcome = found and found.outcome
    return {
        "score": outcome and number(outcome.score),
        "steps_to_solve": outcome and outcome.solved,
        "factor_per_step": found and found.factor,
        "horizon": found and found.reach,
        "not_a_number_from": outcome and outcome.broke,
    }


def as_json(results: Results) -> dict[str, Any]:
    """Everything: the sweep, its runs, its points and the tests; infinite medians are null."""
    sweep, tests = results.sweep, results.verdict
    return {
        "sweep": sweep.digest,
        "axes": {axis.key: axis.text for axis in sweep.axes},
        "seeds": list(sweep.seeds),
        "runs": run_rows(results),
        "points": [
            dict(zip([axis.key for axis in sweep.axes], point.values, strict=True))
            | {"through": results.solved(row)[1], "solved": results.solved(row)[0]}
            | {f"median_{name}": number(quantity.middle(row)) for name, quantity in QUANTITIES.items()}
            for point, row in zip(sweep.points, results.rows, strict=True)
        ],
        "verdict": tests and {
            "overall_p": tests.overall,
            "least_p": tests.least,
            "pairs": [{"points": [pair.first, pair.second], "p": pair.p, "adjusted_p": pair.adjusted,
                       "differ": pair.differ, "better": pair.better} for pair in tests.pairs],
        },
        "says": decision(results),
    }  # fmt: skip


def as_table(results: Results) -> str:
    """A line a point, the best first: medians over its seeds."""
    sweep = results.sweep
    titles = [axis.setting.title for axis in sweep.axes]
    head = [*titles, "solved", *(quantity.title for quantity in QUANTITIES.values())]
    rows = [head]
    for place in results.ranked:
        point, row = sweep.points[place], results.rows[place]
        solved, through = results.solved(row)
        values = ["–" if value is None else axis.setting.choices.get(value, str(value))
                  for axis, value in zip(sweep.axes, point.values, strict=True)]  # fmt: skip
        numbers = [quantity.said(quantity.middle(row)) for quantity in QUANTITIES.values()]
        rows.append([*values, f"{solved} of {through}", *numbers])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows)
