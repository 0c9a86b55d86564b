"""How long until a task is solved: a run that is watched, a plain script with nn.LSTM, and one that loops over cells.

    python tests/bench/time_to_solve.py [--steps 4000] [--without-loop]

All three start from the same weights, see the same batches and are scored on the same sequences at the same steps, so
they are solved after about as many steps: adding (T = 100, H = 32) at a normalised error below .02, temporal order
(T = 50, H = 8) at 99 % right. Times are processor time of one thread, everything included. The loop retains every
gradient and takes its norm at the steps that a run records.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from core.config import RunConfig
from core.data import held_out, training_batch
from core.schedule import Schedule
from core.store import RunWriter
from core.store.folder import data_folder, new_run_id
from core.store.temporary import Temporary
from core.tasks import Batch
from core.training import train
from core.training.learner import Learner

ADDING = {"task.length": 100, "cell.hidden_size": 32, "lr": 0.005}
CASES: list[tuple[str, RunConfig, Callable[[float, float], bool]]] = [
    ("adding T=100 H=32", RunConfig.preset("adding-lstm", **ADDING), lambda score, error: error < 0.02),
    ("temporal order T=50 H=8", RunConfig.preset("temporal-order-lstm"), lambda score, error: score >= 0.99),
]
Scores = Iterator[tuple[int, float, float]]
"""Step, score and normalised error at every scoring."""


def watched(config: RunConfig) -> Scores:
    """A run as the app carries it out: recorded on its schedule, stored, with checkpoints."""
    with Temporary(data_folder()) as folder:
        run = new_run_id()
        writer = RunWriter(folder / f"{run}.sqlite", run, config, 1)
        training, saved = train(config), time.monotonic()
        for frame in training:
            writer.append(frame)
            if time.monotonic() - saved > 2:
                writer.save_checkpoint(frame.step, training.checkpoint())
                saved = time.monotonic()
            if frame.score_step == frame.step:
                yield frame.step, frame.score, frame.error
        writer.close(over=True)


class Script:
    """What a user would write: layer or cells, linear readout, loss, clipping, Adam."""

    def __init__(self, config: RunConfig, *, loop: bool) -> None:
        start, self.config = Learner(config).params, config
        sizes = config.task.input_size, config.cell.hidden_size
        self.cells = nn.LSTMCell(*sizes) if loop else None
        self.layer = nn.LSTM(*sizes)
        self.readout = nn.Linear(config.cell.hidden_size, config.task.output_size)
        for module, suffix in ((self.cells, ""), (self.layer, "_l0")):
            if module is not None:
                names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
                module.load_state_dict({name + suffix: start[name].clone() for name in names})
        self.readout.load_state_dict({name: start[f"readout.{name}"].clone() for name in ("weight", "bias")})
        self.weights = [*(self.cells or self.layer).parameters(), *self.readout.parameters()]

    def scores(self) -> Scores:
        """Train, and score when the run is scored."""
        schedule, optimizer = Schedule.of(self.config), torch.optim.Adam(self.weights, lr=self.config.lr)
        kept = held_out(self.config)
        for step in range(self.config.steps + 1):
            if schedule.evaluates(step):
                yield step, *self.score(kept)
            optimizer.zero_grad()
            self.loss(training_batch(self.config, step), schedule.records(step)).backward()
            if self.config.clip == "norm":
                nn.utils.clip_grad_norm_(self.weights, self.config.clip_threshold)
            optimizer.step()
            if self.cells is not None and schedule.records(step):
                self.norms = [float(h.grad.norm(dim=1).sum()) for h in self.states if h.grad is not None]

    def loss(self, batch: Batch, record: bool) -> Tensor:
        """Of the last step's answers."""
        x = torch.tensor(batch.x)
        if self.cells is None:
            last = self.layer(x)[0][-1]
        else:
            state, self.states = None, []
            for x_t in x:
                state = self.cells(x_t, state)
                if record:
                    for part in state:
                        part.retain_grad()
                    self.states += state
            assert state is not None
            last = state[0]
        return self.compare(self.readout(last), torch.tensor(batch.target[-1]))

    def compare(self, answer: Tensor, target: Tensor) -> Tensor:
        """Squared error for numbers, cross-entropy for classes."""
        if target.is_floating_point():
            return nn.functional.mse_loss(answer.squeeze(-1), target.to(answer.dtype))
        return nn.functional.cross_entropy(answer, target)

    @torch.no_grad()
    def score(self, batch: Batch) -> tuple[float, float]:
        """On the held-out set, always by torch's layer, which is the fast way to do it."""
        if self.cells is not None:
            self.layer.load_state_dict({f"{name}_l0": value for name, value in self.cells.state_dict().items()})
        answer, target = self.readout(self.layer(torch.tensor(batch.x))[0][-1]), torch.tensor(batch.target[-1])
        loss = float(self.compare(answer, target))
        if target.is_floating_point():
            error = loss / float(np.var(batch.target[-1]))
            return max(0.0, 1 - error), error
        return float((answer.argmax(dim=-1) == target).double().mean()), loss / self.config.task.baseline_loss


def solve(scores: Scores, solved: Callable[[float, float], bool]) -> str:
    """Seconds and steps until it is solved."""
    start, step, error = time.process_time(), 0, float("nan")
    for step, score, error in scores:
        if solved(score, error):
            seconds = time.process_time() - start
            return f"{seconds:8.1f} s {step:6d} steps {1e3 * seconds / max(step, 1):7.2f} ms a step"
    return f"not solved after {step} steps (error {error:.3f}), {time.process_time() - start:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=4000, help="give up after so many")
    parser.add_argument("--without-loop", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    for name, preset, solved in CASES:
        config = preset.replace(steps=asked.steps)
        print(name)
        sides: dict[str, Scores] = {"watched run": watched(config), "nn.LSTM": Script(config, loop=False).scores()}
        if not asked.without_loop:
            sides["retain_grad loop"] = Script(config, loop=True).scores()
        for side, scores in sides.items():
            print(f"  {side:18}{solve(scores, solved)}", flush=True)


if __name__ == "__main__":
    main()
