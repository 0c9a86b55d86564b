"""What every cell offers: parameters, the textbook step, forward and backward over a whole sequence, and what only its
formulas know.

A cell writes a step of each pass; the loops over time stand here, once for all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import ClassVar, NoReturn

import torch
from torch import Tensor, nn

from core.anatomy import Anatomy
from core.anatomy.base import Normalisation
from core.cells import initialisation
from core.cells.normalisation import normalised
from core.cells.products import with_one
from core.cells.trajectory import Back, Carry, Trajectory, before, room_for_gradients, room_for_states, time_first
from core.errors import UnrolledError

Params = Mapping[str, Tensor]
State = tuple[Tensor, ...]
"""The parts of one state in the cell's order, h first, (N, H) each."""

AtStep = Callable[[int], None]
"""What is done at step t, in place."""

RECURRENT = "recurrent"
"""The one sum of a cell without gates."""


@dataclass(frozen=True)
class Cell(ABC):
    """A recurrent cell. Its fields are its variant, named as the settings of its anatomy; its parameters are passed in,
    named and shaped as in torch.nn.

    weight_ih (gates·H, C), weight_hh (gates·H, H), bias_ih and bias_hh (gates·H), and weight_peephole (gates, H) where
    gates see the cell state; blocks in the order of ``gate_names``. With a normalisation also gain_ih and gain_hh
    (gates·H), see ``core.cells.normalisation``, and where c is normalised on its way to h gain_c and bias_c (H).
    """

    normalisation: Normalisation = field(default="none", kw_only=True)

    anatomy_type: ClassVar[type[Anatomy]]
    name: ClassVar[str]
    state_parts: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        anatomy = cls.__dict__.get("anatomy_type")
        if anatomy is not None:
            cls.name = anatomy.model_fields["name"].default
            cls.state_parts = tuple(state.symbol for state in anatomy.states)

    @cached_property
    def anatomy(self) -> Anatomy:
        """What the cell says of itself, with sizes and start as by default."""
        return self.anatomy_type(**{field.name: getattr(self, field.name) for field in fields(self)})

    @property
    def gate_names(self) -> tuple[str, ...]:
        """The gates with weights of their own, in torch's order, which is that of the parameters' blocks."""
        return self.anatomy.gate_names

    @property
    def sum_names(self) -> tuple[str, ...]:
        """The sums that a step forms, one a block of the parameters: those of the gates, or the one there is."""
        return self.gate_names or (RECURRENT,)

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
        start = initialisation.Start(scheme, forget_bias, scale, time_span)
        return initialisation.draw(self.anatomy, input_size, hidden_size, generator, start, dtype)

    @abstractmethod
    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        """One step as the textbook has it, differentiable: the truth that ``forward`` is tested against.

        x_t (N, C), the state's parts (N, H); returns the new state and the gates, each (N, H).
        """

    # -- over a whole sequence ------------------------------------------------------------------------------------

    @torch.no_grad()
    def forward(
        self, params: Params, x: Tensor, state: State | None = None, *, resets: Collection[int] = ()
    ) -> Trajectory:
        """All T steps of x (T, N, C) from ``state`` (zeros where None), keeping what ``backward`` needs.

        At the state indices ``resets`` the next step goes on from zero; the trajectory's states are those before that.
        """
        T, N, _ = x.shape
        weight = params["weight_hh"]
        first = [part.T for part in state] if state is not None else [
            weight.new_zeros(weight.shape[1], N) for _ in self.state_parts
        ]  # fmt: skip
        saved = {"inputs": with_one(x)}
        saved |= {part: room_for_states(start, T) for part, start in zip(self.state_parts, first, strict=True)}
        step, blocks = self._forward(params, saved, resets)
        for t in range(T):
            step(t)
        if resets:  # then also what the steps went on from
            saved |= {f"{part}_before": torch.stack(before(saved[part], resets)) for part in self.state_parts}
        gains = {name: params[name] for name in self.anatomy.gains}
        return Trajectory(saved, self.state_parts, blocks, self._sums, frozenset(resets), gains)

    @abstractmethod
    def _forward(
        self, params: Params, saved: dict[str, Tensor], resets: Collection[int]
    ) -> tuple[AtStep, Mapping[str, int]]:
        """What step t does, in place, from the inputs and the first state in ``saved``, to which it adds what it keeps;
        and the place of each gate among the blocks of ``saved["gates"]``."""

    @property
    def _sums(self) -> Mapping[str, int]:
        """Place of each sum among the blocks of the alphas."""
        return {name: place for place, name in enumerate(self.sum_names)}

    @torch.no_grad()
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
        later = [part.T for part in arriving] if arriving is not None else [None] * len(self.state_parts)
        h, *others = self.state_parts
        grads = {h: room_for_gradients(grad_out, later[0])}
        for part, end in zip(others, later[1:], strict=True):
            grads[part] = torch.empty_like(grads[h])
            grads[part][-1] = 0 if end is None else end
        step, alphas = self._backward(params, trajectory.saved, grads)
        carry = Carry(trajectory.resets.union(cuts), clamp)
        arriving_h, rest = grads[h].unbind(), [grads[part].unbind() for part in others]
        for t in range(len(grad_out) - 1, -1, -1):
            local = carry.set_aside(t, arriving_h[t])
            step(t)
            if local is not None:
                carry.limit(t, arriving_h[t]).add_(local)
                for part in rest:
                    carry.limit(t, part[t])
        alphas = self._folded(alphas.flatten(1, 2), grads[h].shape[1])
        found = self.parameter_gradients(trajectory, alphas) if parameters else {}
        return Back({part: time_first(grad) for part, grad in grads.items()}, found, alphas)

    @abstractmethod
    def _backward(self, params: Params, saved: dict[str, Tensor], grads: dict[str, Tensor]) -> tuple[AtStep, Tensor]:
        """What step t does on the way back, in place, and the alphas (T, blocks, H, N) that it writes.

        ``grads`` are ∂L/∂state, (T+1, H, N) a part: that of h comes with the local gradients, to which is added, of
        the others only the last is known.
        """

    def _folded(self, alphas: Tensor, H: int) -> Tensor:
        """The alphas (T, blocks·H, N) of the loops as those of the sums that have weights."""
        return alphas

    @torch.no_grad()
    def parameter_gradients(
        self, trajectory: Trajectory, alphas: Tensor, first: int = 0, stop: int | None = None
    ) -> dict[str, Tensor]:
        """The part of ∂L/∂parameters that enters through the steps ``first`` … ``stop`` − 1 (all where None).

        alphas are those of a backward pass over this ``trajectory``. Over ranges that follow each other the parts sum
        to the whole.
        """
        stop = len(alphas) if stop is None else stop
        steps = trajectory.between(first, stop)
        return self._parameters(alphas[first:stop], steps.saved | dict(steps.gains))

    @abstractmethod
    def _parameters(self, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        """∂L/∂parameters from the alphas (T, blocks·H, N) and what was saved of the same steps, gains included."""

    def at_sums(self, trajectory: Trajectory, back: Back) -> dict[str, Tensor]:
        """{gate: (T, N, H)} ∂L/∂(the sum before its nonlinearity), in torch's order; {"recurrent": …} without gates.

        What one sum decides of two gates is that sum's: "i" of an LSTM whose f is 1 − i is all that the one gate gets.
        A gate without weights is left out.
        """
        blocks = back.alphas.unflatten(1, (-1, trajectory.h.shape[2]))
        return {name: time_first(blocks[:, place]) for name, place in trajectory.sums.items()}

    # -- what a step sums up, as the textbook has it ---------------------------------------------------------------

    def input_sums(self, params: Params, x: Tensor) -> Tensor:
        """W x of every gate, (…, gates·H), normalised where the cell has it; without biases."""
        return normalised(x @ params["weight_ih"].T, params.get("gain_ih"), params["weight_hh"].shape[1])

    def state_sums(self, params: Params, h: Tensor) -> Tensor:
        """U h of every gate, likewise."""
        return normalised(h @ params["weight_hh"].T, params.get("gain_hh"), params["weight_hh"].shape[1])

    # -- parameters by unit and by gate ---------------------------------------------------------------------------

    def recurrent_blocks(self, params: Params) -> dict[str, Tensor]:
        """{gate: U_q (H, H)} in torch's order; {"recurrent": U} without gates."""
        return dict(zip(self.sum_names, params["weight_hh"].chunk(len(self.sum_names)), strict=True))

    def recurrent_gains(self, params: Params) -> dict[str, Tensor]:
        """{gate: gain_hh (H,)}; empty without a normalisation."""
        gain = params.get("gain_hh")
        return {} if gain is None else dict(zip(self.sum_names, gain.chunk(len(self.sum_names)), strict=True))

    def peepholes(self, params: Params) -> dict[str, Tensor]:
        """{gate: p_q (H,)}, views; empty where no gate sees the cell state."""
        names = self.anatomy.peepholes
        return dict(zip(names, params["weight_peephole"], strict=True)) if names else {}

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

    def diagram(self, params: Params, known: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The numbers on its drawing that follow from what is ``known``, see ``core.diagnostics.cell_diagram``."""
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

    def torch_layer(self, input_size: int, hidden_size: int) -> nn.RNNBase | None:
        """torch's own layer that computes the same; None where torch has none."""
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
