"""The peephole LSTM: each unit's part of a step, compiled, under it its derivative. See ``core.cells.compiling``."""

from __future__ import annotations

from core.cells.carousel.compiled import into_gates
from core.cells.carousel.plain import AS_IS, NORMALISED, SQUASHED
from core.cells.compiling import kernel
from core.cells.exponential import sigmoids, tanh, tanhs


@kernel
def forward(p, hands, gates, c_before, c, tanh_c, h):  # type: ignore[no-untyped-def]
    o, i, f, g = gates[0], gates[1], gates[2], gates[3]
    p_i, p_f, p_o = p[0], p[1], p[2]
    for k in range(i.size):
        i[k] += p_i[k] * c_before[k]
    for k in range(f.size):
        f[k] += p_f[k] * c_before[k]
    sigmoids(i)
    sigmoids(f)
    tanhs(g)
    for k in range(c.size):
        c[k] = f[k] * c_before[k] + i[k] * g[k]
    for k in range(o.size):
        o[k] += p_o[k] * c[k]
    sigmoids(o)
    if hands == SQUASHED:
        for k in range(c.size):
            tanh_c[k] = tanh(c[k])
    if hands != NORMALISED:
        for k in range(h.size):
            h[k] = o[k] * tanh_c[k]


@kernel
def backward(p, hands, gates, c_before, tanh_c, m_h, m_c, alphas, to_c):  # type: ignore[no-untyped-def]
    o, f, one = gates[0], gates[2], gates.dtype.type(1)
    p_i, p_f, p_o, a_o, a_i, a_f = p[0], p[1], p[2], alphas[0], alphas[1], alphas[2]
    for k in range(o.size):
        a_o[k] = (one - o[k]) * o[k] * tanh_c[k] * m_h[k]
    if hands == SQUASHED:
        for k in range(m_c.size):
            m_c[k] += (one - tanh_c[k] * tanh_c[k]) * o[k] * m_h[k] + p_o[k] * a_o[k]
    elif hands == AS_IS:
        for k in range(m_c.size):
            m_c[k] += o[k] * m_h[k] + p_o[k] * a_o[k]
    else:
        for k in range(m_c.size):
            m_c[k] += p_o[k] * a_o[k]
    into_gates(gates, c_before, m_c, alphas, one)
    for k in range(m_c.size):
        to_c[k] = f[k] * m_c[k] + p_i[k] * a_i[k] + p_f[k] * a_f[k]
