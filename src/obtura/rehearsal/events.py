"""What happens in a night: a file of YAML, checked as strictly as the description of a beamline."""

import math
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from obtura.ground.errors import UsageError
from obtura.rehearsal import moments
from obtura.session.config import ConfigError, Place, Problem
from obtura.session.config.hints import fields_of
from obtura.session.config.nodes import Items, Scalar, Table, found
from obtura.session.config.parse import parse
from obtura.session.config.problems import meant
from obtura.session.config.reading import WRONG, Reader

__all__ = ["QUIET", "EventKeys", "Happening", "Night", "NightKeys", "read_night"]

OF_DEVICES = ("fails", "hangs", "unplugged")
MOST = 10_000
"""Happenings of a night, repeated ones counted each time."""


class NightKeys(msgspec.Struct, frozen=True):
    """What a file of events may say.

    `start`: when the night begins, `20:00` or `2026-03-01 20:00`. `limit`: a script that has not ended after so long is
    ended. `events`: a list of what happens, see `EventKeys`.
    """

    start: str = moments.START
    limit: str = "72 h"
    events: list[dict[str, str]] = []


class EventKeys(msgspec.Struct, frozen=True):
    """One event.

    `at`: when, `02:10` or `+1h30` from the start on. `event`: what. `lasts` (`20 min`) or `until` (a time as `at`): how
    long. `every`: again and again, so long after it began. `device`: which one fails, hangs, or is unplugged.

    `beam lost`: the simulated rings have no current, or without one, the simulated beam is gone. `refill`: the rings
    are refilled, with the front end closed. `fails`: the next call that has the device do something raises; with
    `lasts` or `until` each such call. `hangs`: such a call does not return before it is over, or, without an end, at
    all. `unplugged`: every call raises. `ctrl-c`: somebody presses Ctrl-C. `disk full`: nothing can be written.
    """

    at: str
    event: Literal["beam lost", "refill", "fails", "hangs", "unplugged", "ctrl-c", "disk full"]
    lasts: str | None = None
    until: str | None = None
    every: str | None = None
    device: str | None = None


class Happening(NamedTuple):
    """Something that happens at `begin`, in s since the start of the night, until `end`; infinite: to its end.

    `once`: no end was given.
    """

    begin: float
    end: float
    event: str
    device: str | None
    place: Place
    once: bool

    @property
    def what(self) -> str:
        """In words."""
        return self.event if self.device is None else f"{self.device} {_SAID.get(self.event, self.event)}"


_SAID = {"unplugged": "is unplugged"}


class Night(NamedTuple):
    """When it begins, how long (s) it may take, and what happens, in order."""

    start: datetime
    limit: float
    happenings: tuple[Happening, ...]


QUIET = Night(moments.start(), moments.span("72 h"), ())
"""A night in which nothing happens."""


