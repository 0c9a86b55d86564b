"""The words of "Inside the cell": the way of the gradient in measured numbers. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.text.shared.broken import broken_words
from app.text.shared.key_figures import arriving_value
from app.text.shared.score import score_name
from app.text.shared.situation import HELD, Caption, Figure, Situation
from core.config import RunConfig
from core.lab.answers import Answer
from core.need import surely
from core.numbers import fixed, percent, plural, portion, sig

Arrays = Mapping[str, np.ndarray]
MOSTLY, ABOUT = 0.5, 0.05


def caption(moment: Situation, ways: Answer | None, gates: Answer | None, layer: int = 1) -> Caption:
    """The words for ``moment``, with the answers to "paths:last" and "gates" about ``layer``, from 1 at the bottom,
    where they are known."""
    own = f"layer {layer}" if moment.config.cell.layers > 1 else ""
    return Caption(_headline(moment, ways, own), _subline(moment, ways, gates, own), _figures(moment, ways, gates, own))


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


def _headline(moment: Situation, ways: Answer | None, own: str) -> str:
    name = f"the {'untrained ' if moment.untrained else ''}{moment.config.cell.title}"
    if moment.broke is not None:
        return f"{broken_words(moment.broke)} No gradient goes anywhere."
    back = plural(moment.lag, "step")
    if moment.way in ("dead", "gone", "silent", "broken"):
        why = {"dead": ": dead or saturated units stop it", "gone": ": it falls below the float32 floor",
               "silent": ": the loss sends none", "broken": " that is a number"}[moment.way]  # fmt: skip
        return f"Inside {name} no gradient arrives {back} back, where the first information enters{why}."
    if ways is not None:
        direct = bypass(ways.arrays, ways.meta, moment.config)
        if direct is not None:
            return _way(f"{own} of {name}" if own else name, *direct)
    if moment.way == "cut":
        return (
            f"Inside {name} truncation cuts the gradient before it is {back} back, where the first information enters."
        )
    if moment.config.cell.direct_path is None:
        there = "each layer has one way back through time" if own else "there is one way back"
        arrives = f"{portion(moment.arriving)} of the gradient arrives {back} back"
        return f"Inside {name} {there}, through φ and U: {arrives}."
    return f"Of the gradient inside {name}, {portion(moment.arriving)} arrives {back} back."


def _way(name: str, path: str, lag: int, share: float) -> str:
    way, arrives = f"the {path}", f"arrives {plural(lag, 'step')} back"
    if share > 1 + ABOUT:
        return f"Inside {name}, {way} alone brings {sig(share)} times what {arrives}: the gates take from it."
    if share < -ABOUT:
        return f"Inside {name}, {way} works against the gradient that {arrives}: the gates bring it."
    if share >= MOSTLY:
        return f"Inside {name}, {_most(share)} of the gradient that {arrives} came down {way}."
    return f"Inside {name}, {_most(1 - share)} of the gradient that {arrives} came through the gates."


def _most(share: float) -> str:
    return "all" if share > 1 else percent(share)


def _subline(moment: Situation, ways: Answer | None, gates: Answer | None, own: str) -> str:
    parts = (_kept(moment, gates, own), _together(moment, ways, own))
    return " ".join(filter(None, parts))


def _together(moment: Situation, ways: Answer | None, own: str) -> str:
    """What the parts sum to: the paths are those of the last loss, of some of the batch, before a clamp."""
    if ways is None or not np.isfinite(ways.meta["error"]):
        return ""
    loss = "the last loss" if moment.many_losses else "the loss"
    some, of = ways.meta["sequences"], ways.meta["of"]
    where = "" if some == of else f" in {some} of the {of} sequences"
    clamp = " before the clamp" if moment.config.clip == "backprop" else ""
    at = f" at {own}" if own else ""
    held = f", {HELD}" if moment.config.cell.normalisation == "batch" else ""
    return f"Every part is exact: together they are the gradient of {loss}{at}{where}{clamp}{held}."


def _kept(moment: Situation, gates: Answer | None, own: str) -> str:
    """What the gates keep, over the fixed sequences."""
    if gates is None:
        return ""
    steps, keeps = gates.arrays["kept.steps"], gates.meta["keeps"]
    if keeps == "slope":
        rest = " in each layer" if own else ""
        return f"It has no gates: what φ lets through, and what U makes of it, is all there is{rest}."
    if keeps in gates.meta["constant"] and gates.meta["constant"][keeps] == 1:
        return f"Its {_title(keeps, moment.config)} is always open, so the cell forgets nothing."
    if np.isnan(steps).any():
        return ""
    enough, units = int((steps >= moment.lag).sum()), plural(len(steps), "unit")
    who = f"{enough} of {units} of {own}" if own else f"{enough} of {units}"
    return (
        f"{who} {'keeps' if enough == 1 else 'keep'} 37\u00a0% or more of what they hold over the "
        f"{plural(moment.lag, 'step')} that the task {surely(moment.config.task, 'needs')}."
    )


def _figures(moment: Situation, ways: Answer | None, gates: Answer | None, own: str) -> tuple[Figure, ...]:
    figures = [Figure(arriving_value(moment), f"of the gradient left {plural(moment.lag, 'step')} back")]
    direct = None if ways is None else bypass(ways.arrays, ways.meta, moment.config)
    if direct is not None:
        at = f" at {own}" if own else ""
        told = f"of what arrives {plural(direct[1], 'step')} back{at} came down the {direct[0]}"
        figures.append(Figure(percent(direct[2]), told))
    if gates is not None:
        figures += _of_gates(gates, moment.config, own)
    score = moment.frame.score
    figures.append(Figure(percent(score) if np.isfinite(score) else "–", score_name(moment)))
    figures.append(Figure(sig(moment.frame.loss) if np.isfinite(moment.frame.loss) else "–", "loss of the batch"))
    return tuple(figures[:5])


def _of_gates(gates: Answer, config: RunConfig, own: str) -> list[Figure]:
    keeps, of = gates.meta["keeps"], f" of {own}" if own else ""
    if keeps == "slope":
        shut = percent(float(gates.arrays["slope.shut"][-1]))
        return [Figure(shut, f"of the time a unit{of} is saturated (φ′ < .1)")]
    mean = float(gates.arrays[f"{keeps}.mean"][-1])
    middle = float(gates.arrays["kept.quantiles"][-1, 1])
    return [
        Figure(fixed(mean), f"mean of the {_title(keeps, config)}{of}"),
        Figure("∞" if np.isinf(middle) else f"{sig(middle)} steps", f"the median unit's time constant{of}"),
    ]


def _title(symbol: str, config: RunConfig) -> str:
    """'forget gate' of f."""
    gate = config.cell.gate(symbol)
    return gate.title if gate else symbol
