"""Who judges the hand-written gradients: torch.nn, autograd through the readable ``step``, and central differences.

Each says by name what it finds for one case: "h", "c" (T+1, N, H), "∂L/∂h[t]", "∂L/∂c[t]" and "∂L/∂<parameter>".
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from core.cells import Cell

DIFFERENCE = 1e-5
"""ε of the central differences, for float64 and numbers of size one: error about ε² + 1e-16/ε."""

Named = dict[str, Tensor]


@dataclass(frozen=True)
class Case:
    """One drawn problem: L = Σ_t ⟨grad_out[t], h[t+1]⟩ from a random initial state."""

    cell: Cell
    params: Named
    x: Tensor
    grad_out: Tensor
    state: tuple[Tensor, ...]


def draw(cell: Cell, T: int, N: int, H: int, C: int, *, seed: int, dtype: torch.dtype) -> Case:
    """A case from ``seed``; the numbers are drawn in float64, so both precisions see the same problem."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

    params = cell.init(C, H, generator=generator, dtype=torch.float64)
    state = tuple(normal(N, H) / 2 for _ in cell.state_parts)
    return Case(cell, {k: v.to(dtype) for k, v in params.items()}, normal(T, N, C), normal(T, N, H), state)


def ours(
    case: Case, cuts: Collection[int] = (), clamp: float | None = None, arriving: tuple[Tensor, ...] | None = None
) -> Named:
    """What the hand-written passes say, by name."""
    trajectory = case.cell.forward(case.params, case.x, case.state)
    back = case.cell.backward(case.params, trajectory, case.grad_out, cuts=cuts, clamp=clamp, arriving=arriving)
    named = {f"∂L/∂{name}": grad for name, grad in back.grads.items()}
    for part, states in trajectory.states.items():
        named |= {part: states} | {f"∂L/∂{part}[{t}]": grad for t, grad in enumerate(back.states[part])}
    return named


def by_autograd(
    case: Case, cuts: Collection[int] = (), clamp: float | None = None, arriving: tuple[Tensor, ...] = ()
) -> Named:
    """The same through ``step``: each step goes on from a copy of the state, detached where a cut stands, and with a
    hook that limits the gradient it sends back. ``arriving`` is a loss ⟨arriving, state⟩ at the end."""
    params = {name: tensor.clone().requires_grad_() for name, tensor in case.params.items()}
    history = [tuple(part.clone().requires_grad_() for part in case.state)]
    for t, x_t in enumerate(case.x):
        before = tuple(part.detach() if t in cuts else _limited(part, clamp) for part in history[t])
        history.append(case.cell.step(params, x_t, before)[0])
    loss = sum(((grad * state[0]).sum() for grad, state in zip(case.grad_out, history[1:])), torch.zeros(()))
    loss = loss + sum((grad * part).sum() for grad, part in zip(arriving, history[-1]))
    wanted = [*params.values(), *(part for state in history for part in state)]
    found = iter(torch.autograd.grad(loss, wanted, allow_unused=True, materialize_grads=True))
    named = {f"∂L/∂{name}": next(found) for name in params}
    for k, part in enumerate(case.cell.state_parts):
        named[part] = torch.stack([state[k].detach() for state in history])
    return named | {f"∂L/∂{part}[{t}]": next(found) for t in range(len(history)) for part in case.cell.state_parts}


def _limited(part: Tensor, clamp: float | None) -> Tensor:
    """A copy whose gradient reaches ``part`` with every component within ±clamp."""
    copy = part.clone()
    if clamp is not None:
        copy.register_hook(lambda grad: grad.clamp(-clamp, clamp))
    return copy


def by_torch(case: Case) -> Named | None:
    """The same through torch.nn, which shows h of every step but gradients of the initial state alone.

    None where torch has no such cell.
    """
    layer = case.cell.torch_layer(case.x.shape[2], case.grad_out.shape[2])
    if layer is None:
        return None
    ending = "_l0" if case.cell.layers == 1 else ""
    layer.to(case.x.dtype).load_state_dict({f"{name}{ending}": tensor for name, tensor in case.params.items()})
    first = [torch.stack(parts).requires_grad_() for parts in zip(*case.cell.by_layer(case.state))]  # (layers, N, H)
    output, _ = layer(case.x, tuple(first) if len(first) > 1 else first[0])
    wanted = dict(layer.named_parameters())
    found = torch.autograd.grad((output * case.grad_out).sum(), [*wanted.values(), *first])
    named = {f"∂L/∂{name.removesuffix(ending)}": grad for name, grad in zip(wanted, found)}
    at_start = case.cell.as_state(list(zip(*found[len(wanted) :])))
    named |= {f"∂L/∂{part}[0]": grad for part, grad in zip(case.cell.state_parts, at_start)}
    return named | {"h": torch.cat([case.state[0].unsqueeze(0), output.detach()])}


def by_differences(case: Case) -> Named | None:
    """(L(θ + ε) − L(θ − ε)) / 2ε for every parameter, h[t] and the other states at 0, starting anew from them.

    None where a gradient is stopped on purpose: it is no function's derivative.
    """
    if case.cell.stops_gradient:
        return None
    named = {}
    for name, tensor in case.params.items():
        varied = case.params | {name: tensor.clone()}
        named[f"∂L/∂{name}"] = _differences(varied[name], lambda varied=varied: _loss(case, varied, 0, case.state))
    trajectory = case.cell.forward(case.params, case.x, case.state)
    parts = [part.contiguous() for part in trajectory.states.values()]
    for t in range(len(case.x) + 1):
        state = tuple(part[t].clone() for part in parts)
        change = _differences(state[0], lambda t=t, state=state: _loss(case, case.params, t, state))
        named[f"∂L/∂h[{t}]"] = change + (case.grad_out[t - 1] if t else 0)
    for k, part in enumerate(case.cell.state_parts[1:], 1):
        state = tuple(each.clone() for each in case.state)
        named[f"∂L/∂{part}[0]"] = _differences(state[k], lambda state=state: _loss(case, case.params, 0, state))
    return named


def _loss(case: Case, params: Named, t: int, state: tuple[Tensor, ...]) -> float:
    """L's part that lies after h[t], when the sequence goes on from ``state`` at t."""
    if t == len(case.x):
        return 0.0
    return float((case.cell.forward(params, case.x[t:], state).h[1:] * case.grad_out[t:]).sum())


def _differences(varied: Tensor, loss: Callable[[], float]) -> Tensor:
    """Central differences of ``loss`` by each number of ``varied``, which is varied in place and restored."""
    found, numbers = torch.empty_like(varied), varied.view(-1)
    for k, value in enumerate(numbers.tolist()):
        numbers[k] = value + DIFFERENCE
        above = loss()
        numbers[k] = value - DIFFERENCE
        found.view(-1)[k] = (above - loss()) / (2 * DIFFERENCE)
        numbers[k] = value
    return found


def relative_error(mine: Tensor, theirs: Tensor, least: float = 0.0) -> float:
    """‖mine − theirs‖ ÷ ‖theirs‖ in float64, which counts as ``least`` where it is less; zero where both are zero."""
    apart = (mine.double() - theirs.double()).norm()
    return 0.0 if apart == 0 else float(apart / theirs.double().norm().clamp(min=least))
