"""The recurrent matrix: eigenvalues, spectral radius and norm of each gate's block, and the bound it puts on gradients.

docs/reference.md, "Bounds": ``‖J_t … J_{k+1}‖ ≤ (γ σ_max(U))^(t−k)`` for the plain RNN, γ the largest slope of φ. It is
the largest *singular* value that bounds; the spectral radius ρ gives the linear asymptotics alone. And σ_max > 1 does
not mean that gradients explode: the bound is then merely no bound on growth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.network import Layer


@dataclass(frozen=True)
class Spectrum:
    """One gate's block of weight_hh.

    eigenvalues   (H,) complex, largest modulus first
    rho           the largest modulus
    sigma_max     the largest singular value
    """

    eigenvalues: NDArray[np.complex128]
    rho: float
    sigma_max: float


def spectra(layer: Layer) -> dict[str, Spectrum]:
    """{gate: its block's spectrum} in torch's order; {"recurrent": …} for the RNN."""
    return {name: spectrum(block) for name, block in layer.cell.recurrent_blocks(layer.params).items()}


def spectrum(matrix: Tensor) -> Spectrum:
    """Of one square matrix (H, H), in float64; NaN throughout where it is not finite."""
    U = matrix.detach().double().numpy()
    if not np.isfinite(U).all():
        return Spectrum(np.full(len(U), np.nan + 0j), float("nan"), float("nan"))
    found = np.linalg.eigvals(U).astype(np.complex128)
    found = found[np.argsort(-np.abs(found), kind="stable")]
    return Spectrum(found, float(np.abs(found[0])), float(np.linalg.norm(U, 2)))


def bound(layer: Layer, lags: int) -> NDArray[np.float64] | None:
    """(γ σ_max(U))^k for k = 0 … ``lags``; None for cells whose steps U alone does not bound: gated or normalised
    ones, and several layers."""
    phi = layer.cell.anatomy.phi
    if phi is None or layer.cell.normalisation != "none" or layer.layers > 1:
        return None
    with np.errstate(over="ignore"):
        return (phi.largest * spectrum(layer.params["weight_hh"]).sigma_max) ** np.arange(lags + 1.0)
