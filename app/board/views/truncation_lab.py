"""Truncation lab: what each kind of truncation lets a loss see, and what it does to the gradient of this moment."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from app.board.views.base import Page, Shown, ViewSpec
from app.board.views.shared import SHARED
from app.figures.base import View
from app.figures.theme import Style
from app.figures.truncation_lab.bias import DELTAS, WEIGHTS, Bias, Choice, truncation_bias
from app.figures.truncation_lab.cost import Cost, truncation_cost
from app.figures.truncation_lab.diagram import truncation_diagram
from app.figures.truncation_lab.influence import influence
from app.figures.truncation_lab.reach import reach
from app.text.shared.situation import Caption
from app.text.truncation_lab.caption import TruncationEffect, caption
from core.config import RunConfig
from core.questions import TruncationBias, TruncationCost
from core.reach import loss_steps
from core.reading.adaptive import Adaptive, adaptive_k, fitted_from, smallest_k

_BIAS, _COST = TruncationBias(), TruncationCost()

DELTA = 0.1
"""The bias that is allowed where the visitor has not said."""


def choice(shown: Shown) -> Choice:
    """Where the knobs stand: by default at the run's own truncation, or where a loss would see all it needs."""
    config, T = shown.config, shown.config.task.length
    own = config.truncation_length if config.truncation != "full" else config.task.lag + 1
    K = min(max(round(shown.number("k", own)), 1), T)
    kind = shown.knob("cut", "")
    if kind not in ("windows", "sliding"):
        kind = "sliding" if config.truncation == "sliding" else "windows"
    delta = min(max(shown.number("delta", DELTA), DELTAS[0]), DELTAS[1])
    weights = shown.knob("weights", "cell" if config.trained == "all" else "all")
    return Choice(K, kind, delta, weights if weights in dict(WEIGHTS) else "cell")


def _bias(shown: Shown) -> Bias | None:
    answer, wanted = shown.answer(_BIAS), choice(shown)
    if answer is None:
        return None
    part = (answer.meta["sequences"], answer.meta["of"])
    return Bias.of(answer.arrays, wanted.kind, answer.step, part, wanted.weights)


def _adaptive(shown: Shown) -> Adaptive | None:
    """K from the decay of one loss's untruncated flow; None where it is no estimate of what is drawn: it speaks of
    losses that each see K steps back, which those in windows do not, but for a single one at the end."""
    answer = shown.answer(_BIAS)
    if choice(shown).kind != "sliding" and len(loss_steps(shown.config.task)) > 1:
        return None
    return answer and adaptive_k(answer.arrays["phi"], choice(shown).delta, fitted_from(shown.config.task.length))


def _diagram(shown: Shown) -> View:
    config: Any = shown.config  # frozen, so it can be hashed, which pydantic does not tell a type checker
    return _drawn(config, shown.style, choice(shown).K)


@lru_cache(maxsize=32)
def _drawn(config: RunConfig, style: Style, K: int) -> View:
    """The diagram says nothing of the moment: while a run moves it is drawn once."""
    return truncation_diagram(config, style, K)


def _effect_view(shown: Shown) -> View:
    return truncation_bias(_bias(shown), _adaptive(shown), choice(shown), shown.config, shown.style)


def _reach(shown: Shown) -> View:
    answer = shown.answer(_BIAS)
    return reach(shown.horizon, shown.config, shown.style, answer and answer.arrays["phi"])


def _cost(shown: Shown) -> View:
    answer = shown.answer(_COST)
    cost = answer and Cost(answer.arrays["K"], answer.arrays["seconds"], answer.arrays["bytes"])
    return truncation_cost(cost, choice(shown).K, shown.config, shown.style)


def _influence(shown: Shown) -> View:
    return influence(shown.style, k=round(shown.number("influence_k", 19)))


def _caption(shown: Shown) -> Caption:
    return caption(shown.moment, _effect(shown), choice(shown).K, choice(shown).delta)


def _effect(shown: Shown) -> TruncationEffect | None:
    bias, wanted = _bias(shown), choice(shown)
    if bias is None:
        return None
    wrong, cosine, _ = bias.at(wanted.K)
    return TruncationEffect(wrong, bias.words[0], cosine, smallest_k(bias.K, bias.bias, wanted.delta))


VIEWS: dict[str, ViewSpec] = {
    "strip": SHARED["strip"],
    "reach": ViewSpec(_reach, wide=True, height=180, needs=(_BIAS,), title="Needed against reached"),
    "diagram": ViewSpec(_diagram, wide=True, height=460, title="Cutting the gradient is not resetting the state"),
    "bias": ViewSpec(
        _effect_view,
        wide=True,
        height=320,
        needs=(_BIAS,),
        knobs=("k", "cut", "weights", "delta"),
        title="What truncating to K does to this gradient",
    ),
    "curve": SHARED["curve"],
    "loss": SHARED["loss"],
    "score": SHARED["score"],
    "cost": ViewSpec(_cost, wide=False, height=210, needs=(_COST,), title="What truncation buys"),
    "training": SHARED["training"],
    "influence": ViewSpec(
        _influence,
        wide=True,
        height=430,
        knobs=("influence_k",),
        title="Influence balancing: truncated, the gradient points the wrong way",
    ),
}

PAGE = Page("truncation_lab", VIEWS, _caption, needs=(_BIAS,))
