"""What the stored table says, as text or as one JSON object."""

from __future__ import annotations

import json

from core.config import ENGINE_VERSION
from core.forecasts.stored import Stored


def as_json(found: Stored) -> str:
    """The table without its counts, on one line."""
    plain = found.as_json()
    return json.dumps({**plain, "counts": len(plain["counts"]), "skill": found.judged.skill, "stale": stale(found)})


def as_text(found: Stored) -> str:
    """The calibration table and the Brier score."""
    own = found.judged
    lines = [
        f"{found.runs:,} runs, engine {found.engine}, {found.date}, {found.machine}",
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
    return "\n".join(lines + ([stale(found)] if stale(found) else []))


def stale(found: Stored) -> str:
    """Why the table has to be built anew; empty where it has not."""
    if found.engine == ENGINE_VERSION:
        return ""
    return (
        f"These runs are of engine {found.engine}, this one is {ENGINE_VERSION}: "
        "`python -m core forecasts build` counts anew."
    )
