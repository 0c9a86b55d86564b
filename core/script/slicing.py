"""The part of this project's own source that a program of its own needs, as plain functions.

From a method or function on, with some of its arguments known, everything it calls is collected: a method becomes a
function without ``self``, a setting its value, a branch that these settings never take is left out. What is copied is
the text, comments and line breaks included, so that it reads as it was written, and does what the app does.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import sys
import textwrap
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch

from core.errors import UnrolledError

OURS = "core."
MOST_NUMBERS = 20_000
"""Numbers of an array that are written into a program; more than that nobody would read."""

_PLAIN = (int, float, str, bool, type(None), torch.dtype)
_ROOTED = (ast.Attribute, ast.Subscript, ast.Call)


class NotSliced(UnrolledError):
    """Something that cannot be written as a plain function."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"The script cannot be written: {self.why} Take the run file or the numbers."


@dataclass
class Program:
    """The collected text: imports, constants and functions, each under the name it has there.

    keys  of dictionaries that are handed around under one name everywhere, the keys that they have
    """

    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    methods: dict[str, dict[str, str]] = field(default_factory=dict)
    _names: dict[Any, str] = field(default_factory=dict)
    _empty: set[str] = field(default_factory=set)
    _nothing: set[str] = field(default_factory=set)
    _passing: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Constants, classes and functions, each after what it uses; of a class the methods that are called."""
        parts = dict(self.parts)
        rest = {name: dict(methods) for name, methods in self.methods.items()}
        while called := [
            (name, method) for name in rest for method in rest[name]
            if any(re.search(rf"\.{method}\b", text) for text in parts.values())
        ]:  # fmt: skip
            for name, method in called:
                parts[name] += "\n\n" + rest[name].pop(method)
        lines = [parts[name] + ("\n\n" if "\n" in parts[name] else "") for name in parts]
        whole = "\n".join(lines).replace("\n\n\n\n", "\n\n\n")
        return re.sub(r"(?m)^(\w.*\n)(?=(def|class|@|\w+ = \())", r"\1\n\n", whole).strip()

    def function(self, function: Any, known: Mapping[str, Any] | None = None, wanted: str = "") -> str:
        """The name of ``function`` (bound or not) in the program, with the arguments ``known`` left out."""
        given = dict(known or {})
        if isinstance(function, MethodType):
            first = next(iter(inspect.signature(function.__func__).parameters))
            given[first] = function.__self__
            function = function.__func__
        function = inspect.unwrap(function)
        key = (function, tuple(sorted((name, _key(value)) for name, value in given.items())))
        if key not in self._names:
            name = self._names[key] = self._free(wanted or _apart(function))
            self.parts[name] = ""  # its place; what it calls is put before it
            text = _Rendering(self, sys.modules[function.__module__], given, owner=function).whole(name)
            del self.parts[name]
            passes = re.fullmatch(r"def \w+\(([^)]*)\):\n(?: +\"\"\".*\n)?    return (\w+)", text)
            if re.fullmatch(r"def .*(\n +\"\"\".*)?", text):
                self._empty.add(name)
            elif re.fullmatch(r"def .*:(\n +\"\"\".*)?\n    return None", text):
                self._nothing.add(name)
            elif passes and passes[2] in passes[1].split(", "):
                self._passing[name] = passes[1].split(", ").index(passes[2])
            else:
                self.parts[name] = text
        return self._names[key]

    def called(self, name: str, arguments: list[str]) -> str:
        """A call of one of its functions; one that does nothing is no text, one that answers None always is that, and
        one that hands on an argument the argument."""
        if name in self._empty:
            return ""
        if name in self._nothing:
            return "None"
        return arguments[self._passing[name]] if name in self._passing else f"{name}({', '.join(arguments)})"

    def constant(self, wanted: str, value: np.ndarray) -> str:
        """The name of an array written out in the program."""
        key = (wanted, value.dtype.str, value.shape, value.tobytes())
        if key not in self._names:
            if value.size > MOST_NUMBERS:
                raise NotSliced(f"The program would have to hold {value.size:,} numbers of data.")
            name = self._names[key] = self._free(re.sub(r"\W+", "_", wanted).strip("_").upper())
            kept = value.dtype in (np.dtype(np.int64), np.dtype(np.float64))
            self.imports["np"] = "import numpy as np"
            self.parts[name] = f"{name} = np.array({value.tolist()}{'' if kept else f', np.{value.dtype.name}'})"
        return self._names[key]

    def taken(self, module: ModuleType, name: str) -> str:
        """What ``name`` of one of our modules is in the program: collected, or imported from where it comes from."""
        statement = _statements(module).get(name)
        if statement is None:
            raise NotSliced(f"`{module.__name__}` does not say where `{name}` comes from.")
        if isinstance(statement, ast.ImportFrom) and str(statement.module).startswith(OURS):
            inner = f"{statement.module}.{name}"
            if inner in sys.modules and not hasattr(sys.modules[str(statement.module)], name):
                raise NotSliced(f"`{inner}` is a module.")
            return self.taken(sys.modules[str(statement.module)], name)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            alias = next(alias for alias in statement.names if (alias.asname or alias.name) == name)
            said = alias.name + (f" as {alias.asname}" if alias.asname else "")
            whence = f"from {statement.module} " if isinstance(statement, ast.ImportFrom) else ""
            self.imports[name] = f"{whence}import {said}"
            return name
        if isinstance(statement, ast.FunctionDef):
            return self.function(getattr(module, name))
        key = (module.__name__, statement.lineno)
        if key not in self._names:
            own = self._names[key] = self._free(name)
            self.parts[own] = ""
            rendering = _Rendering(self, module, {}, root=statement)
            if isinstance(statement, ast.ClassDef):
                methods = [node for node in statement.body if isinstance(node, ast.FunctionDef)]
                self.methods[own] = {node.name: textwrap.indent(rendering.text(node), "    ") for node in methods}
                statement = copy(statement)
                statement.body = [node for node in statement.body if node not in methods] or [ast.Pass()]
            text = rendering.text(statement)
            del self.parts[own]
            self.parts[own] = text
        return name

    def _free(self, wanted: str) -> str:
        name, tried = wanted, 1
        while name in self.parts:
            tried += 1
            name = f"{wanted}_{tried}"
        return name


class _Rendering:
    """One function or statement of ours as text, with what is known put in."""

    def __init__(
        self,
        program: Program,
        module: ModuleType,
        known: Mapping[str, Any],
        *,
        owner: FunctionType | None = None,
        root: ast.stmt | None = None,
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self.program, self.module, self.known = program, module, dict(known)
        self.renamed, self.owner = dict(renamed or {}), owner
        self.source = _source(module).encode()
        self.starts = [0, *(match.end() for match in re.finditer(rb"\n", self.source))]
        if owner is not None:
            root = _definition(module, owner)
        assert root is not None
        self.root = root
        self.locals = _assigned(root) - set(self.known)

    def whole(self, name: str) -> str:
        """The function under ``name``, its known arguments and its annotations left out."""
        node = self.root
        assert isinstance(node, ast.FunctionDef)
        arguments = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
        defaults = _defaults(node)
        said = [
            argument + (f"={self.text(defaults[argument])}" if argument in defaults else "")
            for argument in arguments
            if argument not in self.known
        ]
        body, words = list(node.body), ast.get_docstring(node)
        if words is not None:
            body = body[1:]
        lines = [f"def {name}({', '.join(said)}):"]
        if words:
            lines.append(f'    """{" ".join(words.partition(chr(10) * 2)[0].split())}"""')
        lines += [textwrap.indent(text, "    ") for text in self.block(body)]
        return _without_unused("\n".join(lines))

    # -- statements -----------------------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt]) -> list[str]:
        """The statements that are left, each as text without indentation."""
        lines: list[str] = []
        for statement in body:
            lines += self.statement(statement)
            if isinstance(statement, ast.Return | ast.Raise) or (
                lines and lines[-1].startswith("return ") and self._ends(statement)
            ):
                break
        return lines

    def _ends(self, statement: ast.stmt) -> bool:
        """Whether a folded branch has returned already."""
        return isinstance(statement, ast.If) and self.truth(statement.test) is not None

    def statement(self, node: ast.stmt) -> list[str]:
        if isinstance(node, ast.If):
            truth = self.truth(node.test)
            if truth is not None:
                return self.block(node.body if truth else node.orelse)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found, value = self.value(node.value)
            if found and not _writable(value) and not isinstance(value, np.ndarray):
                self.known[node.targets[0].id] = value  # an object of ours: what is asked of it is written instead
                self.locals.discard(node.targets[0].id)
                return []
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Tuple)
        ):
            return self._several(node, node.targets[0].elts, node.value.elts)
        if isinstance(node, ast.For):
            found, value = self.value(node.iter)
            if found and hasattr(value, "__len__") and not len(value):
                return []
        if isinstance(node, ast.Expr) and self._new(node.value) == "":
            return []
        return [self.text(node)]

    def _several(self, node: ast.Assign, targets: list[ast.expr], values: list[ast.expr]) -> list[str]:
        """``a, b = …, …`` without those that are objects of ours."""
        kept: list[tuple[ast.expr, ast.expr]] = []
        for target, value in zip(targets, values):
            found, known = self.value(value)
            if found and isinstance(target, ast.Name) and not _writable(known) and not isinstance(known, np.ndarray):
                self.known[target.id] = known
                self.locals.discard(target.id)
            else:
                kept.append((target, value))
        if len(kept) == len(targets):
            return [self.text(node)]
        sides = [", ".join(self.expression(part) for part in side) for side in zip(*kept)]
        return [" = ".join(sides)] if kept else []

    def text(self, node: ast.AST) -> str:
        """The node's own text, with every part that is known, renamed or annotated replaced."""
        first, last = self._span(node)
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.decorator_list:
            first = self._span(node.decorator_list[0])[0] - 1
        if isinstance(node, ast.ClassDef):
            last = self._span(node.body[-1])[1]
        changes: list[tuple[int, int, str]] = []
        self._collect(node, changes, top=True)
        return self._replaced(first, last, changes)

    def _replaced(self, first: int, last: int, changes: list[tuple[int, int, str]]) -> str:
        indent = first - max(start for start in self.starts if start <= first)
        pieces, at = [], first
        for begin, end, new in sorted(changes):
            pieces += [self.source[at:begin].decode(), new]
            at = end
        pieces.append(self.source[at:last].decode())
        return (
            re.sub(rf"\n {{1,{indent}}}" if indent else r"\n(?!)", "\n", "".join(pieces)) if indent else "".join(pieces)
        )

    def _collect(self, node: ast.AST, changes: list[tuple[int, int, str]], *, top: bool = False) -> None:
        """What of ``node`` is to be replaced by what; the largest parts that are."""
        new = None if top and isinstance(node, ast.stmt) else self._new(node)
        if new is not None:
            changes.append((*self._span(node), new))
            return
        if isinstance(node, ast.AnnAssign) and not self._in_class(node) and node.value is not None:
            changes.append((self._span(node.target)[1], self._span(node.annotation)[1], ""))
            self._collect(node.target, changes)
            self._collect(node.value, changes)
            return
        if isinstance(node, ast.If) and self.truth(node.test) is not None:
            kept = self.block(node.body if self.truth(node.test) else node.orelse)
            changes.append((*self._span(node), self._indented(node, kept or ["pass"])))
            return
        if isinstance(node, ast.FunctionDef):
            self._signature(node, changes)
        for child in ast.iter_child_nodes(node):
            if isinstance(
                child, ast.arguments | ast.expr_context | ast.operator | ast.cmpop | ast.boolop | ast.unaryop
            ):
                continue
            if isinstance(node, ast.FunctionDef) and child is node.returns:
                continue
            if isinstance(node, ast.AnnAssign) and child is node.annotation:
                continue
            self._collect(child, changes)

    def _indented(self, node: ast.stmt, lines: list[str]) -> str:
        return "\n".join(textwrap.indent(text, " " * node.col_offset) for text in lines).lstrip()

    def _signature(self, node: ast.FunctionDef, changes: list[tuple[int, int, str]]) -> None:
        for argument in (*node.args.args, *node.args.kwonlyargs):
            if argument.annotation is not None:
                begin, end = self._span(argument)
                changes.append((begin + len(argument.arg), end, ""))
        if node.returns is not None:
            begin, end = self._span(node.returns)
            arrow = self.source.rindex(b" ->", 0, begin)
            changes.append((arrow, end, ""))
        inner = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
        self.locals |= inner

    def _in_class(self, node: ast.AnnAssign) -> bool:
        return isinstance(self.root, ast.ClassDef) and node in self.root.body

    # -- expressions ----------------------------------------------------------------------------------------------

    def _new(self, node: ast.AST) -> str | None:
        """What stands in the place of an expression; None where its parts decide."""
        if isinstance(node, ast.IfExp) and (truth := self.truth(node.test)) is not None:
            chosen = node.body if truth else node.orelse
            return self._new(chosen) or self.text(chosen)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
            found, value = self.value(node)
            if found and self._asks_of_known(node):
                return str(value)
        if isinstance(node, ast.Call) and (called := self._call(node)) is not None:
            return called
        if isinstance(node, ast.Subscript) and (picked := self._picked(node)) is not None:
            return picked
        if isinstance(node, _ROOTED) and self._root(node) in self.known:
            found, value = self.value(node)
            if found and _writable(value):
                return _written(value)
            if found and isinstance(value, np.ndarray):
                return self.program.constant(ast.unparse(node).partition(".")[2] or ast.unparse(node), value)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.known:
            raise NotSliced(f"`{ast.unparse(node)}` in `{self.module.__name__}` has no text of its own.")
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            return self._name(node.id)
        return None

    def _name(self, name: str) -> str | None:
        if name in self.renamed:
            return self.renamed[name]
        if name in self.known:
            value = self.known[name]
            if _writable(value):
                return _written(value)
            raise NotSliced(f"`{name}` in `{self.module.__name__}` has no text of its own.")
        if name in self.locals or hasattr(builtins, name):
            return None
        own = self.program.taken(self.module, name)
        if own in self.locals:
            raise NotSliced(f"`{own}` in `{self.module.__name__}` is two things.")
        return None if own == name else own

    def _call(self, node: ast.Call) -> str | None:
        """A call of a function of ours, which loses the arguments that are known."""
        found, function = self.value(node.func)
        if found and self._root(node) in self.known:
            done, value = self.value(node)
            if done and _writable(value):
                return _written(value)
        if not found or not _ours(function):
            return None
        names = list(inspect.signature(function).parameters)
        if isinstance(node.func, ast.Attribute) and self._root(node.func) not in self.known:
            return None
        given: dict[str, Any] = {}
        said: list[str] = []
        for name, argument in zip(names, node.args):
            if isinstance(argument, ast.Starred):
                return None
            known, value = self._known_argument(argument)
            if known:
                given[name] = value
            else:
                said.append(self._new(argument) or self.text(argument))
        for keyword in node.keywords:
            known, value = self._known_argument(keyword.value)
            if known and keyword.arg:
                given[keyword.arg] = value
            else:
                said.append(f"{keyword.arg}={self._new(keyword.value) or self.text(keyword.value)}")
        return self.program.called(self.program.function(function, given), said)

    def _known_argument(self, node: ast.expr) -> tuple[bool, Any]:
        """Whether an argument is an object that the called function need not be handed, and the object."""
        if self._lacking(node) or (isinstance(node, ast.Call) and self._call(node) == "None"):
            return True, None
        found, value = self.value(node)
        plain = isinstance(value, str) and self._root(node) in self.known
        return (found and (plain or not _writable(value)) and not isinstance(value, np.ndarray)), value

    def _lacking(self, node: ast.expr) -> bool:
        """Whether this asks a dictionary, by ``get``, for something that it does not have."""
        match node:
            case ast.Call(ast.Attribute(ast.Name(name), "get"), [ast.Constant(key)], []):
                return name in self.program.keys and key not in self.program.keys[name]
        return False

    def _picked(self, node: ast.Subscript) -> str | None:
        """An entry of one of our dictionaries of functions, named by a known key."""
        found, key = self.value(node.slice)
        if not (found and isinstance(node.value, ast.Name)) or node.value.id in self.locals | set(self.known):
            return None
        module, statement = _home(self.module, node.value.id)
        entries = getattr(statement, "value", None)
        if not isinstance(entries, ast.Dict) or self._root(node.slice) not in self.known:
            return None
        for name, value in zip(entries.keys, entries.values):
            if isinstance(name, ast.Constant) and name.value == key:
                text = _Rendering(self.program, module, {}, root=statement).expression(value)
                return f"({text})" if isinstance(value, ast.Lambda) else text
        return None

    def expression(self, node: ast.expr) -> str:
        """An expression's text."""
        return self._new(node) or self.text(node)

    def _root(self, node: ast.AST) -> str:
        while isinstance(node, _ROOTED):
            node = node.func if isinstance(node, ast.Call) else node.value
        return node.id if isinstance(node, ast.Name) else ""

    def truth(self, node: ast.expr) -> bool | None:
        """What a condition is with these settings; None where it hangs on more than them."""
        if isinstance(node, ast.BoolOp):
            parts = [self.truth(part) for part in node.values]
            decides = isinstance(node.op, ast.Or)
            if decides in parts:
                return decides
            return None if None in parts else not decides
        match node:
            case ast.Compare(ast.Constant(key), [ast.In()], [ast.Name(name)]) if name in self.program.keys:
                return key in self.program.keys[name]
        found, value = self.value(node)
        if not found or not self._asks_of_known(node):
            return None
        try:
            return bool(value)
        except (ValueError, RuntimeError):
            return None

    def _asks_of_known(self, node: ast.AST) -> bool:
        return any(isinstance(part, ast.Name) and part.id in self.known for part in ast.walk(node))

    def value(self, node: ast.expr) -> tuple[bool, Any]:
        """(whether it is known, its value) of an expression of nothing but what is known and global."""
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        inner = _assigned(node)
        if names - inner & self.locals or (names - inner) & self.locals:
            return False, None
        if any(isinstance(part, ast.Lambda | ast.NamedExpr) for part in ast.walk(node)):
            return False, None
        try:
            return True, eval(compile(ast.Expression(node), "<slice>", "eval"), vars(self.module) | self.known)
        except Exception:
            return False, None

    def _span(self, node: ast.AST) -> tuple[int, int]:
        known: Any = node
        return (
            self.starts[known.lineno - 1] + known.col_offset,
            self.starts[known.end_lineno - 1] + known.end_col_offset,
        )


