"""The caption of the page Series: how far off the network is, one step ahead and on its own. Pure functions."""

from __future__ import annotations

from app.text.series.forecasts import DRIFTED, LAST, LINEAR, NETWORK, SEASON, WHO, Forecasts
from app.text.shared.broken import broken_words
from app.text.shared.score import score_name
from app.text.shared.situation import Caption, Figure, Situation
from core.numbers import percent, plural, sig

_LABELS = {NETWORK: "off, the network", LINEAR: "off, linear autoregression", SEASON: "off, one season before",
           LAST: "off, the last value"}  # fmt: skip


def no_series(moment: Situation) -> Caption:
    """Where the task has nothing to go on."""
    return Caption(
        f"The task {moment.config.task.title} asks for no next number: there is nothing to forecast.",
        "Choose Sines, Mackey-Glass, a drifting series or a CSV of yours as the task.",
        (_score(moment),),
    )


def caption(moment: Situation, found: Forecasts | None) -> Caption:
    """The words for ``moment``; ``found`` is None while it is worked out."""
    return Caption(_headline(moment, found), _subline(moment, found), _figures(moment, found))


def ahead_words(horizon: int) -> str:
    """'One step ahead'."""
    return "One step ahead" if horizon == 1 else f"{plural(horizon, 'step')} ahead"


def _who(moment: Situation) -> str:
    return "the untrained network" if moment.untrained else f"the network of training step {moment.frame.step:,}"


def _headline(moment: Situation, found: Forecasts | None) -> str:
    broke = "" if moment.broke is None else f"{broken_words(moment.broke)} "
    if found is None:
        return broke or f"How far is {_who(moment)} off? It is being measured."
    if not found.known:
        return broke or f"The forecasts of {_who(moment)} are not numbers."
    rival = found.rival
    off, other = found.off[NETWORK], found.off[rival]
    compared = {-1: "less than", 0: "about as much as", 1: "more than"}[found.compared(off, other)]
    return (
        f"{broke}{ahead_words(found.horizon)}, {_who(moment)} is off by {percent(off)} of the spread: "
        f"{compared} {found.name(rival)} with {percent(other)}."
    )


def _subline(moment: Situation, found: Forecasts | None) -> str:
    if found is None or not found.known:
        return "Errors are root mean squares over the held-out part, as shares of its standard deviation."
    return " ".join(filter(None, (_drift(found), _on_its_own(found), _winner(found, moment))))


def _drift(found: Forecasts) -> str:
    if abs(found.moved) < DRIFTED:
        return ""
    way = "above" if found.moved > 0 else "below"
    return (
        f"The series has drifted: the held-out part lies {sig(abs(found.moved))} standard deviations {way} what was "
        "learnt from."
    )


def _on_its_own(found: Forecasts) -> str:
    if not found.free:
        return "Its forecasts are of one channel alone, so it cannot go on by itself."
    K, useless = found.ahead.shape[1], found.useless_from
    if useless is None:
        return f"Going on by itself it stays closer than the spread for all {plural(K, 'step')} that were tried."
    return f"Going on by itself it is off by the whole spread after {plural(useless, 'step')}."


def _winner(found: Forecasts, moment: Situation) -> str:
    K = found.ahead.shape[1]
    best = found.best_at(K)
    return f"{ahead_words(K)}, {found.name(best)} is off least." if found.free and K > 1 else ""


def _figures(moment: Situation, found: Forecasts | None) -> tuple[Figure, ...]:
    values = {who: "…" if found is None else percent(found.off[who]) for who in WHO}
    if found is not None and not found.known:
        values[NETWORK] = "–"
    return (*(Figure(values[who], _LABELS[who]) for who in WHO), _score(moment))


def _score(moment: Situation) -> Figure:
    return Figure("–" if moment.scored_at is None else percent(moment.frame.score), score_name(moment))
