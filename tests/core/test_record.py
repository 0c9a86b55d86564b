"""What is recorded of a foreign network, held against autograd through a loop over torch's own cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from core.errors import UnrolledError
from core.record import record, watch

T, N, C, H = 7, 4, 3, 5
CELLS: dict[type[nn.RNNBase], Any] = {nn.RNN: nn.RNNCell, nn.LSTM: nn.LSTMCell, nn.GRU: nn.GRUCell}


def slow(layer: Any, x: Tensor, lengths: Tensor, weigh: Tensor, ends: Tensor) -> dict[str, list[Tensor]]:
    """∂L/∂h of every state of every layer and direction, by autograd: a loop over cells, one sequence at a time.

    L = Σ ⟨weigh, outputs⟩ + Σ ⟨ends, h_n⟩. {name: [(length + 1, H) for each sequence]}
    """
    ways, kept, loss = 2 if layer.bidirectional else 1, {}, torch.zeros((), dtype=x.dtype)
    for n, length in enumerate(lengths.tolist()):
        below = [x[t, n] for t in range(length)]
        for k in range(layer.num_layers):
            outputs = []
            for way in range(ways):
                ending = f"_l{k}" + ("_reverse" if way else "")
                cell = CELLS[type(layer)](len(below[0]), H, dtype=x.dtype)
                cell.load_state_dict({p: getattr(layer, p + ending) for p in cell.state_dict()})
                pair = isinstance(layer, nn.LSTM)
                h = torch.zeros(H, dtype=x.dtype, requires_grad=True)
                state, states = (h, torch.zeros_like(h)) if pair else h, [h]
                for row in reversed(below) if way else below:
                    state = cell(row, state)
                    states.append(state[0] if pair else state)
                kept.setdefault(ending, []).append(states)
                outputs.append(states[:0:-1] if way else states[1:])
                loss = loss + (ends[k * ways + way, n] * states[-1]).sum()
            below = [torch.cat(parts) for parts in zip(*outputs, strict=True)]
        loss = loss + sum((weigh[t, n] * row).sum() for t, row in enumerate(below))
    wanted = [state for runs in kept.values() for states in runs for state in states]
    found = iter(torch.autograd.grad(loss, wanted, allow_unused=True, materialize_grads=True))
    return {key: [torch.stack([next(found) for _ in states]) for states in runs] for key, runs in kept.items()}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("layers, both", [(1, False), (2, True)])
@pytest.mark.parametrize("kind", CELLS)
def test_every_hidden_gradient_is_autograds(kind: Any, layers: int, both: bool, packed: bool) -> None:
    torch.manual_seed(0)
    layer = kind(C, H, layers, bidirectional=both, dtype=torch.float64)
    x, ways = torch.randn(T, N, C, dtype=torch.float64), 1 + both
    lengths = torch.tensor([7, 5, 5, 2]) if packed else torch.full((N,), T)
    weigh = torch.randn(T, N, ways * H, dtype=torch.float64)
    ends = torch.randn(layers * ways, N, H, dtype=torch.float64)
    for n, length in enumerate(lengths):
        weigh[length:, n] = 0

    def loss(made: Any) -> Tensor:
        output, last = made
        whole = pad_packed_sequence(output)[0] if packed else output
        return (whole * weigh).sum() + ((last[0] if kind is nn.LSTM else last) * ends).sum()

    found = {one.name: one for one in record(layer, pack_padded_sequence(x, lengths) if packed else x, loss)}
    wanted = slow(layer, x, lengths, weigh, ends)
    assert len(found) == len(wanted)
    for ending, runs in wanted.items():
        name = "model" + (ending.replace("_reverse", "").replace("_", ".") if layers > 1 else "")
        one = found[name + (".reverse" if "reverse" in ending else "")]
        for n, grads in enumerate(runs):
            torch.testing.assert_close(one.gradients["h"][: len(grads), n], grads, rtol=1e-6, atol=1e-9)
            assert not one.gradients["h"][len(grads) :, n].any()
    made = layer(pack_padded_sequence(x, lengths) if packed else x)
    loss(made).backward()
    for one in found.values():
        ending = one.name.removeprefix("model").replace(".reverse", "").replace(".", "_") or "_l0"
        ending += "_reverse" if "reverse" in one.name else ""
        for key, parts in one.weight_gradients.items():
            torch.testing.assert_close(parts.sum(dim=0), getattr(layer, key + ending).grad, rtol=1e-6, atol=1e-9)


class Loop(nn.Module):
    """A loop over steps of a cell that torch does not have."""

    def __init__(self) -> None:
        super().__init__()
        self.step, self.out = nn.Linear(C + H, H), nn.Linear(H, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        h, states = x.new_zeros(x.shape[1], H), []
        for row in x:
            h = self.step(torch.cat([row, h], dim=-1))
            states.append(h)
            h = torch.tanh(h)
        return self.out(h), states


def test_a_loop_of_ones_own_names_its_step_and_leaves_the_gradients_alone() -> None:
    torch.manual_seed(1)
    model, x, kept = Loop(), torch.randn(T, N, C), []
    model.out.bias.grad = torch.ones(1)

    def loss(made: Any) -> Tensor:
        kept[:] = made[1]
        return made[0].square().mean()

    (one,) = record(model, x, loss, step="step")
    wanted = torch.autograd.grad(model(x)[0].square().mean(), list(model.parameters()))  # the loop still runs as it did
    assert len(wanted) == 4 and model.out.bias.grad.tolist() == [1] and model.step.weight.grad is None
    for t, state in enumerate(kept, start=1):
        assert state.grad is not None
        torch.testing.assert_close(one.gradients["h"][t], state.grad)
    assert one.table()["gradient of h"].tolist() == pytest.approx(one.grad_h.tolist())
    with pytest.raises(UnrolledError, match="loop over steps"):
        _ = one.weight_gradients


class Reader(nn.Module):
    """Batch first, an embedding before the layer, a readout behind its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.out = nn.Embedding(9, C), nn.Linear(H, 2)
        self.rnn = nn.LSTM(C, H, num_layers=2, batch_first=True, dropout=0.3)

    def forward(self, words: Tensor) -> Tensor:
        output, _ = self.rnn(self.embed(words))
        return self.out(output[:, -1])


