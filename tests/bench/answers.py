"""How fast questions about a moment are answered while a training runs: ``python tests/bench/answers.py``.

Prints, for each cell, the processor time of the function alone and the time from question to answer through catalog and
worker, with one training on the same machine and with two. Asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time

from core.config import RunConfig
from core.lab.analysis import answer
from core.lab.client import Lab
from core.lab.request import Request
from core.lab.warm import trainer  # noqa: F401 - warms this process up as the worker's are
from core.questions import Clipping, Contributions, Question, TruncationBias, TruncationCost
from core.store.folder import data_folder
from core.store.temporary import Temporary

CELLS = ("rnn", "lstm", "peephole", "gru")
QUESTIONS = (TruncationBias(), Contributions(), Clipping(), TruncationCost())


def alone(config: RunConfig, question: Question, rounds: int) -> float:
    """Median of milliseconds of processor time of one answer."""
    body, taken = Request(question, "preview-bench", 0, config).body, []
    for _ in range(rounds):
        began = time.thread_time()
        answer("", question.kind, body)
        taken.append(1e3 * (time.thread_time() - began))
    return statistics.median(taken)


def waited(lab: Lab, run_id: str, question: Question, steps: list[int]) -> list[float]:
    """Milliseconds from question to answer, one moment after the other."""
    taken = []
    for step in steps:
        began = time.perf_counter()
        lab.wait_for(question, run_id, step, seconds=60)
        taken.append(1e3 * (time.perf_counter() - began))
    return taken


def measure(lab: Lab, config: RunConfig, busy: int, rounds: int) -> list[tuple[str, list[float]]]:
    """Question to answer about a run that trains, with ``busy`` - 1 others beside it."""
    runs = [lab.submit(config.replace(seed=config.seed + n), "bench") for n in range(busy)]
    stored = lab.run(runs[0].id)
    while stored is None or len(stored.weight_steps) < rounds:
        time.sleep(0.05)
        stored = lab.run(runs[0].id)
    kept = stored.weight_steps[:rounds].tolist()
    found = [(each.kind, waited(lab, runs[0].id, each, kept if each.changes else [0])) for each in QUESTIONS]
    for run in runs:
        lab.delete(run.id, "bench")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"hidden": 64, "length": 200, "batch": 32, "rounds": 15}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--task", default="temporal-order")
    parser.add_argument("--cells", nargs="+", default=list(CELLS), choices=CELLS)
    asked = parser.parse_args()
    with Temporary(data_folder()) as folder:
        os.environ |= {"UNROLLED_DATA": str(folder), "UNROLLED_MAX_MINUTES": "100000", "OMP_NUM_THREADS": "1"}
        worker = subprocess.Popen([sys.executable, "-m", "core.lab.worker"], stderr=subprocess.DEVNULL)
        try:
            lab = Lab(folder)
            print(f"{asked.task}, T={asked.length} H={asked.hidden} N={asked.batch}; milliseconds: median (slowest)")
            for name in asked.cells:
                sizes = {"task.length": asked.length, "cell.hidden_size": asked.hidden, "batch_size": asked.batch}
                config = RunConfig.from_flat({"task.name": asked.task, "cell.name": name, "steps": 2000} | sizes)
                for each in QUESTIONS:
                    print(f"{name:10}{each.kind:12} alone, processor time {alone(config, each, 5):6.0f}", flush=True)
                for busy in (1, 2):
                    for kind, taken in measure(lab, config.replace(seed=10 * busy), busy, asked.rounds):
                        print(f"{name:10}{kind:12} {busy} training {statistics.median(taken):18.0f} ({max(taken):.0f})",
                              flush=True)  # fmt: skip
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait()


if __name__ == "__main__":
    main()
