"""The words of "Inside the cell": the way of the gradient in measured numbers. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.text.shared.situation import Caption, Figure, Situation
from core.config import RunConfig
from core.lab.answers import Answer
from core.numbers import percent, plural, portion, sig

Arrays = Mapping[str, np.ndarray]
MOSTLY = 0.5


def caption(moment: Situation, ways: Answer | None, gates: Answer | None) -> Caption:
    """The words for ``moment``, with the answers to "paths:last" and "gates" where they are known."""
    return Caption(_headline(moment, ways), _subline(moment, gates), _figures(moment, ways, gates))


# -- where the gradient travels ---------------------------------------------------------------------------------------


def farthest(arrays: Arrays, config: RunConfig) -> int | None:
    """The place in the arrays of "paths" to speak about: as many steps back as the task needs, or where truncation, or
    a dead gate, leaves the last gradient before that. None where there is none."""
    flow = arrays["flow"]
    known = np.flatnonzero(np.isfinite(flow) & (flow > 0))
    known = known[known >= max(0, len(flow) - 1 - config.task.lag)]
    return int(known[0]) if known.size and known[0] < len(flow) - 1 else None


def share_at(arrays: Arrays, meta: Mapping[str, Any], k: int, by: str = "signed") -> dict[str, float]:
    """{path: its share there}, of the gradient or ``by`` "length" of all lengths."""
    what = "norm" if by == "length" else "part"
    parts = {name: float(arrays[f"{what}.{name}"][k]) for name in meta["paths"]}
    whole = sum(parts.values()) if by == "length" else float(arrays["flow"][k])
    return {name: part / whole for name, part in parts.items()}


def bypass(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig) -> tuple[str, int, float] | None:
    """(name, lag, share) of the way past all gates; None where the cell has no such way, or where nothing arrives."""
    direct, k = config.cell.direct_path, farthest(arrays, config)
    if direct is None or k is None:
        return None
    name = direct.name
    return name, len(arrays["t"]) - 1 - k, share_at(arrays, meta, k)[name]


def carried_words(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, by: str = "signed") -> str:
    """'45 steps back 97 % of it came down the carousel, 2 % through f.'"""
    k = farthest(arrays, config)
    direct = config.cell.direct_path
    if k is None or direct is None:
        return "No gradient travels here."
    shares, lag = share_at(arrays, meta, k, by), len(arrays["t"]) - 1 - k
    name = direct.name
    gate = max((path for path in shares if path != name), key=lambda path: abs(shares[path]))
    return (
        f"{plural(lag, 'step')} back {percent(shares[name])} of it came down the {name}; of the gates {gate} "
        f"counts most, {percent(shares[gate])}."
    )


def looked_at(meta: Mapping[str, Any]) -> str:
    """'Mean over 8 of the 32 sequences of this step.'"""
    some, of = meta["sequences"], meta["of"]
    if of == 1:
        return "One sequence."
    return (
        f"Mean over the {of} sequences of this step." if some == of else f"{some} of the {of} sequences of this step."
    )


# -- the caption ------------------------------------------------------------------------------------------------------


def _headline(moment: Situation, ways: Answer | None) -> str:
    name = f"the {'untrained ' if moment.untrained else ''}{moment.config.cell.title}"
    if not np.isfinite(moment.frame.loss) or not np.isfinite(moment.frame.grad_norm):
        return f"At training step {moment.frame.step:,} the loss is not a number, and no gradient goes anywhere."
    if moment.arriving == 0 and not moment.config.cuts:
        return f"Inside {name} no gradient arrives {moment.lag} steps back, where the first information enters."
    if ways is not None:
        found = bypass(ways.arrays, ways.meta, moment.config)
        if found is not None:
            return _way(name, *found)
    if moment.config.cell.direct_path is None:
        return (
            f"Inside {name} there is one way back, through φ and U: {portion(moment.arriving)} of the gradient arrives "
            f"{moment.lag} steps back."
        )
    return f"Of the gradient inside {name}, {portion(moment.arriving)} arrives {moment.lag} steps back."


def _way(name: str, path: str, lag: int, share: float) -> str:
    way = f"the {path}"
    if share > 1.05:
        back = f"{lag} steps back"
        return f"Inside {name}, {way} alone brings {sig(share)} times what arrives {back}: the gates take from it."
    if share < -0.05:
        return f"Inside {name}, {way} works against the gradient that arrives {lag} steps back: the gates bring it."
    if share >= MOSTLY:
        return f"Inside {name}, {percent(share)} of the gradient that arrives {lag} steps back came down {way}."
    return f"Inside {name}, {percent(1 - share)} of the gradient that arrives {lag} steps back came through the gates."


def _subline(moment: Situation, gates: Answer | None) -> str:
    measured = "Every part is exact: together they are the gradient that trains this network."
    if gates is None:
        return measured
    steps, keeps = gates.arrays["kept.steps"], gates.meta["keeps"]
    if keeps == "slope":
        return f"It has no gates: what φ lets through, and what U makes of it, is all there is. {measured}"
    if keeps in gates.meta["constant"] and gates.meta["constant"][keeps] == 1:
        return f"Its {_title(keeps, moment.config)} is always open, so the cell forgets nothing. {measured}"
    enough = int((steps >= moment.lag).sum())
    return (
        f"{enough} of {plural(len(steps), 'unit')} {'keeps' if enough == 1 else 'keep'} what they hold for the "
        f"{plural(moment.lag, 'step')} that the task needs. {measured}"
    )


def _figures(moment: Situation, ways: Answer | None, gates: Answer | None) -> tuple[Figure, ...]:
    figures = [Figure(_known(moment.arriving), f"of the gradient left {moment.lag} steps back")]
    found = None if ways is None else bypass(ways.arrays, ways.meta, moment.config)
    if found is not None:
        figures.append(Figure(percent(found[2]), f"of that came down the {found[0]}"))
    if gates is not None:
        figures += _of_gates(gates, moment.config)
    figures.append(Figure(_known(moment.frame.score), moment.config.task.score_name))
    figures.append(Figure(sig(moment.frame.loss) if np.isfinite(moment.frame.loss) else "–", "loss of the batch"))
    return tuple(figures[:5])


def _of_gates(gates: Answer, config: RunConfig) -> list[Figure]:
    keeps = gates.meta["keeps"]
    if keeps == "slope":
        return [Figure(percent(float(gates.arrays["slope.shut"][-1])), "of the time a unit is saturated (φ′ < .1)")]
    mean = float(gates.arrays[f"{keeps}.mean"][-1])
    middle = float(gates.arrays["kept.quantiles"][-1, 1])
    return [
        Figure(f"{mean:.2f}", f"mean of the {_title(keeps, config)}"),
        Figure("∞" if np.isinf(middle) else f"{sig(middle)} steps", "the median unit's time constant"),
    ]


def _title(symbol: str, config: RunConfig) -> str:
    """'forget gate' of f."""
    gate = config.cell.gate(symbol)
    return gate.title if gate else symbol


def _known(share: float) -> str:
    return portion(share) if np.isfinite(share) else "–"
