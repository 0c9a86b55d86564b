"""What the LSTM and the peephole LSTM share: a cell state on which the gradient is only multiplied by what is kept."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from core.anatomy.base import H_STATE, Anatomy, DirectPath, Gate, Gated, HiddenSize, State, init_field

Variant = Literal["standard", "no-forget-gate", "coupled", "no-output-activation"]
VARIANTS = {
    "no-forget-gate": "without forget gate",
    "coupled": "with coupled gates",
    "no-output-activation": "without output activation",
}
"""In words, after the cell's name."""
FORGETS = {"no-forget-gate": ("1", ""), "coupled": ("1 − i", "i")}
"""In variants that have no weights for it: what the forget gate is, and which gate decides it."""


class Carousel(Anatomy):
    """c = f⊙c₋ + i⊙g, h = o⊙tanh c, in one of its variants."""

    states: ClassVar[tuple[State, ...]] = (H_STATE, State("c", "cell state"))
    blocks: ClassVar[int] = 4  # of every variant: its loops run over all four
    sees_c: ClassVar[bool]
    """Whether its gates have peepholes."""

    hidden_size: HiddenSize = 32
    init: Gated = init_field(
        "How the weights start. Chrono also spreads the gate biases over the task's time scales.", chrono="chrono"
    )
    forget_bias: float | None = Field(
        default=None,
        ge=-20,
        le=20,
        title="Forget bias",
        description="Bias of the forget gate at the start (the sum of the two bias vectors). "
        "Empty keeps what the initialisation gives.",
        json_schema_extra={"empty": "as initialised", "legend": {"short": "forget bias"}},
    )
    variant: Variant = Field(
        default="standard",
        title="Variant",
        description="What is left out (Greff 2017). No forget gate: everything is kept, as in 1997; chrono then sets "
        "the input gates alone. Coupled: one gate lets in and forgets, and a forget bias b is −b on it. No output "
        "activation: the cell state is handed out as it is.",
        json_schema_extra={
            "before": "standard",
            "legend": {"unnamed": True, "titled": True},
            "labels": {
                "standard": "standard",
                "no-forget-gate": "no forget gate: f = 1",
                "coupled": "coupled gates: f = 1 − i",
                "no-output-activation": "no output activation: h = o⊙c",
            },
        },
    )

    @property
    def gates(self) -> tuple[Gate, ...]:
        sees, (follows, of) = self.sees_c, FORGETS.get(self.variant, ("", ""))
        return (
            Gate("i", "input gate", "lets in", peephole=sees),
            Gate("f", "forget gate", "keeps", peephole=sees, follows=follows, of=of),
            Gate("g", "candidate", "candidate", "tanh"),
            Gate("o", "output gate", "hands out", peephole=sees),
        )

    @property
    def squashes(self) -> bool:
        """Whether h = o⊙tanh c, and not o⊙c."""
        return self.variant != "no-output-activation"

    @property
    def direct_path(self) -> DirectPath:
        return DirectPath("carousel", "c", "f")

    @property
    def gains(self) -> dict[str, int]:
        return super().gains | ({"gain_c": 1, "bias_c": 1} if self.normalised else {})

    @property
    def variant_words(self) -> str:
        return VARIANTS.get(self.variant, "")

    @property
    def start_words(self) -> str:
        bias = None if "cell.forget_bias" in self.idle else self.forget_bias
        return " ".join(filter(None, (super().start_words, "" if bias is None else f"b_f {bias:g}")))

    @property
    def implied(self) -> frozenset[str]:
        return frozenset({"cell.init"} if self.init == "default" and self.forget_bias is not None else ())

    @property
    def idle(self) -> frozenset[str]:
        return super().idle | ({"cell.forget_bias"} if self.variant == "no-forget-gate" else frozenset())

    @property
    def start(self) -> dict[str, Any]:
        return super().start | {"forget_bias": None if "cell.forget_bias" in self.idle else self.forget_bias}

    @model_validator(mode="after")
    def _one_source_of_forget_bias(self) -> Carousel:
        if self.init == "chrono" and self.forget_bias is not None and "cell.forget_bias" not in self.idle:
            raise ValueError(
                f"`cell.forget_bias` (={self.forget_bias:g}) cannot be combined with `cell.init` (=chrono): "
                "chrono draws the forget bias of every unit itself. Leave `cell.forget_bias` empty or choose another "
                "`cell.init`."
            )
        return self
