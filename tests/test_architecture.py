"""The rules that keep the parts apart: who imports whom, where torch and SQL may be, which names are not used."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.settings import GROUPS
from core.tasks import TASKS

ROOT = Path(__file__).parents[1]
ORDER = """
    core.numbers core.bounded core.machine core.progress
    core.errors
    core.data_files core.theory core.own_data core.classical
    core.yaml_files core.tasks core.anatomy core.frames core.truncation core.presets
    core.config
    core.settings core.data core.need core.reach core.companions core.learning_rate
    core.reading
    core.cost
    core.schedule
    core.brought core.comparison
    core.budget core.sweep
    core.cells
    core.network
    core.moment core.backprop
    core.diagnostics
    core.training core.record
    core.script
    core.questions
    core.forecasts core.promises
    core.store
    core.exports
    core.check core.lab core.lessons
    core.gallery
    core.bench
    core.command_theory core.command_sweep
    core core.library core.__main__
"""
"""Who may import whom inside core: a part imports only parts of lines above its own."""
RANK = {part: rank for rank, line in enumerate(ORDER.split("\n")) for part in line.split()}
ENGINE = {
    "core.cells",
    "core.network",
    "core.moment",
    "core.backprop",
    "core.diagnostics",
    "core.training",
    "core.script",
}
WEB = ("app", "pages", "core.config", "core.frames", "core.tasks", "core.anatomy", "core.errors", "core.data_files",
       "core.own_data", "core.classical",
       "core.presets", "core.store", "core.lab.client", "core.lab.sweeps", "core.theory", "core.companions",
       "core.comparison", "core.sweep", "core.reading",
       "core.cost", "core.need", "core.bounded", "core.budget", "core.questions", "core.numbers", "core.learning_rate",
       "core.forecasts.forecast", "core.brought", "core.exports.base", "core.exports.event_files",
       "core.exports.numbers", "core.exports.references", "core.exports.run_copy", "core.exports.weights")  # fmt: skip
"""What the web process is made of; it never imports torch."""
ANSWERED_ELSEWHERE = "core.questions"
"""The web process builds questions and never answers one: what only their functions import, it does not bring in."""
SHARED = {
    "core/anatomy": {"base", "carousel"},
    "core/cells": {"base", "carousel", "compiling", "elementwise", "exponential", "initialisation", "normalisation",
                   "one_layer", "products", "trajectory", "variants"},
    "core/tasks": {"base", "digest", "even_classes", "typed", "marked_pair", "counting", "series", "endless",
                   "next_symbol", "ngrams", "one_number", "reber", "texts", "tokens"},
    "app/figures": {"base", "shared", "theme"},
    "core/questions": {"base", "jacobians", "over_training", "sampling", "texts", "untrained", "writing"},
    "pages": set(),
}  # fmt: skip
"""Folders of siblings, files or folders themselves, with what all of them may import."""


def files(*folders: str) -> list[Path]:
    """Every Python file of these folders, in order."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module(path: Path) -> str:
    """The dotted name of a file."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def part(name: str) -> str:
    """The part of core that a module belongs to: ``core.cells.lstm`` → ``core.cells``."""
    return ".".join(name.split(".")[:2])


@cache
def imports(path: Path, *, only_run: bool = False) -> frozenset[str]:
    """Every module that a file imports anywhere, also inside functions; ``only_run`` leaves out what is for type
    checkers alone, and what the functions of ANSWERED_ELSEWHERE import."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if only_run and part(module(path)) == ANSWERED_ELSEWHERE and isinstance(node, ast.FunctionDef):
            node.body = [ast.Pass()]
        if (
            only_run
            and isinstance(node, ast.If)
            and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        ):
            node.body = [ast.Pass()]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)}:{node.lineno} imports relatively; write the whole name"
            found |= {home(str(node.module), alias.name) for alias in node.names}
    return frozenset(found)


def home(package: str, name: str) -> str:
    """Where ``from package import name`` really leads: to a submodule, through core's lazy names, or to the package."""
    if package == "core":
        import core

        package = core._HOMES.get(name, package)
    submodule = f"{package}.{name}"
    return submodule if source(submodule) else package


