"""Reports on the networks of a config: gradients that might have been, factors at initialisation, exponents."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.anatomy import ANATOMIES
from core.command_theory.values import Arguments, whole
from core.comparison import differences
from core.config import RunConfig
from core.errors import ConfigError, UnrolledError, quoted

PATIENCE = 30.0
"""Nobody waits at a page here: so much more time may go into a bias curve."""
SEQUENCES = 8
"""Sequences whose exponents are averaged unless more are wanted."""
MOST_NUMBERS = 1 << 26
"""In all Jacobians of one sequence, 512 MB."""
LINEAR_STEPS, LARGEST_MATRIX = 4000, 64
"""Steps of a linear network, and its units at most."""


def _step(config: RunConfig, arguments: Arguments) -> int:
    step = whole("at", arguments.at, 0, None)
    if step > config.steps:
        raise ConfigError(
            [f"`--at` (={step}) must lie within the run's {config.steps:,} steps. Lower it, or raise `steps`."]
        )
    return step


def _sequences(config: RunConfig, arguments: Arguments) -> int | None:
    return None if arguments.sequences is None else whole("sequences", arguments.sequences, 1, config.batch_size)


def truncation_bias_report(arguments: Arguments) -> dict[str, Any]:
    """The full gradient against the truncated one for every K, on the weights and the batch of one training step."""
    config: RunConfig = arguments.config_of(arguments)
    step, sequences = _step(config, arguments), _sequences(config, arguments)
    from core.diagnostics.truncation_bias import truncation_bias
    from core.training.replay import moment_of

    arrays = truncation_bias(moment_of(config, step, sequences=sequences), PATIENCE)
    modes = ("windows", "sliding")
    by_mode = {mode: {name.removeprefix(f"{mode}."): values for name, values in arrays.items()
                      if name.startswith(f"{mode}.")} for mode in modes}  # fmt: skip
    return {"step": step, "sequences": sequences or config.batch_size, "length": config.task.length,
            "needed": config.task.lag + 1, **by_mode, "phi": arrays["phi"]}  # fmt: skip


def initial_decay_report(arguments: Arguments) -> dict[str, Any]:
    """The factor by which each step back multiplies the gradient of a network as it was drawn, before any training."""
    from core.cells import cell_of
    from core.diagnostics.initial_decay import initial_decay

    length, seeds = whole("length", arguments.length, 10, 2000), whole("seeds", arguments.seeds, 1, 100)
    cell = RunConfig.from_flat({"task.name": "adding", "task.length": length} | _cell(arguments)).cell
    start = cell.start
    found = initial_decay(
        cell_of(cell), start.pop("scheme"), cell.hidden_size, length=length, seeds=seeds, **start
    )  # fmt: skip
    told = {name: value for name, value in cell.model_dump().items() if f"cell.{name}" not in cell.idle}
    return {name: value for name, value in told.items() if name not in ("name", "hidden_size")} | found


def cell_options() -> dict[str, str]:
    """Every setting that only some cells have, and a line of help for each."""
    found: dict[str, list[str]] = {}
    for anatomy in ANATOMIES.values():
        for name in anatomy.model_fields.keys() - {"name", "hidden_size", "init"}:
            found.setdefault(name, []).append(anatomy.word)
    return {name: f"of {' and '.join(words)}" for name, words in sorted(found.items())}


def _usual_beside(arguments: Arguments) -> dict[str, str]:
    """What the cell itself puts beside such a start: identity makes an IRNN, which has a ReLU."""
    anatomy = ANATOMIES.get(arguments.cell)
    for text in anatomy.suggests if anatomy else ():
        found = differences(text)
        if found.pop("cell.init", None) == arguments.init:
            return found
    return {}


def _cell(arguments: Arguments) -> dict[str, str | int]:
    """The settings of the cell that the options describe; those not given keep their defaults."""
    given = {name: getattr(arguments, name) for name in cell_options()}
    known = {f"cell.{name}": value for name, value in given.items() if value is not None}
    known = _usual_beside(arguments) | known
    hidden = whole("hidden", arguments.hidden, 1, 512)
    return {"cell.name": arguments.cell, "cell.init": arguments.init, "cell.hidden_size": hidden, **known}


def lyapunov_report(arguments: Arguments) -> dict[str, Any]:
    """Lyapunov exponents of a network along sequences of one training step, or of a linear network h = U h."""
    if arguments.matrix is not None:
        return _linear(arguments)
    import torch

    from core.diagnostics.lyapunov import lyapunov
    from core.training.replay import moment_of

    config: RunConfig = arguments.config_of(arguments)
    step, sequences = _step(config, arguments), _sequences(config, arguments)
    _must_fit(config)
    moment = moment_of(config, step, sequences=sequences or min(SEQUENCES, config.batch_size))
    layer = moment.layer.to(torch.float64)
    return {"step": step} | lyapunov(layer, torch.tensor(moment.batch.x, dtype=layer.dtype))


def _must_fit(config: RunConfig) -> None:
    size = config.cell.state_size
    if config.task.length * size**2 > MOST_NUMBERS:
        raise ConfigError(
            [
                f"`task.length` (={config.task.length}) and `cell.hidden_size` (={config.cell.hidden_size}) make more "
                f"Jacobians than fit: {config.task.length} of {size} × {size}. Lower one of them."
            ]
        )


def _linear(arguments: Arguments) -> dict[str, Any]:
    """The exponents of h = U h beside the logarithms of the moduli of U's eigenvalues, which they equal."""
    import torch

    from core.diagnostics.lyapunov import exponents

    if arguments.preset or arguments.config or arguments.set:
        raise UnrolledError("`--matrix` is a network of its own. Leave out `--preset`, `--config` and `--set`.")
    matrix = _matrix(arguments.matrix)
    found = exponents(torch.from_numpy(matrix).expand(LINEAR_STEPS, -1, -1))
    with np.errstate(divide="ignore"):
        moduli = np.sort(np.log(np.abs(np.linalg.eigvals(matrix))))[::-1]
    return {"steps": LINEAR_STEPS, "transient": found.transient, "state_size": len(matrix),
            "exponents": found.exponents, "log_moduli": moduli}  # fmt: skip


def _matrix(text: str) -> np.ndarray:
    """A square matrix: numbers separated by spaces, rows by semicolons."""
    try:
        rows = [[float(part) for part in row.replace(",", " ").split()] for row in text.split(";")]
    except ValueError:
        rows = []
    size = len(rows)
    if not 1 <= size <= LARGEST_MATRIX or any(len(row) != size for row in rows) or not np.isfinite(rows).all():
        raise UnrolledError(
            f"`--matrix` (={quoted(text)}) must be a square matrix of finite numbers, {LARGEST_MATRIX} rows at most, "
            "as in `--matrix '0.9 0.3; 0 -0.5'`."
        )
    return np.array(rows)
