"""Spectra of matrices whose spectrum is known."""

import numpy as np
import pytest
import torch

from core.cells import GRU, LSTM, RNN
from core.diagnostics.spectrum import bound, spectra, spectrum
from core.network import Layer


def test_a_triangular_matrix():
    found = spectrum(torch.tensor([[0.5, 3.0], [0.0, -0.9]]))
    np.testing.assert_allclose(found.eigenvalues, [-0.9, 0.5], rtol=1e-6)
    assert found.rho == pytest.approx(0.9)
    assert found.sigma_max == pytest.approx(float(torch.linalg.svdvals(torch.tensor([[0.5, 3.0], [0.0, -0.9]]))[0]))


def test_a_rotation_has_a_pair_on_the_circle():
    angle = 0.3
    found = spectrum(torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]))
    assert sorted(np.angle(found.eigenvalues)) == pytest.approx([-angle, angle])
    assert (found.rho, found.sigma_max) == (pytest.approx(1), pytest.approx(1))


@pytest.mark.parametrize("cell", [RNN(), LSTM(), GRU()], ids=lambda cell: cell.name)
def test_one_spectrum_for_each_gate(cell):
    params = cell.init(2, 8, generator=torch.Generator().manual_seed(0))
    found = spectra(Layer(cell, params))
    assert list(found) == list(cell.gate_names or ["recurrent"])
    for block, each in zip(params["weight_hh"].split(8), found.values()):
        assert each.sigma_max == pytest.approx(float(torch.linalg.matrix_norm(block, 2)), rel=1e-5)
        assert each.rho <= each.sigma_max * (1 + 1e-9) and len(each.eigenvalues) == 8


def test_the_default_rnn_has_a_norm_above_one_and_a_radius_below():
    """docs/reference.md, "Bounds": σ_max ≈ 1.1, ρ ≈ .61 at H = 64; "σ_max > 1, so gradients explode" is false."""
    found = [
        spectra(Layer(RNN(), RNN().init(2, 64, generator=torch.Generator().manual_seed(seed))))["recurrent"]
        for seed in range(6)
    ]
    assert np.mean([each.sigma_max for each in found]) == pytest.approx(1.1, abs=0.05)
    assert np.mean([each.rho for each in found]) == pytest.approx(0.61, abs=0.03)


def test_the_bound_is_the_plain_rnns():
    params = {"weight_hh": torch.diag(torch.tensor([0.5, -2.0]))}
    np.testing.assert_allclose(bound(Layer(RNN(), params), 3), [1, 2, 4, 8])
    assert bound(Layer(LSTM(), params), 3) is None
    assert bound(Layer(RNN(), {"weight_hh": torch.eye(2) * 2}), 2000)[-1] == np.inf


def test_what_is_not_finite_has_no_spectrum():
    found = spectrum(torch.tensor([[1.0, np.inf], [0.0, 1.0]]))
    assert np.isnan(found.eigenvalues).all() and np.isnan(found.rho) and np.isnan(found.sigma_max)