def source(name: str) -> Path | None:
    """The file of one of our modules; None for others'."""
    base = ROOT.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def packages(name: str) -> list[str]:
    """The packages that a module stands in, the outermost first."""
    return [".".join(name.split(".")[:k]) for k in range(1, name.count(".") + 1)]


def reached(start: str) -> dict[str, str]:
    """Every module that importing ``start`` may bring in, each with the one of ours that asks for it."""
    found, todo = {start: ""}, [start]
    while todo:
        name = todo.pop()
        path = source(name)
        for other in [*packages(name), *sorted(imports(path, only_run=True) if path else [])]:
            if other not in found:
                found[other] = name
                todo.append(other)
    return found


def chain(found: dict[str, str], name: str) -> str:
    """How ``name`` was reached: ``app.router → core.check → torch``."""
    steps = [name]
    while found[steps[0]]:
        steps.insert(0, found[steps[0]])
    return " → ".join(steps)


def top(name: str) -> str:
    return name.split(".")[0]


def test_core_imports_one_way() -> None:
    """tasks, anatomy, presets ← config ← cells ← network ← backprop ← diagnostics ← training ← questions ← lab; and
    config ← store ← lab."""
    wrong = []
    for path in files("core"):
        own = part(module(path))
        assert own in RANK, f"{own} is new: give it its place in ORDER"
        for other in {part(name) for name in imports(path) if top(name) == "core"} - {own}:
            if RANK[other] >= RANK[own]:
                wrong.append(f"{module(path)} imports {other}, which stands above it")
            if own == "core.store" and other in ENGINE:
                wrong.append(f"{module(path)} imports {other}; the store needs no engine")
    assert not wrong, "\n".join(wrong)


def test_nothing_imports_in_a_circle() -> None:
    """Not even for type checkers: what two files know of each other belongs in a third. To import a module is to run
    the packages it stands in as well, but for those that the importer itself stands in."""
    ours = {module(path): path for path in files("app", "core", "pages")}
    graph = {
        name: (imports(path) | {part for other in imports(path) for part in packages(other)} - {*packages(name)})
        & ours.keys() - {name}
        for name, path in ours.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' → '.join(reversed(error.args[1]))}")


@pytest.mark.parametrize(
    "folders, forbidden, why",
    [
        (("core",), {"streamlit", "plotly", "app", "pages"}, "core ← app ← pages, and core draws nothing"),
        (("app", "pages"), {"pages"}, "the router names pages by path"),
        (("app", "pages"), {"torch", "core.training"}, "the front end asks, and the engine answers elsewhere"),
        (("app/figures",), {"streamlit", "torch"}, "figures are pure functions"),
    ],
)
def test_what_a_folder_never_imports(folders: tuple[str, ...], forbidden: set[str], why: str) -> None:
    wrong = [module(path) for path in files(*folders) if forbidden & {f(n) for n in imports(path) for f in (top, part)}]
    assert not wrong, f"{why}: {wrong}"


@pytest.mark.parametrize("folder", SHARED)
def test_siblings_never_import_each_other(folder: str) -> None:
    """But for the folder's own ``__init__.py``, which brings them together."""
    package = folder.replace("/", ".") + "."
    for path in files(folder):
        if path == ROOT / folder / "__init__.py":
            continue
        own, *_ = module(path).removeprefix(package).split(".")
        others = {name.removeprefix(package).split(".")[0] for name in imports(path) if name.startswith(package)}
        foreign = sorted(others - {own} - SHARED[folder])
        assert not foreign, f"what {module(path)} and {foreign} share belongs in a file of its own"


def test_sql_lives_in_the_store() -> None:
    verbs = ("SELECT ", "INSERT INTO ", "DELETE FROM ", "PRAGMA ", "CREATE TABLE ", "VACUUM")
    for path in files("app", "core", "pages"):
        if path.is_relative_to(ROOT / "core" / "store"):
            continue
        assert not {"sqlite3", "sqlalchemy", "psycopg"} & {top(name) for name in imports(path)}, module(path)
        texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
        found = [text for text in texts if isinstance(text, str) and text.lstrip().upper().startswith(verbs)]
        assert not found, f"{module(path)}: {found}"


