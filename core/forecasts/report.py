"""What the stored table says, as text or as one JSON object."""

from __future__ import annotations

import json

from core.config import ENGINE_VERSION
from core.forecasts.stored import Stored


def as_json(table: Stored) -> str:
    """The table without its counts, on one line."""
    plain = table.as_json()
    return json.dumps({**plain, "counts": len(plain["counts"]), "skill": table.judged.skill, "stale": stale(table)})


def as_text(table: Stored) -> str:
    """The calibration table and the Brier score."""
    own = table.judged
    lines = [
        f"{table.runs:,} runs, engine {table.engine}, {table.date}, {table.machine}",
        f"held out: {own.n:,} runs, of which {own.solved:,} solved their task",
        "",
        "forecast       runs   mean forecast   solved",
        *(
            f"{row.low:4.0%} – {row.high:4.0%}  {row.n:5,}   {row.forecast:13.1%}   {row.solved / row.n:6.1%}"
            for row in own.rows
        ),
        "",
        f"Brier score {own.brier:.3f}; {own.brier_of_base:.3f} for the base rate, {own.base:.1%}, as every forecast",
    ]
    return "\n".join(lines + ([stale(table)] if stale(table) else []))


def stale(table: Stored) -> str:
    """Why the table has to be built anew; empty where it has not."""
    if table.engine == ENGINE_VERSION:
        return ""
    return (
        f"These runs are of engine {table.engine}, this one is {ENGINE_VERSION}: "
        "`python -m core forecasts build` counts anew."
    )