def test_a_training_loop_is_watched_every_third_pass_and_learns_the_same() -> None:
    words = torch.randint(0, 9, (N, T), generator=torch.Generator().manual_seed(2))

    def trained(watching: bool) -> tuple[list[float], list[tuple[int, Any]]]:
        torch.manual_seed(3)
        model = Reader().eval()
        optimizer, losses = torch.optim.SGD(model.parameters(), 0.1), []
        with watch(model, every=3) as watched:
            watched.leave() if not watching else None
            for _ in range(7):
                optimizer.zero_grad()
                loss = model(words).logsumexp(dim=-1).mean()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        return losses, watched.recordings

    losses, recordings = trained(True)
    assert losses == trained(False)[0]
    assert [number for number, _ in recordings] == [0, 3, 6]
    names = [one.name for one in recordings[0][1]]
    assert names == ["rnn.l1", "rnn.l0"] and set(recordings[0][1][0].gates) == set("ifgo")
    assert np.all(recordings[0][1][0].flow[1:] > 0)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
def test_what_it_cannot_do_it_says() -> None:
    words = torch.zeros(N, T, dtype=torch.long)
    with pytest.raises(UnrolledError, match="dropout is on"):
        record(Reader().train(), words, lambda made: made.sum())
    with pytest.raises(UnrolledError, match="ran no nn"):
        record(nn.Linear(2, 2), torch.ones(1, 2), lambda made: made.sum())
    with pytest.raises(UnrolledError, match=r"`proj_size` \(=2\)"):
        record(nn.LSTM(C, H, proj_size=2), torch.ones(T, N, C), lambda made: made[0].sum())
    with pytest.raises(UnrolledError, match=r"`every` \(=0\)"), watch(Reader(), every=0):
        pass
