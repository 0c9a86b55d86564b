"""What a config costs, before it is run, and what this host allows.

The estimates are rough and lean to the safe side: between the time measured on one core of a small cloud machine and
about 2.5 times it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from core.config import RunConfig
from core.cost import HOST, pass_seconds, work
from core.data import held_out_size, scored_at_once
from core.errors import BudgetError, ConfigError
from core.schedule import Schedule

PASS_SECONDS = 1.5e-3
"""Per backward pass, and per update: batch, bookkeeping, optimiser."""

PROCESS_MB = 520.0
"""Of a process with torch and the engine, and of what its heap has beyond the arrays in use."""

SUMMED = 7
"""As many more arrays of (T, N, H) than a recorded step holds where several backward passes are summed or compared."""

PREVIEW_SECONDS = 20.0

LOWERABLE = ("steps", "batch_size", "task.length", "cell.hidden_size")


@dataclass(frozen=True)
class Limits:
    """The host's bounds; each has an environment variable."""

    minutes: float = 20.0
    memory_mb: float = 2000.0
    runs_per_visitor: int = 24
    queued: int = 500

    @classmethod
    def of_host(cls) -> Self:
        """UNROLLED_MAX_MINUTES, UNROLLED_MAX_MEMORY_MB, UNROLLED_MAX_RUNS_PER_VISITOR and UNROLLED_MAX_QUEUED, or the
        defaults."""
        get = os.environ.get
        return cls(
            float(get("UNROLLED_MAX_MINUTES") or cls.minutes),
            float(get("UNROLLED_MAX_MEMORY_MB") or cls.memory_mb),
            int(get("UNROLLED_MAX_RUNS_PER_VISITOR") or cls.runs_per_visitor),
            int(get("UNROLLED_MAX_QUEUED") or cls.queued),
        )


def runs_at_once() -> int:
    """How many runs this host trains at once: UNROLLED_PROCESSES, else one per processor, and two at least."""
    return int(os.environ.get("UNROLLED_PROCESSES") or max(2, os.cpu_count() or 2))


@dataclass(frozen=True)
class Estimate:
    """Cost of a run on one core of its own: seconds in all and of its first frame alone, and peak memory in MB."""

    seconds: float
    first_seconds: float
    memory_mb: float


def estimate(config: RunConfig) -> Estimate:
    """What ``config`` costs."""
    T, N = config.task.length, config.batch_size
    load, schedule = work(config), Schedule.of(config)
    forward = HOST * pass_seconds(config, held_out_size(config)) / 2
    step = HOST * pass_seconds(config, N) * max(1.0, load.share)
    step += PASS_SECONDS * max(1, load.passes)
    summed = SUMMED * ((config.truncation == "sliding") + (config.clip == "backprop"))
    evaluations = schedule.scores_first + config.steps // schedule.evaluation
    data = T * (held_out_size(config) + N) * (12 * config.task.input_size + 20 * config.task.output_size + 40)
    planes = (config.cell.holds.recorded + summed) * N * config.cell.hidden_size
    scoring = config.cell.holds.scored * scored_at_once(config) * config.cell.hidden_size
    return Estimate(
        seconds=(config.steps + 1) * step + evaluations * forward,
        first_seconds=step + schedule.scores_first * forward,
        memory_mb=PROCESS_MB + (4 * T * max(planes, scoring) + data) / 1e6,
    )


def check_run(config: RunConfig, limits: Limits) -> None:
    """Raise BudgetError, a sentence per bound, where a run of ``config`` goes beyond them."""
    cost, problems = estimate(config), _memory_problems(config, limits)
    minutes = cost.seconds / 60
    if minutes > limits.minutes:
        way = _way_out(config, lambda other: estimate(other).seconds / 60 <= limits.minutes)
        problems.append(
            f"`steps` (={config.steps:,}) at this size take about {minutes:,.0f} minutes; this server allows "
            f"{limits.minutes:g} for a run. {way}"
        )
    if problems:
        raise BudgetError(problems)


def check_sweep(configs: Sequence[RunConfig], limits: Limits) -> None:
    """Raise BudgetError where runs together take longer than as many of the longest as one visitor may have."""
    minutes, most = sum(estimate(config).seconds for config in configs) / 60, limits.minutes * limits.runs_per_visitor
    if minutes > most:
        raise BudgetError([
            f"These {len(configs):,} runs take about {minutes / 60:,.1f} hours of a processor; this server allows "
            f"{most / 60:,.1f} for a sweep. Take fewer values or seeds, or lower `steps`."
        ])  # fmt: skip


def check_preview(config: RunConfig, limits: Limits) -> None:
    """The same for the untrained gradient alone: its memory, and a few seconds."""
    cost, problems = estimate(config), _memory_problems(config, limits)
    if cost.first_seconds > PREVIEW_SECONDS:
        way = _way_out(config, lambda other: estimate(other).first_seconds <= PREVIEW_SECONDS)
        problems.append(f"The first gradient alone takes about {cost.first_seconds:,.0f} seconds at this size. {way}")
    if problems:
        raise BudgetError(problems)


def _memory_problems(config: RunConfig, limits: Limits) -> list[str]:
    memory = estimate(config).memory_mb
    if memory <= limits.memory_mb:
        return []
    way = _way_out(config, lambda other: estimate(other).memory_mb <= limits.memory_mb)
    return [f"A run of this size needs about {memory:,.0f} MB; this server allows {limits.memory_mb:,.0f}. {way}"]


def _way_out(config: RunConfig, fits: Callable[[RunConfig], bool]) -> str:
    """Which settings to lower, each with the value at which it alone suffices."""
    lower = {key: _largest(config, key, fits) for key in LOWERABLE}
    ways = [f"`{key}` to about {_rounded(value):,}" for key, value in lower.items() if value]
    if not ways:
        return f"Lower {', '.join(f'`{key}`' for key in LOWERABLE)} together."
    return f"Lower {', or '.join(ways)}."


def _largest(config: RunConfig, key: str, fits: Callable[[RunConfig], bool]) -> int | None:
    """The largest value of one setting that fits with all others kept; None where no value does."""
    low, high = 0, int(config.to_flat()[key])
    while high - low > 1:
        middle = (low + high) // 2
        try:
            good = fits(config.replace(**{key: middle}))
        except ConfigError:  # below what the task can do with
            good = True
        low, high = (middle, high) if good else (low, middle)
    try:
        return low if low and fits(config.replace(**{key: low})) else None
    except ConfigError:
        return None


def _rounded(value: int) -> int:
    """Two leading digits: the estimate knows no more."""
    digits = max(0, len(str(value)) - 2)
    return value // 10**digits * 10**digits
