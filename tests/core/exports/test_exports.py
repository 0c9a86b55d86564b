"""Every format read back by what others read it with."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load as load_tensors
from torch import nn

from core.__main__ import main
from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.data import held_out
from core.exports import EXPORTS, Moment, file_name
from core.exports.numbers import FORMS, archive, read
from core.exports.references import cited_by, references, rests_on
from core.network import Network
from core.settings import settings_of
from core.store import load_run
from core.tasks import TASKS
from core.training.replay import moment_of


def test_the_tables_say_what_the_run_says(moment: Moment) -> None:
    """CSV, Parquet and JSON alike, and a README names every column with its unit."""
    run, last = moment.run, moment.run.frame(6)
    assert last is not None and last.grad_c is not None
    for form in FORMS:
        tables = read(form, archive(form, moment))
        gradient = tables["gradient"]
        for column, values in (
            ("flow [nats]", last.flow), ("gradient of h [nats]", last.grad_h), ("gradient of c [nats]", last.grad_c),
        ):  # fmt: skip
            np.testing.assert_allclose(gradient[column], values, rtol=1e-6)
        assert gradient["time step"].tolist() == list(range(13))
        np.testing.assert_allclose(tables["training"]["loss [nats]"], run.scalars()["loss"], rtol=1e-12)
        long = tables["gradient_over_training"]
        for frame in run.frames():
            own = long[long["training step"] == frame.step]
            np.testing.assert_allclose(own["flow [nats]"], frame.flow, rtol=1e-6)
        planes = run.planes(6)
        gates = tables["gates_and_states"]
        one = gates[(gates["sequence"] == 2) & (gates["unit"] == 3)].sort_values("time step")
        assert planes is not None
        np.testing.assert_allclose(one["gate f"][1:], planes.gates["f"][:, 1, 2], rtol=1e-6)
        np.testing.assert_allclose(one["state h"], planes.h[:, 1, 2], rtol=1e-6)
        told = dict(zip(tables["settings"]["setting"], tables["settings"]["value"], strict=True))
        assert str(told["lr"]) == "0.02" and set(told) == set(run.config.to_flat())


def test_the_weights_load_into_torchs_own_layer(moment: Moment) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.readout = nn.LSTM(6, 4), nn.Linear(4, 4)

    content = EXPORTS["weights"].make(moment)
    net = Net()
    net.load_state_dict(load_tensors(content))
    x = torch.tensor(held_out(moment.run.config).x[:, :50])
    weights = moment.run.weights(6)
    assert weights is not None
    network: Network = moment_of(moment.run.config, 6, weights).network
    with torch.no_grad():
        ours = network.answers(network.layer.forward(x).h[1:])
        torch.testing.assert_close(net.readout(net.rnn(x)[0]), ours, rtol=1e-6, atol=1e-6)


def test_a_weights_file_says_what_it_is_of(moment: Moment, tmp_path: Any) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(EXPORTS["weights"].make(moment))
    with safe_open(path, "pt") as file:
        about = file.metadata()
    assert RunConfig.from_flat(json.loads(about["config"])) == moment.run.config and about["step"] == "6"


def test_tensorboards_own_reader_finds_every_scalar(moment: Moment, tmp_path: Any) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (tmp_path / file_name(EXPORTS["tensorboard"], moment)).write_bytes(EXPORTS["tensorboard"].make(moment))
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    scalars = moment.run.scalars()
    found = {event.step: event.value for event in events.Scalars("training/loss")}
    assert list(found) == scalars["step"].tolist()
    np.testing.assert_allclose(list(found.values()), scalars["loss"], rtol=1e-6)
    flow = {event.step: event.value for event in events.Scalars("gradient/flow 10 steps back")}
    np.testing.assert_allclose([flow[f.step] for f in moment.run.frames()], [f.flow[-11] for f in moment.run.frames()])


def test_every_setting_that_somebody_invented_has_its_paper(moment: Moment) -> None:
    """Each work that a task names, each cell, optimiser, truncation, and every start but torch's own."""
    known = {one.cited for one in references()}
    for task in TASKS.values():
        assert set(cited_by(task.first_seen)) <= known, task.first_seen
    rested = {setting for one in references() for setting in one.settings}
    config = RunConfig()
    for key in ("optimizer", "truncation"):
        assert {f"{key}={value}" for value in settings_of(config)[key].choices} <= rested
    for name, anatomy in ANATOMIES.items():
        assert f"cell.name={name}" in rested
        assert {f"cell.init={init}" for init in anatomy.initialisations() if init != "default"} <= rested
    text = EXPORTS["bibtex"].make(moment).decode()
    keys = re.findall(r"^@\w+\{(\w+),", text, re.MULTILINE)
    assert keys == [one.key for one in rests_on(moment.run.config)] and len(set(keys)) == len(keys)
    assert {"hochreiter1997", "tallec2018", "loshchilov2019", "pascanu2013"} <= set(keys)
    assert text.count("{") == text.count("}")


def test_an_earlier_step_and_a_name_that_says_it(moment: Moment, tmp_path: Any, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(moment.run.path), "--as", "csv", "--step", "3"]) == 0
    (name,) = capsys.readouterr().out.split()
    assert name == "unrolled-temporal-order-lstm-3-small-.csv.zip"
    tables = read("csv", (tmp_path / name).read_bytes())
    frame = moment.run.frame(3)
    assert frame is not None
    np.testing.assert_allclose(tables["gradient"]["flow [nats]"], frame.flow, rtol=1e-6)
    assert tables["training"]["training step"].max() == 3


def test_the_copied_run_is_the_run(moment: Moment, tmp_path: Any, capsys: Any) -> None:
    out = tmp_path / "copy.sqlite"
    assert main(["export", str(moment.run.path), "--out", str(out)]) == 0
    copy = load_run(out)
    assert copy.config == moment.run.config and copy.id == moment.run.id
    for one, other in zip(moment.run.frames(), copy.frames(), strict=True):
        assert one.loss == other.loss and np.array_equal(one.flow, other.flow)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--as", "xls"], "`--as` (=xls) is not known"), (["--step", "-1"], "must be at least 0")],
)
def test_what_cannot_be_is_said(moment: Moment, arguments: list[str], sentence: str, capsys: Any) -> None:
    assert main(["export", str(moment.run.path), *arguments]) == 2
    assert sentence in capsys.readouterr().err