def read_night(file: Path, devices: Collection[str] | None = None) -> Night:
    """Read a file of events. `devices`: what can fail, None for anything.

    Raises:
        ConfigError: with everything that is wrong, each with file, line and column.
        UsageError: it can't be read.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} can't be read: {getattr(error, 'strerror', None) or error}") from error
    problems: list[Problem] = []
    documents = parse(text, str(file), problems)
    night = QUIET
    for number, node in enumerate(documents):
        if isinstance(node, Scalar) and node.is_null:
            continue
        if isinstance(node, Table) and not number:
            night = _Reading(file, devices, problems).night(node)
        else:
            what = f"expected a mapping with start, limit and events, got {found(node)}" if not number else "one is all"
            problems.append(Problem(node.place, what))
    if problems:
        raise ConfigError(file, problems)
    return night


class _Reading:
    def __init__(self, file: Path, devices: Collection[str] | None, problems: list[Problem]) -> None:
        self._file = file
        self._devices = devices
        self._problems = problems
        self._start = QUIET.start
        self._limit = QUIET.limit

    def night(self, table: Table) -> Night:
        reader = Reader(self._file.name, {}, set())
        facts = Table(table.place, tuple(entry for entry in table.entries if entry.key.text != "events"))
        values = reader.fields("", facts, fields_of(NightKeys), "a night")
        self._problems += reader.problems
        for key, value in values.items():
            if isinstance(value, str):
                self._fact(key, value, table)
        events = table.get("events")
        rows: list[Happening] = []
        if isinstance(events, Items):
            for number, node in enumerate(events.items):
                if isinstance(node, Table):
                    rows += self._event(node)
                else:
                    self._problem(node.place, f"events[{number}]: expected an event, got {found(node)}")
        elif events is not None and not (isinstance(events, Scalar) and events.is_null):
            self._problem(events.place, f"events: expected a list, got {found(events)}")
        return Night(self._start, self._limit, tuple(sorted(rows, key=lambda row: (row.begin, row.place))))

    def _fact(self, key: str, text: str, table: Table) -> None:
        try:
            if key == "start":
                self._start = moments.start(text)
            elif key == "limit":
                self._limit = moments.span(text)
        except UsageError as error:
            self._problem(_place(table, key), f"{key}: {error}")

    def _event(self, table: Table) -> list[Happening]:
        reader = Reader("event", {}, set())
        values = reader.fields("", table, fields_of(EventKeys), "an event")
        self._problems += reader.problems
        if reader.problems or any(value is WRONG for value in values.values()):
            return []
        keys = EventKeys(**values)
        before = len(self._problems)
        self._check(keys, table)
        begin = self._moment(keys.at, table, "at")
        end = self._end(keys, table, begin)
        every = self._span(keys.every, table, "every")
        if len(self._problems) > before:
            return []
        if every is not None and end - begin >= every and not math.isinf(end):
            self._problem(_place(table, "every"), f"every: {keys.event} lasts as long as that, or longer")
            return []
        once = keys.lasts is None and keys.until is None
        return [
            Happening(begin + later, end + later, keys.event, keys.device, table.place, once)
            for later in self._repeated(begin, every)
        ]

    def _repeated(self, begin: float, every: float | None) -> Iterator[float]:
        yield 0.0
        if every is not None:
            for number in range(1, min(int((self._limit - begin) / every) + 1, MOST)):
                yield number * every

    def _check(self, keys: EventKeys, table: Table) -> None:
        device = keys.event in OF_DEVICES
        if device and keys.device is None:
            self._problem(table.place, f"'device' is missing: which one {keys.event}?")
        if not device and keys.device is not None:
            self._problem(_place(table, "device"), f"{keys.event} is of no device: leave this key out")
        if device and keys.device is not None and self._devices is not None and keys.device not in self._devices:
            known = ", ".join(sorted(self._devices)) or "none"
            hint = meant(keys.device, self._devices)
            message = f"device: no simulated device {keys.device!r}{hint} (known: {known})"
            self._problem(_place(table, "device"), message)
        if keys.lasts is not None and keys.until is not None:
            self._problem(_place(table, "until"), "'lasts' and 'until' say both how long: leave one out")
        if keys.event == "refill" and keys.lasts is None and keys.until is None:
            self._problem(table.place, "'lasts' is missing: how long a refill takes")
        if keys.event == "ctrl-c" and (keys.lasts is not None or keys.until is not None):
            self._problem(table.place, "ctrl-c takes no time: leave 'lasts' and 'until' out")

    def _end(self, keys: EventKeys, table: Table, begin: float) -> float:
        if keys.lasts is not None:
            return begin + (self._span(keys.lasts, table, "lasts") or 0.0)
        if keys.until is None:
            return begin if keys.event == "ctrl-c" else math.inf
        end = self._moment(keys.until, table, "until", begin)
        if end <= begin:
            self._problem(_place(table, "until"), f"until: {keys.until} is not after {keys.at}")
        return end

    def _moment(self, text: str, table: Table, key: str, after: float = 0.0) -> float:
        try:
            return moments.moment(text, self._start, after)
        except UsageError as error:
            self._problem(_place(table, key), f"{key}: {error}")
            return after

    def _span(self, text: str | None, table: Table, key: str) -> float | None:
        try:
            return None if text is None else moments.span(text)
        except UsageError as error:
            self._problem(_place(table, key), f"{key}: {error}")
            return None

    def _problem(self, place: Place, message: str) -> None:
        self._problems.append(Problem(place, message))


def _place(table: Table, key: str) -> Place:
    node = table.get(key)
    return table.place if node is None else node.place
