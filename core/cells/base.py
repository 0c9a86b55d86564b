"""What every cell offers: parameters, the textbook step, forward and backward over a whole sequence, and what only its
formulas know.

A cell of one layer is a ``core.cells.one_layer.OneLayer``; several on top of each other are a
``core.cells.stack.Stack`` and a cell like any other, whose state is that of all its layers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import torch
from torch import Tensor, nn

from core.anatomy import Anatomy
from core.anatomy.base import Normalisation
from core.cells.normalisation import Norm
from core.cells.trajectory import Back, Trajectory
from core.errors import UnrolledError

Params = Mapping[str, Tensor]
State = tuple[Tensor, ...]
"""The parts of one state in the cell's order, h first, (N, H) each."""

RECURRENT = "recurrent"
"""The one sum of a cell without gates."""


@dataclass(frozen=True)
class Cell(ABC):
    """A recurrent cell. Its fields are its variant, named as the settings of its anatomy; its parameters are passed in,
    named and shaped as in torch.nn.

    weight_ih (gates·H, C), weight_hh (gates·H, H), bias_ih and bias_hh (gates·H), and weight_peephole (gates, H) where
    gates see the cell state; blocks in the order of ``gate_names``. With a normalisation also gain_ih and gain_hh
    (gates·H), see ``core.cells.normalisation``, and where c is normalised on its way to h gain_c and bias_c (H).

    Among the parameters of a batch normalisation there may be statistics, by step, in the parameters' order: mean_ih,
    variance_ih, … (T, rows) as ``statistics`` gives them. They are then held, in place of the batch's own.
    """

    @property
    @abstractmethod
    def anatomy(self) -> Anatomy:
        """What the cell says of itself, with sizes and start as by default."""

    @property
    def normalisation(self) -> Normalisation:
        """What is done to the products that enter its sums."""
        return self.anatomy.normalisation

    @property
    def name(self) -> str:
        """As ``cell.name`` has it."""
        return self.anatomy.name

    @property
    def layers(self) -> int:
        """How many there are on top of each other."""
        return 1

    @property
    def state_parts(self) -> tuple[str, ...]:
        """Names of the parts of its state, h first."""
        return tuple(state.symbol for state in self.anatomy.states)

    @property
    def gate_names(self) -> tuple[str, ...]:
        """The gates with weights of their own, in torch's order, which is that of the parameters' blocks."""
        return self.anatomy.gate_names

    @property
    def sum_names(self) -> tuple[str, ...]:
        """The sums that a step forms, one a block of the parameters: those of the gates, or the one there is."""
        return self.gate_names or (RECURRENT,)

    @abstractmethod
    def init(
        self,
        input_size: int,
        hidden_size: int,
        *,
        generator: torch.Generator,
        scheme: str = "default",
        forget_bias: float | None = None,
        scale: float | None = None,
        time_span: int | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> dict[str, Tensor]:
        """New parameters; see ``core.cells.initialisation`` for the schemes.

        ``forget_bias`` is the sum of both bias vectors on the forget gate, ``scale`` the radius or norm of the spectral
        schemes, ``time_span`` the T of the chrono scheme. Raises ConfigError where the cell lacks the gate a setting
        speaks of.
        """

    @abstractmethod
    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        """One step as the textbook has it, differentiable: the truth that ``forward`` is tested against.

        x_t (N, C), the state's parts (N, H); returns the new state and the gates, each (N, H).
        """

    # -- over a whole sequence ------------------------------------------------------------------------------------

    @abstractmethod
    def forward(
        self, params: Params, x: Tensor, state: State | None = None, *, resets: Collection[int] = (), first: int = 0
    ) -> Trajectory:
        """All T steps of x (T, N, C) from ``state`` (zeros where None), keeping what ``backward`` needs.

        At the state indices ``resets`` the next step goes on from zero; the trajectory's states are those before that.
        ``first``: the step that x begins with, of those that held statistics are of; beyond the last of them that one
        is taken.
        """

    @abstractmethod
    def first_statistics(self, hidden_size: int, steps: int) -> dict[str, Tensor]:
        """Running statistics before any batch was seen, as torch's BatchNorm1d has them: mean 0 and variance 1."""

    @abstractmethod
    def statistics(self, trajectory: Trajectory) -> dict[str, Tensor]:
        """Of a batch normalisation what the products were normalised with: {"mean_ih", "variance_ih", …: (T, rows)} in
        the parameters' order; empty without."""

    @abstractmethod
    def backward(
        self,
        params: Params,
        trajectory: Trajectory,
        grad_out: Tensor,
        *,
        cuts: Collection[int] = (),
        clamp: float | None = None,
        arriving: State | None = None,
        parameters: bool = True,
    ) -> Back:
        """The hand-written backward pass.

        grad_out     (T, N, H), ∂L/∂h[1:] of the loss's own use of each h (local, not through later steps)
        cuts         state indices b where the carry from b+1 to b is zero: h[b] keeps its local gradient alone
        clamp        largest size of each component of the carry, of every part of the state, at every step; what is
                     left of it is then added to the local gradient. None: no limit
        arriving     ∂L/∂state[T] of what lies beyond the end, (N, H) a part; nothing where None
        parameters   False leaves the parameters' gradients out
        """

    @abstractmethod
    def parameter_gradients(
        self, trajectory: Trajectory, alphas: Tensor, first: int = 0, stop: int | None = None
    ) -> dict[str, Tensor]:
        """The part of ∂L/∂parameters that enters through the steps ``first`` … ``stop`` − 1 (all where None).

        alphas are those of a backward pass over this ``trajectory``. Over ranges that follow each other the parts sum
        to the whole.
        """

    @abstractmethod
    def input_gradient(self, params: Params, trajectory: Trajectory, alphas: Tensor) -> Tensor:
        """∂L/∂x (T, N, C), likewise."""

    # -- its layers -----------------------------------------------------------------------------------------------

    def of_layer(self, params: Params, layer: int) -> tuple[Cell, Params]:
        """The cell and the parameters of one layer, from 0 at the bottom, named as those of a cell of one layer."""
        return self, params

    def with_layer(self, params: Params, layer: int, own: Params) -> dict[str, Tensor]:
        """``params`` with those of one layer replaced by its ``own``, named likewise."""
        return dict(own)

    def by_layer(self, state: State) -> list[State]:
        """The state of each layer, from the bottom up."""
        return [state]

    def as_state(self, by_layer: Sequence[State]) -> State:
        """The way back."""
        return by_layer[-1]

    def moved(self, params: Params, x_t: Tensor, came_from: State, state: State, part: str) -> State:
        """``state`` (k, H) a part, of which ``part`` was changed, with what follows from that within the step that made
        it: from the input x_t (N, C) and the state before."""
        h, *others = self.state_parts
        if part == h:
            return state
        return self.h_of(params, x_t, came_from, state[1 + others.index(part)]), *state[1:]

    # -- what a step sums up, as the textbook has it ---------------------------------------------------------------

    def at_sums(self, trajectory: Trajectory, back: Back) -> dict[str, Tensor]:
        """{gate: (T, N, H)} ∂L/∂(the sum before its nonlinearity), in torch's order; {"recurrent": …} without gates.

        What one sum decides of two gates is that sum's: "i" of an LSTM whose f is 1 − i is all that the one gate gets.
        A gate without weights is left out.
        """
        self.lacks("what its sums are")

    def input_sums(self, params: Params, x: Tensor) -> Tensor:
        """W x of every gate, (…, gates·H), normalised where the cell has it; without biases."""
        self.lacks("what its sums are")

    def state_sums(self, params: Params, h: Tensor) -> Tensor:
        """U h of every gate, likewise."""
        self.lacks("what its sums are")

    # -- parameters by unit and by gate ---------------------------------------------------------------------------

    def recurrent_blocks(self, params: Params) -> dict[str, Tensor]:
        """{gate: U_q (H, H)} in torch's order; {"recurrent": U} without gates."""
        self.lacks("which recurrent weights are whose")

    def recurrent_norms(self, params: Params) -> dict[str, Norm]:
        """{gate: how what the state brings to it is normalised}; empty without a normalisation."""
        self.lacks("which recurrent weights are whose")

    def peepholes(self, params: Params) -> dict[str, Tensor]:
        """{gate: p_q (H,)}, views; empty where no gate sees the cell state."""
        self.lacks("which gates see its cell state")

    @staticmethod
    def by_unit(name: str, part: Tensor, H: int) -> Tensor:
        """A parameter, or its gradient, as (rows, H, numbers): what belongs to each unit, its row of every block."""
        return part.unsqueeze(-1) if name == "weight_peephole" else part.reshape(-1, H, part[0].numel())

    # -- what only the formulas know; a cell that does not say refuses with a sentence ------------------------------

    def sums(self, params: Params, trajectory: Trajectory) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The two parts of every sum before a nonlinearity, {gate: (T, N, H)} each: what the input makes of it (W x and
        biases), and what the state does (U h₋, and c in peepholes)."""
        self.lacks("which parts its sums have")

    def handed_back(self, params: Params, trajectory: Trajectory, alphas: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """{gate: (T, N, H)} what each sum's gradient ``alphas`` (``at_sums``) sends to the h that step t came from."""
        self.lacks("what each gate hands back")

    def handed_to_c(self, params: Params, alphas: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """{gate: (T, N, H)} what it sends to the cell state that it sees: the new one for the gate that hands out, the
        one before for all others. Empty without peepholes, and where their gradient is stopped."""
        return {}

    def handed_within(
        self, params: Params, trajectory: Trajectory, grad_h: Tensor, *, through_gates: bool = True
    ) -> Tensor | None:
        """What a gradient at h[t], grad_h (T+1, N, H), sends to c[t] within the step that made both; zero at the
        initial state. None without a c.

        ``through_gates`` False holds the gate fixed that hands out and may see c.
        """
        if len(self.state_parts) == 1:
            return None
        self.lacks("how its states hang together within a step")

    def diagram(
        self, params: Params, trajectory: Trajectory, alphas: Mapping[str, Tensor], n: int, known: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """The numbers on its drawing that follow from what is ``known`` of sequence n, see
        ``core.diagnostics.cell_diagram``; ``alphas`` are those of all sequences, as ``at_sums`` has them."""
        self.lacks("which numbers stand on its drawing")

    def h_of(self, params: Params, x_t: Tensor, came_from: State, c: Tensor) -> Tensor:
        """The h of a step that made the cell state ``c`` (k, H), given its input (N, C) and the state before."""
        self.lacks("how h follows from another part of its state")

    def slope(self, trajectory: Trajectory) -> Tensor:
        """φ′ of a cell without gates, (T, N, H): what its nonlinearity lets through of a gradient."""
        self.lacks("what stands in the place of gates")

    def without_peepholes(self, params: dict[str, Tensor], how: str) -> tuple[Cell, dict[str, Tensor]]:
        """The cell and weights with the peepholes "removed" (zero), or "cut" (seen, but sending no gradient back)."""
        raise UnrolledError(
            f"`peepholes` (={how}) needs a cell with peepholes, which the cell `{self.name}` lacks. "
            "Choose the peephole LSTM."
        )

    def torch_layer(self, input_size: int, hidden_size: int, layers: int = 1) -> nn.RNNBase | None:
        """torch's own that computes the same, ``layers`` times on top of each other; None where torch has none."""
        return None

    @property
    def analytic(self) -> bool:
        """Whether every function in it is analytic and no gradient is stopped, so that a complex step tells its
        derivative."""
        return True

    @property
    def stops_gradient(self) -> bool:
        """Whether a gradient is stopped on purpose inside it; it is then no function's derivative."""
        return False

    def lacks(self, what: str) -> NoReturn:
        """Refuse. ``what``, after 'the cell does not say'."""
        raise UnrolledError(
            f"`cell.name` (={self.name}) does not say {what}, which this asks for. Choose another `cell.name` for it."
        )
