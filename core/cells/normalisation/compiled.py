"""Normalisation, compiled, and under each function its derivative. See ``core.cells.compiling`` and ``plain``.

The innermost loops run over the sequences, which lie side by side.
"""

from __future__ import annotations

import numpy as np

from core.cells.compiling import part_of_a_summing_kernel as part
from core.cells.compiling import summing_kernel
from core.cells.exponential import tanhs
from core.cells.normalisation.plain import BATCH, EPSILON, UNITS


@summing_kernel
def normalise(over, gain, product, inverse, mean, variance, sums):  # type: ignore[no-untyped-def]
    T, blocks, H, N = product.shape
    for t in range(T):
        for q in range(blocks):
            a, s, total = product[t, q], inverse[t, q], sums[t, q]
            if over == UNITS:
                sizes_over_units(a, s)
                for k in range(H):
                    for n in range(N):
                        total[k, n] += gain[q, k] * a[k, n] * s[n]
            else:
                if over == BATCH:
                    of_batch(a, mean[t, q], variance[t, q])
                over_batch(a, s, mean[t, q], variance[t, q], gain[q], total)


@part
def sizes_over_units(a, s):  # type: ignore[no-untyped-def]
    H, N = a.shape
    one, epsilon, count = a.dtype.type(1), a.dtype.type(EPSILON), a.dtype.type(H)
    s[:] = 0
    for k in range(H):
        for n in range(N):
            s[n] += a[k, n] * a[k, n]
    for n in range(N):
        s[n] = one / np.sqrt(s[n] / count + epsilon)


@part
def of_batch(a, mean, variance):  # type: ignore[no-untyped-def]
    H, N = a.shape
    count = a.dtype.type(N)
    for k in range(H):
        total, squares = a.dtype.type(0), a.dtype.type(0)
        for n in range(N):
            total += a[k, n]
        m = total / count
        for n in range(N):
            squares += (a[k, n] - m) * (a[k, n] - m)
        mean[k], variance[k] = m, squares / count


@part
def over_batch(a, s, mean, variance, gain, sums):  # type: ignore[no-untyped-def]
    H, N = a.shape
    one, epsilon = a.dtype.type(1), a.dtype.type(EPSILON)
    for k in range(H):
        m, s[k] = mean[k], one / np.sqrt(variance[k] + epsilon)
        factor = gain[k] * s[k]
        for n in range(N):
            a[k, n] -= m
        for n in range(N):
            sums[k, n] += factor * a[k, n]


@summing_kernel
def normalise_backward(over, gain, product, inverse, alphas, at_product):  # type: ignore[no-untyped-def]
    T, blocks, H, N = product.shape
    for t in range(T):
        for q in range(blocks):
            a, s, alpha, out = product[t, q], inverse[t, q], alphas[t, q], at_product[t, q]
            if over == UNITS:
                back_over_units(a, s, gain[q], alpha, out)
            elif over == BATCH:
                back_over_batch(a, s, gain[q], alpha, out)
            else:
                for k in range(H):
                    factor = gain[q, k] * s[k]
                    for n in range(N):
                        out[k, n] = factor * alpha[k, n]


@part
def back_over_units(a, s, gain, alpha, out):  # type: ignore[no-untyped-def]
    H, N = a.shape
    count, along = a.dtype.type(H), np.zeros(N, a.dtype)
    for k in range(H):
        for n in range(N):
            along[n] += gain[k] * alpha[k, n] * a[k, n]
    for n in range(N):
        along[n] *= s[n] * s[n] / count
    for k in range(H):
        for n in range(N):
            out[k, n] = (gain[k] * alpha[k, n] - a[k, n] * along[n]) * s[n]


@part
def back_over_batch(a, s, gain, alpha, out):  # type: ignore[no-untyped-def]
    H, N = a.shape
    count = a.dtype.type(N)
    for k in range(H):
        total, along = a.dtype.type(0), a.dtype.type(0)
        for n in range(N):
            total += alpha[k, n]
            along += alpha[k, n] * a[k, n]
        total, along, factor = total / count, along * s[k] * s[k] / count, gain[k] * s[k]
        for n in range(N):
            out[k, n] = factor * (alpha[k, n] - total - a[k, n] * along)


@summing_kernel
def of_gain(over, product, inverse, alphas, found):  # type: ignore[no-untyped-def]
    T, blocks, H, N = product.shape
    for t in range(T):
        for q in range(blocks):
            a, s, alpha = product[t, q], inverse[t, q], alphas[t, q]
            for k in range(H):
                total, plain = a.dtype.type(0), a.dtype.type(0)
                if over == UNITS:
                    for n in range(N):
                        total += a[k, n] * s[n] * alpha[k, n]
                else:
                    for n in range(N):
                        total += a[k, n] * alpha[k, n]
                    total *= s[k]
                for n in range(N):
                    plain += alpha[k, n]
                found[0, q, k] += total
                found[1, q, k] += plain


@summing_kernel
def hand_out(over, gain, squash, gate, c, product, inverse, mean, variance, seen, h):  # type: ignore[no-untyped-def]
    T, blocks = c.shape[:2]
    for t in range(T):
        for q in range(blocks):
            if over == UNITS:
                product[t, q] = 0
                without_mean_onto(c[t, q], product[t, q])
            else:
                product[t, q] = c[t, q]
    normalise(over, gain, product, inverse, mean, variance, seen)
    flat, handed, lets = seen.reshape(-1), h.reshape(-1), gate.reshape(-1)
    if squash:
        tanhs(flat)
    for k in range(flat.size):
        handed[k] = lets[k] * flat[k]


@part
def without_mean_onto(values, found):  # type: ignore[no-untyped-def]
    H, N = values.shape
    count, mean = values.dtype.type(H), np.zeros(N, values.dtype)
    for k in range(H):
        for n in range(N):
            mean[n] += values[k, n]
    for n in range(N):
        mean[n] /= count
    for k in range(H):
        for n in range(N):
            found[k, n] += values[k, n] - mean[n]


@summing_kernel
def hand_out_backward(over, gain, squash, gate, seen, product, inverse, m_h, at_sum, m_c):  # type: ignore[no-untyped-def]
    T, blocks, H, N = product.shape
    one, at_c = seen.dtype.type(1), np.empty_like(product)
    out, flat, lets, arriving = at_sum.reshape(-1), seen.reshape(-1), gate.reshape(-1), m_h.reshape(-1)
    if squash:
        for k in range(flat.size):
            out[k] = (one - flat[k] * flat[k]) * lets[k] * arriving[k]
    else:
        for k in range(flat.size):
            out[k] = lets[k] * arriving[k]
    normalise_backward(over, gain, product, inverse, at_sum, at_c)
    for t in range(T):
        for q in range(blocks):
            if over == UNITS:
                without_mean_onto(at_c[t, q], m_c[t, q])
            else:
                for k in range(H):
                    for n in range(N):
                        m_c[t, q, k, n] += at_c[t, q, k, n]