def web_modules() -> list[str]:
    """The web process's own modules, entry scripts and pages among them."""
    return [name for name in map(module, files("app", "core", "pages")) if name.startswith(WEB)]


def test_the_web_process_cannot_reach_torch() -> None:
    ways = []
    for name in web_modules():
        found = reached(name)
        ways += [chain(found, other) for other in found if top(other) == "torch" or part(other) == "core.training"]
    assert not ways, "the web process never imports torch:\n" + "\n".join(ways)


def test_importing_the_web_process_does_not_import_torch() -> None:
    """The same once more by doing it; scripts, which draw when they are imported, are left to the test above."""
    scripts = {"app.main", "app.router", "pages"}
    names = ["core", *(name for name in web_modules() if name not in scripts and top(name) not in scripts)]
    asked = '{"kind": "check", "t": 3}, {"kind": "evidence", "words": [1, 2]}, {"kind": "probe", "force": [["f", 1]]}'
    code = f"import importlib, sys\nfor name in {names}: importlib.import_module(name)"
    code += f"\nfrom core.questions import question_of\nfor told in {asked}: question_of(told).text"
    code += "\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr


def test_core_hands_out_its_names_lazily() -> None:
    code = "import core, sys\nassert core.RunConfig and not {'torch', 'core.cells'} & set(sys.modules)\ndir(core)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_an_unknown_name_of_core_is_an_attribute_error() -> None:
    import core

    with pytest.raises(AttributeError, match="It offers: RunConfig"):
        _ = core.nothing_like_this


def test_no_file_beside_the_entry_script_shadows_a_package() -> None:
    """Streamlit puts the entry script's folder first on sys.path, and looks for a folder `pages` beside it."""
    top_levels = {path.name.removesuffix(".py") for path in (ROOT / "app").iterdir()}
    assert not top_levels & {"app", "core", "pages", "streamlit", "plotly", "numpy", "pandas", "torch"}
    assert not top_levels & sys.stdlib_module_names


def settings() -> list[tuple[str, FieldInfo]]:
    """Every setting of a run with its key; names and groups, which say what the others mean, left out."""
    groups: list[tuple[str, type[BaseModel]]] = [("", RunConfig)]
    groups += [(f"task[{name}].", task) for name, task in TASKS.items()]
    groups += [(f"cell[{name}].", cell) for name, cell in ANATOMIES.items()]
    return [
        (prefix + name, info)
        for prefix, model in groups
        for name, info in model.model_fields.items()
        if name not in ("task", "cell", "name")
    ]


def test_every_setting_says_what_it_is() -> None:
    for key, info in settings():
        says_what_it_is(key, info)


def says_what_it_is(key: str, info: FieldInfo) -> None:
    assert info.title, f"{key} has no title"
    assert info.description and info.description.endswith("."), f"{key} has no description (a sentence)"
    extra: Any = info.json_schema_extra or {}
    labels, bounds = extra.get("labels", {}), {name for part in info.metadata for name in vars_of(part)}
    group = extra.get("group", {"task": "Task", "cell": "Cell"}.get(key.partition("[")[0]))
    assert group in GROUPS, f"{key} has no `group`: the controls need to know where it stands, one of {GROUPS}"
    if type(None) in get_args(info.annotation):
        assert extra.get("empty"), f"{key} is optional and does not say what it means when it is left `empty`"
        assert info.default is extra.get("before") is None, f"{key} is optional; links leave out what is empty"
    if "before" in extra:
        TypeAdapter(Annotated[info.annotation, info]).validate_python(extra["before"])
    if "Literal" in str(info.annotation):
        assert set(labels) == set(get_args(info.annotation)), f"{key} needs a label for each of its values"
    elif not labels and extra.get("widget") != "data":  # a digest, which the task checks
        assert bounds & {"ge", "gt"} and bounds & {"le", "lt"}, f"{key} has no bounds"


def vars_of(constraint: object) -> set[str]:
    """The bounds that a constraint of pydantic sets."""
    return {name for name in ("ge", "gt", "le", "lt") if getattr(constraint, name, None) is not None}
