"""The command line: what it prints, and what it says to bad input."""

import json
import subprocess
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import PRESETS, RunConfig, train
from core.__main__ import config_of, main, parser
from core.frames import SCALARS

SMALL = ["task.length=12", "cell.hidden_size=4", "batch_size=4", "steps=3"]


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_run_prints_a_json_object_per_frame(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--set", *SMALL, "--jsonl"]) == 0
    frames = [json.loads(line) for line in lines(capsys)]
    assert [frame["step"] for frame in frames] == [0, 1, 2, 3]
    for frame in frames:
        assert {"loss", "score", "grad_norm", "grad_norm_clipped", "finite"} <= frame.keys()
        assert len(frame["grad_h"]) == len(frame["grad_c"]) == len(frame["flow"]) == 13
    assert frames[-1]["update_size"] is None


def test_run_prints_a_row_per_frame(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--set", *SMALL, "--csv"]) == 0
    table = pd.read_csv(StringIO(capsys.readouterr().out))
    assert main(["run", "--set", *SMALL, "--jsonl"]) == 0
    frames = pd.DataFrame([json.loads(line) for line in lines(capsys)])
    assert table["step"].tolist() == [0, 1, 2, 3] and not table["clipped"].any()
    for name in (*SCALARS, "score_step"):
        pd.testing.assert_series_equal(table[name], frames[name], check_dtype=False, rtol=1e-14)
    norms = [each["weight_hh"] for each in frames["param_norms"]]
    assert table["param_norms.weight_hh"].tolist() == pytest.approx(norms, rel=1e-14)


def test_what_is_not_finite_stays_so_in_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--preset", "exploding-rnn", "--set", "steps=60", "--csv"]) == 0
    table = pd.read_csv(StringIO(capsys.readouterr().out))
    broken = table[table["nonfinite"].notna()]
    assert not broken.empty and "loss" in broken["nonfinite"].iloc[-1] and not np.isfinite(broken["loss"].iloc[-1])


def test_a_run_is_printed_in_one_form(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--set", *SMALL, "--csv", "--jsonl"])
    assert "not allowed with" in capsys.readouterr().err


def test_the_command_line_trains_what_the_library_trains(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", "--preset", "temporal-order-gru", "--set", "steps=2", "--set", "seed=7", "--jsonl"]
    assert main(arguments) == 0
    config = config_of(parser().parse_args(arguments))
    assert [json.loads(line)["loss"] for line in lines(capsys)] == [frame.loss for frame in train(config)]


def test_a_csv_of_ones_own_is_learnt_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the file alone, or on settings that are given; what is found in it is said, and what is no series too."""
    file = Path(__file__).parents[1] / "data" / "thousands_bom.csv"
    arguments = ["run", "--data", str(file), "--set", "task.column=2", "steps=1", "cell.hidden_size=2", "--jsonl"]
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2 and "Missing among the dates: 2 steps, each a gap." in said.err
    config = config_of(parser().parse_args(arguments))
    assert config.task.name == "own-series" and config.task.channels == ("Punctual",)
    again = config_of(parser().parse_args(["run", "--preset", "adding-gru", "--data", str(file)]))
    assert again.task.data_digest == config.task.data_digest and again.cell.name == "gru"
    (tmp_path / "page.csv").write_text("<html>" + "<p>no\n" * 100)
    assert main(["run", "--data", str(tmp_path / "page.csv")]) == 2
    assert "No column holds numbers" in capsys.readouterr().err


def test_a_config_file_flat_or_nested(tmp_path: Path) -> None:
    flat, nested = tmp_path / "flat.json", tmp_path / "nested.json"
    flat.write_text(json.dumps(RunConfig.preset("adding-gru").to_flat()))
    nested.write_text(RunConfig.preset("adding-gru").model_dump_json())
    for path in (flat, nested):
        arguments = parser().parse_args(["run", "--config", str(path), "--set", "seed=2"])
        assert config_of(arguments) == RunConfig.preset("adding-gru").replace(seed=2)


def test_a_config_file_may_mix_groups_and_keys_and_leave_out_names(tmp_path: Path) -> None:
    path = tmp_path / "mixed.json"
    path.write_text(json.dumps({"cell": {"hidden_size": 8}, "task.length": 20, "steps": 3}))
    config = config_of(parser().parse_args(["run", "--config", str(path)]))
    assert (config.cell.name, config.cell.hidden_size, config.task.length, config.steps) == ("lstm", 8, 20, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--preset", "nonsense"], "`preset` (=nonsense) is not known. Choose one of: "),
        (["--set", "lr=-1"], "`lr` (=-1) must be more than 0. Raise `lr`."),
        (["--set", "colour=red"], "`colour` (=red) is not a setting"),
        (["--set", "lr"], "must be KEY=VALUE"),
        (["--config", "/nowhere.json"], "cannot be read"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_config_file_that_is_not_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.json"
    path.write_text("{")
    assert main(["run", "--config", str(path)]) == 2
    assert "is not JSON" in capsys.readouterr().err
    path.write_text("[1]")
    assert main(["run", "--config", str(path)]) == 2
    assert "must hold a JSON object" in capsys.readouterr().err


def test_presets_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets"]) == 0
    assert len(lines(capsys)) == len(PRESETS)
    assert main(["presets", "--json"]) == 0
    assert json.loads(capsys.readouterr().out).keys() == PRESETS.keys()


def test_a_data_folder_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("UNROLLED_DATA", str(tmp_path / "file" / "data"))
    assert main(["worker"]) == 2
    assert "cannot be used as the folder of runs" in capsys.readouterr().err


def test_looking_for_a_run_makes_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNROLLED_DATA", str(tmp_path / "data"))
    assert main(["export", "abcdef123456"]) == 2
    assert "There is no run at" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_forecasts_are_reported_and_a_build_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecasts", "report"]) == 0
    assert "Brier score" in capsys.readouterr().out
    assert main(["forecasts", "report", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) >= {"engine", "date", "machine", "runs", "judged", "skill", "stale"}
    assert main(["forecasts", "build", "--runs", "0"]) == 2
    assert "`--runs` (=0) must be at least" in capsys.readouterr().err
    assert main(["forecasts", "build", "--processes", "0"]) == 2
    assert "`--processes` (=0) must be at least 1" in capsys.readouterr().err


def test_a_shell_completes_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    asked = "COMP_WORDS=(unrolled sw); COMP_CWORD=1; _shtab_unrolled; echo ${COMPREPLY[@]}"
    done = subprocess.run(["bash", "-c", f"{script}\n{asked}"], capture_output=True, text=True)
    assert done.stdout.split() == ["sweep"], done.stderr
