"""The command line: ``python -m core run | sweep | presets | check | theory | remedies | export | worker …``."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from core.bench import add_options as add_bench_options
from core.brought import kinds, takes, with_data
from core.command_sweep import add_sweep, run_sweep
from core.command_theory import add_theory, report
from core.config import RunConfig
from core.data_files import flat
from core.errors import ConfigError, UnrolledError
from core.exports.command import add_export, write_export
from core.forecasts.command import add_forecasts
from core.frames import Frame
from core.gallery.command import add_topics as add_gallery
from core.lessons.command import add_topics as add_lesson
from core.numbers import percent, plain, plural, sig
from core.own_data import Kind
from core.presets import PRESETS
from core.promises.command import add_check
from core.promises.remedies import add_remedies

TABLES = (".csv", ".tsv", ".tab")
NEGATIVE_NUMBER = re.compile(r"-((\d+\.?\d*|\.\d+)(e[-+]?\d+)?|inf(inity)?|nan)$", re.IGNORECASE)


def config_of(arguments: argparse.Namespace) -> RunConfig:
    """The config that --preset, --config and --set describe together."""
    overrides: dict[str, Any] = {}
    for pair in arguments.set or []:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError([f"`--set` (={pair}) must be KEY=VALUE, as in `--set steps=300`."])
        overrides[key] = value
    if arguments.data and not (arguments.config or arguments.preset):
        overrides = {"task.name": takes(_kind(arguments.data))} | overrides
    if arguments.config:
        config = _config_file(arguments.config).replace(**overrides)
    elif arguments.preset:
        config = RunConfig.preset(arguments.preset, **overrides)
    else:
        config = RunConfig.from_flat(overrides)
    return _on_data(config, arguments.data, overrides) if arguments.data else config


def _on_data(config: RunConfig, path: Path, overrides: dict[str, Any]) -> RunConfig:
    """``config`` on the table or the text in a file, and what was found in it on stderr."""
    from core.own_data.reading import read_file  # pandas

    found = read_file(path, config.task.takes or _kind(path))
    print(*found.notes, sep="\n", file=sys.stderr)
    config = with_data(config, found.data)
    own = {key: value for key, value in overrides.items() if key.startswith("task.") and key != "task.name"}
    return config.replace(**own)


def _kind(path: Path) -> Kind:
    """What a file holds, by its name."""
    return "table" if path.suffix.lower() in TABLES or "text" not in kinds() else "text"


def _config_file(path: Path) -> RunConfig:
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError([f"`--config` (={path}) cannot be read: {error.strerror}. Name a readable file."]) from None
    except ValueError as error:
        raise ConfigError(
            [f"`--config` (={path}) is not JSON: {error}. `python -m core presets` prints some."]
        ) from None
    if not isinstance(content, dict):
        raise ConfigError([f"`--config` (={path}) must hold a JSON object of settings."])
    return RunConfig.from_flat(flat(content))


def run(arguments: argparse.Namespace) -> int:
    """Train here and print every frame, or what a person wants to read of it."""
    config = config_of(arguments)
    config.task.check()
    from core.training import train

    show = _json_line if arguments.jsonl else _csv_lines() if arguments.csv else _readable_line
    for frame in train(config, device=arguments.device):
        line = show(frame)
        if line:
            print(line, flush=True)
    return 0


def _json_line(frame: Frame) -> str:
    return json.dumps(frame.to_json(), allow_nan=False)


def _csv_lines() -> Callable[[Frame], str]:
    """Of every frame its row, of the first one the columns' names before it."""
    from pandas import DataFrame

    headed = False

    def line(frame: Frame) -> str:
        nonlocal headed
        text = DataFrame([frame.to_row()]).to_csv(index=False, header=not headed).rstrip()
        headed = True
        return text

    return line


def _readable_line(frame: Frame) -> str:
    if frame.score_step != frame.step and not frame.nonfinite:
        return ""
    line = (
        f"step {frame.step:6,}  loss {sig(frame.loss, 4):>12}  score {percent(frame.score, 1):>7}  "
        f"gradient norm {plain(frame.grad_norm):>11}"
        f"{' clipped' if frame.clipped else ''}"
    )
    return line + (f"  not finite: {', '.join(frame.nonfinite)}" if frame.nonfinite else "")


