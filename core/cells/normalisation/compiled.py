"""Layer normalisation, compiled, and under it its derivative. See ``core.cells.compiling`` and ``plain``.

The innermost loops run over the sequences, which lie side by side.
"""

from __future__ import annotations

import numpy as np

from core.cells.compiling import kernel
from core.cells.exponential import tanhs
from core.cells.normalisation.plain import EPSILON


@kernel
def layer(gain, unit, inverse, sums):  # type: ignore[no-untyped-def]
    T, blocks, H, N = unit.shape
    one, epsilon, count = unit.dtype.type(1), unit.dtype.type(EPSILON), unit.dtype.type(H)
    for t in range(T):
        for q in range(blocks):
            a, s, total = unit[t, q], inverse[t, q], sums[t, q]
            s[:] = 0
            for k in range(H):
                for n in range(N):
                    s[n] += a[k, n] * a[k, n]
            for n in range(N):
                s[n] = one / np.sqrt(s[n] / count + epsilon)
            for k in range(H):
                g = gain[q, k]
                for n in range(N):
                    scaled = a[k, n] * s[n]
                    a[k, n] = scaled
                    total[k, n] += g * scaled


@kernel
def layer_backward(gain, unit, inverse, alphas, at_product):  # type: ignore[no-untyped-def]
    T, blocks, H, N = unit.shape
    count, along = unit.dtype.type(H), np.empty(N, unit.dtype)
    for t in range(T):
        for q in range(blocks):
            a, s, alpha, out = unit[t, q], inverse[t, q], alphas[t, q], at_product[t, q]
            along[:] = 0
            for k in range(H):
                g = gain[q, k]
                for n in range(N):
                    along[n] += g * alpha[k, n] * a[k, n]
            for n in range(N):
                along[n] /= count
            for k in range(H):
                g = gain[q, k]
                for n in range(N):
                    out[k, n] = (g * alpha[k, n] - a[k, n] * along[n]) * s[n]


@kernel
def of_gain(unit, alphas, found):  # type: ignore[no-untyped-def]
    T, blocks, H, N = unit.shape
    for t in range(T):
        for q in range(blocks):
            for k in range(H):
                for n in range(N):
                    found[q, k, n] += unit[t, q, k, n] * alphas[t, q, k, n]


@kernel
def centred(values, found):  # type: ignore[no-untyped-def]
    T, blocks, H, N = values.shape
    count, mean = values.dtype.type(H), np.empty(N, values.dtype)
    for t in range(T):
        for q in range(blocks):
            mean[:] = 0
            for k in range(H):
                for n in range(N):
                    mean[n] += values[t, q, k, n]
            for n in range(N):
                mean[n] /= count
            for k in range(H):
                for n in range(N):
                    found[t, q, k, n] = values[t, q, k, n] - mean[n]


@kernel
def centred_onto(values, found):  # type: ignore[no-untyped-def]
    T, blocks, H, N = values.shape
    count, mean = values.dtype.type(H), np.empty(N, values.dtype)
    for t in range(T):
        for q in range(blocks):
            mean[:] = 0
            for k in range(H):
                for n in range(N):
                    mean[n] += values[t, q, k, n]
            for n in range(N):
                mean[n] /= count
            for k in range(H):
                for n in range(N):
                    found[t, q, k, n] += values[t, q, k, n] - mean[n]


@kernel
def hand_out(squash, gate, seen, h):  # type: ignore[no-untyped-def]
    if squash:
        tanhs(seen)
    for k in range(h.size):
        h[k] = gate[k] * seen[k]


@kernel
def hand_out_backward(squash, gate, seen, m_h, at_seen):  # type: ignore[no-untyped-def]
    one = seen.dtype.type(1)
    if squash:
        for k in range(seen.size):
            at_seen[k] = (one - seen[k] * seen[k]) * gate[k] * m_h[k]
    else:
        for k in range(seen.size):
            at_seen[k] = gate[k] * m_h[k]
