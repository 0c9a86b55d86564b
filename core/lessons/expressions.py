"""Numbers in a lesson's sentences: ``[[ rnn.share(20) | percent ]]`` is worked out from the run, never typed.

An expression is arithmetic, comparisons and ``and``/``or``/``not`` over numbers, over the measurements of the runs at
hand (the public methods of ``Measured``, or of what else stands for a run) and over what theory says (``THEORY``). It
is read as Python is and interpreted here: nothing else can be called, named or reached.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from core import numbers
from core.errors import UnrolledError, quoted
from core.lessons.measured import THEORY, Facts, Measured

WRITERS: dict[str, Callable[[float], str]] = {
    "number": numbers.sig,
    "three": numbers.plain,
    "whole": lambda value: f"{round(value):,}",
    "percent": numbers.percent,
    "portion": numbers.portion,
    "factor": numbers.fixed,
    "times": numbers.times,
    "power": numbers.power_of_ten,
    "fixed": numbers.fixed,
}
"""How a value may be written; ``number`` where nothing is said."""

_PLACE = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)
_MATHS: dict[str, Callable[..., Any]] = {
    "min": min, "max": max, "abs": abs, "round": round, "log10": math.log10, "sqrt": math.sqrt,
}  # fmt: skip
_NAMES = {"inf": math.inf}
_TWO: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_MOST = 400
"""Characters of an expression."""


class ExpressionError(UnrolledError):
    """An expression that says nothing: a word that is none, an argument that does not fit."""


def value(text: str, runs: Mapping[str, Facts]) -> Any:
    """What the expression ``text`` comes to: a number, a truth, or an array. Raises ExpressionError."""
    try:
        return _of(_parsed(text), runs)
    except ExpressionError as error:
        raise ExpressionError(f"`{quoted(text.strip())}`: {error}") from None
    except UnrolledError:
        raise
    except (ArithmeticError, ValueError, TypeError, LookupError) as error:
        raise ExpressionError(f"`{quoted(text.strip())}` cannot be worked out: {error}. Correct it.") from None


def check(text: str, runs: Mapping[str, Facts]) -> None:
    """Raise ExpressionError where ``text`` uses what there is not; nothing is worked out."""
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.Call):
            _called(node, runs)


def filled(text: str, runs: Mapping[str, Facts]) -> str:
    """``text`` with a number in every ``[[ expression | writer ]]``. Raises ExpressionError."""
    return _PLACE.sub(lambda place: _written(place[1], runs), text)


def check_places(text: str, runs: Mapping[str, Facts]) -> None:
    """Raise ExpressionError where a place of ``text`` could not be filled."""
    for place in _PLACE.findall(text):
        expression, _ = _split(place)
        check(expression, runs)


def _written(place: str, runs: Mapping[str, Facts]) -> str:
    expression, write = _split(place)
    worth = float(value(expression, runs))
    no_power = worth or write is not numbers.power_of_ten  # zero is no power of ten
    return write(worth) if math.isfinite(worth) and no_power else numbers.sig(worth)


def _split(place: str) -> tuple[str, Callable[[float], str]]:
    expression, _, name = place.partition("|")
    name = name.strip() or "number"
    if name not in WRITERS:
        raise ExpressionError(f"`{quoted(name)}` is no way to write a number. Choose one of: {', '.join(WRITERS)}.")
    return expression, WRITERS[name]


def _parsed(text: str) -> ast.expr:
    if len(text) > _MOST:
        raise ExpressionError(f"An expression has at most {_MOST} characters, this one {len(text)}. Shorten it.")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ExpressionError(f"`{quoted(text.strip())}` is no expression ({error}). Correct it.") from None


def _of(node: ast.expr, runs: Mapping[str, Facts]) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as plain):
            return plain
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_of(operand, runs)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _of(operand, runs)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _TWO:
            return _TWO[type(op)](*map(_number, (_of(left, runs), _of(right, runs))))
        case ast.BoolOp(op=op, values=values):
            return (all if isinstance(op, ast.And) else any)(_of(each, runs) for each in values)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _TWO for op in ops):
            sides = [_of(side, runs) for side in (left, *others)]
            return all(_TWO[type(op)](*pair) for op, pair in zip(ops, pairwise(sides)))
        case ast.Call(args=arguments, keywords=[]):
            return _called(node, runs)(*(_of(argument, runs) for argument in arguments))
    raise ExpressionError(f"`{ast.unparse(node)}` is not allowed. Use numbers, + − * /, comparisons and measurements.")


def _number(worth: Any) -> Any:
    if isinstance(worth, str):
        raise ExpressionError(f"“{quoted(worth)}” is a word. Words are only the names that measurements take.")
    return worth


def _called(node: ast.Call, runs: Mapping[str, Facts]) -> Callable[..., Any]:
    match node.func:
        case ast.Name(id=name) if name in _MATHS | THEORY:
            return (_MATHS | THEORY)[name]
        case ast.Attribute(value=ast.Name(id=run), attr=name) if run in runs and name in measurements(type(runs[run])):
            return getattr(runs[run], name)
        case ast.Attribute(value=ast.Name(id=run)) if run not in runs:
            raise ExpressionError(f"`{run}` is no run here. The runs are: {', '.join(runs)}.")
        case ast.Attribute(value=ast.Name(id=run), attr=name):
            known = ", ".join(measurements(type(runs[run])))
            raise ExpressionError(f"`{name}` is not measured. Choose one of: {known}.")
    known = ", ".join(_MATHS | THEORY)
    raise ExpressionError(f"`{ast.unparse(node.func)}` is no function here. Choose one of: {known}.")


def measurements(kind: type[Facts] = Measured) -> dict[str, str]:
    """What is measured of a run: names, and a sentence each."""
    methods = {name: method for each in reversed(kind.__mro__) for name, method in vars(each).items()}
    return {name: method.__doc__ or "" for name, method in methods.items() if not name.startswith("_")}
