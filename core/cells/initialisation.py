"""How a cell's parameters start. A new scheme is one function and one entry in SCHEMES.

A scheme changes what torch would draw, in place, block by block (a block is one gate's rows); ``draw`` makes the
tensors and applies a forget bias on top. Gains of a normalisation start as ``core.anatomy`` says.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from core.anatomy import Anatomy
from core.anatomy.base import FIRST_GAINS
from core.errors import ConfigError


@dataclass(frozen=True)
class Layout:
    """Where a cell's parameters have what, read off its anatomy.

    blocks      gates (1 for a cell without): the blocks of H rows in weights and biases
    forget      block of the forget gate, or None
    keep        block whose σ says how much of the state is kept (LSTM f, GRU z), or None
    enter       block whose σ says how much enters (LSTM i), or None where keep decides both
    coupled     whether ``enter`` decides both: what does not enter is kept, σ(−a) = 1 − σ(a)
    peepholes   rows of weight_peephole
    """

    blocks: int
    forget: int | None = None
    keep: int | None = None
    enter: int | None = None
    coupled: bool = False
    peepholes: int = 0

    @classmethod
    def of(cls, anatomy: Anatomy) -> Layout:
        """That of a cell."""
        places = {name: place for place, name in enumerate(anatomy.gate_names)}
        keeps, enters = anatomy.with_role("keeps"), anatomy.with_role("lets in")
        keep = places.get(keeps.symbol) if keeps else None
        return cls(
            blocks=len(places) or 1,
            forget=keep if keeps and keeps.title == "forget gate" else None,
            keep=keep,
            enter=places.get(enters.symbol) if enters else None,
            coupled=bool(keeps and enters and keeps.of == enters.symbol),
            peepholes=len(anatomy.peepholes),
        )


Params = dict[str, Tensor]


@dataclass(frozen=True)
class Start:
    """How parameters are drawn: by which scheme of SCHEMES, with what it needs.

    forget_bias   the effective bias of the forget gate; None keeps what the scheme gives
    scale         what the spectral schemes scale each gate's U to
    time_span     T of the chrono scheme, the task's length
    """

    scheme: str = "default"
    forget_bias: float | None = None
    scale: float | None = None
    time_span: int | None = None


def draw(
    anatomy: Anatomy, input_size: int, hidden_size: int, generator: Generator, start: Start, dtype: torch.dtype
) -> Params:
    """New parameters, drawn as torch draws them and then by the scheme.

    Raises ConfigError for what does not fit.
    """
    if start.scheme not in SCHEMES:
        raise ConfigError([f"`cell.init` (={start.scheme}) is not known. Choose one of: {', '.join(SCHEMES)}."])
    layout = Layout.of(anatomy)
    rows = layout.blocks * hidden_size
    params = {
        "weight_ih": torch.empty(rows, input_size, dtype=dtype),
        "weight_hh": torch.empty(rows, hidden_size, dtype=dtype),
        "bias_ih": torch.empty(rows, dtype=dtype),
        "bias_hh": torch.empty(rows, dtype=dtype),
    }
    if layout.peepholes:
        params["weight_peephole"] = torch.empty(layout.peepholes, hidden_size, dtype=dtype)
    bound = 1 / math.sqrt(hidden_size)
    for tensor in params.values():
        tensor.uniform_(-bound, bound, generator=generator)
    SCHEMES[start.scheme](params, layout, generator, start)
    for name, blocks in anatomy.gains.items():
        start_at = FIRST_GAINS[anatomy.normalisation] if name.startswith("gain") else 0.0
        params[name] = torch.full((blocks * hidden_size,), start_at, dtype=dtype)
    if start.forget_bias is not None:
        set_forget_bias(params, layout, start.forget_bias)
    return params


def default(params: Params, layout: Layout, generator: Generator, start: Start) -> None:
    """torch's: every number U(±1/√H), drawn in torch.nn's order, so equal seeds give equal weights."""


def xavier(params: Params, layout: Layout, generator: Generator, start: Start) -> None:
    """Glorot & Bengio 2010: each gate's W and U uniform with variance 2/(fan in + fan out); biases zero."""
    for name in ("weight_ih", "weight_hh"):
        for block in params[name].chunk(layout.blocks):
            torch.nn.init.xavier_uniform_(block, generator=generator)
    _no_biases(params)


