"""Formulas that a user writes: `log(monitor / diode) * factor`. They are read, checked and worked out here.

A formula may come from a file that somebody else wrote, so it is never given to Python's own `eval`: it is parsed,
everything that is no arithmetic is refused, and what remains is turned into calls of the functions listed here.
"""

import ast
import difflib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from obtura.ground.errors import UsageError

__all__ = ["CONSTANTS", "FUNCTIONS", "Algebra", "Expression"]

T = TypeVar("T")

_Values = Mapping[str, npt.NDArray[Any] | float]
_Worked = Callable[[_Values], Any]


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Over a point: over all axes but the first, which counts points."""

    def over_a_point(values: Any) -> Any:
        return function(values, axis=tuple(range(1, np.ndim(values)))) if np.ndim(values) else values

    return over_a_point


def _extreme(between: Callable[..., Any], within: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(first: Any, *others: Any) -> Any:
        for other in others:
            first = between(first, other)
        return first if others else _reduced(within)(first)

    return extreme


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(np, name)
        for name in (
            *("arccos", "arcsin", "arctan", "arctan2", "ceil", "clip", "cos", "cosh", "degrees", "exp", "floor"),
            *("hypot", "isfinite", "isnan", "log", "log10", "log1p", "log2", "radians", "round", "sign", "sin", "sinh"),
            *("sqrt", "tan", "tanh", "where"),
        )
    },
    "abs": np.abs,
    "acos": np.arccos,
    "asin": np.arcsin,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "max": _extreme(np.maximum, np.max),
    "mean": _reduced(np.mean),
    "min": _extreme(np.minimum, np.min),
    "std": _reduced(np.std),
    "sum": _reduced(np.sum),
}
"""What a formula may call. `sum mean std`, and `min max` of one argument, are over a point, e.g. a spectrum."""

_ARGUMENTS = {"arctan2": "2", "atan2": "2", "clip": "3", "hypot": "2", "max": "some", "min": "some", "where": "3"}
"""How many arguments those functions take that don't take one."""

CONSTANTS = {"e": math.e, "inf": math.inf, "nan": math.nan, "pi": math.pi}
"""What a formula may use without saying what it is."""

_BINARY: dict[type[ast.AST], tuple[str, Callable[..., Any]]] = {
    ast.Add: ("+", np.add),
    ast.Sub: ("-", np.subtract),
    ast.Mult: ("*", np.multiply),
    ast.Div: ("/", np.true_divide),
    ast.FloorDiv: ("//", np.floor_divide),
    ast.Mod: ("%", np.mod),
    ast.Pow: ("**", np.power),
    ast.Lt: ("<", np.less),
    ast.LtE: ("<=", np.less_equal),
    ast.Gt: (">", np.greater),
    ast.GtE: (">=", np.greater_equal),
    ast.Eq: ("==", np.equal),
    ast.NotEq: ("!=", np.not_equal),
    ast.And: ("and", np.logical_and),
    ast.Or: ("or", np.logical_or),
}
_UNARY: dict[type[ast.AST], tuple[str, Callable[..., Any]]] = {
    ast.USub: ("-", np.negative),
    ast.UAdd: ("+", np.positive),
    ast.Not: ("not", np.logical_not),
}


class Algebra(Protocol, Generic[T]):
    """What the parts of a formula become: values, units, anything."""

    def number(self, value: float) -> T:
        """A number that is written in the formula."""

    def name(self, name: str) -> T:
        """An input or a constant."""

    def apply(self, sign: str, function: Callable[..., Any], parts: Sequence[T]) -> T:
        """An operator or a function; `sign` is how it is written: `+`, `sqrt`."""

    def part(self, whole: T, chosen: slice | int) -> T:
        """Some elements of the last axis."""


def _aligned(parts: list[Any]) -> list[Any]:
    """Points of different shapes side by side: a number for each point meets a spectrum for each point."""
    dimensions = [getattr(part, "ndim", 0) for part in parts]
    most = max(dimensions)
    return [
        part.reshape(part.shape + (1,) * (most - own)) if 0 < own < most else part
        for part, own in zip(parts, dimensions, strict=True)
    ]


class _Working:
    """Makes functions of the values of the names."""

    def number(self, value: float) -> _Worked:
        return lambda values: value

    def name(self, name: str) -> _Worked:
        return lambda values: values[name]

    def apply(self, sign: str, function: Callable[..., Any], parts: Sequence[_Worked]) -> _Worked:
        return lambda values: function(*_aligned([part(values) for part in parts]))

    def part(self, whole: _Worked, chosen: slice | int) -> _Worked:
        def taken(values: _Values) -> Any:
            points = whole(values)
            if getattr(points, "ndim", 0) < 2:  # the first axis counts points
                raise IndexError("a number has no parts")
            return points[..., chosen]

        return taken