# -- about objects and source ------------------------------------------------------------------------------------------


def _ours(function: Any) -> bool:
    function = inspect.unwrap(getattr(function, "__func__", function))
    named = isinstance(function, FunctionType) and function.__name__ != "<lambda>"
    return named and function.__module__.startswith(OURS)


def _key(value: Any) -> Any:
    """Something that tells known arguments apart."""
    return value if isinstance(value, _PLAIN) else id(value)


def _writable(value: Any) -> bool:
    """Whether it can be written as Python writes it."""
    if isinstance(value, _PLAIN):
        return True
    if isinstance(value, tuple | list | set | frozenset) and len(value) <= 64:
        return type(value) in (tuple, list, set, frozenset) and all(map(_writable, value))
    if isinstance(value, Mapping) and len(value) <= 64:
        return type(value) is dict and all(map(_writable, (*value, *value.values())))
    return isinstance(value, np.floating | np.integer | np.bool_)


def _written(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return '"' + repr(value)[1:-1].replace('"', '\\"') + '"'
    if isinstance(value, tuple | list):
        inner = ", ".join(map(_written, value))
        left, right = "()" if isinstance(value, tuple) else "[]"
        return f"{left}{inner}{',' if isinstance(value, tuple) and len(value) == 1 else ''}{right}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_written(key)}: {_written(entry)}" for key, entry in value.items()) + "}"
    return repr(value)