def orthogonal(params: Params, layout: Layout, generator: Generator, start: Start) -> None:
    """Saxe 2014: each gate's U orthogonal (every singular value 1); W and biases stay torch's default."""
    for block in params["weight_hh"].chunk(layout.blocks):
        torch.nn.init.orthogonal_(block, generator=generator)


def identity(params: Params, layout: Layout, generator: Generator, start: Start) -> None:
    """Le, Jaitly & Hinton 2015 (IRNN, with ReLU): each gate's U = I, W ~ N(0, .001²), biases zero."""
    for block in params["weight_hh"].chunk(layout.blocks):
        torch.nn.init.eye_(block)
    params["weight_ih"].normal_(0, 0.001, generator=generator)
    _no_biases(params)


def spectral_radius(params: Params, layout: Layout, generator: Generator, start: Start) -> None:
    """Each gate's U as torch draws it, scaled to the spectral radius ρ = ``scale``: the largest modulus of an
    eigenvalue."""
    _scale(params, layout, start, lambda U: torch.linalg.eigvals(U).abs().max())


def spectral_norm(params: Params, layout: Layout, generator: Generator, start: Start) -> None:
    """Each gate's U as torch draws it, scaled to the largest singular value σ_max = ``scale``."""
    _scale(params, layout, start, lambda U: torch.linalg.matrix_norm(U, 2))


def _scale(params: Params, layout: Layout, start: Start, size: Callable[[Tensor], Tensor]) -> None:
    """Each gate's U to the ``size`` that is wanted; sizes are found in float64."""
    if start.scale is None or not start.scale > 0:
        raise ConfigError(
            [f"`scale` (={start.scale}) must be greater than 0 for `cell.init` (={start.scheme}). Pass `scale`."]
        )  # fmt: skip
    for block in params["weight_hh"].chunk(layout.blocks):
        block *= start.scale / float(size(block.double()))


def chrono(params: Params, layout: Layout, generator: Generator, start: Start) -> None:
    """Tallec & Ollivier 2018: the keep gate's bias ~ log U(1, T−1), the input gate's its negative; T = ``time_span``.

    A unit with bias log(τ) keeps its content for about τ steps, so the units spread over the task's time scales. A
    coupled gate is both at once; of an LSTM that keeps everything the input gate alone is set.
    """
    if layout.keep is None and layout.enter is None:
        raise ConfigError(
            ["`cell.init` (=chrono) needs a gate that keeps the state, which the RNN lacks. "
             "Choose another `cell.init` or a gated cell."]
        )  # fmt: skip
    if start.time_span is None or start.time_span < 1:
        raise ConfigError(
            [f"`time_span` (={start.time_span}) must be the task's length, 1 or more, for `cell.init` (=chrono). "
             "Pass `time_span`."]
        )  # fmt: skip
    hidden_size = params["weight_hh"].shape[1]
    steps = torch.empty(hidden_size, dtype=params["bias_ih"].dtype)
    bias = steps.uniform_(1, max(start.time_span - 1, 1), generator=generator).log_()
    if layout.keep is not None:
        set_bias(params, layout, layout.keep, bias)
    if layout.enter is not None:
        set_bias(params, layout, layout.enter, -bias)


SCHEMES: dict[str, Callable[..., None]] = {
    "default": default,
    "xavier": xavier,
    "orthogonal": orthogonal,
    "identity": identity,
    "spectral-radius": spectral_radius,
    "spectral-norm": spectral_norm,
    "chrono": chrono,
}


def set_forget_bias(params: Params, layout: Layout, value: float) -> None:
    """Both bias vectors' sum on the forget gate becomes ``value`` (Gers 2000; Jozefowicz 2015 recommends 1); on a
    coupled input gate −``value``, which is the same."""
    if layout.coupled and layout.enter is not None:
        set_bias(params, layout, layout.enter, -value)
        return
    if layout.forget is None:
        raise ConfigError(
            [f"`cell.forget_bias` (={value:g}) needs a forget gate, which this cell lacks. "
             "Leave it empty, or choose an LSTM that has one."]
        )  # fmt: skip
    set_bias(params, layout, layout.forget, value)


def set_bias(params: Params, layout: Layout, block: int, value: Tensor | float) -> None:
    """The effective bias (the sum of both vectors) of one block."""
    params["bias_ih"].view(layout.blocks, -1)[block] = value
    params["bias_hh"].view(layout.blocks, -1)[block] = 0


def _no_biases(params: Params) -> None:
    params["bias_ih"].zero_()
    params["bias_hh"].zero_()
