"""The GRU: gated recurrent unit; z is the keep gate."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from core.anatomy.base import Anatomy, DirectPath, Gate, Gated, Held, HiddenSize, init_field


class GRUAnatomy(Anatomy):
    """Gated recurrent unit; z is the keep gate."""

    word: ClassVar[str] = "GRU"
    blocks: ClassVar[int] = 3
    held: ClassVar[Held] = Held(recorded=18, scored=7)

    name: Literal["gru"] = "gru"
    hidden_size: HiddenSize = 32
    init: Gated = init_field(
        "How the weights start. Chrono also spreads the gate biases over the task's time scales.", chrono="chrono"
    )
    reset: Literal["after", "before"] = Field(
        default="after",
        title="Reset gate",
        description="Applied after the recurrent product (torch, cuDNN) or before it (the original).",
        json_schema_extra={"labels": {"after": "after the product (torch)", "before": "before it (original)"}},
    )

    @property
    def gates(self) -> tuple[Gate, ...]:
        return (
            Gate("r", "reset gate", "resets"),
            Gate("z", "keep gate", "keeps"),
            Gate("n", "candidate", "candidate", "tanh"),
        )

    @property
    def direct_path(self) -> DirectPath:
        return DirectPath("leak", "h", "z")
