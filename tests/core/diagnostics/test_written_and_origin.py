"""A network that writes, and where its predictions come from: against the textbook step, counting, and autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core import RunConfig
from core.diagnostics.origin import origin
from core.diagnostics.writing import written
from core.errors import UnrolledError
from core.network import Network
from core.questions import PredictionOrigin, Writing
from core.questions.over_training import Earlier
from core.questions.texts import NoText
from core.training.replay import moment_of

CELLS = ("rnn", "lstm", "peephole", "gru")
SMALL = {
    "task.name": "language",
    "task.text": "reber",
    "task.length": 9,
    "cell.hidden_size": 5,
    "batch_size": 2,
    "steps": 3,
}


def network_of(cell: str, **more: object) -> Network:
    network = moment_of(RunConfig.from_flat(SMALL | {"cell.name": cell} | more), 0).network.wide()
    network.readout["weight"].mul_(4)  # so that some symbols are likelier than others
    return network


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_written_is_read_again(cell: str) -> None:
    """Surprise and unit from the textbook step, over what was given and what was drawn alike."""
    network = network_of(cell)
    found = written(network, [2], [0, 3], 20, unit=4)
    assert found.places[:2].tolist() == [0, 3] and len(found.places) == 22
    eye, state = torch.eye(7, dtype=torch.float64), tuple(
        torch.zeros(1, 5, dtype=torch.float64) for _ in network.cell.state_parts
    )  # fmt: skip
    state, _ = network.cell.step(network.layer.params, eye[[2]], state)
    for k, place in enumerate(found.places.tolist()):
        chances = network.answers(state[0]).softmax(dim=1)[0]
        assert found.surprise[k] == pytest.approx(-float(chances[place].log()), rel=1e-9)
        state, _ = network.cell.step(network.layer.params, eye[[place]], state)
        assert found.unit[k] == pytest.approx(float(state[0][0, 4]), rel=1e-9)


def test_draws_come_as_often_as_their_chances_say() -> None:
    network, N = network_of("gru"), 4000
    state = tuple(torch.zeros(1, 5, dtype=torch.float64) for _ in network.cell.state_parts)
    state, _ = network.cell.step(network.layer.params, torch.eye(7, dtype=torch.float64)[[1]], state)
    logits = network.answers(state[0])[0]
    for temperature, most in ((1.0, 0), (0.5, 0), (2.0, 3)):
        kept = logits.clone()
        if most:
            kept[logits.argsort(descending=True)[most:]] = -torch.inf
        chances = (kept / temperature).softmax(dim=0).numpy()
        drawn = [int(written(network, [1], [], 1, temperature=temperature, most_likely=most, seed=seed).places[0])
                 for seed in range(N)]  # fmt: skip
        counts = np.bincount(drawn, minlength=7)
        assert (np.abs(counts - N * chances) < 5 * np.sqrt(N * chances) + 1e-9).all()


def test_the_same_tosses_at_every_moment_and_the_likeliest_alone_at_top_1() -> None:
    network = network_of("lstm")
    assert np.array_equal(written(network, [1], [], 30).places, written(network, [1], [], 30).places)
    greedy = written(network, [1], [], 30, most_likely=1)
    assert np.array_equal(greedy.places, written(network, [1], [], 30, temperature=1e-6).places)
    network.readout["bias"].fill_(float("nan"))
    assert set(written(network, [1], [], 200).places.tolist()) == set(range(7))


@pytest.mark.parametrize("cell", CELLS)
def test_the_origin_of_a_prediction_against_autograd(cell: str) -> None:
    """By what the weights make of each symbol: a number of its own added to every row of W x at that step."""
    network, at = network_of(cell), 11
    places = torch.tensor([1, 4, 5, 2, 2, 6, 3, 0, 1, 4, 5, 2, 3])
    x = torch.eye(7, dtype=torch.float64)[places].unsqueeze(1)
    found = origin(network, x, at)
    added = [torch.zeros_like(network.layer.params["weight_ih"][:, 0]).requires_grad_() for _ in places]
    state = tuple(torch.zeros(1, 5, dtype=torch.float64) for _ in network.cell.state_parts)
    nats = []
    for j, place in enumerate(places.tolist()):
        nats.append(-network.answers(state[0]).log_softmax(dim=1)[0, place])
        weight = network.layer.params["weight_ih"].clone()
        weight[:, place] = weight[:, place] + added[j]
        state, _ = network.cell.step(dict(network.layer.params) | {"weight_ih": weight}, x[j], state)
    nats[at].backward()
    slow = [0.0 if each.grad is None else float(each.grad.norm()) for each in added]
    assert found.credit == pytest.approx(slow, rel=1e-9) and found.credit[at - 1] > 0 and not found.credit[at:].any()
    assert found.surprise[1:] == pytest.approx([float(each.detach()) for each in nats[1:]], rel=1e-9)
    assert np.isnan(found.surprise[0]) and found.chances[0] == found.chances.max()


def test_questions_about_texts() -> None:
    moment = moment_of(RunConfig.from_flat(SMALL), 2)
    arrays, facts = Writing(given=(0, 1), top_k=3, unit=5).answer(moment, Earlier())
    assert facts == {"given": 2} and len(arrays["places"]) == len(arrays["surprise"]) == len(arrays["unit"]) == 500
    arrays, facts = PredictionOrigin(at=30).answer(moment, Earlier())
    assert np.array_equal(arrays["places"], moment.config.task.text_read.held_out[:300])  # type: ignore[attr-defined]
    assert facts == {"at": 30} and np.flatnonzero(arrays["credit"]).max() == 28
    with pytest.raises(UnrolledError, match=r"`given` \(=9\) must be less than 7"):
        Writing(given=(9,)).answer(moment, Earlier())
    with pytest.raises(UnrolledError, match=r"`unit` \(=6\) must be at most 5"):
        Writing(unit=6).answer(moment, Earlier())
    with pytest.raises(NoText, match=r"`task.name` \(=temporal-order\) has no text"):
        Writing().answer(moment_of(RunConfig(), 0), Earlier())
