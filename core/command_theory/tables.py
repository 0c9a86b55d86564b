"""What a topic says as a table: a row for each lag, K or exponent, and what is one number in a column that repeats it.

What has an axis of its own beside the table's, as the factor of each seed, is left to the JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame

Found = Mapping[str, Any]
Columns = Callable[[Found], dict[str, Any]]
"""Those of a topic's object that differ from row to row, all of one length."""


def table(found: Found, columns: Columns) -> DataFrame:
    """A topic's object: its numbers and words in every row, then ``columns``."""
    from pandas import DataFrame

    varying = DataFrame(columns(found))
    once = {
        name: value
        for name, value in found.items()
        if not isinstance(value, (Mapping, list, np.ndarray)) and name not in ("finite", *varying)
    }
    return DataFrame(once, index=varying.index).join(varying)


def of_cliff(found: Found) -> dict[str, Any]:
    """One row."""
    return {f"gradient_{name}": [value] for name, value in found["gradient"].items()}


def of_influence(found: Found) -> dict[str, Any]:
    """One row."""
    return {"k": [found["k"]]}


def of_two_lag(found: Found) -> dict[str, Any]:
    """One row."""
    short, long = found["lags"]
    return {"short": [short], "long": [long]}


def of_truncation_bias(found: Found) -> dict[str, Any]:
    """A row for each K of each mode; ``phi`` is the gradient K steps before a loss, the first that K leaves out."""
    modes = ("windows", "sliding")
    K = np.concatenate([found[mode]["K"] for mode in modes])
    joined = {name: np.concatenate([found[mode][name] for mode in modes]) for name in found[modes[0]]}
    return {"mode": np.repeat(modes, [len(found[mode]["K"]) for mode in modes])} | joined | {"phi": found["phi"][K]}


def of_initial_decay(found: Found) -> dict[str, Any]:
    """A row a lag: the gradient so many steps back; the lags between which the factor was fitted in every row."""
    first, last = found["lags"]
    return {"fit_from": first, "fit_to": last, "lag": range(len(found["flow"])), "flow": found["flow"]}


def of_memory_capacity(found: Found) -> dict[str, Any]:
    """A row a lag."""
    return {"lag": found["lags"], "closed_form": found["closed_form"], "measured": found["measured"]}


def of_lyapunov(found: Found) -> dict[str, Any]:
    """A row an exponent, of a linear network with what it equals."""
    names = {"exponents": "exponent", "log_moduli": "log_modulus"}
    values = {word: found[name] for name, word in names.items() if name in found}
    return {"number": range(1, 1 + len(found["exponents"]))} | values
