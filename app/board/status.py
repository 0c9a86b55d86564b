"""Progress and state of a run in words, for the transport row."""

from __future__ import annotations

from typing import Any

from app.board.source import Snapshot
from core.config import RunConfig
from core.numbers import duration, plural, sig


def transport_line(
    snapshot: Snapshot, config: RunConfig, shown: int | None, *, live: bool = True, beside: int = 0
) -> dict[str, Any]:
    """What the transport row shows; ``shown`` is the training step on screen, ``live`` whether it follows the newest.

    ``step`` is the newest recorded step, ``stride`` the distance of recorded steps, ``beside`` says how many other runs
    still train. A moment that is looked at again is called recorded, and where the run stands is said apart from it.
    """
    status, last = snapshot.status, snapshot.last
    step = -1 if last is None else last.step
    said = _recorded(shown, live), _text(snapshot, config, step, live), _others(beside)
    stride = int(snapshot.steps[1] - snapshot.steps[0]) if len(snapshot.steps) > 1 else 1
    return {
        "phase": status.phase,
        "moving": status.moving or beside > 0,
        "step": step,
        "shown": shown,
        "total": config.steps,
        "stride": max(1, stride),
        "text": " · ".join(filter(None, said)),
        "problem": status.problem or (status.outcome if status.phase in ("failed", "paused") else ""),
    }


def _recorded(shown: int | None, live: bool) -> str:
    return "" if live or shown is None else f"recorded: step {shown:,}"


def _others(beside: int) -> str:
    return f"{beside} beside it still training" if beside else ""


def _text(snapshot: Snapshot, config: RunConfig, step: int, live: bool) -> str:
    status = snapshot.status
    where = f"step {max(step, 0):,} of {config.steps:,}"
    if not live and status.phase != "preview":
        where = f"{'live' if status.moving else 'the run'}: {where}"
    if status.phase == "preview":
        return f"untrained, {plural(config.steps, 'step')} to go"
    if status.phase == "queued":
        before = f"{plural(status.position, 'run')} before it" if status.position else "next"
        return f"queued, {before}" if step < 0 else f"{where}, queued, {before}"
    if status.phase == "running":
        return ", ".join([where, *_pace(status.rate, config.steps - step)])
    return f"{where}, {status.phase}"


def _pace(rate: float, left: int) -> list[str]:
    if rate <= 0:
        return []
    speed = f"{rate:,.0f} steps/s" if rate >= 10 else f"{sig(rate)} steps/s"
    return [speed, f"{duration(left / rate)} left"]