def presets(arguments: argparse.Namespace) -> int:
    """Print every preset, one line each or one JSON object; or check that they keep their promises."""
    if arguments.topic:
        return arguments.topic(arguments)
    if arguments.json:
        print(json.dumps({name: RunConfig.preset(name).to_flat() for name in PRESETS}, indent=1))
        return 0
    for name, preset in PRESETS.items():
        print(f"{name:34s} {preset.promise}")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Verify every cell on this machine."""
    from core.check import main as verify

    return verify(arguments.seeds, as_json=arguments.json)


def theory(arguments: argparse.Namespace) -> int:
    """Print what the theory says: closed forms, and gradients that might have been, as one JSON object or a table."""
    print(report(arguments))
    return 0


def forecasts(arguments: argparse.Namespace) -> int:
    """How often networks like a given one solved their task: train the runs that are counted, or judge the counts."""
    return arguments.topic(arguments)


def lesson(arguments: argparse.Namespace) -> int:
    """Check lessons, record what they show, list what they can ask for."""
    return arguments.topic(arguments)


def gallery(arguments: argparse.Namespace) -> int:
    """Measure what the gallery of results claims, and say what does not hold."""
    return arguments.topic(arguments)


def export(arguments: argparse.Namespace) -> int:
    """Write a run, live or over, in one of many formats."""
    return write_export(arguments)


def backup(arguments: argparse.Namespace) -> int:
    """Write all runs, classes and data of this server into one file, also while it serves."""
    from core.store import data_folder
    from core.store.backup import back_up

    count = back_up(data_folder(make=False), arguments.file)
    print(f"{arguments.file}: {plural(count, 'run')}")
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Fill the empty folder that UNROLLED_DATA names with what `backup` wrote; before the server is started."""
    from core.store import data_folder
    from core.store.backup import restore as bring_back

    folder = data_folder()
    print(f"{folder}: {plural(bring_back(arguments.file, folder), 'run')}")
    return 0


def remedies(arguments: argparse.Namespace) -> int:
    """Train a config as it is and with each remedy against vanishing gradients, and print what came of it."""
    from core.promises.remedies import main as try_all

    return try_all(config_of(arguments), arguments)


def sweep(arguments: argparse.Namespace) -> int:
    """Train a grid or random draws over one to three settings, with seeds, and test what came of it; goes on where it
    was stopped."""
    return run_sweep(config_of(arguments), arguments)


def bench(arguments: argparse.Namespace) -> int:
    """Measure what watching costs on this machine."""
    from core.bench import main as measure

    return measure(arguments)


def completion(arguments: argparse.Namespace) -> int:
    """Print what has a shell complete the words of `unrolled`; needs the package shtab."""
    try:
        from shtab import complete
    except ImportError:
        raise UnrolledError("Completion is written by the package `shtab`. Install it: pip install shtab") from None
    whole = parser()
    whole.prog = "unrolled"
    print(complete(whole, arguments.shell))
    return 0


def worker(arguments: argparse.Namespace) -> int:
    """Take queued runs until told to stop."""
    from core.lab.worker import main as serve

    return serve(minded=arguments.minded)


class _Parser(argparse.ArgumentParser):
    """What argparse refuses is one sentence too, and −1e-3 is a number as −0.001 is."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        # What argparse takes for a negative number and not for an option; its own pattern has no exponents.
        self._negative_number_matcher = NEGATIVE_NUMBER

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}. `{self.prog} --help` shows what there is.\n")


def _config_options(sub: argparse.ArgumentParser) -> None:
    """The options that name a config, see ``config_of``."""
    source = sub.add_mutually_exclusive_group()
    source.add_argument("--preset", metavar="NAME", help="start from a preset")
    source.add_argument("--config", metavar="FILE", type=Path, help="start from a JSON file of settings")
    sub.add_argument("--set", metavar="KEY=VALUE", nargs="+", action="extend", help="change settings, steps=300")
    sub.add_argument("--data", metavar="FILE", type=Path, help="learn from a CSV, or from a text, of your own")
    sub.set_defaults(config_of=config_of)


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = _Parser(prog="python -m core", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(function: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        sub = commands.add_parser(function.__name__, help=function.__doc__, description=function.__doc__)
        sub.set_defaults(function=function)
        return sub

    sub = command(run)
    _config_options(sub)
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--jsonl", action="store_true", help="one JSON object per frame")
    form.add_argument("--csv", action="store_true", help="one row of numbers per frame, as pandas.read_csv reads them")
    sub.add_argument("--device", default="cpu", metavar="NAME", help="cpu (default), or cuda where there is one")
    sub = command(presets)
    sub.add_argument("--json", action="store_true", help="the settings of each, as JSON")
    add_check(sub)
    sub = command(check)
    sub.add_argument("--seeds", type=int, default=3, metavar="N", help="random problems per judge (default 3)")
    sub.add_argument("--json", action="store_true", help="a list of verdicts, one a cell and judge")
    add_theory(command(theory), _config_options)
    sub = command(remedies)
    _config_options(sub)
    add_remedies(sub)
    sub = command(sweep)
    _config_options(sub)
    add_sweep(sub)
    add_forecasts(command(forecasts))
    add_lesson(command(lesson))
    add_gallery(command(gallery))
    add_export(command(export))
    for function in (backup, restore):
        command(function).add_argument("file", metavar="FILE", type=Path, help="a tar file")
    add_bench_options(command(bench))
    command(completion).add_argument("shell", choices=("bash", "zsh"), help="put it where that shell looks")
    sub = command(worker)
    sub.add_argument("--minded", action="store_true", help="leave soon after the server that minds it is gone")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command; an error meant for the reader is one sentence on stderr and exit status 2."""
    arguments = parser().parse_args(argv)
    try:
        return arguments.function(arguments)
    except UnrolledError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
