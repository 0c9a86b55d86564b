"""Which sequences and which time steps made a gradient what it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.backprop.passes import back_through
from core.cells import Back, Trajectory
from core.diagnostics.losses import Losses, flat, flow_of, losses_of
from core.moment import Moment

MOST_SEQUENCES = 64
Values = NDArray[np.float64]


@torch.no_grad()
def contributions(moment: Moment) -> dict[str, Values]:
    """Under the truncation and the clamp of the moment's own config; g is the gradient of what is trained, unclipped.

    flow        (N, T+1) the gradient of each sequence's own loss at the whole state
    loss        (N,) of each sequence
    grad_norm   (N,) ‖g_n‖, the gradient of each sequence's own loss, with g = Σ g_n / N
    share       (N,) ⟨g_n, g⟩ / (N ‖g‖²): sums to 1, negative where a sequence pulls the other way
    step_norm   (T,) ‖G_t‖, what enters the cell's gradient through input step t: g_cell = Σ G_t
    step_share  (T,) ⟨G_t, g_cell⟩ / ‖g_cell‖²: sums to 1

    With stream the weights are those before the first of the step's updates.
    """
    losses, N = losses_of(moment, moment.config.resets), moment.batch.x.shape[1]
    back = _back(moment, losses)
    cell, readout = _gradient(moment, losses.trajectory, back.alphas), losses.readout
    everything = torch.cat([cell, readout.sum(dim=0)])
    trained = everything if moment.config.trained == "all" else everything[len(cell) :]
    norm, share = _shares(_of_sequences(moment, losses, back), trained)
    step_norm, step_share = _shares(_of_steps(moment, losses, back), cell)
    return {
        "flow": N * flow_of(back).T.numpy(),
        "loss": losses.loss.double().numpy(),
        "grad_norm": N * norm,
        "share": share,
        "step_norm": step_norm,
        "step_share": step_share,
    }


def _back(moment: Moment, losses: Losses) -> Back:
    config, N = moment.config, moment.batch.x.shape[1]
    clamp = config.clip_threshold / N if config.clip == "backprop" else None
    passes = config.truncated.passes(losses.states)
    return back_through(moment.layer, losses.trajectory, losses.grad_out, passes, clamp=clamp, parameters=False)


def _of_sequences(moment: Moment, losses: Losses, back: Back) -> Iterator[Tensor]:
    """What each sequence adds to the gradient of what is trained."""
    for n, by_readout in enumerate(losses.readout):
        if moment.config.trained == "readout":
            yield by_readout
            continue
        alone = _gradient(moment, losses.trajectory.of_sequence(n), back.alphas[..., n : n + 1])
        yield torch.cat([alone, by_readout])


def _of_steps(moment: Moment, losses: Losses, back: Back) -> Iterator[Tensor]:
    """What each step adds to the cell's gradient."""
    for t, alphas in enumerate(back.alphas):
        yield _gradient(moment, losses.trajectory.between(t, t + 1), alphas.unsqueeze(0))


def _gradient(moment: Moment, trajectory: Trajectory, alphas: Tensor) -> Tensor:
    return flat(moment.layer.parameter_gradients(trajectory, alphas).values())


def _shares(parts: Iterable[Tensor], total: Tensor) -> tuple[Values, Values]:
    """Norm of each part, and its share of the total they sum to: ⟨part, total⟩ / ‖total‖²."""
    total = total.double()
    rows = [(float(torch.linalg.vector_norm(part)), float(part @ total)) for part in (p.double() for p in parts)]
    norms, along = np.array(rows).T
    with np.errstate(all="ignore"):
        return norms, along / float(total @ total)
