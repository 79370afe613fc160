"""What there is in a session: lscnt, lsmot, lsobj, lsscan, prdef."""

import fnmatch
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from obtura.contracts.absent import Absent, present
from obtura.contracts.devices import Counter, is_movable
from obtura.display.grid import grid, terminal_width
from obtura.ground.errors import UsageError
from obtura.ground.ragged import size_text
from obtura.session.told import print_problems, told

__all__ = ["Listing", "counters_of", "prdef"]


class Listing:
    """The commands that list; `objects` gives the session's objects by name, `scans` its last scans."""

    def __init__(self, objects: Callable[[], Mapping[str, Any]], scans: Iterable[Any]) -> None:
        self._objects = objects
        self._scans = scans

    def lscnt(self, *counters: Any) -> None:
        """Print the counters of the session, or those of some counters, devices or groups: `lscnt(mca)`.

        Of those that are reached over a connection it is told how that is; no hardware is asked.
        """
        things = tuple(map(present, counters)) or tuple(self._objects().values())
        by_id = {id(one): one for thing in things for one in counters_of(thing)}
        found = sorted(by_id.values(), key=lambda one: one.fullname)
        units = [told(one, _unit) for one in found]
        rows = [
            [
                one.fullname,
                size_text(one.shape, "x") or ("text" if one.is_text else "0D"),
                unit,
                _mode(one),
                type(one).__name__,
            ]
            for one, (unit, _) in zip(found, units, strict=True)
        ]
        _print(*_connected(["full name", "shape", "unit", "mode", "class"], rows, found), "no counter")
        print_problems(problem for _, problem in units)

    def lsmot(self) -> None:
        """Print the axes of the session, with units, limits and classes; the hardware is not asked."""
        axes = {id(one): one for one in self._objects().values() if is_movable(one)}
        rows, problems = [], []
        for axis in axes.values():
            (unit, why), (limits, why_not) = told(axis, _unit), told(axis, _limits)
            low, _, high = limits.partition(" ")
            rows.append([axis.name, unit, low, high or low, type(axis).__name__])
            problems += [why, why_not]
        header = ["axis", "unit", "low limit", "high limit", "class"]
        _print(*_connected(header, rows, list(axes.values())), "no axis")
        print_problems(problems)

    def lsobj(self, pattern: str = "*") -> None:
        """Print the session's objects whose names match `pattern`: `lsobj("rob*")`.

        Raises:
            UsageError: the pattern is no text.
        """
        if not isinstance(pattern, str):
            raise UsageError(f'lsobj: expected a pattern in quotes, as lsobj("rob*"), got {pattern!r}')
        rows = [
            [name, *_described(one)]
            for name, one in sorted(self._objects().items())
            if fnmatch.fnmatchcase(name, pattern)
        ]
        _print(["name", "class", "what it is"], rows, f"no object matches {pattern!r}")

    def lsscan(self, last: int = 20) -> None:
        """Print the `last` scans of this session; `SCANS[-1]` is the newest.

        Raises:
            UsageError: no whole number of at least 1.
        """
        if not isinstance(last, int) or isinstance(last, bool) or last < 1:
            raise UsageError(f"lsscan: expected how many scans, as lsscan(5), got {last!r}")
        rows = []
        for scan in list(self._scans)[-last:]:
            info = scan.scan_info
            began = str(info.get("start_time", ""))[:19].replace("T", " ")
            rows.append(
                [
                    str(scan.scan_number or ""),
                    str(info.get("title") or scan.name),
                    began,
                    scan.state.name,
                    str(info.get("filename") or "not saved"),
                ]
            )
        _print(["scan", "title", "began", "state", "file"], rows, "no scan yet")


def counters_of(thing: Any) -> list[Counter]:
    """The counters in a counter, a controller, a group or another container of counters; none in anything else."""
    if isinstance(thing, Counter):
        return [thing]
    if isinstance(thing, Absent):
        return []
    held = getattr(thing, "counters", None)
    members = held.values() if isinstance(held, Mapping) else held
    if not isinstance(members, Iterable) or isinstance(members, str):
        return []
    return [one for one in members if isinstance(one, Counter)]


def prdef(function: Any) -> None:
    """Print the source of a function, method or class, and where it is: `prdef(my_scan)`.

    Raises:
        UsageError: it is none, or its source is not to be had (it is built in, or was typed at the prompt).
    """
    target = inspect.unwrap(getattr(function, "func", function))
    target = target if inspect.isclass(target) or inspect.isroutine(target) else type(target)
    try:
        lines, first = inspect.getsourcelines(target)
        place = inspect.getsourcefile(target)
        if place == "<string>":  # the name of all that is evaluated: Python 3.13 finds the source of something else
            raise OSError
    except (OSError, TypeError):
        name = getattr(target, "__qualname__", repr(target))
        raise UsageError(f"prdef: the source of {name} is not to be had") from None
    print(f"# {place}, line {first}\n{textwrap.dedent(''.join(lines))}", end="")


def _unit(thing: Any) -> str:
    return thing.unit or ""


def _limits(axis: Any) -> str:
    low, high = axis.limits
    return f"{low:g} {high:g}"


def _mode(counter: Counter) -> str:
    mode = getattr(counter, "mode", None)
    return getattr(mode, "name", "") if mode is not None else ""


def _connected(header: list[str], rows: list[list[str]], things: list[Any]) -> tuple[list[str], list[list[str]]]:
    """Both with a column that says how the things are connected, if any of them is reached over a connection."""
    connections = [str(getattr(one, "connection", "")) for one in things]
    if not any(connections):
        return header, rows
    return [*header, "connection"], [[*row, text] for row, text in zip(rows, connections, strict=True)]


def _described(thing: Any) -> tuple[str, str]:
    """Its class, and what that is."""
    if isinstance(thing, Absent):
        return "not there", thing.__info__().partition(": ")[2]
    doc = inspect.getdoc(type(thing)) or ""
    return type(thing).__name__, doc.partition("\n")[0]


def _print(header: list[str], rows: list[list[str]], nothing: str) -> None:
    sys.stdout.write((grid(header, rows, terminal_width()) if rows else nothing) + "\n")
