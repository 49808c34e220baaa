"""Arithmetic as it stands in tables: numbers, names, + - * /, comparisons, and ``a if b else c``; nothing else is understood."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from plumbline.core.errors import ConfigError

_BINARY: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}


class NoFormula(ConfigError):
    """A table has something that is no formula."""

    def __init__(self, text: str, why: str) -> None:
        """Keep the text, and what is wrong with it."""
        self.text, self.why = text, why
        super().__init__(
            f'"{text}" is no formula ({why}): numbers, names, + - * /, comparisons and "a if b else c" are'
        )


def value_of(formula: str | float, names: Mapping[str, float | None]) -> float | None:
    """Return what a formula comes to.

    Raises:
        NoFormula: it cannot be read, or has a name that is not known.
    """
    text = str(formula)
    try:
        result: float | None = _of(ast.parse(text, mode="eval").body, names)
    except (SyntaxError, KeyError, TypeError) as error:
        raise NoFormula(text, f"{type(error).__name__}: {error}") from error
    return result


def _of(node: ast.expr, names: Mapping[str, float | None]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_of(operand, names)
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_of(left, names), _of(right, names))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _COMPARISONS[type(op)](_of(left, names), _of(right, names))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _of(body if _of(test, names) else orelse, names)
    raise TypeError(ast.unparse(node))
