"""The script that is handed out, run by an interpreter that knows nothing of this project."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.anatomy import ANATOMIES
from core.cells import NORMALISATIONS, every_variant
from core.cells.initialisation import Start, draw
from core.config import RunConfig
from core.data import training_batch
from core.errors import UnrolledError
from core.network import Network
from core.script import pytorch
from core.script.notebook import notebook
from core.script.pytorch import SECTION, script
from core.script.slicing import Program
from core.tasks import TASKS
from core.training import train
from core.training.learner import Learner

BASE = {"task.length": 14, "cell.hidden_size": 5, "steps": 12, "batch_size": 6}
CASES: dict[str, dict[str, Any]] = {
    "full, clipped by norm": {"cell.init": "chrono"},
    "windows": {"cell.name": "rnn", "cell.activation": "linear", "truncation": "windows", "truncation_length": 5,
                "optimizer": "rmsprop", "lr": 0.002},
    "sliding": {"cell.name": "peephole", "truncation": "sliding", "task.name": "embedded-reber", "optimizer": "adamw",
                "clip": "value", "clip_threshold": 0.01, "truncation_length": 6},
    "stream": {"task.name": "two-lag", "truncation": "stream", "truncation_length": 7, "truncation_stride": 3,
               "lr_schedule": "cosine", "clip": "none"},
    "reset, clamped": {"truncation": "reset", "clip": "backprop", "clip_threshold": 1e-4, "task.name": "adding",
                       "optimizer": "nesterov"},
    "readout alone": {"cell.name": "gru", "trained": "readout", "cell.normalisation": "layer",
                      "lr_schedule": "warm-up", "optimizer": "adagrad"},
    "batch norm": {"cell.normalisation": "batch", "batch_size": 9},
    "three layers": {"cell.layers": 3, "truncation": "windows", "truncation_length": 6, "clip": "backprop"},
}  # fmt: skip


@pytest.mark.slow
def test_script_and_notebook_end_where_the_run_ended(tmp_path: Path) -> None:
    """All in one interpreter, which has torch and plotly and not this project."""
    configs = {case: RunConfig.from_flat(BASE | settings) for case, settings in CASES.items()}
    for case, config in configs.items():
        (tmp_path / f"{case}.py").write_text(script(config, "http://example.org/?run=abc"))
    told = json.loads(notebook(configs["full, clipped by norm"]))
    assert told["nbformat"] == 4 and len({cell["id"] for cell in told["cells"]}) == len(told["cells"])
    code = "\n".join(cell["source"] for cell in told["cells"] if cell["cell_type"] == "code")
    (tmp_path / "notebook.py").write_text(code)
    configs["notebook"] = configs["full, clipped by norm"]
    ran(tmp_path)
    for case, config in configs.items():
        *_, last = train(config)
        loss, flow = json.loads((tmp_path / f"{case}.json").read_text())
        assert loss == pytest.approx(last.loss, rel=1e-5), case
        np.testing.assert_allclose(flow, last.flow, rtol=1e-5, atol=1e-5 * float(np.max(last.flow)), err_msg=case)
    assert (tmp_path / "gradient.html").stat().st_size > 1_000_000


def ran(folder: Path) -> None:
    """Every script of ``folder``, in one interpreter; what it found is in a JSON file of its name."""
    run = (
        "import json, pathlib, runpy, sys\n"
        "for path in sorted(pathlib.Path().glob('*.py')):\n"
        "    names = runpy.run_path(str(path))\n"
        "    path.with_suffix('.json').write_text(json.dumps([names['loss'], names['flow'].tolist()]))\n"
        "assert not {'core', 'app', 'unrolled'} & set(sys.modules)"
    )
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", run], cwd=folder, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_with_a_norm_it_is_the_engine_in_double_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every cell, with one layer and two. In float32 both are rounded, and a norm in nets so small magnifies that:
    after 3 updates an LSTM's gradient was a tenth off the true one in the engine and a twentieth in the script."""
    sizes = {"task.length": 10, "cell.hidden_size": 4, "batch_size": 4, "steps": 3}
    configs = {
        f"{cell}_{norm}_{layers}": RunConfig.from_flat(
            sizes | {"cell.name": cell, "cell.normalisation": norm, "cell.layers": layers}
        )
        for cell, norm, layers in product(ANATOMIES, NORMALISATIONS[1:], (1, 2))
    }
    for case, config in configs.items():
        text = script(config).split(f"{SECTION}the picture")[0]
        assert text.count("DTYPE = torch.float32") == 1
        (tmp_path / f"{case}.py").write_text(text.replace("DTYPE = torch.float32", "DTYPE = torch.float64"))
    ran(tmp_path)
    drawn = Network.drawn
    monkeypatch.setattr(Network, "drawn", lambda config: drawn(config).wide())
    for case, config in configs.items():
        learner = Learner(config)
        for step in range(config.steps + 1):
            end = step == config.steps
            learnt = learner.learn(training_batch(config, step), step, move=not end, record=end)
        loss, flow = json.loads((tmp_path / f"{case}.json").read_text())
        assert loss == pytest.approx(learnt.loss, rel=1e-9), case
        assert learnt.profiles is not None
        np.testing.assert_allclose(flow, learnt.profiles.flow, rtol=1e-7, atol=1e-7 * max(flow), err_msg=case)


