"""The plain RNN: h = φ(W x + U h₋ + b)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from core.anatomy.base import Anatomy, Gate, Held, HiddenSize, Phi, init_field


class RNNAnatomy(Anatomy):
    """h = φ(W x + U h₋ + b)."""

    word: ClassVar[str] = "RNN"
    held: ClassVar[Held] = Held(recorded=9, scored=3)
    suggests: ClassVar[tuple[str, ...]] = ("cell.init:identity,cell.activation:relu",)  # the IRNN

    name: Literal["rnn"] = "rnn"
    hidden_size: HiddenSize = 32
    init: Literal["default", "xavier", "orthogonal", "identity"] = init_field(
        "How the weights start. Identity with ReLU is the IRNN."
    )
    activation: Literal["tanh", "relu"] = Field(
        default="tanh", title="Activation φ", description="tanh saturates, ReLU does not.",
        json_schema_extra={"labels": {"tanh": "tanh", "relu": "ReLU"}},
    )  # fmt: skip

    @property
    def gates(self) -> tuple[Gate, ...]:
        return ()

    @property
    def phi(self) -> Phi:
        return Phi("ReLU", dies=True) if self.activation == "relu" else Phi("tanh")
