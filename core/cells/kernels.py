"""What a step does to each unit by itself, compiled: one pass over memory where torch needs a dozen operations.

Every array is one step's, flat over units and sequences (M = H·N): a state is (M,), gates and alphas are (blocks, M),
peepholes (3, M). ``core.cells.plain`` says the same in torch, which is easier to read, and serves every other device.

Kept apart are loops that write one array each: LLVM turns those into vector instructions, while one large loop would
need more proof than it looks for that its arrays do not overlap. Values that are not finite pass as they do in torch.
float32 uses the exponential below, which is vectorised too; float64 the same with more terms.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

OPTIONS: Any = {"error_model": "numpy", "fastmath": {"contract", "nsz"}}
"""Division by zero is infinite and not an exception; a product and a sum may become one instruction."""


def _compiled(function: Callable[..., None]) -> Callable[..., None]:
    """Compiled at the first call with a type and kept on disk, where numba finds a folder that can be written."""
    kernel: Any = njit(**OPTIONS)(function)
    with suppress(RuntimeError):  # none: each program compiles for itself
        kernel.enable_caching()
    return kernel


_part_of_a_kernel: Any = njit(**OPTIONS)


# -- the exponential --------------------------------------------------------------------------------------------------


def _exponential(y: Any) -> Any:
    """(s, p, one) with e^y = s·(1 + p) and s a power of two, for y ≤ 0 within ``_lowest``; chosen by the type of y."""


def _lowest(y: Any) -> Any:
    """Below it e^y is too small for a normal number; chosen by the type of y."""


@overload(_exponential, jit_options=OPTIONS)
def _exponential_for(y):  # type: ignore[no-untyped-def]  (numba compares signatures)
    return _exponential_32 if y == types.float32 else _exponential_64


@overload(_lowest, jit_options=OPTIONS)
def _lowest_for(y):  # type: ignore[no-untyped-def]
    value = np.float32(-87.3) if y == types.float32 else np.float64(-708.3)
    return lambda y: value


# Adding 1.5·2^23 (2^52) rounds to a whole number n, which then stands in the lowest bits; moved up to the exponent's
# place it is 2^n. ln 2 comes in two parts, so that n·ln 2 is subtracted without loss. The rest is the series.


def _exponential_32(y):  # type: ignore[no-untyped-def]
    shifted = y * np.float32(1.4426950408889634) + np.float32(12582912.0)
    n = shifted - np.float32(12582912.0)
    s = np.int32((np.float32(shifted).view(np.int32) + 127) << 23).view(np.float32)
    r = y - n * np.float32(0.693359375) - n * np.float32(-2.12194440e-4)
    q = np.float32(1 / 5040)
    q = q * r + np.float32(1 / 720)
    q = q * r + np.float32(1 / 120)
    q = q * r + np.float32(1 / 24)
    q = q * r + np.float32(1 / 6)
    q = q * r + np.float32(1 / 2)
    return s, q * r * r + r, np.float32(1)


def _exponential_64(y):  # type: ignore[no-untyped-def]
    shifted = y * 1.4426950408889634 + 6755399441055744.0
    n = shifted - 6755399441055744.0
    s = np.int64((np.float64(shifted).view(np.int64) + 1023) << 52).view(np.float64)
    r = y - n * 0.693145751953125 - n * 1.42860682030941723212e-6
    q = 1 / 6227020800
    q = q * r + 1 / 479001600
    q = q * r + 1 / 39916800
    q = q * r + 1 / 3628800
    q = q * r + 1 / 362880
    q = q * r + 1 / 40320
    q = q * r + 1 / 5040
    q = q * r + 1 / 720
    q = q * r + 1 / 120
    q = q * r + 1 / 24
    q = q * r + 1 / 6
    q = q * r + 1 / 2
    return s, q * r * r + r, 1.0


@_part_of_a_kernel
def _tanh(x):  # type: ignore[no-untyped-def]
    """−e/(2 + e) with e = exp(−2|x|) − 1, which keeps the digits of a small x."""
    y = -abs(x) - abs(x)
    s, p, one = _exponential(y)
    e = -one if y < _lowest(y) else s * p + (s - one)
    size = -e / (one + one + e)
    return size if x > 0 else -size


@_part_of_a_kernel
def _sigmoid(x):  # type: ignore[no-untyped-def]
    """1/(1 + e) or e/(1 + e) with e = exp(−|x|): a closed gate keeps its digits as an open one does."""
    y = -abs(x)
    s, p, one = _exponential(y)
    e = one - one if y < _lowest(y) else s * p + s
    return (one if x > 0 else e) / (one + e)


@_part_of_a_kernel
def _sigmoids(row):  # type: ignore[no-untyped-def]
    for k in range(row.size):
        row[k] = _sigmoid(row[k])


@_part_of_a_kernel
def _tanhs(row):  # type: ignore[no-untyped-def]
    for k in range(row.size):
        row[k] = _tanh(row[k])


# -- forward: a step's products come in ``gates`` (or ``h``) and leave as gates ----------------------------------------


@_compiled
def tanh(h):  # type: ignore[no-untyped-def]
    _tanhs(h)


@_compiled
def relu(h):  # type: ignore[no-untyped-def]
    zero = h.dtype.type(0)
    for k in range(h.size):
        h[k] = h[k] if not h[k] < zero else zero


@_compiled
def lstm_forward(squash, gates, c_before, c, tanh_c, h):  # type: ignore[no-untyped-def]
    o, i, f, g = gates[0], gates[1], gates[2], gates[3]
    _sigmoids(o)
    _sigmoids(i)
    _sigmoids(f)
    _tanhs(g)
    for k in range(c.size):
        c[k] = f[k] * c_before[k] + i[k] * g[k]
    if squash:
        for k in range(c.size):
            tanh_c[k] = _tanh(c[k])
    for k in range(h.size):
        h[k] = o[k] * tanh_c[k]


@_compiled
def peephole_forward(p, squash, gates, c_before, c, tanh_c, h):  # type: ignore[no-untyped-def]
    o, i, f, g = gates[0], gates[1], gates[2], gates[3]
    p_i, p_f, p_o = p[0], p[1], p[2]
    for k in range(i.size):
        i[k] += p_i[k] * c_before[k]
    for k in range(f.size):
        f[k] += p_f[k] * c_before[k]
    _sigmoids(i)
    _sigmoids(f)
    _tanhs(g)
    for k in range(c.size):
        c[k] = f[k] * c_before[k] + i[k] * g[k]
    for k in range(o.size):
        o[k] += p_o[k] * c[k]
    _sigmoids(o)
    if squash:
        for k in range(c.size):
            tanh_c[k] = _tanh(c[k])
    for k in range(h.size):
        h[k] = o[k] * tanh_c[k]


@_compiled
def gru_after_forward(gates, h_before, drop, h):  # type: ignore[no-untyped-def]
    r, z, m, n = gates[0], gates[1], gates[2], gates[3]
    _sigmoids(r)
    _sigmoids(z)
    for k in range(n.size):
        n[k] += r[k] * m[k]
    _tanhs(n)
    for k in range(h.size):
        drop[k] = h_before[k] - n[k]
    for k in range(h.size):
        h[k] = n[k] + z[k] * drop[k]


@_compiled
def gru_before_reset(gates, h_before, reset_h):  # type: ignore[no-untyped-def]
    r, z = gates[0], gates[1]
    _sigmoids(r)
    _sigmoids(z)
    for k in range(r.size):
        reset_h[k] = r[k] * h_before[k]


@_compiled
def gru_before_forward(gates, h_before, drop, h):  # type: ignore[no-untyped-def]
    z, n = gates[1], gates[2]
    _tanhs(n)
    for k in range(h.size):
        drop[k] = h_before[k] - n[k]
    for k in range(h.size):
        h[k] = n[k] + z[k] * drop[k]


# -- backward: from the gradients that arrive at h and c to the pre-activations', and along the direct way -------------


@_compiled
def tanh_backward(h, m_h, alpha):  # type: ignore[no-untyped-def]
    one = h.dtype.type(1)
    for k in range(h.size):
        alpha[k] = (one - h[k] * h[k]) * m_h[k]


@_compiled
def relu_backward(h, m_h, alpha):  # type: ignore[no-untyped-def]
    zero = h.dtype.type(0)
    for k in range(h.size):
        alpha[k] = zero if h[k] <= zero else m_h[k]


@_part_of_a_kernel
def _into_gates(gates, c_before, delta_c, alphas, one):  # type: ignore[no-untyped-def]
    """σ' and tanh' as (1 − q)·q and 1 − g²: q − q² would lose a saturated gate's digits."""
    i, f, g = gates[1], gates[2], gates[3]
    a_i, a_f, a_g = alphas[1], alphas[2], alphas[3]
    for k in range(i.size):
        a_i[k] = (one - i[k]) * i[k] * g[k] * delta_c[k]
    for k in range(f.size):
        a_f[k] = (one - f[k]) * f[k] * c_before[k] * delta_c[k]
    for k in range(g.size):
        a_g[k] = (one - g[k] * g[k]) * i[k] * delta_c[k]


