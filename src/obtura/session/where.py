"""Asking where axes are and what they do: wa, wu, wm, sta."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from obtura.contracts.absent import Absent
from obtura.contracts.devices import Movable, is_movable
from obtura.devices.axis_state import AxisState
from obtura.display.grid import folded, grid, terminal_width
from obtura.ground.errors import UsageError, one_line
from obtura.session.told import UNKNOWN, print_problems, told

__all__ = ["Where"]


class Where:
    """The commands of a session that look at its axes; `axes` gives them, `objects` all that it has, by name."""

    def __init__(
        self, axes: Callable[[], Iterable[Movable]], objects: Callable[[], Mapping[str, Any]] = lambda: {}
    ) -> None:
        self._axes = axes
        self._objects = objects

    def wa(self) -> None:
        """Print where every axis is: user positions, and dial positions where they differ."""
        axes = list(self._axes())
        rows = {"user": "position"}
        if any(_differs(axis) for axis in axes):
            rows["dial"] = "dial"
        print("Current positions")
        _print_columns(axes, rows)

    def wu(self, *axes: Any) -> None:
        """Print the user positions of some axes, or of all: `wu(roby)`."""
        _print_columns(_checked("wu", axes) or list(self._axes()), {"user": "position"})

    def wm(self, *axes: Any) -> None:
        """Print positions, limits and offset of some axes: `wm(roby, robz)`.

        Raises:
            UsageError: no axis is given, or something that is none.
        """
        if not axes:
            raise UsageError("wm: name the axes\nIntended usage: wm(axis, ...)\nExample: wm(roby)")
        rows: dict[str, str | Callable[[Any], Any]] = {
            "user": "position",
            "  high": lambda axis: axis.limits[1],
            "  low": lambda axis: axis.limits[0],
            "offset": "offset",
            "dial": "dial",
            "  dial high": lambda axis: axis.dial_limits[1] if hasattr(type(axis), "dial_limits") else None,
            "  dial low": lambda axis: axis.dial_limits[0] if hasattr(type(axis), "dial_limits") else None,
        }
        _print_columns(_checked("wm", axes), rows)

    def sta(self, *axes: Any) -> None:
        """Print the state of some axes, or of all; and how things are connected that are reached over a connection.

        Of all that is told also for what is no axis: since when, and what went wrong last. Connections ask nobody.
        """
        chosen = _checked("sta", axes) or list(self._axes())
        rows = [[axis.name, *told(axis, _state)] for axis in chosen]
        lines = [[*row[:2], _connection(axis)] for row, axis in zip(rows, chosen, strict=True)]
        header = ["axis", "state", "connection"]
        columns = 3 if any(row[2] for row in lines) else 2
        print(grid(header[:columns], [row[:columns] for row in lines], terminal_width()))
        print_problems(row[2] for row in rows)
        known = {id(axis) for axis in chosen}
        others = {name: one for name, one in self._objects().items() if id(one) not in known} if not axes else {}
        reached = [[name, _kind(one), text] for name, one in others.items() if (text := _connection(one))]
        if reached:
            print(grid(["device", "class", "connection"], reached, terminal_width()))


def _state(axis: Any) -> str:
    """Its state; of an axis that knows none, whether it moves."""
    if hasattr(type(axis), "state"):
        return str(axis.state)
    return str(AxisState("MOVING" if axis.is_moving else "READY"))


def _connection(thing: Any) -> str:
    """How it is connected; nothing for what is here. Of what is not there: why."""
    if isinstance(thing, Absent):
        return str(thing).partition(" is ")[2]
    try:
        return str(getattr(thing, "connection", ""))
    except Exception as error:  # noqa: BLE001 - of a user's class; the others are told all the same
        return f"{UNKNOWN}: {one_line(error)}"


def _kind(thing: Any) -> str:
    return "" if isinstance(thing, Absent) else type(thing).__name__


def _checked(command: str, axes: Sequence[Any]) -> list[Any]:
    for axis in axes:
        if not is_movable(axis):
            raise UsageError(f"{command}: {getattr(axis, 'name', axis)!r} is not an axis")
    return list(axes)


def _differs(axis: Any) -> bool:
    """Whether user and dial positions differ; known without asking the hardware."""
    return getattr(axis, "offset", 0.0) != 0.0 or getattr(axis, "sign", 1) != 1


def _print_columns(axes: Sequence[Any], rows: Mapping[str, str | Callable[[Any], Any]]) -> None:
    if not axes:
        print("no axis")
        return
    problems: list[str] = []
    columns = []
    for axis in axes:
        title, problem = told(axis, lambda axis: f"{axis.name}[{axis.unit}]" if axis.unit else axis.name)
        column = [axis.name if problem else title]
        problems.append(problem)
        for what in rows.values():
            text, problem = told(axis, _asking(what))
            column.append(text)
            problems.append(problem)
        columns.append(column)
    print(folded(["", *rows], columns, terminal_width()))
    print_problems(problems)


def _asking(what: str | Callable[[Any], Any]) -> Callable[[Any], str]:
    """A question to an axis: the name of an attribute, or a function of it."""
    return lambda axis: _shown(what(axis) if callable(what) else getattr(axis, what, None))


def _shown(value: Any) -> str:
    return "-" if value is None else f"{value:.6g}"