def executed(program: Program) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "sliced"}
    sys.modules["sliced"] = type(sys)("sliced")  # dataclasses look their module up
    names = vars(sys.modules["sliced"])
    exec("from __future__ import annotations\n" + "\n".join(program.imports.values()) + "\n" + program.text, names)
    return names


@pytest.mark.parametrize("name", TASKS)
def test_every_task_draws_the_same_bits(name: str) -> None:
    """Or says why its source cannot be cut out, and what to take instead."""
    task, program = RunConfig.from_flat({"task.name": name}).task, Program()
    try:
        program.function(task.sample, {"part": "training"}, "sample")
    except UnrolledError as error:
        assert str(error).startswith("The script cannot be written: ") and "Take the run file" in str(error)
        return
    found = executed(program)["sample"](np.random.default_rng(3), 7)
    wanted = task.sample(np.random.default_rng(3), 7, "training")
    for part in ("x", "target", "asked", "scored"):
        assert np.array_equal(getattr(found, part), getattr(wanted, part))


def test_every_cell_steps_and_starts_with_the_same_bits() -> None:
    for label, cell in every_variant(("none", "layer")).items():
        wanted = cell.init(3, 5, generator=torch.Generator().manual_seed(1))
        program = Program({"params": frozenset(wanted)})
        program.function(cell.step, {}, "step")
        known = {"anatomy": cell.anatomy, "start": Start(), "dtype": torch.float32}
        program.function(draw, known, "draw")
        names = executed(program)
        found = names["draw"](3, 5, torch.Generator().manual_seed(1))
        assert list(found) == list(wanted) and all(torch.equal(found[key], wanted[key]) for key in wanted), label
        x, state = torch.randn(4, 3), tuple(torch.randn(4, 5) for _ in cell.state_parts)
        ours, theirs = cell.step(wanted, x, state), names["step"](found, x, state)
        assert all(torch.equal(one, other) for one, other in zip(ours[0], theirs[0], strict=True)), label


def test_every_start_is_the_same() -> None:
    for name, anatomy in ANATOMIES.items():
        for init in anatomy.initialisations():
            config = RunConfig.from_flat({"cell.name": name, "cell.init": init, "cell.hidden_size": 3, "steps": 1})
            assert "def network():" in script(config)


def test_a_setting_without_a_place_in_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytorch, "COVERED", pytorch.COVERED - {"optimizer"})
    with pytest.raises(UnrolledError, match=r"`optimizer` \(=adam\) has no place in the PyTorch script"):
        script(RunConfig())