def _without_unused(text: str) -> str:
    """A function without the variables that nothing asks for; what draws random numbers has to be done all the same."""
    for line in text.splitlines(keepends=True):
        match = re.fullmatch(r" +(\w+) = [^\n]*[^\n([{,]\n?", line)
        if match and not re.search(r"\b(rng|generator)\b", line) and len(re.findall(rf"\b{match[1]}\b", text)) == 1:
            text = text.replace(line, "")
    return text


def _apart(function: FunctionType) -> str:
    """Its name, told apart from the variables of its module: ``self.norm`` may stand beside one called norm."""
    name = function.__name__
    return f"{name}_of" if name in _assigned(_tree(sys.modules[function.__module__])) else name


@cache
def _source(module: ModuleType) -> str:
    return inspect.getsource(module)


@cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(_source(module))


def _statements(module: ModuleType) -> dict[str, ast.stmt]:
    """The statement of a module that makes each of its names."""
    found: dict[str, ast.stmt] = {}
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name: node for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {part.id: node for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
    return found


def _home(module: ModuleType, name: str) -> tuple[ModuleType, ast.stmt]:
    """The module and the statement where one of our names is made."""
    statement = _statements(module).get(name)
    if statement is None:
        raise NotSliced(f"`{module.__name__}` does not say where `{name}` comes from.")
    if isinstance(statement, ast.ImportFrom) and str(statement.module).startswith(OURS):
        return _home(sys.modules[str(statement.module)], name)
    return module, statement


def _definition(module: ModuleType, function: FunctionType) -> ast.FunctionDef:
    line = function.__code__.co_firstlineno
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first <= line <= node.lineno:
                return node
    raise NotSliced(f"`{function.__qualname__}` has no source.")


def _defaults(node: ast.FunctionDef) -> dict[str, ast.expr]:
    given = node.args.args[len(node.args.args) - len(node.args.defaults) :]
    found = {argument.arg: value for argument, value in zip(given, node.args.defaults)}
    found |= {a.arg: value for a, value in zip(node.args.kwonlyargs, node.args.kw_defaults) if value is not None}
    return found


def _assigned(node: ast.AST) -> set[str]:
    """Names that are set within a node: arguments, targets, what loops run over."""
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return found | {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
