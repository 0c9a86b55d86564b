"""From runs to the table: count two thirds, judge on the third that is held out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.config import RunConfig
from core.forecasts.calibration import judged
from core.forecasts.distribution import DRAW
from core.forecasts.features import key_of
from core.forecasts.optimum import out_of_reach
from core.forecasts.runs import Run
from core.forecasts.stored import Stored
from core.forecasts.table import counted, looked_up
from core.settings import settings_of

FEWEST = 6
"""Of fewer runs there is nothing to count or nothing to judge by."""


def condensed(runs: Sequence[Run], *, engine: str, date: str, machine: str) -> Stored:
    """The table of ``runs``, FEWEST of them at least."""
    fitted = [(key_of(run.known), run.solved) for run in runs if not run.judges]
    held_out = [(run.known, run.solved) for run in runs if run.judges]
    counts = counted(fitted)
    chances = [
        0.0 if out_of_reach(known.config) else looked_up(counts, key_of(known))[1].share for known, _ in held_out
    ]
    own = judged(chances, [solved for _, solved in held_out], counts[()].share)
    return Stored(DRAW, engine, date, machine, len(runs), choices([run.known.config for run in runs]), counts, own)


def choices(configs: Iterable[RunConfig]) -> dict[str, list[str]]:
    """The values that some config has of every setting that is a choice, by its key; settings that came later and are
    as if they had not are left out."""
    seen: dict[str, set[str]] = {}
    unused: dict[str, set[str]] = {}
    for config in configs:
        flat = config.to_flat()
        unused |= {key: {str(value)} for key, value in config.before(flat).items()}
        for key, setting in settings_of(config).items():
            if setting.choices:
                seen.setdefault(key, set()).add(str(flat[key]))
    return {key: sorted(values) for key, values in sorted(seen.items()) if values != unused.get(key)}
