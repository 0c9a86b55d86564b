"""``core.check``: agrees over many seeds, and notices a cell that is wrong."""

import dataclasses
import json

import pytest
import torch

from core import check
from core.__main__ import main
from core.cells import GRU, LSTM, RNN

SEEDS = range(4)


def only(owner, monkeypatch):
    """Leaves the variants of one family without normalisation, in one layer."""
    kept = {name: cell for name, cell in check.VARIANTS.items()
            if type(cell) is owner and cell.normalisation == "none" and cell.layers == 1}  # fmt: skip
    assert kept
    monkeypatch.setattr(check, "VARIANTS", kept)


@pytest.mark.parametrize("variant", check.VARIANTS)
def test_every_judge_agrees_over_many_seeds(variant):
    cell = check.VARIANTS[variant]
    many = cell.normalisation == "none" and cell.layers == 1
    for judge in check.JUDGES:
        seeds = SEEDS if judge.sizes == check.SIZES and many else SEEDS[:1]
        found = check.verdict(variant, judge, seeds)
        assert found is None or found.passed, f"{judge.name}: {found}"


def test_the_table_names_every_variant_and_ends_well(monkeypatch, capsys):
    only(GRU, monkeypatch)
    assert main(["check", "--seeds", "1"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in check.VARIANTS)
    assert printed.endswith("All cells agree.\n")
    assert "FAILED" not in printed


def test_as_json_there_is_a_verdict_for_every_cell_and_judge(monkeypatch, capsys):
    monkeypatch.setattr(check, "VARIANTS", {name: check.VARIANTS[name] for name in [*check.VARIANTS][:2]})
    assert main(["check", "--seeds", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = {(each["cell"], each["judge"]): each for each in told}
    pairs = [(name, judge) for name in check.VARIANTS for judge in check.JUDGES]
    known = {(name, judge.name): each for name, judge in pairs if (each := check.verdict(name, judge, [0]))}
    assert found.keys() == known.keys() and all(each["error"] == known[key].error for key, each in found.items())


@pytest.mark.parametrize("owner", [RNN, LSTM, GRU])
def test_a_wrong_gradient_fails(owner, monkeypatch, capsys):
    honest = owner.backward
    only(owner, monkeypatch)

    def sabotaged(self, *args, **kwargs):
        back = honest(self, *args, **kwargs)
        return dataclasses.replace(back, grads=back.grads | {"weight_hh": back.grads["weight_hh"] * 1.00001})

    monkeypatch.setattr(owner, "backward", sabotaged)
    assert main(["check", "--seeds", "1"]) == 1
    assert "∂L/∂weight_hh" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_a_wrong_forward_fails(wrong, monkeypatch, capsys):
    honest = LSTM.forward

    def sabotaged(self, params, x, state=None, **how):
        trajectory = honest(self, params, x, state, **how)
        return dataclasses.replace(trajectory, saved=trajectory.saved | {"h": trajectory.saved["h"] * wrong})

    only(LSTM, monkeypatch)
    monkeypatch.setattr(LSTM, "forward", sabotaged)
    assert main(["check", "--seeds", "1"]) == 1
    assert "FAILED LSTM" in capsys.readouterr().out


@pytest.mark.parametrize("seeds", ["0", "-3"])
def test_a_check_of_nothing_is_refused(seeds, capsys):
    assert main(["check", "--seeds", seeds]) == 2
    assert capsys.readouterr().err == f"error: `--seeds` (={seeds}) must be at least 1. Leave it out for 3.\n"