class Expression:
    """A formula. `names`: the inputs and constants that it uses.

    Arithmetic, comparisons, `and or not`, `a if condition else b`, slices of spectra `mca[100:200]`, and the
    functions in `FUNCTIONS`.

    Raises:
        UsageError: it is no formula, or uses something else.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
            called = {node.func for node in ast.walk(self._tree) if isinstance(node, ast.Call)}
            self.names = frozenset(
                node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name) and node not in called
            )
            self._work: _Worked = self.walk(_Working())
        except SyntaxError as error:
            raise UsageError(f"{text!r} is not a formula: {error.msg}") from None
        except (RecursionError, MemoryError, ValueError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"{text!r} is not a formula: {error}") from None

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def check_names(self, known: Collection[str]) -> None:
        """Raise `UsageError` when it uses a name that is neither `known` nor in `CONSTANTS`."""
        for name in sorted(self.names - set(known) - set(CONSTANTS)):
            close = difflib.get_close_matches(name, [*known, *CONSTANTS], n=1)
            hint = f": did you mean {close[0]!r}?" if close else ""
            raise UsageError(f"{self.text!r} uses {name!r}, which is no input{hint} (there are: {', '.join(known)})")

    def evaluate(self, values: _Values) -> Any:
        """The value, with numpy: arrays are worked out element by element."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return self._work({**CONSTANTS, **values})

    def walk(self, algebra: Algebra[T]) -> T:
        """Build the formula anew from its parts, in another algebra."""
        return self._built(self._tree, algebra)

    def _built(self, node: ast.AST, algebra: Algebra[T]) -> T:
        def built(part: ast.AST) -> T:
            return self._built(part, algebra)

        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return algebra.number(float(value))  # integers of any length would take any time
            case ast.Name(id=name):
                return algebra.name(name)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
                return algebra.apply(*_BINARY[type(operator)], [built(left), built(right)])
            case ast.UnaryOp(op=operator, operand=operand) if type(operator) in _UNARY:
                return algebra.apply(*_UNARY[type(operator)], [built(operand)])
            case ast.BoolOp(op=operator, values=parts):
                return self._joined(_BINARY[type(operator)], [built(part) for part in parts], algebra)
            case ast.Compare(left=left, ops=operators, comparators=others):
                sides = [built(each) for each in (left, *others)]
                pairs = [
                    algebra.apply(*self._comparison(operator), [sides[i], sides[i + 1]])
                    for i, operator in enumerate(operators)
                ]
                return self._joined(_BINARY[ast.And], pairs, algebra)
            case ast.IfExp(test=test, body=body, orelse=otherwise):
                return algebra.apply("where", np.where, [built(test), built(body), built(otherwise)])
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return algebra.apply(name, self._function(name, len(arguments)), [built(each) for each in arguments])
            case ast.Subscript(value=whole, slice=chosen):
                return algebra.part(built(whole), self._chosen(chosen))
        hint = "; a power is written **" if isinstance(getattr(node, "op", None), ast.BitXor) else ""
        raise UsageError(f"{self.text!r}: {ast.unparse(node)!r} has no place in a formula{hint}")

    @staticmethod
    def _joined(how: tuple[str, Callable[..., Any]], parts: Sequence[T], algebra: Algebra[T]) -> T:
        first, *others = parts
        for other in others:
            first = algebra.apply(*how, [first, other])
        return first

    def _comparison(self, operator: ast.cmpop) -> tuple[str, Callable[..., Any]]:
        if type(operator) not in _BINARY:
            raise UsageError(f"{self.text!r}: compare with < <= > >= == != only")
        return _BINARY[type(operator)]

    def _function(self, name: str, arguments: int) -> Callable[..., Any]:
        if name in FUNCTIONS:
            wanted = _ARGUMENTS.get(name, "1")
            if str(arguments) != wanted and not (wanted == "some" and arguments):  # numpy would write into the others
                raise UsageError(f"{self.text!r}: {name} takes {wanted} arguments, got {arguments}")
            return FUNCTIONS[name]
        close = difflib.get_close_matches(name, FUNCTIONS, n=1)
        hint = f": did you mean {close[0]!r}?" if close else f" (there are: {', '.join(sorted(FUNCTIONS))})"
        raise UsageError(f"{self.text!r}: there is no function {name!r}{hint}")

    def _chosen(self, node: ast.expr) -> slice | int:
        try:
            if isinstance(node, ast.Slice):
                low, high, step = (
                    None if each is None else int(ast.literal_eval(each))
                    for each in (node.lower, node.upper, node.step)
                )
                return slice(low, high, step)
            return int(ast.literal_eval(node))
        except (ValueError, TypeError) as error:
            raise UsageError(f"{self.text!r}: {ast.unparse(node)!r} must be whole numbers: [100:200]") from error
