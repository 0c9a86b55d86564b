"""What a cell says of itself: its settings, its states, its gates and what they are for, what it takes. No torch.

Whoever draws, words, times or counts a cell asks here and nowhere else, so that a new cell is a file of this folder and
one of ``core.cells``. What only its formulas know is asked of ``core.cells.Cell``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["lets in", "keeps", "hands out", "resets", "candidate"]
"""What a gate is for: how much new content enters, how much of the state is kept, how much of it is handed on, how much
of it the candidate sees; the candidate is the new content itself."""

Squashing = Literal["logistic", "tanh"]


@dataclass(frozen=True)
class Gate:
    """One gate, or the candidate that the gates let in.

    symbol     the letter of the formulas, and of ``Trajectory.gates``
    title      in full, without the letter: "forget gate"
    squashing  what the sum before it goes through; its values lie in 0 … 1 or in −1 … 1
    peephole   whether it sees the cell state
    follows    where it has no weights of its own: what it is, "1 − i" or "1"
    of         the gate whose weights decide it, where that is another one
    """

    symbol: str
    title: str
    role: Role
    squashing: Squashing = "logistic"
    peephole: bool = False
    follows: str = ""
    of: str = ""

    @property
    def name(self) -> str:
        """'forget gate f'."""
        return f"{self.title} {self.symbol}"

    @property
    def own(self) -> bool:
        """Whether it has weights of its own."""
        return not self.follows

    @property
    def constant(self) -> bool:
        """Whether it is the same number whatever comes in."""
        return bool(self.follows) and not self.of


@dataclass(frozen=True)
class State:
    """One part of what is carried from step to step."""

    symbol: str
    title: str

    @property
    def name(self) -> str:
        """'cell state c'."""
        return f"{self.title} {self.symbol}"


@dataclass(frozen=True)
class DirectPath:
    """The way from step to step past all gates' sums: the gradient on it is only multiplied by what is kept.

    name    what the field calls it: "carousel", "leak"
    state   the part of the state that it leads along
    keeps   the gate whose value multiplies it
    """

    name: str
    state: str
    keeps: str


@dataclass(frozen=True)
class Phi:
    """The activation of a cell without gates.

    name           in a sentence: "leaky ReLU"
    of             what it makes of a sum, given in words: "σ({})"
    slope          φ′ as a factor, from the h that it made: "h(1 − h)"
    largest        γ, the largest slope there is
    bends          "smoothly"; "at 0", where h is ≤ 0 on the flatter side; "nowhere"
    dies           whether a unit's slope may be exactly zero for good
    """

    name: str
    of: str
    slope: str
    largest: float = 1.0
    bends: Literal["smoothly", "at 0", "nowhere"] = "smoothly"
    dies: bool = False


@dataclass(frozen=True)
class Held:
    """Arrays of (T, N, H) that are held at once: by a recorded training step at its peak, and by a scoring."""

    recorded: int
    scored: int


H_STATE = State("h", "state")

HiddenSize = Annotated[
    int,
    Field(
        ge=1,
        le=512,
        title="Hidden units H",
        description="Units of the recurrent state.",
        json_schema_extra={"legend": {"short": "H", "always": True, "last": True}},
    ),
]
Ungated = Literal["default", "xavier", "orthogonal", "identity", "spectral-radius", "spectral-norm"]
"""Initialisations that every cell can have."""
Gated = Literal[Ungated, "chrono"]
"""Those of a cell with a gate that keeps."""
INITS = {
    "default": "torch's default",
    "xavier": "Xavier",
    "orthogonal": "orthogonal",
    "identity": "identity",
    "spectral-radius": "spectral radius ρ",
    "spectral-norm": "largest singular value σ_max",
}
Normalisation = Literal["none", "layer", "batch"]
NORMALISATIONS = {"layer": "layer norm", "batch": "batch norm"}
FIRST_GAINS = {"layer": 1.0, "batch": 0.1}
"""What gains start at: a batch's, smaller, leave a tanh most of its slope (Cooijmans 2016)."""
STATISTICS = ("mean", "variance")
"""Of a batch normalisation, what each of its products is normalised with; names of them begin so."""
SCALES = {"spectral-radius": ("rho", "ρ"), "spectral-norm": ("sigma_max", "σ_max")}
"""Initialisations that scale the recurrent weights: to which setting, and its letter."""


