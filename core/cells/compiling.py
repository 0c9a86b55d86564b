"""How a step's elementwise half is compiled: one pass over memory where torch needs a dozen operations.

Every array is one step's, flat over units and sequences (M = H·N): a state is (M,), gates and alphas are (blocks, M),
peepholes (3, M). The ``plain`` file beside each ``compiled`` one says the same in torch, which is easier to read, and
serves every other device.

Kept apart are loops that write one array each: LLVM turns those into vector instructions, while one large loop would
need more proof than it looks for that its arrays do not overlap. Values that are not finite pass as they do in torch.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from numba import njit

OPTIONS: Any = {"error_model": "numpy", "fastmath": {"contract", "nsz"}}
"""Division by zero is infinite and not an exception; a product and a sum may become one instruction."""
SUMMING: Any = OPTIONS | {"fastmath": {"contract", "nsz", "reassoc"}}
"""Long sums in whatever order is fast, several partial sums side by side; values that are not finite stay so."""


def kernel(function: Callable[..., None], options: Any = OPTIONS) -> Callable[..., None]:
    """Compiled at the first call with a type and kept on disk, where numba finds a folder that can be written."""
    compiled: Any = njit(**options)(function)
    with suppress(RuntimeError):  # none: each program compiles for itself
        compiled.enable_caching()
    return compiled


def summing_kernel(function: Callable[..., None]) -> Callable[..., None]:
    """The same for functions that sum over an axis."""
    return kernel(function, SUMMING)


part_of_a_kernel: Any = njit(**OPTIONS)
part_of_a_summing_kernel: Any = njit(**SUMMING)
