"""The table of remedies: every member is trained with every seed, and counted."""

import json

import pytest

from core.__main__ import main
from core.comparison import remedies
from core.config import RunConfig
from core.promises.measuring import trained

SETTINGS = ["task.length=10", "cell.name=rnn", "cell.hidden_size=2", "batch_size=2", "steps=2"]


@pytest.mark.slow
def test_each_remedy_alone_is_trained_with_every_seed(capsys):
    also = "cell.init:orthogonal,clip:norm"
    assert main(["remedies", "--set", *SETTINGS, "--seeds", "2", "--also", also]) == 0
    title, _, header, _, *rows = capsys.readouterr().out.strip().splitlines()
    config = RunConfig.from_flat(dict(pair.split("=") for pair in SETTINGS))
    assert "2 updates, 2 seeds from 0 on" in title and header.startswith("| remedy |")
    assert len(rows) == 1 + len(remedies(config, most=99)) + 1
    assert rows[0].startswith("| as it is |") and all(row.split("|")[3].strip().endswith("of 2") for row in rows)
    for norm in ("layer norm", "batch norm"):
        assert any(norm in row for row in rows)


def test_as_json_each_seed_has_its_measures(capsys, monkeypatch):
    monkeypatch.setattr("core.promises.remedies.remedies", lambda config, most: [])
    assert main(["remedies", "--set", *SETTINGS, "--seeds", "2", "--also", "clip:norm", "--json"]) == 0
    own, clipped = json.loads(capsys.readouterr().out)
    assert own["remedy"] == "as it is" and len(own["runs"]) == len(clipped["runs"]) == 2
    config = RunConfig.from_flat(dict(pair.split("=") for pair in SETTINGS))
    assert own["runs"][1]["score"] == trained(config.replace(seed=1)).score and own["runs"][0]["broke_at"] is None


def test_no_seed_is_refused(capsys):
    assert main(["remedies", "--set", *SETTINGS, "--seeds", "0"]) == 2
    assert capsys.readouterr().err == "error: `--seeds` (=0) must be at least 1. Leave it out for 3.\n"
