"""How long four cells with three seeds each take on temporal order: wall clock, processor time, and what it goes into.

    python tests/bench/comparison.py [--preset temporal-order-lstm] [--seeds 3] [--processes 2]

The runs are submitted together, as the page Compare does it, to a worker of their own with a folder of its own. The
clock begins when the worker is warm, as it is behind a page. Processor time is that of the worker and all its
processes, read from /proc (Linux); on two quiet cores the comparison cannot be through sooner than after half of it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from core.comparison import comparison, labels
from core.config import RunConfig
from core.lab.client import Lab, RunInfo
from core.store.folder import data_folder
from core.store.temporary import Temporary

TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="temporal-order-lstm")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2, help="runs trained at once")
    asked = parser.parse_args()
    found = comparison(RunConfig.preset(asked.preset), seeds=asked.seeds)
    with Temporary(data_folder()) as folder:
        environment = os.environ | {"UNROLLED_DATA": str(folder), "UNROLLED_PROCESSES": str(asked.processes)}
        worker = subprocess.Popen([sys.executable, "-m", "core", "worker"], env=environment, stderr=subprocess.DEVNULL)
        try:
            measure(Lab(folder), folder, found.in_turn, labels([member.config for member in found.members]))
        finally:
            worker.terminate()
            worker.wait()


def measure(lab: Lab, folder: Path, configs: list[RunConfig], names: list[str]) -> None:
    lab.preview(configs[0], wait=120)
    warm = lab.submit(configs[0].replace(steps=20, seed=99), "warm-up")
    wait(lab, [warm], folder)
    before, started, load = processor_seconds(folder), time.monotonic(), os.getloadavg()[0]
    infos = lab.submit_all(configs, "bench")
    after = wait(lab, infos, folder)
    wall, spent = time.monotonic() - started, sum(after.values()) - sum(before.values())
    print(f"{len(infos)} runs of {configs[0].steps} steps: {wall:.1f} s on the clock (load {load:.1f} before it)")
    print(f"{spent:.1f} s of processor time, {spent / 2:.1f} s on each of two cores")
    for k, name in enumerate(names):
        report(lab, name, infos[k :: len(names)])


def wait(lab: Lab, infos: list[RunInfo], folder: Path) -> dict[int, float]:
    """Until all are finished; the processor time of every process of the folder, also of those that went meanwhile."""
    spent: dict[int, float] = {}
    while True:
        states = {state.status for info in infos if (state := lab.info(info.id))}
        spent |= processor_seconds(folder)
        if states == {"finished"}:
            return spent
        assert states <= {"queued", "running", "finished"}, states
        time.sleep(0.2)


def processor_seconds(folder: Path) -> dict[int, float]:
    """Seconds of every process that works in ``folder``, but for this one."""
    mark, found = f"UNROLLED_DATA={folder}".encode(), {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                found[int(process.name)] = (int(fields[11]) + int(fields[12])) / TICKS
        except OSError:
            continue  # it went while we looked, or is not ours to look at
    return found


def report(lab: Lab, name: str, infos: list[RunInfo]) -> None:
    """A member's runs: processor time of a training step, and the scores they came to."""
    runs = [run for info in infos if (run := lab.run(info.id))]
    steps = [1e3 * float(np.nanmedian(run.step_seconds())) for run in runs]
    scores = [f"{frame.score:.0%}" for run in runs if (frame := run.frame(run.last_step))]
    range_ = f"{min(steps):.2f} to {max(steps):.2f}"
    print(f"  {name:24} {np.median(steps):5.2f} ms a step ({range_}), scores {', '.join(scores)}")


if __name__ == "__main__":
    main()
