"""The GRU: each unit's part of a step, compiled, and under it its derivative. See ``core.cells.compiling``."""

from __future__ import annotations

from core.cells.compiling import kernel
from core.cells.exponential import sigmoids, tanhs


@kernel
def after_forward(gates, h_before, drop, h):  # type: ignore[no-untyped-def]
    r, z, m, n = gates[0], gates[1], gates[2], gates[3]
    sigmoids(r)
    sigmoids(z)
    for k in range(n.size):
        n[k] += r[k] * m[k]
    tanhs(n)
    for k in range(h.size):
        drop[k] = h_before[k] - n[k]
    for k in range(h.size):
        h[k] = n[k] + z[k] * drop[k]


@kernel
def after_backward(gates, drop, m_h, alphas, to_h):  # type: ignore[no-untyped-def]
    r, z, m, n, one = gates[0], gates[1], gates[2], gates[3], gates.dtype.type(1)
    a_r, a_z, a_m, a_n = alphas[0], alphas[1], alphas[2], alphas[3]
    for k in range(n.size):
        a_n[k] = (one - n[k] * n[k]) * (one - z[k]) * m_h[k]
    for k in range(m.size):
        a_m[k] = a_n[k] * r[k]
    for k in range(r.size):
        a_r[k] = (one - r[k]) * r[k] * m[k] * a_n[k]
    for k in range(z.size):
        a_z[k] = (one - z[k]) * z[k] * drop[k] * m_h[k]
    for k in range(to_h.size):
        to_h[k] += z[k] * m_h[k]


@kernel
def before_reset(gates, h_before, reset_h):  # type: ignore[no-untyped-def]
    r, z = gates[0], gates[1]
    sigmoids(r)
    sigmoids(z)
    for k in range(r.size):
        reset_h[k] = r[k] * h_before[k]


@kernel
def before_forward(gates, h_before, drop, h):  # type: ignore[no-untyped-def]
    z, n = gates[1], gates[2]
    tanhs(n)
    for k in range(h.size):
        drop[k] = h_before[k] - n[k]
    for k in range(h.size):
        h[k] = n[k] + z[k] * drop[k]


@kernel
def before_backward(gates, drop, m_h, alphas):  # type: ignore[no-untyped-def]
    z, n, one = gates[1], gates[2], gates.dtype.type(1)
    a_z, a_n = alphas[1], alphas[2]
    for k in range(n.size):
        a_n[k] = (one - n[k] * n[k]) * (one - z[k]) * m_h[k]
    for k in range(z.size):
        a_z[k] = (one - z[k]) * z[k] * drop[k] * m_h[k]


@kernel
def before_reset_backward(gates, h_before, m_h, by_reset, alphas, to_h):  # type: ignore[no-untyped-def]
    r, z, a_r, one = gates[0], gates[1], alphas[0], gates.dtype.type(1)
    for k in range(r.size):
        a_r[k] = (one - r[k]) * r[k] * h_before[k] * by_reset[k]
    for k in range(to_h.size):
        to_h[k] += z[k] * m_h[k] + r[k] * by_reset[k]