@_compiled
def lstm_backward(squash, gates, c_before, tanh_c, m_h, m_c, alphas, to_c):  # type: ignore[no-untyped-def]
    o, f, a_o, one = gates[0], gates[2], alphas[0], gates.dtype.type(1)
    if squash:
        for k in range(m_c.size):
            m_c[k] += (one - tanh_c[k] * tanh_c[k]) * o[k] * m_h[k]
    else:
        for k in range(m_c.size):
            m_c[k] += o[k] * m_h[k]
    for k in range(o.size):
        a_o[k] = (one - o[k]) * o[k] * tanh_c[k] * m_h[k]
    _into_gates(gates, c_before, m_c, alphas, one)
    for k in range(m_c.size):
        to_c[k] = f[k] * m_c[k]


@_compiled
def peephole_backward(p, squash, gates, c_before, tanh_c, m_h, m_c, alphas, to_c):  # type: ignore[no-untyped-def]
    o, f, one = gates[0], gates[2], gates.dtype.type(1)
    p_i, p_f, p_o, a_o, a_i, a_f = p[0], p[1], p[2], alphas[0], alphas[1], alphas[2]
    for k in range(o.size):
        a_o[k] = (one - o[k]) * o[k] * tanh_c[k] * m_h[k]
    if squash:
        for k in range(m_c.size):
            m_c[k] += (one - tanh_c[k] * tanh_c[k]) * o[k] * m_h[k] + p_o[k] * a_o[k]
    else:
        for k in range(m_c.size):
            m_c[k] += o[k] * m_h[k] + p_o[k] * a_o[k]
    _into_gates(gates, c_before, m_c, alphas, one)
    for k in range(m_c.size):
        to_c[k] = f[k] * m_c[k] + p_i[k] * a_i[k] + p_f[k] * a_f[k]


