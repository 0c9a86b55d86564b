"""``python -m core sweep``: what it says beforehand, and to what cannot be swept."""

from pathlib import Path

import pytest

from core.__main__ import main
from core.store import Catalog


def test_what_it_would_cost_is_said_and_nothing_is_trained(
    data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", "lr=1e-3..1e-1:log", "cell.hidden_size=4..16", "--random", "5", "--dry-run"]) == 0
    assert "5 points with 3 seeds each, 15 runs. To train: 15" in capsys.readouterr().err
    assert not Catalog(data_folder).list("queued") and not list((data_folder / "runs").iterdir())


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        (["cell.hidden=8"], "`cell.hidden` is no setting of these runs. Near it: cell.hidden_size"),
        (["training.learning_rate=1"], "Near it: lr"),
        (["lr=0,0.1"], "`lr` (=0) must be more than 0. Raise `lr`."),
        (["lr=1e-3..1e-1"], "Say how many draws"),
        (["lr=log:0:1:5"], "must begin above 0"),
        (["seed=1,2"], "`seed` is varied by the number of seeds"),
        (["lr"], "must be <setting>=<values>"),
        (["cell.name=lstm,sru"], "`cell.name` (=sru) is not known"),
        (["lr=linear:0.01:0.02:30", "cell.hidden_size=linear:4:40:30"], "2,700 runs; a sweep has 240 at most"),
        (["lr=0.1", "steps=5", "batch_size=2", "clip=none"], "varies one to 3 settings"),
        ([], "Name what is varied"),
    ],
)
def test_what_cannot_be_swept_is_one_sentence(axes: list[str], sentence: str, capsys) -> None:
    assert main(["sweep", *axes]) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.startswith("error: ") and "Traceback" not in said


def test_the_preset_is_what_is_varied(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "lr=0.1,0.2", "--preset", "copy-lstm", "--seeds", "1", "--dry-run"]) == 0
    assert "2 points with one seed each, 2 runs" in capsys.readouterr().err
    assert main(["sweep", "task.places=1,2", "--preset", "copy-lstm", "--dry-run"]) == 2
    assert "`task.places` is no setting of these runs" in capsys.readouterr().err
