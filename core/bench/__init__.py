"""``python -m core bench``: what watching costs, measured here and now against torch's own layers.

In one process and in turns, at batch 32, for every cell and size:

a    our recorded step: forward with every gate kept, hand-written backward, ‖∂L/∂h[t]‖ and ‖∂L/∂c[t]‖ for every t, all
     weight gradients
b    a step of a live run on its default schedule, everything included: batches, loss, clipping, optimiser, frames,
     store, checkpoint, scoring
c    torch's own layer forward and backward with nothing recorded, beside a; c′ a training step of a plain script with
     it, beside b. A cell that torch lacks is held against the layer nearest to it
d    the loop over torch's cells with ``retain_grad`` that can say what a says (or over its equations, by autograd)

And for two and three layers a recorded step over as many of one layer (``core.bench.depth``), at the smallest size.
And a with layer norm and with batch norm, over a.

One thread is timed by the processor time it takes, so that other programs disturb little; two by the clock on the wall.
A live run always has one thread.
"""

from __future__ import annotations

import argparse
import json
import os

from core.anatomy import ANATOMIES

CELLS = tuple(ANATOMIES)


def add_options(parser: argparse.ArgumentParser) -> None:
    """How the command line restricts what is measured."""
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    parser.add_argument("--quick", action="store_true", help="H = 64, T = 200, one thread, no growth with T")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--hidden", nargs="+", type=positive, default=None, metavar="H", help="default 32 64 128")
    parser.add_argument("--lengths", nargs="+", type=positive, default=None, metavar="T", help="default 100 200 1000")
    parser.add_argument("--threads", nargs="+", type=positive, default=None, metavar="N", help="default 1 2")
    parser.add_argument("--seconds", type=float, default=1.5, help="aimed at for each row (default 1.5)")


def positive(text: str) -> int:
    """A whole number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return number


def main(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # as in the worker's processes, before torch is loaded
    from core.bench.report import as_json, as_text
    from core.bench.rows import measure

    quick = arguments.quick
    measurements = measure(
        arguments.cells,
        arguments.hidden or ([64] if quick else [32, 64, 128]),
        arguments.lengths or ([200] if quick else [100, 200, 1000]),
        arguments.threads or ([1] if quick else [1, 2]),
        arguments.seconds,
        growth=not quick,
    )
    print(json.dumps(as_json(measurements), indent=1) if arguments.json else as_text(measurements))
    return 0
