"""The LSTM: each unit's part of a step, compiled, and under it its derivative. See ``core.cells.compiling``."""

from __future__ import annotations

from core.cells.carousel.plain import AS_IS, NORMALISED, SQUASHED
from core.cells.compiling import kernel, part_of_a_kernel
from core.cells.exponential import sigmoids, tanh, tanhs


@kernel
def forward(hands, gates, c_before, c, tanh_c, h):  # type: ignore[no-untyped-def]
    o, i, f, g = gates[0], gates[1], gates[2], gates[3]
    sigmoids(o)
    sigmoids(i)
    sigmoids(f)
    tanhs(g)
    for k in range(c.size):
        c[k] = f[k] * c_before[k] + i[k] * g[k]
    if hands == SQUASHED:
        for k in range(c.size):
            tanh_c[k] = tanh(c[k])
    if hands != NORMALISED:
        for k in range(h.size):
            h[k] = o[k] * tanh_c[k]


@part_of_a_kernel
def into_gates(gates, c_before, delta_c, alphas, one):  # type: ignore[no-untyped-def]
    """σ' and tanh' as (1 − q)·q and 1 − g²: q − q² would lose a saturated gate's digits."""
    i, f, g = gates[1], gates[2], gates[3]
    a_i, a_f, a_g = alphas[1], alphas[2], alphas[3]
    for k in range(i.size):
        a_i[k] = (one - i[k]) * i[k] * g[k] * delta_c[k]
    for k in range(f.size):
        a_f[k] = (one - f[k]) * f[k] * c_before[k] * delta_c[k]
    for k in range(g.size):
        a_g[k] = (one - g[k] * g[k]) * i[k] * delta_c[k]


@kernel
def backward(hands, gates, c_before, tanh_c, m_h, m_c, alphas, to_c):  # type: ignore[no-untyped-def]
    o, f, a_o, one = gates[0], gates[2], alphas[0], gates.dtype.type(1)
    if hands == SQUASHED:
        for k in range(m_c.size):
            m_c[k] += (one - tanh_c[k] * tanh_c[k]) * o[k] * m_h[k]
    if hands == AS_IS:
        for k in range(m_c.size):
            m_c[k] += o[k] * m_h[k]
    for k in range(o.size):
        a_o[k] = (one - o[k]) * o[k] * tanh_c[k] * m_h[k]
    into_gates(gates, c_before, m_c, alphas, one)
    for k in range(m_c.size):
        to_c[k] = f[k] * m_c[k]
