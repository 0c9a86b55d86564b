"""The plain RNN: h = φ(W x + U h₋ + b)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from core.anatomy.base import Anatomy, Gate, Held, HiddenSize, Phi, Ungated, init_field

Activation = Literal["tanh", "relu", "leaky-relu", "logistic", "linear"]

LEAK = 0.01
"""Slope of the leaky ReLU below zero (Maas, Hannun & Ng 2013)."""

ACTIVATIONS = {
    "tanh": Phi("tanh", "tanh({})", "(1 − h²)"),
    "relu": Phi("ReLU", "ReLU({})", "(1 where h > 0, else 0)", bends="at 0", dies=True),
    "leaky-relu": Phi("leaky ReLU", "leaky ReLU({})", f"(1 where h > 0, else {LEAK:g})", bends="at 0"),
    "logistic": Phi("σ", "σ({})", "h(1 − h)", largest=0.25),
    "linear": Phi("the identity", "{}", "1", bends="nowhere"),
}


class RNNAnatomy(Anatomy):
    """h = φ(W x + U h₋ + b)."""

    word: ClassVar[str] = "RNN"
    held: ClassVar[Held] = Held(recorded=9, scored=3)
    suggests: ClassVar[tuple[str, ...]] = ("cell.init:identity,cell.activation:relu",)  # the IRNN

    name: Literal["rnn"] = "rnn"
    hidden_size: HiddenSize = 32
    init: Ungated = init_field("How the weights start. Identity with ReLU is the IRNN.")
    activation: Activation = Field(
        default="tanh",
        title="Activation φ",
        description="tanh and σ saturate, and σ's slope is ¼ at most: its gradient fades fastest. ReLU lets all of it "
        "through or nothing, the leaky one .01 instead of nothing. Linear: the gradient is U's alone.",
        json_schema_extra={
            "legend": {"unnamed": True},
            "labels": {
                "tanh": "tanh",
                "relu": "ReLU",
                "leaky-relu": "leaky ReLU",
                "logistic": "logistic σ",
                "linear": "linear",
            },
        },
    )

    @property
    def gates(self) -> tuple[Gate, ...]:
        return ()

    @property
    def phi(self) -> Phi:
        return ACTIVATIONS[self.activation]
