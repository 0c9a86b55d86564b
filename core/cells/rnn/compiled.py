"""The plain RNN: each unit's part of a step, compiled, and under it its derivative. See ``core.cells.compiling``."""

from __future__ import annotations

from core.anatomy.rnn import LEAK
from core.cells.compiling import kernel
from core.cells.exponential import sigmoids, tanhs


@kernel
def tanh(h):  # type: ignore[no-untyped-def]
    tanhs(h)


@kernel
def tanh_backward(h, m_h, alpha):  # type: ignore[no-untyped-def]
    one = h.dtype.type(1)
    for k in range(h.size):
        alpha[k] = (one - h[k] * h[k]) * m_h[k]


@kernel
def relu(h):  # type: ignore[no-untyped-def]
    zero = h.dtype.type(0)
    for k in range(h.size):
        h[k] = h[k] if not h[k] < zero else zero


@kernel
def relu_backward(h, m_h, alpha):  # type: ignore[no-untyped-def]
    zero = h.dtype.type(0)
    for k in range(h.size):
        alpha[k] = zero if h[k] <= zero else m_h[k]


@kernel
def leaky_relu(h):  # type: ignore[no-untyped-def]
    zero, leak = h.dtype.type(0), h.dtype.type(LEAK)
    for k in range(h.size):
        h[k] = leak * h[k] if h[k] <= zero else h[k]


@kernel
def leaky_relu_backward(h, m_h, alpha):  # type: ignore[no-untyped-def]
    zero, leak = h.dtype.type(0), h.dtype.type(LEAK)
    for k in range(h.size):
        alpha[k] = leak * m_h[k] if h[k] <= zero else m_h[k]


@kernel
def logistic(h):  # type: ignore[no-untyped-def]
    sigmoids(h)


@kernel
def logistic_backward(h, m_h, alpha):  # type: ignore[no-untyped-def]
    one = h.dtype.type(1)
    for k in range(h.size):
        alpha[k] = (one - h[k]) * h[k] * m_h[k]


@kernel
def linear(h):  # type: ignore[no-untyped-def]
    pass


@kernel
def linear_backward(h, m_h, alpha):  # type: ignore[no-untyped-def]
    for k in range(h.size):
        alpha[k] = m_h[k]
