"""The checker against our gradients, down to where a difference quotient drowns, and against gradients gone wrong."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.backprop.readout import asked
from core.cells import LSTM, RNN, VARIANTS, Peephole
from core.config import RunConfig
from core.data import training_batch
from core.diagnostics.differences import GradientCheck
from core.errors import UnrolledError
from core.network import Network, init_readout
from core.tasks.adding import Adding
from core.tasks.temporal_order import TemporalOrder

each_variant = pytest.mark.parametrize("name", VARIANTS)


def problem(cell, task, H=4, N=2, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    params = cell.init(task.input_size, H, generator=generator, dtype=dtype)
    readout = init_readout(H, task.output_size, generator=generator, dtype=dtype)
    return Network.of(cell, params, readout), task.sample(np.random.default_rng(seed), N, "training")


def not_stopped(name):
    """Whether the whole gradient of this variant is a function's derivative."""
    return "gers" not in name


def check_of(cell, task, sequence=1, cuts=(), resets=(), **sizes):
    network, batch = problem(cell, task, **sizes)
    return GradientCheck.of(network, asked(batch, torch.float64), sequence, cuts, resets)


def test_a_vanishing_rnn_at_every_step():
    check = check_of(RNN(), TemporalOrder(length=100), H=16)
    found = [check.at(t, unit=3) for t in range(101)]
    assert max(each.relative_error for each in found) < 1e-9
    assert {each.method for each in found} == {"complex step"}
    assert abs(found[0].ours) < 1e-22
    assert found[0].drowned and found[0].quotient_error > 0.1
    assert not found[100].drowned and found[100].quotient_error < 1e-6


def test_gradients_of_1e_26():
    network, batch = problem(RNN(), TemporalOrder(length=100), H=16)
    network.layer.params["weight_hh"].mul_(0.9)
    check = GradientCheck.of(network, asked(batch, torch.float64))
    found = check.at(0, 0)
    assert 0 < abs(found.ours) < 1e-26 and found.relative_error < 1e-9 and found.drowned


@each_variant
@pytest.mark.parametrize(
    "task", [Adding(length=12, asked="every"), TemporalOrder(length=12)], ids=["numbers", "classes"]
)
def test_every_cell_at_every_state(name, task):
    check = check_of(VARIANTS[name], task)
    for part in VARIANTS[name].state_parts:
        for t in range(13):
            found = check.at(t, t % 4, part)
            assert found.relative_error < 1e-9, (part, t)
            assert found.same_question == not_stopped(name)
            if not found.drowned and found.same_question:
                assert found.quotient_error < 0.02, (part, t)
    forward = "relu" in name or not not_stopped(name)
    assert check.at(3, 0).method == ("forward-mode product" if forward else "complex step")


def test_a_quotient_does_not_know_of_stopped_gradients():
    network, batch = problem(Peephole("gers"), Adding(length=8))
    network.layer.params["weight_peephole"].mul_(3)
    found = GradientCheck.of(network, asked(batch, torch.float64)).at(4, 0, "c")
    assert found.relative_error < 1e-9 and not found.drowned and found.quotient_error > 1e-3
    assert not found.same_question


@each_variant
def test_truncated_gradients_are_judged_as_what_they_are(name):
    check = check_of(VARIANTS[name], Adding(length=10, asked="every"), cuts=(3, 6))
    assert max(check.at(t, 1).relative_error for t in range(11)) < 1e-9
    assert not check.at(5, 1).same_question
    last = check_of(VARIANTS[name], Adding(length=10), cuts=(6,))
    found = last.at(4, 1)
    assert (found.ours, found.independent, found.relative_error, found.drowned) == (0, 0, 0, False)
    assert abs(last.at(7, 1).ours) + abs(last.at(7, 2).ours) + abs(last.at(7, 0).ours) > 0


@each_variant
def test_states_that_are_reset(name):
    check = check_of(VARIANTS[name], Adding(length=10, asked="every"), resets=(3, 6))
    for part in VARIANTS[name].state_parts:
        found = [check.at(t, 1, part) for t in range(11)]
        assert max(each.relative_error for each in found) < 1e-9
        if not_stopped(name):
            assert max(each.quotient_error for each in found if not each.drowned) < 0.01


def test_ours_is_the_number_on_screen():
    config = RunConfig.preset("temporal-order-lstm", batch_size=5)
    batch = training_batch(config, 3)
    network, _ = problem(LSTM(), config.task, dtype=torch.float64)
    whole = gradients(network, batch)
    check = GradientCheck.of(network, asked(batch, torch.float64), sequence=2)
    assert check.at(20, 1).ours == pytest.approx(5 * float(whole.back.grad_h[20, 2, 1]))
    assert check.at(20, 1, "c").ours == pytest.approx(5 * float(whole.back.grad_c[20, 2, 1]))


def test_a_wrong_gradient_is_found():
    check = check_of(LSTM(), Adding(length=10))
    wrong = replace(check, gradient={name: value * 1.001 for name, value in check.gradient.items()})
    assert wrong.at(5, 0).relative_error == pytest.approx(1e-3, rel=1e-3)
    silent = replace(check, gradient={name: value * 0 for name, value in check.gradient.items()})
    assert silent.at(5, 0).relative_error == 1


@pytest.mark.parametrize(
    "arguments, sentence",
    [((-1, 0), "`t`"), ((11, 0), "between 0 and 10"), ((3, 4), "`unit`"), ((3, 0, "c"), "Choose h")],
)
def test_what_does_not_exist_is_said(arguments, sentence):
    with pytest.raises(UnrolledError, match=sentence):
        check_of(RNN(), Adding(length=10)).at(*arguments)
    with pytest.raises(UnrolledError, match="`sequence`"):
        check_of(RNN(), Adding(length=10), sequence=2)


def test_what_is_not_finite_passes_through():
    network, batch = problem(RNN(), Adding(length=6))
    network.layer.params["weight_ih"][:] = torch.nan
    found = GradientCheck.of(network, asked(batch, torch.float64)).at(2, 0)
    assert np.isnan(found.ours) and np.isnan(found.relative_error) and found.drowned


@each_variant
def test_quotients_of_many_steps_at_once_are_those_of_each(name):
    check = check_of(VARIANTS[name], TemporalOrder(length=12))
    steps = torch.tensor([1e-2, 1e-5, 1e-7], dtype=torch.float64)
    found = check.quotients(4, 1, "h", steps)
    for step, quotient in zip(steps.tolist(), found.tolist()):
        above, below = (check.loss.changed(4, 1, "h", sign * step).real for sign in (1, -1))
        assert quotient == pytest.approx((above - below) / (2 * step), abs=1e-15 / step)
    assert float(found[1]) == pytest.approx(check.at(4, 1).quotient, rel=1e-6, abs=1e-10)