@_compiled
def gru_after_backward(gates, drop, m_h, alphas, to_h):  # type: ignore[no-untyped-def]
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


@_compiled
def gru_before_backward(gates, drop, m_h, alphas):  # type: ignore[no-untyped-def]
    z, n, one = gates[1], gates[2], gates.dtype.type(1)
    a_z, a_n = alphas[1], alphas[2]
    for k in range(n.size):
        a_n[k] = (one - n[k] * n[k]) * (one - z[k]) * m_h[k]
    for k in range(z.size):
        a_z[k] = (one - z[k]) * z[k] * drop[k] * m_h[k]


@_compiled
def gru_before_reset_backward(gates, h_before, m_h, by_reset, alphas, to_h):  # type: ignore[no-untyped-def]
    r, z, a_r, one = gates[0], gates[1], alphas[0], gates.dtype.type(1)
    for k in range(r.size):
        a_r[k] = (one - r[k]) * r[k] * h_before[k] * by_reset[k]
    for k in range(to_h.size):
        to_h[k] += z[k] * m_h[k] + r[k] * by_reset[k]


# -- what is recorded -------------------------------------------------------------------------------------------------


@_compiled
def squares(grad, out):  # type: ignore[no-untyped-def]
    for t in range(grad.shape[0]):
        row = out[t]
        for n in range(row.size):
            row[n] = 0
        for unit in range(grad.shape[1]):
            values = grad[t, unit]
            for n in range(row.size):
                row[n] += np.float64(values[n]) * np.float64(values[n])
