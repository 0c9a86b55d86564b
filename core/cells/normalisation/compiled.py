"""Normalisation, compiled, and under each function its derivative. See ``core.cells.compiling`` and ``plain``.

The innermost loops run over the sequences, which lie side by side, along rows that are taken out before: the compiler
then sees at once which numbers are neighbours, and takes a third to half less time.
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
                    row, into, factor = a[k], total[k], gain[q, k]
                    for n in range(N):
                        into[n] += factor * row[n] * s[n]
            else:
                if over == BATCH:
                    of_batch(a, mean[t, q], variance[t, q])
                over_batch(a, s, mean[t, q], variance[t, q], gain[q], total)


@summing_kernel
def normalise_in_place(over, gain, bias, inverse, mean, variance, sums):  # type: ignore[no-untyped-def]
    T, blocks, H, N = sums.shape
    one, epsilon = sums.dtype.type(1), sums.dtype.type(EPSILON)
    for t in range(T):
        for q in range(blocks):
            a, s = sums[t, q], inverse[t, q]
            if over == UNITS:
                sizes_over_units(a, s)
                for k in range(H):
                    row, factor, b = a[k], gain[q, k], bias[q, k]
                    for n in range(N):
                        row[n] = factor * row[n] * s[n] + b
            else:
                m, v = mean[t, q], variance[t, q]
                if over == BATCH:
                    of_batch(a, m, v)
                for k in range(H):
                    s[k] = one / np.sqrt(v[k] + epsilon)
                    row, factor = a[k], gain[q, k] * s[k]
                    b = bias[q, k] - factor * m[k]
                    for n in range(N):
                        row[n] = factor * row[n] + b


@part
def sizes_over_units(a, s):  # type: ignore[no-untyped-def]
    H, N = a.shape
    one, epsilon, count = a.dtype.type(1), a.dtype.type(EPSILON), a.dtype.type(H)
    s[:] = 0
    for k in range(H):
        row = a[k]
        for n in range(N):
            s[n] += row[n] * row[n]
    for n in range(N):
        s[n] = one / np.sqrt(s[n] / count + epsilon)


@part
def of_batch(a, mean, variance):  # type: ignore[no-untyped-def]
    H, N = a.shape
    count = a.dtype.type(N)
    for k in range(H):
        row, total, squares = a[k], a.dtype.type(0), a.dtype.type(0)
        for n in range(N):
            total += row[n]
        m = total / count
        for n in range(N):
            squares += (row[n] - m) * (row[n] - m)
        mean[k], variance[k] = m, squares / count


@part
def over_batch(a, s, mean, variance, gain, sums):  # type: ignore[no-untyped-def]
    H, N = a.shape
    one, epsilon = a.dtype.type(1), a.dtype.type(EPSILON)
    for k in range(H):
        m, s[k] = mean[k], one / np.sqrt(variance[k] + epsilon)
        row, into, factor = a[k], sums[k], gain[k] * s[k]
        for n in range(N):
            row[n] -= m
        for n in range(N):
            into[n] += factor * row[n]


@summing_kernel
def normalise_backward(over, gain, product, inverse, alphas, at_product):  # type: ignore[no-untyped-def]
    T, blocks = product.shape[:2]
    for t in range(T):
        for q in range(blocks):
            back(over, product[t, q], inverse[t, q], gain[q], alphas[t, q], at_product[t, q])


@summing_kernel
def to_parameters(  # type: ignore[no-untyped-def]
    over, gain, product, inverse, first, alphas, few, at_product, weights, found
):
    T, blocks, H, N = product.shape
    for t in range(T):
        for q in range(blocks):
            a, s, alpha, out = product[t, q], inverse[t, q], alphas[t, first + q], at_product[t, q]
            back(over, a, s, gain[q], alpha, out)
            to_gain(over, a, s, alpha, found[0, q], found[1, q])
            for f in range(weights.shape[2]):
                factor = few[t, f]
                for k in range(H):
                    row, total = out[k], out.dtype.type(0)
                    for n in range(N):
                        total += row[n] * factor[n]
                    weights[q, k, f] += total


@part
def back(over, a, s, gain, alpha, out):  # type: ignore[no-untyped-def]
    if over == UNITS:
        back_over_units(a, s, gain, alpha, out)
    elif over == BATCH:
        back_over_batch(a, s, gain, alpha, out)
    else:
        H, N = a.shape
        for k in range(H):
            given, into, factor = alpha[k], out[k], gain[k] * s[k]
            for n in range(N):
                into[n] = factor * given[n]


@part
def back_over_units(a, s, gain, alpha, out):  # type: ignore[no-untyped-def]
    H, N = a.shape
    count, along = a.dtype.type(H), np.zeros(N, a.dtype)
    for k in range(H):
        row, given, factor = a[k], alpha[k], gain[k]
        for n in range(N):
            along[n] += factor * given[n] * row[n]
    for n in range(N):
        along[n] *= s[n] * s[n] / count
    for k in range(H):
        row, given, into, factor = a[k], alpha[k], out[k], gain[k]
        for n in range(N):
            into[n] = (factor * given[n] - row[n] * along[n]) * s[n]


@part
def back_over_batch(a, s, gain, alpha, out):  # type: ignore[no-untyped-def]
    H, N = a.shape
    count = a.dtype.type(N)
    for k in range(H):
        row, given, into, total, along = a[k], alpha[k], out[k], a.dtype.type(0), a.dtype.type(0)
        for n in range(N):
            total += given[n]
            along += given[n] * row[n]
        total, along, factor = total / count, along * s[k] * s[k] / count, gain[k] * s[k]
        for n in range(N):
            into[n] = factor * (given[n] - total - row[n] * along)


@summing_kernel
def of_gain(over, product, inverse, first, alphas, found):  # type: ignore[no-untyped-def]
    T, blocks = product.shape[:2]
    for t in range(T):
        for q in range(blocks):
            to_gain(over, product[t, q], inverse[t, q], alphas[t, first + q], found[0, q], found[1, q])


@part
def to_gain(over, a, s, alpha, gain, bias):  # type: ignore[no-untyped-def]
    H, N = a.shape
    for k in range(H):
        row, given, total, plain = a[k], alpha[k], a.dtype.type(0), a.dtype.type(0)
        if over == UNITS:
            for n in range(N):
                total += row[n] * s[n] * given[n]
        else:
            for n in range(N):
                total += row[n] * given[n]
            total *= s[k]
        for n in range(N):
            plain += given[n]
        gain[k] += total
        bias[k] += plain


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
        row = values[k]
        for n in range(N):
            mean[n] += row[n]
    for n in range(N):
        mean[n] /= count
    for k in range(H):
        row, into = values[k], found[k]
        for n in range(N):
            into[n] += row[n] - mean[n]


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
                    row, into = at_c[t, q, k], m_c[t, q, k]
                    for n in range(N):
                        into[n] += row[n]