def init_field(description: str, **more: str) -> Any:
    """The field of an initialisation that offers INITS and what ``more`` names."""
    return Field(  # pyright: ignore[reportCallIssue]
        default="default",
        title="Initialisation",
        description=description,
        json_schema_extra={
            "labels": INITS | more,
            "legend": {
                "always": True,
                "said": {"default": "default init", "*": "{0.cell.init_words}"},
                "covers": ["cell.rho", "cell.sigma_max"],
            },
        },  # pyright: ignore[reportArgumentType]
    )


class Anatomy(BaseModel, ABC):
    """A cell as it is set up. Subclasses are final; their pydantic fields are the cell's settings.

    word      its name in a sentence: "LSTM"
    states    what a layer carries from step to step; h comes first, and the top layer's is what the readout sees
    blocks    blocks of H rows that the loops of a layer run over: gates and candidate, one for a cell without
    held      what a layer needs of memory without a normalisation
    suggests  members of a comparison (``core.comparison``) that belong beside it and nothing else names
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    word: ClassVar[str]
    states: ClassVar[tuple[State, ...]] = (H_STATE,)
    blocks: ClassVar[int] = 1
    held: ClassVar[Held]
    suggests: ClassVar[tuple[str, ...]] = ()

    name: str
    hidden_size: int
    init: str
    rho: float = Field(
        default=1.0,
        gt=0,
        le=10,
        title="Spectral radius ρ",
        description="Largest modulus of U's eigenvalues at the start, gate by gate: what a linear network makes of a "
        "gradient in the long run.",
        json_schema_extra={"before": 1.0, "legend": {"short": "ρ"}},
    )
    sigma_max: float = Field(
        default=1.0,
        gt=0,
        le=10,
        title="Largest singular value σ_max",
        description="Of U at the start, gate by gate: the most that U can do to a gradient. σ_max > 1 does not make a "
        "gradient explode: it forbids no growth and proves none.",
        json_schema_extra={"before": 1.0, "legend": {"short": "σ_max"}},
    )
    normalisation: Normalisation = Field(
        default="none",
        title="Normalisation",
        description="What the input and what the state bring to each gate are normalised apart, with gains that are "
        "learnt; so is an LSTM's cell state on its way to h, while its update is left alone. Layer (Ba 2016): over the "
        "H units of each sequence. Batch (Cooijmans 2016): over the sequences of the batch, of every time step apart; "
        "a network is then scored with the running statistics of each step.",
        json_schema_extra={
            "before": "none",
            "labels": {"none": "none", **NORMALISATIONS},
            "legend": {"said": {"none": "no normalisation"}, "unnamed": True, "titled": True},
        },
    )

    layers: int = Field(
        default=1,
        ge=1,
        le=4,
        title="Layers",
        description="On top of each other, of H units each: the h of a layer is the input of the next one at the same "
        "step. Gradients then have two ways back, down through the layers and through time.",
        json_schema_extra={
            "before": 1,
            "legend": {"said": {"1": "1 layer", "*": "{0.cell.layers} layers"}, "titled": True},
        },
    )

    @property
    @abstractmethod
    def gates(self) -> tuple[Gate, ...]:
        """All its gates, candidate included, in the order of the parameters' blocks; empty for a cell without."""

    @property
    def gate_names(self) -> tuple[str, ...]:
        """Symbols of the gates with weights of their own, in the order of the parameters' blocks."""
        return tuple(gate.symbol for gate in self.gates if gate.own)

    @property
    def peepholes(self) -> tuple[str, ...]:
        """Symbols of the gates with weights of their own that see the cell state."""
        return tuple(gate.symbol for gate in self.gates if gate.own and gate.peephole)

    def gate(self, symbol: str) -> Gate | None:
        """The gate with this letter, or None."""
        return next((gate for gate in self.gates if gate.symbol == symbol), None)

    def with_role(self, role: Role) -> Gate | None:
        """The gate that is there for this, or None."""
        return next((gate for gate in self.gates if gate.role == role), None)

    @property
    def direct_path(self) -> DirectPath | None:
        """The way past all gates; None where every gradient goes through a sum."""
        return None

    @property
    def phi(self) -> Phi | None:
        """Its one nonlinearity; None for a cell with gates."""
        return None

    @property
    def state_names(self) -> tuple[str, ...]:
        """Symbols of a layer's states, h first."""
        return tuple(state.symbol for state in self.states)

    @property
    def state_words(self) -> str:
        """The whole state: 'h and c', 'h of 2 layers'."""
        of = "" if self.layers == 1 else f" of {self.layers} layers"
        return " and ".join(self.state_names) + of

    @property
    def state_size(self) -> int:
        """Numbers in the whole state, of all layers."""
        return self.layers * len(self.states) * self.hidden_size

    # -- in words -------------------------------------------------------------------------------------------------

    @property
    def variant_words(self) -> str:
        """What sets it apart from the plain cell of its name, said after it; empty where nothing does."""
        return ""

    @property
    def title(self) -> str:
        """'LSTM', 'LSTM without forget gate', '2-layer GRU with layer norm'."""
        return " ".join(filter(None, ("" if self.layers == 1 else f"{self.layers}-layer", self.word, self.beside)))

    @property
    def beside(self) -> str:
        """What the title says after the name; empty where nothing sets it apart."""
        norm = f"with {NORMALISATIONS[self.normalisation]}" if self.normalised else ""
        return " ".join(filter(None, (self.variant_words, norm)))

    @property
    def init_words(self) -> str:
        """How its weights are drawn, in a few letters: "Xavier", "ρ 1.1"; empty for torch's default."""
        if self.init in SCALES:
            setting, letter = SCALES[self.init]
            return f"{letter} {getattr(self, setting):g}"
        return "" if self.init == "default" else INITS.get(self.init, self.init)

    @property
    def start_words(self) -> str:
        """The same with what is set on top of it."""
        return self.init_words

    @property
    def implied(self) -> frozenset[str]:
        """Keys of its settings that go without saying beside the others."""
        return frozenset()

    # -- what it takes --------------------------------------------------------------------------------------------

    @property
    def idle(self) -> frozenset[str]:
        """Keys of its settings that have no effect beside the others."""
        return frozenset(f"cell.{setting}" for init, (setting, _) in SCALES.items() if init != self.init)

    def parameters(self, input_size: int, hidden_size: int | None = None) -> int:
        """How many numbers it learns: in each layer for every block of H units W (H × C), U (H × H) and two biases,
        peepholes and gains."""
        H = hidden_size or self.hidden_size
        blocks = len(self.gate_names) or 1
        beside = 2 * blocks + len(self.peepholes) + sum(self.gains.values())
        return sum(blocks * H * (enters + H) + beside * H for enters in self.inputs(input_size, H))

    def inputs(self, input_size: int, hidden_size: int | None = None) -> tuple[int, ...]:
        """Numbers that enter each layer, from the bottom up: C, then H."""
        return input_size, *[hidden_size or self.hidden_size] * (self.layers - 1)

    @property
    def normalised(self) -> bool:
        """Whether what enters its sums is normalised."""
        return self.normalisation != "none"

    @property
    def gains(self) -> dict[str, int]:
        """What a layer's normalisation learns beside the biases: names of parameters, and in how many blocks of H
        numbers."""
        blocks = len(self.gate_names) or 1
        return {"gain_ih": blocks, "gain_hh": blocks} if self.normalised else {}

    @property
    def statistics(self) -> dict[str, int]:
        """What a layer's batch normalisation has running statistics of, for every time step: their names, and how many
        blocks of H numbers a step."""
        if self.normalisation != "batch":
            return {}
        products = {
            name.removeprefix("gain_"): blocks for name, blocks in self.gains.items() if name.startswith("gain")
        }
        return {f"{what}_{name}": blocks for name, blocks in products.items() for what in STATISTICS}

    @property
    def holds(self) -> Held:
        """What it needs of memory, all layers together. A normalised cell also keeps what its state brings to each
        sum (what the input brings is made again), and its cell state normalised; a layer that is not the lowest its
        input, and what is sent back to it."""
        apart = self.blocks + len(self.states) - 1 if self.normalised else 0
        recorded, scored = self.held.recorded + apart, self.held.scored + apart
        between = self.layers - 1
        return Held(self.layers * recorded + 2 * between, self.layers * scored + between)

    def products(self, input_size: int) -> int:
        """Multiplications by a weight that one step of one sequence takes forward."""
        H, blocks = self.hidden_size, len(self.gate_names) or 1
        return sum(blocks * H * (enters + H) + len(self.peepholes) * H for enters in self.inputs(input_size))

    @classmethod
    def initialisations(cls) -> tuple[str, ...]:
        """Those that it offers, torch's default first."""
        return get_args(cls.model_fields["init"].annotation)

    @property
    def start(self) -> dict[str, Any]:
        """How its parameters are drawn: the keyword arguments of ``Cell.init`` but for sizes, seed and time span."""
        scale = getattr(self, SCALES[self.init][0]) if self.init in SCALES else None
        return {"scheme": self.init, "scale": scale}
